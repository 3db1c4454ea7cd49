"""Working time against an independent library: `workclock` (MIT, a Rust core, released 2026-10),
which replaces businesstimedelta and is itself tested against a minute-by-minute oracle.

What it cannot say is left to the walk over the days in test_worktime.py: hours of a single day
(half days), a holiday on the eve of which a night shift begins, and shifts that overlap a break.
A make-up day it can say: as a day of a seven-day week that is not taken off.
"""

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from workclock import Break, Holidays, Schedule, WorkDay

from server.domain.calendars import Calendar, Closed, china_calendar
from server.domain.worktime import table_of

CASES = 12_500
"""Of each calendar, for adding and for counting: 100 000 together."""

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
DAYS = [date(2023, 12, 1) + timedelta(days=number) for number in range(2 * 366 + 3 * 366)]
OFFICE = dict.fromkeys(range(1, 6), (("09:00", "12:00"), ("13:30", "18:00")))


def seven_days(calendar: Calendar) -> Schedule:
    """Every day works by one pattern, except those that are taken off."""
    free = [day for day in DAYS if not calendar.hours_of(day)]
    day = {calendar.hours_of(one) for one in DAYS} - {()}
    assert len(day) == 1
    return Schedule([*worked(day.pop(), range(7)), Holidays(free)], time_zone=calendar.zone)


def by_weekday(calendar: Calendar) -> Schedule:
    """Each weekday has its own hours; days off are days off."""
    rules = [
        rule for weekday, hours in calendar.week.items() for rule in worked(hours, [weekday - 1])
    ]
    free = [day for day, one in calendar.overrides.items() if isinstance(one, Closed)]
    return Schedule([*rules, Holidays(free)], time_zone=calendar.zone)


def worked(hours, days):
    """From the first opening to the last closing, with breaks between."""
    edges = [(clock(start), clock(end)) for start, end in hours]
    yield WorkDay(edges[0][0], edges[-1][1], days=days)
    for (_, ends), (begins, _) in pairwise(edges):
        yield Break(ends, begins, days=days)


def clock(text):
    return time.fromisoformat("00:00" if text == "24:00" else text)


CHINA = china_calendar(OFFICE)
TURNS = china_calendar(dict.fromkeys(range(1, 7), OFFICE[1]))
TURNS = Calendar(
    week=TURNS.week,
    other_weeks=(OFFICE,),
    first_week=date(2026, 3, 18),
    overrides=TURNS.overrides,
)
LONDON = Calendar(
    zone="Europe/London",
    week={1: (("00:30", "02:30"), ("09:00", "17:00")), 5: (("08:00", "20:00"),), 7: OFFICE[1]},
    overrides={date(2025, 12, 26): Closed(), date(2024, 4, 1): Closed()},
)
NIGHTS = Calendar(
    zone="America/New_York",
    week={
        **dict.fromkeys((1, 2, 3, 4), (("22:00", "06:00"),)),
        6: (("21:00", "03:30"),),
        7: (("08:00", "24:00"),),
    },
)


@pytest.mark.parametrize(
    ("calendar", "other"),
    [
        pytest.param(CHINA, seven_days(CHINA), id="China with 调休"),
        pytest.param(TURNS, seven_days(TURNS), id="大小周 with 调休"),
        pytest.param(LONDON, by_weekday(LONDON), id="London, summer time, days off"),
        pytest.param(NIGHTS, by_weekday(NIGHTS), id="New York, summer time, night shifts"),
    ],
)
def test_another_library_counts_the_same(calendar, other):
    """3.1.1: 100 000 random cases; R8, R9, R24"""
    chance, table = random.Random(calendar.zone), table_of(calendar)
    low, high = int(FIRST.timestamp()), int(LAST.timestamp())
    starts = [chance.randrange(low, high - 40 * 86_400) for _ in range(CASES)]
    ends = [start + chance.randrange(40 * 86_400) for start in starts]
    spans = [chance.randrange(1, 120 * 3600) for _ in starts]
    moments = [datetime.fromtimestamp(start, UTC) for start in starts]
    counted = other.between_many(moments, [datetime.fromtimestamp(end, UTC) for end in ends])
    added = other.add_many(moments, [timedelta(seconds=span) for span in spans])
    for start, end, span, theirs, due in zip(starts, ends, spans, counted, added, strict=True):
        assert table.count(start, end) == theirs.total_seconds(), (start, end)
        assert table.add(start, span) == due.timestamp(), (start, span)
