"""Holidays from a file: what is read, what it changes in a calendar, and what is refused."""

from datetime import date

import msgspec
import pytest

from server.domain.calendars import (
    Calendar,
    Closed,
    Explicit,
    Pattern,
    china_calendar,
    china_days,
    overlay,
)
from server.domain.errors import Invalid
from server.domain.holidays import AnnouncedDay, code_of, read_days, read_year_file, take_in

WEEK = dict.fromkeys(range(1, 6), (("09:00", "18:00"),))
NAMES = {
    "new_year": "元旦",
    "spring_festival": "春节",
    "tomb_sweeping": "清明节",
    "labour_day": "劳动节",
    "dragon_boat": "端午节",
    "mid_autumn": "中秋节",
    "national_day": "国庆节",
}


def announced(year):
    """A year that we know, as a file would tell it."""
    return tuple(
        AnnouncedDay(NAMES.get(one.name, one.name), day, isinstance(one, Closed))
        for day, one in china_days([year]).items()
    )


def plausible(year, *more):
    """A year that is not known: a few days off and one that is worked."""
    off = [(1, 1), (2, 5), (2, 6), (2, 7), (2, 8), (5, 1), (10, 1), (10, 4)]
    days = [AnnouncedDay("春节", date(year, month, day), off=True) for month, day in off]
    return (*days, AnnouncedDay("春节", date(year, 1, 30), off=False), *more)


def year_file(year, days):
    return msgspec.json.encode({"year": year, "papers": [], "days": days}).decode()


@pytest.mark.parametrize("year", [2015, 2016, 2023, 2025, 2026])
def test_an_announced_year_gives_the_days_of_the_table(year):
    assert read_days(announced(year)) == china_days([year])


def test_a_year_file_is_read():
    days = announced(2026)
    read = read_year_file(year_file(2026, days))
    assert (read.year, read.days) == (2026, days)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("春节", "spring_festival"),
        ("除夕", "spring_festival"),
        ("清明", "tomb_sweeping"),
        ("国庆节、中秋节", "national_day"),
        ("公司年会", "公司年会"),
    ],
)
def test_a_holiday_is_known_by_its_name(name, code):
    assert code_of(name) == code


def test_the_next_year_becomes_known():
    calendar = china_calendar(WEEK)
    found = take_in(calendar, plausible(2027), 2027)
    assert found.years == (2027,)
    assert found.calendar.known_through == 2027
    assert {one.change for one in found.days} == {"added"}
    assert found.calendar.hours_of(date(2027, 2, 5)) == ()
    assert found.calendar.hours_of(date(2027, 1, 30)) == WEEK[1]
    assert found.calendar.hours_of(date(2026, 10, 10)) == WEEK[1]


def test_a_correction_changes_the_days_of_that_year_and_no_others():
    calendar = china_calendar(WEEK)
    days = [one for one in announced(2026) if one.date != date(2026, 5, 5)]
    found = take_in(calendar, days, 2026)
    gone = [(f"{one.day:%m-%d}", one.change) for one in found.days]
    # 05-09 now borrows from the last free weekday that is left
    assert gone == [("05-05", "removed"), ("05-09", "changed")]
    assert found.calendar.known_through == 2026


def test_days_of_the_firm_stay_as_far_as_they_are_stronger():
    own = {
        date(2027, 2, 5): Explicit((("09:00", "12:00"),), "值班"),
        date(2027, 3, 1): Closed("春游"),
        date(2027, 2, 6): Closed("自己的"),
    }
    calendar = china_calendar(WEEK, own=own)
    found = take_in(calendar, plausible(2027), 2027)
    after = found.calendar.overrides
    assert after[date(2027, 2, 5)] == own[date(2027, 2, 5)]
    assert after[date(2027, 3, 1)] == own[date(2027, 3, 1)]
    assert after[date(2027, 2, 6)] == Closed("spring_festival")
    kept = [one.day for one in found.days if one.change == "kept"]
    assert kept == [date(2027, 2, 5)]


def test_a_notice_may_name_days_of_the_december_before():
    december = AnnouncedDay("元旦", date(2026, 12, 31), off=True)
    found = take_in(china_calendar(WEEK), plausible(2027, december), 2027)
    assert found.calendar.overrides[date(2026, 12, 31)] == Closed("new_year")


def test_several_years_come_at_once():
    days = (*announced(2025), *announced(2026), *plausible(2027))
    found = take_in(china_calendar(WEEK), days, None)
    assert found.years == (2025, 2026, 2027)
    assert {one.day.year for one in found.days} == {2027}


def test_a_year_that_a_file_only_touches_is_not_known_by_it():
    touched = AnnouncedDay("元旦", date(2028, 1, 1), off=True)
    found = take_in(china_calendar(WEEK), (*plausible(2027), touched), None)
    assert found.calendar.known_through == 2027
    assert date(2028, 1, 1) not in found.calendar.overrides


def test_taking_the_same_file_twice_changes_nothing_the_second_time():
    once = take_in(china_calendar(WEEK), plausible(2027), 2027).calendar
    again = take_in(once, plausible(2027), 2027)
    assert (again.calendar, again.days) == (once, ())


@pytest.mark.parametrize(
    ("days", "year", "code"),
    [
        pytest.param(plausible(2028), 2028, "holiday_year_gap", id="2027 is missing"),
        pytest.param(plausible(2027)[:3], 2027, "holiday_file_short", id="three days"),
        pytest.param((), None, "holiday_file_short", id="nothing"),
        pytest.param((*plausible(2027), *plausible(2029)), None, "holiday_year_gap", id="a hole"),
        pytest.param(
            (*plausible(2027), AnnouncedDay("x", date(2027, 1, 1), off=False)),
            2027,
            "holiday_twice",
            id="free and worked",
        ),
    ],
)
def test_what_cannot_be_taken_in(days, year, code):
    with pytest.raises(Invalid) as refused:
        take_in(china_calendar(WEEK), days, year)
    assert refused.value.facts == {"fields": {"file": code}}


def test_a_calendar_without_holidays_takes_none():
    with pytest.raises(Invalid) as refused:
        take_in(Calendar(week=WEEK), plausible(2027), 2027)
    assert refused.value.facts == {"fields": {"calendar": "holidays_do_not_matter"}}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "holiday_file"),
        ("<html>", "holiday_file"),
        ('{"year": 2027}', "holiday_file"),
        ('{"year": 27, "days": []}', "holiday_file"),
        ('{"year": 2027, "days": [{"name": "元旦", "date": "1 月 1 日"}]}', "holiday_file"),
        (
            '{"year": 2027, "days": [{"name": "元旦", "date": "2026-11-30", "isOffDay": true}]}',
            "holiday_outside_year",
        ),
        ("[" * 100_000, "holiday_file"),
    ],
)
def test_what_is_no_year_file(text, code):
    with pytest.raises(Invalid) as refused:
        read_year_file(text)
    assert refused.value.facts == {"fields": {"file": code}}


def test_the_order_of_the_days_does_not_matter():
    days = announced(2026)
    assert read_days(reversed(days)) == read_days(days) == overlay(read_days(days))


def test_a_make_up_day_never_borrows_from_a_free_weekday():
    for year in range(2015, 2027):
        for one in read_days(announced(year)).values():
            assert not isinstance(one, Pattern) or one.weekday <= 5
