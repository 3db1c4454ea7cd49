"""Rungs that no ticket can reach are named, with why."""

import pytest

from server.domain.ladders import (
    DEFAULT,
    After,
    FromDue,
    Ladder,
    Nth,
    OfTarget,
    Rung,
    unreachable,
)
from server.domain.metrics import METRICS
from tests.support.builders import a_policy

POLICIES = [a_policy(first="30m", resolve={"urgent": "2h", "*": "8h"})]


def why(*rungs, policies=POLICIES):
    found = unreachable(Ladder(rungs=rungs), policies, METRICS)
    return {one.rung.id: one.why for one in found}


def test_every_rung_of_the_default_ladder_can_be_reached():
    assert unreachable(DEFAULT, POLICIES, METRICS) == ()


@pytest.mark.parametrize(
    ("rung", "expected"),
    [
        (Rung(id="r", on="firts", at=OfTarget(50), tell=("leader",)), "unknown_metric"),
        (Rung(id="r", on="onsite", at=OfTarget(50), tell=("leader",)), "nothing_promised"),
        (Rung(id="r", on="first", at=FromDue(-30), tell=("leader",)), "before_the_start"),
        (Rung(id="r", on="first", at=FromDue(-29), tell=("leader",)), None),
        (Rung(id="r", on="first", at=FromDue(-90), clock="wall", tell=("leader",)), None),
        (Rung(id="r", on="resolve", at=FromDue(-300), tell=("leader",)), None),
        (
            Rung(id="r", on="idle", at=After(5), tell=("leader",), stop=("accepted",)),
            "stopped_always",
        ),
        (Rung(id="r", on="nudge", at=Nth(2), tell=("leader",)), None),
    ],
)
def test_what_keeps_a_rung_from_being_reached(rung, expected):
    assert why(rung).get("r") == expected


def test_a_rung_that_does_no_more_than_an_earlier_one_at_the_same_time_is_of_no_use():
    first = Rung(id="a", at=OfTarget(80), tell=("assignee", "leader"))
    same = Rung(id="b", on="resolve", at=OfTarget(80), tell=("leader",))
    more = Rung(id="c", on="resolve", at=OfTarget(80), tell=("supervisors",))
    assert why(first, same, more) == {"b": "same_as_earlier"}


def test_only_policies_that_name_the_ladder_and_are_in_force_count():
    from msgspec.structs import replace

    rung = Rung(id="r", on="first", at=OfTarget(50), tell=("leader",))
    elsewhere = [replace(POLICIES[0], ladder="vip"), replace(POLICIES[0], active=False)]
    assert why(rung, policies=elsewhere) == {"r": "nothing_promised"}
