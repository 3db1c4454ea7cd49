"""Calendars: which override wins, what China's days are, and what is refused."""

from datetime import UTC, date, datetime

import chinese_calendar
import msgspec
import pytest

from server.domain import china_days
from server.domain.calendars import (
    Calendar,
    Closed,
    EmptyCalendar,
    Explicit,
    Pattern,
    china_calendar,
    overlay,
)
from server.domain.calendars import china_days as days_of_china
from server.domain.errors import Invalid
from tests.domain.china_days_from_package import text, years

DAY = date(2026, 5, 1)
WEEK = {
    1: (("09:00", "18:00"),),
    2: (("09:00", "18:00"),),
    5: (("09:00", "16:00"),),
}


def test_china_days_are_those_of_the_package():
    assert years() == china_days.YEARS


def test_china_days_are_written_as_the_generator_writes_them():
    assert text().split() == open_module().split()


def open_module():
    with open(china_days.__file__, encoding="utf-8") as module:  # noqa: PTH123
        return module.read()


@pytest.mark.parametrize("year", range(2020, 2027))
def test_every_day_of_a_year_works_as_the_package_says(year):
    always = dict.fromkeys(range(1, 6), (("09:00", "18:00"),))
    calendar = china_calendar(always)
    day = date(year, 1, 1)
    while day.year == year:
        assert bool(calendar.hours_of(day)) is chinese_calendar.is_workday(day), day
        day = date.fromordinal(day.toordinal() + 1)


def test_the_make_up_days_of_2026():
    found = [day for day, one in days_of_china([2026]).items() if isinstance(one, Pattern)]
    assert [f"{day:%m-%d}" for day in found] == [
        "01-04",
        "02-14",
        "02-28",
        "05-09",
        "09-20",
        "10-10",
    ]


def test_a_make_up_day_borrows_the_hours_of_the_day_it_replaces():
    calendar = china_calendar(WEEK)
    assert calendar.hours_of(date(2026, 2, 14)) == WEEK[5]
    assert calendar.hours_of(date(2026, 2, 28)) == WEEK[1]


@pytest.mark.parametrize(
    ("layers", "winner"),
    [
        pytest.param([Closed(), Pattern(1)], Pattern(1), id="make-up beats holiday"),
        pytest.param([Pattern(1), Closed()], Pattern(1), id="whatever the order"),
        pytest.param(
            [Explicit((("09:00", "12:00"),)), Pattern(1), Closed()],
            Explicit((("09:00", "12:00"),)),
            id="explicit beats all",
        ),
        pytest.param([Closed("a"), Closed("b")], Closed("b"), id="the later of equals"),
    ],
)
def test_which_override_wins(layers, winner):
    assert overlay(*({DAY: layer} for layer in layers)) == {DAY: winner}


def test_a_half_day_is_written_as_explicit_hours():
    half = {date(2026, 2, 16): Explicit((("09:00", "12:00"),), "除夕")}
    calendar = china_calendar(WEEK, own=half)
    assert calendar.hours_of(date(2026, 2, 16)) == (("09:00", "12:00"),)


@pytest.mark.parametrize(
    ("at", "provisional"),
    [
        ("2026-12-31 15:59:59", False),
        ("2026-12-31 16:00:00", True),
        ("2025-06-01 00:00:00", False),
        ("2027-06-01 00:00:00", True),
    ],
)
def test_a_year_without_holiday_table_is_provisional_in_local_time(at, provisional):
    calendar = china_calendar(WEEK)
    assert calendar.is_provisional(datetime.fromisoformat(at).replace(tzinfo=UTC)) is provisional


def test_a_calendar_that_needs_no_holidays_is_never_provisional():
    calendar = Calendar(week=WEEK)
    assert not calendar.is_provisional(datetime(2040, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("week", "zone", "refusal"),
    [
        pytest.param({}, "Asia/Shanghai", EmptyCalendar, id="no hours"),
        pytest.param({1: ()}, "Asia/Shanghai", EmptyCalendar, id="only free days"),
        pytest.param(WEEK, "Asia/Nowhere", Invalid, id="unknown zone"),
        pytest.param(WEEK, "../etc/passwd", Invalid, id="a path as zone"),
        pytest.param({1: (("9:00", "18:00"),)}, "Asia/Shanghai", Invalid, id="one digit"),
        pytest.param({1: (("09:00", "25:00"),)}, "Asia/Shanghai", Invalid, id="hour 25"),
        pytest.param({1: (("24:00", "12:00"),)}, "Asia/Shanghai", Invalid, id="starts at the end"),
    ],
)
def test_what_a_calendar_refuses(week, zone, refusal):
    with pytest.raises(refusal):
        Calendar(week=week, zone=zone)


def test_turns_that_begin_nowhere_are_refused():
    with pytest.raises(Invalid) as refused:
        Calendar(week=WEEK, other_weeks=({1: (("09:00", "12:00"),)},))
    assert refused.value.facts == {"fields": {"first_week": "missing"}}


def test_a_malformed_time_in_another_week_is_refused():
    with pytest.raises(Invalid):
        Calendar(week=WEEK, other_weeks=({1: (("9:00", "12:00"),)},), first_week=DAY)


def test_a_calendar_survives_storage():
    calendar = china_calendar(WEEK, own={DAY: Explicit((("09:00", "12:00"),), "x")})
    stored = msgspec.json.encode(calendar)
    assert msgspec.json.decode(stored, type=Calendar) == calendar
