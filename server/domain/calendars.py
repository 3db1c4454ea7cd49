"""Calendars (工作日历): when the desk works. Weekly hours, holidays (节假日) and make-up workdays
(调休上班日) as values; worktime.py does the arithmetic.

What a day is, strongest first (R9):

    Explicit   these very hours (a half day, an event)
    Pattern    the hours of another weekday (a make-up workday)
    Closed     no work (a holiday)
    the week   the weekday's usual hours

A calendar holds one override a day; `overlay` puts several sources together by this order.
Nothing here knows the web, files or today's date.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, UTC, date, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from server.domain.china_days import YEARS
from server.domain.errors import Invalid

MINUTES_A_DAY: Final = 24 * 60
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")

Hours = tuple[str, str]
"""Local wall times "HH:MM" at which work starts and ends. An end at or before the start lies on
the next day (a night shift); "24:00" is midnight at the day's end."""

Weekday = Annotated[int, msgspec.Meta(ge=1, le=7)]
"""1 Monday … 7 Sunday, as ISO 8601 counts."""

Week = dict[Weekday, tuple[Hours, ...]]
"""Weekday → its hours; a missing weekday is free."""


class EmptyCalendar(Invalid):
    """The weekly pattern holds no working time: nothing could ever fall due."""


class Closed(msgspec.Struct, frozen=True, tag_field="kind", tag="closed"):
    """A holiday. `name` is a code of `[holiday]` or an administrator's own word."""

    name: str = ""


class Pattern(msgspec.Struct, frozen=True, tag_field="kind", tag="pattern"):
    """A day that works like another weekday: make-up workdays borrow the hours of the day that
    they replace.
    """

    weekday: Weekday
    name: str = ""


class Explicit(msgspec.Struct, frozen=True, tag_field="kind", tag="explicit"):
    """Hours of this very day; a half day is written so."""

    hours: tuple[Hours, ...]
    name: str = ""


Override = Closed | Pattern | Explicit

_STRENGTH: Final[dict[type[Override], int]] = {Closed: 0, Pattern: 1, Explicit: 2}


class Calendar(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One version of a calendar. `week` is how a week works; weeks that take turns with it (大小周)
    stand in `other_weeks`, in their order, and `first_week` is any day of a week that works by
    `week`. `known_through` is the last year whose holidays are known, or None when holidays do
    not matter (24×7). Refuses `EmptyCalendar`, and `Invalid` for an unknown zone, a malformed
    time, or turns that begin nowhere.
    """

    id: str = ""
    version: int = 0
    name: str = ""
    zone: str = "Asia/Shanghai"
    week: Week
    other_weeks: tuple[Week, ...] = ()
    first_week: date | None = None
    overrides: dict[date, Override] = {}
    known_through: int | None = None

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Invalid(zone="unknown") from None
        if self.other_weeks and self.first_week is None:
            raise Invalid(first_week="missing")
        weeks = (self.week, *self.other_weeks)
        if not any(hours for week in weeks for hours in week.values()):
            raise EmptyCalendar(week="empty")
        for week, field in zip(weeks, ("week", *("other_weeks",) * len(weeks)), strict=False):
            for hours in week.values():
                _check(hours, field)
        for override in self.overrides.values():
            if isinstance(override, Explicit):
                _check(override.hours, "overrides")

    def hours_of(self, day: date) -> tuple[Hours, ...]:
        """The hours that begin on this local day."""
        match self.overrides.get(day):
            case Explicit(hours=hours):
                return hours
            case Pattern(weekday=weekday):
                return self.week_of(day).get(weekday, ())
            case Closed():
                return ()
            case _:
                return self.week_of(day).get(day.isoweekday(), ())

    def week_of(self, day: date) -> Week:
        """How the week works in which this day lies. Weeks begin on Monday."""
        if not self.other_weeks or self.first_week is None:
            return self.week
        passed = (_week_number(day) - _week_number(self.first_week)) % (1 + len(self.other_weeks))
        return self.week if passed == 0 else self.other_weeks[passed - 1]

    def is_provisional(self, at: datetime) -> bool:
        """Whether this instant lies in a year whose holidays are not known yet (R23)."""
        if self.known_through is None or self.known_through >= MAXYEAR:
            return False
        kept: dict[str, datetime] = self.__dict__
        edge_at = kept.get("edge_at")
        if edge_at is None:
            edge = datetime(self.known_through + 1, 1, 1, tzinfo=ZoneInfo(self.zone))
            edge_at = kept.setdefault("edge_at", edge.astimezone(UTC))
        return at >= edge_at


def minutes_of(hours: Hours) -> tuple[int, int]:
    """Start and end in minutes from the day's midnight; the end may lie beyond 24 hours."""
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in hours)
    return start, end if end > start else end + MINUTES_A_DAY


def overlay(*layers: Mapping[date, Override]) -> dict[date, Override]:
    """Several sources as one: explicit beats make-up beats holiday (R9); among equals the later
    layer wins.
    """
    merged: dict[date, Override] = {}
    for layer in layers:
        for day, override in layer.items():
            present = merged.get(day)
            if present is None or _STRENGTH[type(override)] >= _STRENGTH[type(present)]:
                merged[day] = override
    return dict(sorted(merged.items()))


def china_years() -> range:
    """The years whose statutory holidays and make-up workdays are known."""
    return range(min(YEARS), max(YEARS) + 1)


def china_days(years: Iterable[int] | None = None) -> dict[date, Override]:
    """China's statutory holidays and make-up workdays (国务院办公厅 notices), all known years
    unless told. Names are codes of `[holiday]`. Unknown years give nothing.
    """
    closed: dict[date, Override] = {}
    made_up: dict[date, Override] = {}
    for year in years if years is not None else china_years():
        for name, days, swaps in YEARS.get(year, ()):
            for day in days.split():
                closed[date.fromisoformat(f"{year}-{day}")] = Closed(name)
            for swap in swaps.split():
                worked, replaced = swap.split("/")
                weekday = date.fromisoformat(f"{year}-{replaced}").isoweekday()
                made_up[date.fromisoformat(f"{year}-{worked}")] = Pattern(weekday, name)
    return overlay(closed, made_up)


def china_calendar(
    week: Mapping[int, tuple[Hours, ...]],
    *,
    id: str = "default",  # noqa: A002 - the field's name
    name: str = "",
    own: Mapping[date, Override] | None = None,
) -> Calendar:
    """A calendar in China's time with all holidays known, under the firm's own days."""
    return Calendar(
        id=id,
        version=1,
        name=name,
        week=dict(week),
        overrides=overlay(china_days(), own or {}),
        known_through=max(YEARS),
    )


def _week_number(day: date) -> int:
    """Weeks since the first Monday of our calendar, which is day 1."""
    return (day.toordinal() - 1) // 7


def _check(hours: tuple[Hours, ...], field: str) -> None:
    for start, end in hours:
        if not (_TIME.fullmatch(start) and _TIME.fullmatch(end)) or start == "24:00":
            raise Invalid(**{field: "malformed"})
