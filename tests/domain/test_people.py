"""Sight, and how people are told apart."""

import pytest

from server.domain.people import Role, Sight, plain_email, plain_phone, sight_of
from tests.support.builders import a_colleague, a_firm

TEAMS = a_firm().teams


@pytest.mark.parametrize(
    ("role", "team", "assignee", "sees"),
    [
        (Role.ADMINISTRATOR, "first", None, True),
        (Role.SUPERVISOR, None, None, True),
        (Role.AUDITOR, "first", 4, True),
        (Role.STAFF, "second", None, True),
        (Role.STAFF, "second", 9, True),
        (Role.STAFF, "first", None, False),
        (Role.STAFF, "first", 3, True),
        (Role.STAFF, None, None, True),
        (Role.COLLABORATOR, "second", None, False),
        (Role.COLLABORATOR, "second", 3, True),
        (Role.COLLABORATOR, None, None, False),
    ],
)
def test_what_each_role_sees(role, team, assignee, sees):
    assert sight_of(a_colleague(3, role=role), TEAMS).sees(team, assignee) is sees


def test_a_leader_sees_his_team_without_being_a_member():
    leader = a_colleague(2, "组长", role=Role.STAFF)
    assert sight_of(leader, TEAMS).sees("second", None)


def test_nobody_sees_nothing():
    assert not Sight().sees(None, None)
    assert not Sight().sees("first", 0)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("138 0000 0001", "13800000001"),
        ("138-0000-0001", "13800000001"),
        ("+86 138 0000 0001", "13800000001"),
        ("008613800000001", "13800000001"),
        ("（010）8888-6666", "01088886666"),
        ("+1 202 555 0100", "+12025550100"),
        ("+86 10 8888 6666", "+861088886666"),
        ("", ""),
    ],
)
def test_a_phone_number_is_the_same_however_it_was_typed(typed, plain):
    assert plain_phone(typed) == plain


def test_an_address_is_the_same_however_it_was_typed():
    assert plain_email("  Wang.Fang@Example.CN ") == "wang.fang@example.cn"
