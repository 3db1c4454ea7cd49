"""What a roster (排班表) consists of: shifts, cycles of days, lines, overrides, turns of being on
call; and leave and swaps as they count once a leader approved them. rosters.py reads them.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from server.domain.calendars import MINUTES_A_DAY, Hours, minutes_of
from server.domain.errors import Invalid

FREE: Final = ""
"""In place of a shift's id: nothing to do."""


class Shift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """班次: hours of a working day, and the breaks in it, in local wall time."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    hours: Hours
    breaks: tuple[Hours, ...] = ()


class Cycle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days that repeat: a shift's id for each, or "" for a free one. `first_day` is a day on which
    it begins. With `holidays` "free" nobody works on the calendar's holidays.
    """

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    name: Annotated[str, msgspec.Meta(max_length=40)] = ""
    days: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=366)]
    first_day: date
    holidays: Literal["free", "worked"] = "free"


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A colleague's line: his cycle, how many days he is `ahead` in it, and from and to which day
    (both included) it holds.
    """

    staff: int
    cycle: str
    ahead: Annotated[int, msgspec.Meta(ge=0, le=365)] = 0
    since: date | None = None
    until: date | None = None


class OnCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """备勤: colleagues take turns of so many `days`, changing at `changes_at` local time;
    `first_day` is the day on which the first of them begins.
    """

    staff: Annotated[tuple[int, ...], msgspec.Meta(min_length=1, max_length=200)]
    first_day: date
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 7
    changes_at: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "09:00"


class Handing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How half-done tickets are handed over at the end of a shift. What nobody took within
    `minutes` is told to the leader; of that he gets `left`: "pressing" what falls due before the
    colleague is back, "all" everything, "none" nothing.
    """

    minutes: Annotated[int, msgspec.Meta(ge=1, le=24 * 60)] = 15
    left: Literal["pressing", "all", "none"] = "pressing"


class Roster(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """排班表 of one or several teams. `overrides`: day → colleague → a shift's id, or "" for a free
    day. `calendar` names the calendar with the holidays; "" has none. Refuses `Invalid` for an
    unknown zone, malformed hours, a break outside its shift, and ids that nothing has.
    """

    id: str = ""
    name: Annotated[str, msgspec.Meta(max_length=80)] = ""
    teams: tuple[str, ...] = ()
    zone: str = "Asia/Shanghai"
    calendar: str = ""
    shifts: tuple[Shift, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    lines: tuple[Line, ...] = ()
    overrides: dict[date, dict[int, str]] = {}
    on_call: OnCall | None = None
    handing: Handing = Handing()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Invalid(zone="unknown") from None
        for place, shift in enumerate(self.shifts):
            _check(shift, f"shifts[{place}]")
        shifts = _ids(self.shifts, "shifts") | {FREE}
        cycles = _ids(self.cycles, "cycles")
        for place, cycle in enumerate(self.cycles):
            for number, day in enumerate(cycle.days):
                _known(day, shifts, f"cycles[{place}].days[{number}]")
        for place, line in enumerate(self.lines):
            _known(line.cycle, cycles, f"lines[{place}].cycle")
        for date_, people in self.overrides.items():
            for staff, day in people.items():
                _known(day, shifts, f"overrides.{date_}.{staff}")

    @property
    def people(self) -> frozenset[int]:
        """Everybody who has a line or an override; kept with the roster, as is the next."""
        kept: dict[str, frozenset[int]] = self.__dict__
        if "_people" not in kept:
            lines = frozenset(line.staff for line in self.lines)
            kept["_people"] = lines.union(*(day.keys() for day in self.overrides.values()))
        return kept["_people"]

    def lines_of(self, staff: int) -> tuple[Line, ...]:
        """A colleague's lines, in order."""
        kept: dict[str, dict[int, tuple[Line, ...]]] = self.__dict__
        if "_lines" not in kept:
            found: dict[int, tuple[Line, ...]] = {}
            for line in self.lines:
                found[line.staff] = (*found.get(line.staff, ()), line)
            kept["_lines"] = found
        return kept["_lines"].get(staff, ())


class Leave(msgspec.Struct, frozen=True, kw_only=True):
    """请假 that a leader approved: away from one instant to another."""

    id: int
    staff: int
    starts_at: datetime
    ends_at: datetime


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """换班 that a leader approved: `other` works what `staff` would have on `day`; in return, if
    `other_day` is given, `staff` works what `other` would have on that day.
    """

    id: int
    roster: str
    staff: int
    day: date
    other: int
    other_day: date | None = None


def inside(start: int, hours: Hours) -> tuple[int, int]:
    """A break's minutes from the day's midnight, in a shift that starts at `start`."""
    begun, over = minutes_of(hours)
    return (begun, over) if begun >= start else (begun + MINUTES_A_DAY, over + MINUTES_A_DAY)


def _ids(found: Iterable[Shift | Cycle], field: str) -> set[str]:
    """Their ids; refuses two of the same."""
    ids: set[str] = set()
    for place, one in enumerate(found):
        if one.id in ids:
            raise Invalid(**{f"{field}[{place}].id": "taken"})
        ids.add(one.id)
    return ids


def _known(name: str, names: set[str], path: str) -> None:
    if name not in names:
        raise Invalid(**{path: "no_such"})


def _check(shift: Shift, path: str) -> None:
    """Refuse hours that are no times of day, and breaks that lie outside."""
    try:
        start, end = minutes_of(shift.hours)
        breaks = [inside(start, one) for one in shift.breaks]
        for text in (*shift.hours, *(text for one in shift.breaks for text in one)):
            datetime.strptime("00:00" if text == "24:00" else text, "%H:%M")  # noqa: DTZ007
    except ValueError:
        raise Invalid(**{f"{path}.hours": "hours"}) from None
    if shift.hours[0] == "24:00":
        raise Invalid(**{f"{path}.hours": "hours"})
    if any(over > end for _, over in breaks):
        raise Invalid(**{f"{path}.breaks": "break_outside"})
