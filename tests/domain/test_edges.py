"""What an edge of the roster does to somebody, by what he said himself."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.edges import Wish, wish
from server.domain.people import Staff
from tests.support.builders import MONDAY, a_colleague

HOUR = timedelta(hours=1)
ON = a_colleague(3)
OFF = a_colleague(3, on_duty=False)
LATER = MONDAY + HOUR


def on_break(until: timedelta) -> Staff:
    return a_colleague(3, on_duty=False, break_until=MONDAY + until)


@pytest.mark.parametrize(
    ("now", "was", "duty", "wanted"),
    [
        (OFF, "off_duty", "on_duty", Wish("on_duty")),
        (OFF, None, "on_duty", Wish("on_duty")),
        (ON, "off_duty", "on_duty", None),
        (on_break(HOUR), "off_duty", "on_duty", None),
        (OFF, "break", "on_duty", None),
        (on_break(timedelta()), "break", "on_duty", Wish("on_duty")),
        (on_break(HOUR), "break", "on_duty", None),
        (ON, "on_duty", "break", Wish("break", LATER)),
        (OFF, "on_duty", "break", None),
        (OFF, "off_duty", "break", Wish("break", LATER)),
        (on_break(HOUR / 2), "on_duty", "break", Wish("break", LATER)),
        (on_break(HOUR * 2), "on_duty", "break", None),
        (ON, "on_duty", "off_duty", Wish("off_duty")),
        (on_break(HOUR), "break", "off_duty", Wish("off_duty")),
        (OFF, "on_duty", "off_duty", None),
        (ON, None, "off_duty", None),
    ],
    ids=[
        "a shift calls",
        "a first roster calls",
        "he is there already",
        "his own break goes on",
        "he went by hand before lunch ended",
        "lunch is over",
        "his own break outlasts lunch",
        "lunch begins",
        "he went by hand before lunch",
        "leave ends within lunch",
        "a break goes over into lunch",
        "a break outlasts lunch",
        "the shift is over",
        "it is over while he is on a break",
        "he went before",
        "a roster that had nothing to say sends nobody home",
    ],
)
def test_an_edge_does(now: Staff, was: str | None, duty: str, wanted: Wish | None):
    assert wish(now, was, duty, MONDAY, until=LATER) == wanted  # type: ignore[arg-type]  # table


def test_leave_sends_home_whom_no_roster_knows():
    assert wish(ON, None, "off_duty", MONDAY, until=LATER, away=True) == Wish("off_duty")


DUTIES = st.sampled_from(("on_duty", "break", "off_duty"))


@given(st.lists(st.tuples(st.booleans(), DUTIES, st.integers(1, 90)), max_size=30))
def test_nobody_is_ever_in_two_states(said: list[tuple[bool, str, int]]):
    """By hand and by roster in any order: on duty has no break's end, a break has one."""
    person, was, at = OFF, None, MONDAY
    for by_roster, duty, minutes in said:
        at += timedelta(minutes=minutes)
        wanted: Wish | None = Wish(duty, at + HOUR if duty == "break" else None)  # type: ignore[arg-type]  # a duty
        if by_roster:
            wanted = wish(person, was, duty, at, until=at + HOUR)  # type: ignore[arg-type]  # a duty
            was = duty  # type: ignore[assignment]  # a duty
        if wanted is not None:
            person = msgspec.structs.replace(
                person, on_duty=wanted.duty == "on_duty", break_until=wanted.until
            )
            assert person.duty == wanted.duty
        assert not (person.on_duty and person.break_until is not None)
        assert (person.duty == "break") == (person.break_until is not None)
        if by_roster and duty == "off_duty":
            assert person.duty == "off_duty" or wanted is None
