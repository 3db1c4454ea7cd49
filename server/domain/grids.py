"""A roster as a grid: colleagues × days, with shifts, leave, swaps and who is on call."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from server.domain import rosters
from server.domain.calendars import Closed, Explicit, Override, Pattern
from server.domain.rosters import Roster, Staffing

Away = Literal["", "part", "whole"]
_DAY: Final = timedelta(days=1)

DayKind = Literal["", "holiday", "make_up", "own"]


class GridDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a grid: what the calendar says of it, and who is on call from it on."""

    day: date
    kind: DayKind
    name: str
    on_call: int | None


class GridCell(msgspec.Struct, frozen=True, kw_only=True):
    """One day of one colleague: the shifts that begin on it, after swaps. `override`: it is set
    for this very day. `swap` is the swap that changed it. `leave` takes a part or the whole of
    it.
    """

    day: date
    shifts: tuple[str, ...]
    override: bool
    swap: int | None
    leave: Away


class GridRow(msgspec.Struct, frozen=True, kw_only=True):
    """One colleague's days."""

    staff: int
    cells: tuple[GridCell, ...]


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """A roster over some days. `zone` is the roster's: days are its local days."""

    roster: Roster
    days: tuple[GridDay, ...]
    rows: tuple[GridRow, ...]


def grid(firm: Staffing, roster: Roster, first: date, count: int) -> Grid:
    """The grid of so many days from `first` on: everybody on the roster, and everybody active of
    its teams.
    """
    days = [first + _DAY * place for place in range(count)]
    people = set(roster.people)
    for team in roster.teams:
        people |= firm.teams[team].people if team in firm.teams else frozenset()
    people |= {
        staff
        for staff, swaps in firm.swaps.items()
        if any(one.roster == roster.id and first <= one.day <= days[-1] for one in swaps)
    }
    active = [staff for staff in sorted(people) if staff in firm.staff and firm.staff[staff].active]
    return Grid(
        roster=roster,
        days=tuple(_day(firm, roster, day) for day in days),
        rows=tuple(_row(firm, roster, staff, days) for staff in active),
    )


def _day(firm: Staffing, roster: Roster, day: date) -> GridDay:
    calendar = firm.calendars.get(roster.calendar) if roster.calendar else None
    special = calendar.overrides.get(day) if calendar is not None else None
    return GridDay(
        day=day,
        kind=_kind(special),
        name=special.name if special is not None else "",
        on_call=_called(firm, roster, day),
    )


def _kind(special: Override | None) -> DayKind:
    match special:
        case Closed():
            return "holiday"
        case Pattern():
            return "make_up"
        case Explicit():
            return "own"
        case _:
            return ""


def _called(firm: Staffing, roster: Roster, day: date) -> int | None:
    if roster.on_call is None:
        return None
    changes_at = time.fromisoformat(roster.on_call.changes_at)
    local = datetime.combine(day, changes_at, ZoneInfo(roster.zone))
    return rosters.turn_of(firm, roster, local.astimezone(UTC))


def _row(firm: Staffing, roster: Roster, staff: int, days: Sequence[date]) -> GridRow:
    swapped = {
        day: one.id
        for one in firm.swaps.get(staff, ())
        if one.roster == roster.id
        for day in (one.day, one.other_day)
        if day is not None
    }
    cells = tuple(
        GridCell(
            day=day,
            shifts=rosters.shifts_on(firm, roster, staff, day),
            override=staff in roster.overrides.get(day, {}),
            swap=swapped.get(day),
            leave=_away(firm, roster, staff, day),
        )
        for day in days
    )
    return GridRow(staff=staff, cells=cells)


def _away(firm: Staffing, roster: Roster, staff: int, day: date) -> Away:
    """How much of what he would work on this day leave takes; of the day itself, if it is free."""
    leaves = firm.leaves.get(staff, ())
    if not leaves:
        return ""
    midnight, following = _bounds(roster.zone, day)
    away = [
        (one.starts_at, one.ends_at)
        for one in leaves
        if one.ends_at > midnight and one.starts_at < following + _DAY
    ]
    if not away:
        return ""
    stints = [
        (one.starts_at, one.ends_at)
        for one in rosters.stints(firm, staff, day, day)
        if one.roster == roster.id
    ]
    whole = stints or [(midnight, following)]
    left = rosters.without(whole, away)
    if left == whole:
        return ""
    return "part" if left else "whole"


@lru_cache(maxsize=512)
def _bounds(zone: str, day: date) -> tuple[datetime, datetime]:
    """A local day's first instant and the next one's."""
    there = ZoneInfo(zone)
    midnight = datetime.combine(day, time(), there).astimezone(UTC)
    return midnight, datetime.combine(day + _DAY, time(), there).astimezone(UTC)
