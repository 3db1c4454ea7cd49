"""When and how a notice is told: by topic, by shift, by what people want."""

from datetime import timedelta

import pytest

from server.domain.events import Priority
from server.domain.habits import TOPICS, Habits, TeamHabits, Wish, topic_of
from server.domain.notices import Notice
from server.domain.people import Role
from server.domain.rosters import Cycle, Line, OnCall, Roster, Shift
from server.domain.telling import SHIFT, tellings_of
from tests.support.builders import a_colleague, a_firm, a_ticket, at

TICKET = a_ticket("open")
URGENT = a_ticket("open", priority=Priority.URGENT)


def how(kind, *, staff=3, team=None, firm=None, ticket=TICKET, when="10:00"):
    """(who, stream, minutes, waits, after) of each telling of one notice."""
    notice = Notice(kind=kind, staff=None if team else staff, team=team)
    return [
        (
            one.notice.staff or one.notice.team,
            one.stream,
            one.span // timedelta(minutes=1),
            one.waits,
            one.after and one.after.astimezone(at("10:00").tzinfo),
        )
        for one in tellings_of((notice,), ticket, firm or a_firm(), at(when))
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("assigned", [(3, "", 0, False, None)]),
        ("escalated", [(3, "", 0, False, None)]),
        ("urgent", [(3, "", 0, False, None)]),
        ("customer_wrote", [(3, "customer", 2, True, None)]),
        ("disputed", [(3, "customer", 2, True, None)]),
        ("to_dispatch", [(3, "queue", 3, False, None)]),
        ("reminded", []),
        ("warned", [(3, "pressing", 15, False, None)]),
        ("breached", [(3, "late", 5, False, None)]),
        ("rated_low", [(3, "", 0, False, None)]),
        ("leave_asked", [(3, "", 0, False, None)]),
    ],
)
def test_each_topic_has_its_manner(kind, expected):
    assert how(kind) == expected


def test_the_grab_queue_is_one_message_a_team_in_three_minutes():
    assert how("routed", team="second") == [("second", "queue", 3, False, None)]


def test_colleagues_and_teams_have_it_as_they_want():
    firm = a_firm(
        habits={3: Habits(topics={"pressing": Wish(chat=False), "late": Wish(minutes=0)})},
        team_habits={"second": TeamHabits(topics={"queue": Wish(minutes=30)})},
    )
    assert how("warned", firm=firm) == []
    assert how("breached", firm=firm) == [(3, "", 0, False, None)]
    assert how("breached", staff=4, firm=firm) == [(4, "late", 5, False, None)]
    assert how("routed", team="second", firm=firm) == [("second", "queue", 30, False, None)]


def test_the_same_is_not_said_in_group_and_in_private():
    both = (
        Notice(kind="breached", staff=3),
        Notice(kind="breached", staff=4),
        Notice(kind="breached", team="second"),
    )
    told = [one.notice for one in tellings_of(both, TICKET, a_firm(), at("10:00"))]
    assert [one.staff or one.team for one in told] == [3, 4]


OFF = a_firm(
    staff={
        2: a_colleague(2, "主管", role=Role.SUPERVISOR, on_duty=False),
        3: a_colleague(3, "李工", on_duty=False),
        4: a_colleague(4, "小赵"),
    }
)


def test_outside_the_shift_it_waits_for_the_next_one():
    assert how("assigned", firm=OFF, when="20:00") == [(3, SHIFT, 0, False, at("17 09:00"))]
    assert how("assigned", firm=OFF, when="08:00") == [(3, SHIFT, 0, False, at("09:00"))]
    assert how("breached", staff=2, firm=OFF, when="12:30") == [(2, "late", 5, False, None)]
    assert how("breached", staff=2, firm=OFF, when="20 19:00") == [
        (2, SHIFT, 0, False, at("23 09:00"))
    ], "over the weekend"
    assert how("assigned", staff=4, firm=OFF, when="20:00") == [(4, "", 0, False, None)]
    always = a_firm(staff=OFF.staff, habits={3: Habits(always=True)})
    assert how("assigned", firm=always, when="20:00") == [(3, "", 0, False, None)]


def test_a_group_hears_while_somebody_of_its_team_works():
    assert how("routed", team="second", firm=OFF, when="20:00") == [
        ("second", SHIFT, 0, False, at("17 09:00"))
    ]
    assert how("routed", team="first", firm=OFF, when="20:00") == [
        ("first", "queue", 3, False, None)
    ]


MONDAY = at("10:00").date()


def roster(on_call=None):
    return Roster(
        id="r",
        name="排班",
        teams=("second",),
        shifts=(Shift(id="day", name="白班", hours=("09:00", "18:00")),),
        cycles=(Cycle(id="week", name="周", days=("day",) * 5 + ("",) * 2, first_day=MONDAY),),
        lines=(Line(staff=3, cycle="week"),),
        on_call=on_call,
    )


def test_outside_the_shift_whoever_is_on_call_hears_of_the_urgent_at_once():
    called = OnCall(staff=(4,), first_day=MONDAY)
    firm = a_firm(staff=OFF.staff, rosters={"r": roster(called)})
    assert how("breached", firm=firm, ticket=URGENT, when="20:00") == [
        (4, "late", 5, False, None),
        (3, SHIFT, 0, False, at("17 09:00")),
    ]
    assert how("breached", firm=firm, when="20:00") == [(3, SHIFT, 0, False, at("17 09:00"))]


def test_without_anybody_on_call_the_urgent_is_told_to_whom_it_is_for():
    assert how("breached", firm=OFF, ticket=URGENT, when="20:00") == [(3, "late", 5, False, None)]


def test_every_kind_has_a_topic():
    assert {topic_of(kind) for kind in ("swap_asked", "handover_left", "unheard_of")} <= {*TOPICS}
