"""The rules of the SLA law, by number: working time (R8–R10, R24). The arithmetic by itself is in
test_worktime.py and test_calendars.py; here clocks run on it.
"""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from server.domain.calendars import Calendar, Closed, Explicit, Pattern, overlay
from server.domain.sla import fold, law_of
from server.domain.worktime import count, is_working, table_of
from tests.support.clockwork import (
    ALWAYS,
    HOUR,
    OFFICE,
    OPENED,
    at,
    clock_of,
    history,
    policy,
)


def due_on(calendar: Calendar, start: str, target: int) -> datetime:
    """When a clock of this calendar falls due."""
    law = law_of([policy({"first": target}, calendar=calendar.id)], [calendar])
    return clock_of(fold(history((start, OPENED)), law), "first").due_at


def test_r8_several_intervals_a_day_and_nights_across_midnight_count():
    shifts = (("06:00", "09:00"), ("12:00", "14:00"), ("22:00", "02:00"))
    nights = Calendar(id="nights", version=1, week=dict.fromkeys(range(1, 8), shifts))
    assert due_on(nights, "08:00", 2 * HOUR) == at("13:00")
    assert due_on(nights, "13:00", 4 * HOUR) == at("17 01:00")
    assert due_on(nights, "17 01:30", HOUR) == at("17 06:30")


@pytest.mark.parametrize(
    ("override", "due"),
    [
        (None, "18:00"),
        (Closed("厂庆"), "17 18:00"),
        (Pattern(6), "17 18:00"),
        (Pattern(2), "18:00"),
        (Explicit((("10:00", "11:00"),)), "17 17:00"),
    ],
    ids=["the week", "a holiday", "like a Saturday", "like a Tuesday", "its own hours"],
)
def test_r9_what_a_day_is_decides_when_a_clock_falls_due(override, due):
    days = OFFICE.overrides | ({date(2026, 3, 16): override} if override else {})
    calendar = replace(OFFICE, overrides=days)
    assert due_on(calendar, "08:00", 7 * HOUR + HOUR // 2) == at(due)


def test_r9_explicit_hours_beat_make_up_days_and_these_beat_holidays():
    day = date(2026, 3, 16)
    layers = [{day: Explicit((("10:00", "11:00"),))}, {day: Pattern(2)}, {day: Closed()}]
    assert isinstance(overlay(*layers)[day], Explicit)
    assert isinstance(overlay(*layers[1:])[day], Pattern)
    assert isinstance(overlay(*reversed(layers))[day], Explicit)


def walked(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Working seconds by looking at every minute."""
    minutes = int((end - start) / timedelta(minutes=1))
    return sum(
        60 for minute in range(minutes) if is_working(calendar, start + timedelta(minutes=minute))
    )


def test_r10_the_table_says_what_walking_says_over_the_long_holiday():
    chance = Random(10)
    for _ in range(40):
        start = at("2026-02-12 08:00") + timedelta(minutes=chance.randrange(12 * 1440))
        end = start + timedelta(minutes=chance.randrange(2 * 1440))
        assert count(OFFICE, start, end).total_seconds() == walked(OFFICE, start, end)


def test_r10_building_a_table_is_not_part_of_the_answer():
    fresh = replace(OFFICE, name="fresh")
    for text in ("2026-03-16 09:00", "2021-03-15 09:00", "2031-03-17 09:00"):
        start = at(text)
        assert count(fresh, start, start + timedelta(days=30)) == count(
            OFFICE, start, start + timedelta(days=30)
        )
    assert table_of(fresh) is table_of(fresh)


@pytest.mark.parametrize("start", ["2026-03-07 12:00", "2026-10-31 12:00"])
def test_r24_twenty_four_hours_are_86400_seconds_where_clocks_are_changed(start):
    zone = ZoneInfo("America/New_York")
    always = replace(ALWAYS, zone="America/New_York")
    noon = datetime.fromisoformat(start).replace(tzinfo=zone).astimezone(UTC)
    assert count(always, noon, noon + timedelta(hours=24)).total_seconds() == 86_400
    office = replace(OFFICE, id="there", zone="America/New_York", overrides={}, known_through=None)
    monday = (noon.astimezone(zone) + timedelta(days=2)).replace(hour=9, minute=0)
    assert is_working(office, monday.astimezone(UTC))
    assert not is_working(office, monday.astimezone(UTC) - timedelta(seconds=1))
