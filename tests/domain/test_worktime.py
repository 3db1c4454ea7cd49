"""Working time: a table and a few properties, and a plain walk over the days to compare with."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import worktime
from server.domain.calendars import china_calendar, minutes_of
from server.domain.worktime import Calendar, Closed, EmptyCalendar, Explicit, add, count

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE_HOURS = (("09:00", "12:00"), ("13:30", "18:00"))
OFFICE = china_calendar(dict.fromkeys(range(1, 6), OFFICE_HOURS))
ALWAYS = Calendar(zone="America/New_York", week=dict.fromkeys(range(1, 8), (("00:00", "24:00"),)))
NIGHTS = Calendar(
    zone="America/New_York",
    week={
        1: (("22:00", "06:00"),),
        2: (("22:00", "06:00"), ("08:00", "09:00")),
        5: (("20:00", "04:30"),),
    },
    overrides={date(2026, 3, 10): Closed(), date(2026, 3, 12): Explicit((("09:00", "12:00"),))},
)
OVERLAPPING = Calendar(week={1: (("08:00", "12:00"), ("11:00", "15:00")), 7: (("20:00", "09:00"),)})
HALF_DAYS = china_calendar(
    dict.fromkeys(range(1, 6), OFFICE_HOURS),
    own={
        date(2026, 2, 14): Explicit((("09:00", "12:00"),), "年前半天"),
        date(2026, 2, 20): Explicit((("13:30", "18:00"),), "初四下午"),
        date(2026, 2, 28): Explicit((("09:00", "12:00"),)),
    },
)
SYDNEY = Calendar(
    zone="Australia/Sydney",
    week={1: (("07:00", "15:30"),), 6: (("21:00", "05:00"),), 7: (("00:30", "03:30"),)},
)
TURNS = Calendar(
    week=dict.fromkeys(range(1, 7), OFFICE_HOURS),
    other_weeks=(dict.fromkeys(range(1, 6), OFFICE_HOURS),),
    first_week=date(2026, 3, 18),
    overrides=OFFICE.overrides,
)
CALENDARS = {
    "office": OFFICE,
    "always": ALWAYS,
    "nights": NIGHTS,
    "overlapping": OVERLAPPING,
    "half days around 春节": HALF_DAYS,
    "Sydney's summer time": SYDNEY,
    "大小周": TURNS,
}
FIRST = datetime(2026, 1, 1, tzinfo=UTC)

calendars = st.sampled_from(list(CALENDARS.values()))
instants = st.integers(0, 365 * 86_400).map(lambda seconds: FIRST + timedelta(seconds=seconds))
working_times = st.integers(0, 400 * 3600).map(lambda seconds: timedelta(seconds=seconds))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("start", "working_time", "due"),
    [
        pytest.param("2026-03-16 11:30", hours(1), "2026-03-16 14:00", id="over the lunch break"),
        pytest.param("2026-03-16 09:00", hours(3), "2026-03-16 12:00", id="V13 the closing bell"),
        pytest.param(
            "2026-02-14 08:00", hours(0.5), "2026-02-14 09:30", id="V7 a make-up Saturday"
        ),
        pytest.param(
            "2026-02-13 17:30", hours(4), "2026-02-14 14:00", id="V9 into the make-up day"
        ),
        pytest.param("2026-02-14 17:00", hours(2), "2026-02-24 10:00", id="over 春节"),
        pytest.param("2026-02-14 11:00", hours(5.5), "2026-02-14 18:00", id="to the last bell"),
        pytest.param("2026-03-14 10:00", hours(0), "2026-03-14 10:00", id="nothing to add"),
        pytest.param("2031-01-06 09:00", hours(7.5), "2031-01-06 18:00", id="far ahead"),
        pytest.param("1999-01-04 09:00", hours(7.5), "1999-01-04 18:00", id="long ago"),
    ],
)
def test_adding_working_time(start, working_time, due):
    assert add(OFFICE, local(start), working_time) == local(due)


@pytest.mark.parametrize(
    ("start", "working_time", "due"),
    [
        pytest.param("2026-02-14 11:00", hours(1), "2026-02-14 12:00", id="half a make-up day"),
        pytest.param("2026-02-14 11:00", hours(2), "2026-02-20 14:30", id="an afternoon in 春节"),
        pytest.param("2026-02-20 17:00", hours(2), "2026-02-24 10:00", id="and out of it"),
    ],
)
def test_half_days_count_by_halves(start, working_time, due):
    """R9"""
    assert add(HALF_DAYS, local(start), working_time) == local(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-03-20 17:00", "2026-03-21 10:00"),  # the week of the 18th works on Saturday
        ("2026-03-27 17:00", "2026-03-30 10:00"),
        ("2026-04-03 17:00", "2026-04-07 10:00"),  # 清明节 until Monday
        ("2025-12-26 17:00", "2025-12-27 10:00"),  # and back in time: twelve weeks before
    ],
)
def test_weeks_take_turns(start, due):
    """大小周"""
    assert add(TURNS, local(start), hours(2)) == local(due)


def test_a_day_is_a_day_when_the_clocks_change_in_new_york():
    """R24"""
    before = datetime(2026, 3, 7, 23, tzinfo=ZoneInfo("America/New_York"))
    assert add(ALWAYS, before, hours(24)) - before.astimezone(UTC) == timedelta(seconds=86_400)


def test_a_night_shift_in_the_lost_hour_is_an_hour_short():
    week = {6: (("22:00", "06:00"),)}
    nights = Calendar(zone="America/New_York", week=week)
    start = datetime(2026, 3, 7, 12, tzinfo=ZoneInfo("America/New_York"))
    assert count(nights, start, start + hours(24)) == hours(7)


def test_work_goes_on_at_the_opening_bell_and_not_at_the_closing_one():
    assert worktime.is_working(OFFICE, local("2026-03-16 09:00"))
    assert not worktime.is_working(OFFICE, local("2026-03-16 12:00"))
    assert worktime.next_open(OFFICE, local("2026-03-16 12:00")) == local("2026-03-16 13:30")
    assert worktime.next_open(OFFICE, local("2026-03-16 10:00")) == local("2026-03-16 10:00")


def test_spans_are_cut_to_what_was_asked():
    found = worktime.spans(OFFICE, local("2026-03-16 11:00"), local("2026-03-17 10:00"))
    assert found == [
        (local("2026-03-16 11:00"), local("2026-03-16 12:00")),
        (local("2026-03-16 13:30"), local("2026-03-16 18:00")),
        (local("2026-03-17 09:00"), local("2026-03-17 10:00")),
    ]


def test_instants_are_floored_to_seconds():
    start = local("2026-03-16 09:00:00.999999")
    assert add(OFFICE, start, hours(1)) == local("2026-03-16 10:00:00")


def test_a_calendar_without_working_time_is_refused():
    with pytest.raises(EmptyCalendar):
        Calendar(week={1: ()})


@given(calendars, instants, working_times)
def test_what_is_added_is_counted(calendar, start, working_time):
    assert count(calendar, start, add(calendar, start, working_time)) == working_time


@given(calendars, instants, working_times, working_times)
def test_more_working_time_never_ends_earlier(calendar, start, one, other):
    less, more = sorted((one, other))
    assert add(calendar, start, less) <= add(calendar, start, more)


@given(calendars, instants, working_times, working_times)
def test_it_does_not_matter_where_a_span_is_cut(calendar, start, one, other):
    cut = add(calendar, start, one)
    if one and other:
        assert add(calendar, cut, other) == add(calendar, start, one + other)
    end = cut + other
    assert count(calendar, start, cut) + count(calendar, cut, end) == count(calendar, start, end)


@given(calendars, instants, working_times.filter(bool))
def test_nothing_is_due_outside_working_time(calendar, start, working_time):
    due = add(calendar, start, working_time)
    assert worktime.is_working(calendar, due - timedelta(seconds=1))


@given(calendars, instants, instants)
def test_spans_add_up_to_the_count(calendar, one, other):
    start, end = sorted((one, other))
    lengths = (closed - opened for opened, closed in worktime.spans(calendar, start, end))
    assert sum(lengths, timedelta()) == count(calendar, start, end)


@given(st.lists(instants, min_size=1, max_size=5), instants, working_times)
@settings(max_examples=30)
def test_what_was_asked_before_does_not_matter(earlier, start, working_time):
    fresh = Calendar(week=OFFICE.week, overrides=OFFICE.overrides)
    for at in earlier:
        worktime.next_open(fresh, at - timedelta(days=500))
    assert add(fresh, start, working_time) == add(OFFICE, start, working_time)


@pytest.mark.parametrize("name", CALENDARS)
def test_the_table_agrees_with_a_walk_over_the_days(name):
    calendar = CALENDARS[name]
    chance = random.Random(name)
    for _ in range(800):
        start = FIRST + timedelta(seconds=chance.randrange(400 * 86_400))
        working_time = timedelta(seconds=chance.randrange(1, 60 * 3600))
        due = add(calendar, start, working_time)
        assert due == walked_add(calendar, start, working_time), start
        end = start + timedelta(seconds=chance.randrange(20 * 86_400))
        assert count(calendar, start, end) == walked_count(calendar, start, end), start


def walked_intervals(calendar, day):
    """Intervals that touch a local day, without any table: a set of disjoint pieces."""
    zone = ZoneInfo(calendar.zone)
    pieces = []
    for begins in (day - timedelta(days=1), day):
        for pair in calendar.hours_of(begins):
            first, last = minutes_of(pair)
            midnight = datetime.combine(begins, datetime.min.time())
            edges = [
                (midnight + timedelta(minutes=minute)).replace(tzinfo=zone).astimezone(UTC)
                for minute in (first, last)
            ]
            pieces.append((edges[0], edges[1]))
    start = datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
    reached = start
    for opened, closed in sorted(pieces):
        opened, closed = max(opened, reached), min(closed, end)  # noqa: PLW2901
        if opened < closed:
            yield opened, closed
            reached = closed


def walked_count(calendar, start, end):
    day = start.astimezone(ZoneInfo(calendar.zone)).date()
    total = timedelta()
    while datetime.combine(day, datetime.min.time(), ZoneInfo(calendar.zone)) < end:
        for opened, closed in walked_intervals(calendar, day):
            total += max(timedelta(), min(end, closed) - max(start, opened))
        day += timedelta(days=1)
    return total


def walked_add(calendar, start, working_time):
    day = start.astimezone(ZoneInfo(calendar.zone)).date()
    while True:
        for opened, closed in walked_intervals(calendar, day):
            begins = max(start, opened)
            if begins < closed:
                if closed - begins >= working_time:
                    return begins + working_time
                working_time -= closed - begins
        day += timedelta(days=1)
