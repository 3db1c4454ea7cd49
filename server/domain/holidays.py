"""Holidays from outside: an announced year (放假安排), and what it changes in a calendar.

China announces a year's holidays and make-up workdays each November, in a notice that may name
days of the December before and the January after. A file of such days comes as JSON, read here,
or as ICS, read by usecases/calendars.py into the same `AnnouncedDay`s.

An announcement says which weekend days are worked, not whose hours they borrow: they get those of
the holiday's last weekdays, in order. That matters only where weekdays differ.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec.structs import replace

from server.domain.calendars import Calendar, Closed, Explicit, Override, Pattern, overlay
from server.domain.errors import Invalid

LEAST: Final = 7
"""A year with fewer days off than this is not announced in the file, only touched by it."""

_LAST_WORKDAY: Final = 5
_BETWEEN: Final = re.compile(r"[、,，/和与及\s]+")
_CODES: Final = {
    "元旦": "new_year",
    "春节": "spring_festival",
    "除夕": "spring_festival",
    "清明": "tomb_sweeping",
    "劳动": "labour_day",
    "端午": "dragon_boat",
    "中秋": "mid_autumn",
    "国庆": "national_day",
}

Year = Annotated[int, msgspec.Meta(ge=2000, le=2200)]


class AnnouncedDay(msgspec.Struct, frozen=True, rename={"off": "isOffDay"}):
    """One announced day: free, or a weekend day that is worked."""

    name: Annotated[str, msgspec.Meta(max_length=100)]
    date: date
    off: bool


class AnnouncedYear(msgspec.Struct, frozen=True):
    """A year file: what `paper`s say beside it is not looked at."""

    year: Year
    days: Annotated[tuple[AnnouncedDay, ...], msgspec.Meta(max_length=400)]


class ChangedDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day of which an import speaks. "kept": the firm's own day is stronger (R9)."""

    day: date
    change: Literal["added", "changed", "removed", "kept"]
    before: Override | None
    after: Override | None


class HolidayImport(msgspec.Struct, frozen=True, kw_only=True):
    """The calendar after an import, the years that it now knows from it, and what changes."""

    calendar: Calendar
    years: tuple[int, ...]
    days: tuple[ChangedDay, ...]


_decode_year: Final = msgspec.json.Decoder(AnnouncedYear).decode


def read_year_file(text: str) -> AnnouncedYear:
    """A JSON year file: `year`, and `days` of {name, date, isOffDay}. Refuses `Invalid(file)`."""
    try:
        announced = _decode_year(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Invalid(file="holiday_file") from None
    first, last = date(announced.year - 1, 12, 1), date(announced.year + 1, 1, 31)
    if any(not first <= one.date <= last for one in announced.days):
        raise Invalid(file="holiday_outside_year")
    return announced


def read_days(days: Iterable[AnnouncedDay]) -> dict[date, Override]:
    """Announced days as a calendar's: holidays closed, make-up days by another weekday's hours.
    Refuses `Invalid(file)` for a day that is named twice.
    """
    ordered = sorted(days, key=lambda one: one.date)
    if len({one.date for one in ordered}) != len(ordered):
        raise Invalid(file="holiday_twice")
    closed: dict[date, Override] = {}
    made_up: dict[date, Override] = {}
    for name, off, worked in _holidays(ordered):
        for day in off:
            closed[day] = Closed(name)
        weekdays = [day.isoweekday() for day in off if day.isoweekday() <= _LAST_WORKDAY]
        borrowed = [1] * len(worked) + weekdays
        for day, weekday in zip(worked, borrowed[-len(worked) :] if worked else (), strict=True):
            made_up[day] = Pattern(weekday, name)
    return overlay(closed, made_up)


def code_of(name: str) -> str:
    """A holiday's code of `[holiday]` if its name tells which, else the name itself. The first
    of several names counts.
    """
    for part in _BETWEEN.split(name.strip()):
        for word, code in _CODES.items():
            if part.startswith(word):
                return code
    return name.strip()


def take_in(calendar: Calendar, days: Iterable[AnnouncedDay], year: int | None) -> HolidayImport:
    """Put announced days into a calendar. What it knew of the same years from such tables goes;
    the firm's own days stay as far as they are stronger. `year` is what the file says it is of.
    Refuses `Invalid(calendar)` for one in which holidays do not matter, `Invalid(file)` for a
    file without a whole year, and for a year after one that is not known yet.
    """
    if calendar.known_through is None:
        raise Invalid(calendar="holidays_do_not_matter")
    announced = tuple(days)
    found = read_days(announced)
    whole = _years_of(announced)
    years = whole if year is None else (year,) if year in whole else ()
    if not years:
        raise Invalid(file="holiday_file_short")
    if years[0] > calendar.known_through + 1 or years != tuple(range(years[0], years[-1] + 1)):
        raise Invalid(file="holiday_year_gap")
    kept = {day: one for day, one in calendar.overrides.items() if not _replaced(day, one, years)}
    told = {day: one for day, one in found.items() if year is not None or day.year in years}
    after = replace(
        calendar,
        overrides=overlay(kept, told),
        known_through=max(calendar.known_through, years[-1]),
    )
    return HolidayImport(
        calendar=after,
        years=years,
        days=tuple(_changes(calendar.overrides, after.overrides, told)),
    )


def _replaced(day: date, one: Override, years: tuple[int, ...]) -> bool:
    """Whether a day came from a holiday table of these years."""
    return not isinstance(one, Explicit) and one.name in _TABLED and day.year in years


_TABLED: Final = frozenset({*_CODES.values(), "anti_fascist_70"})


def _years_of(days: Iterable[AnnouncedDay]) -> tuple[int, ...]:
    """The years that have enough days off to be announced."""
    off = [one.date.year for one in days if one.off]
    return tuple(sorted(year for year in set(off) if off.count(year) >= LEAST))


def _holidays(
    ordered: list[AnnouncedDay],
) -> Iterable[tuple[str, list[date], list[date]]]:
    """Each holiday's code, days off and days worked. A holiday that comes twice in the days (New
    Year's Day at both ends of a year) is told apart by half a year between.
    """
    groups: dict[str, list[list[AnnouncedDay]]] = {}
    for one in ordered:
        runs = groups.setdefault(code_of(one.name), [[]])
        if runs[-1] and one.date - runs[-1][-1].date > timedelta(days=180):
            runs.append([])
        runs[-1].append(one)
    for name, runs in groups.items():
        for run in runs:
            yield (
                name,
                [one.date for one in run if one.off],
                [one.date for one in run if not one.off],
            )


def _changes(
    before: Mapping[date, Override], after: Mapping[date, Override], told: Mapping[date, Override]
) -> Iterable[ChangedDay]:
    for day in sorted({*before, *after}):
        was, now = before.get(day), after.get(day)
        if was == now:
            if day in told and told[day] != now:
                yield ChangedDay(day=day, change="kept", before=was, after=now)
            continue
        change: Literal["added", "changed", "removed"] = (
            "added" if was is None else "removed" if now is None else "changed"
        )
        yield ChangedDay(day=day, change=change, before=was, after=now)
