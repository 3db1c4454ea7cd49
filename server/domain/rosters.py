"""Rosters (排班): who is on shift when, and who is on call.

A roster has shifts (班次), cycles of days (weekly: seven days; 大小周: fourteen; 做四休二: six), a
line for each colleague that says which cycle he follows and how many days he is ahead in it, and
dated overrides. Leave (请假) takes time away; a swap (换班) exchanges two days of two colleagues.
Nothing is stored ahead: who works when is always worked out from these values.

What a day is for a colleague, strongest first:

    a swap       the other's shift, or none
    an override  this very shift, or none
    the cycle    free on a holiday; as the replaced weekday on a make-up workday, if the cycle is
                 one of whole weeks; cut to a day's own hours on a half day
    leave        cuts all of these

Hours are the roster's local wall time and may cross midnight; instants are UTC. Intervals are half
open: at its end a shift is over.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from server.domain.calendars import (
    MINUTES_A_DAY,
    Calendar,
    Closed,
    Explicit,
    Hours,
    Pattern,
    minutes_of,
)
from server.domain.people import LEADING, Duty, Role, Staff, Team
from server.domain.shifts import (
    FREE,
    Cycle,
    Handing,
    Leave,
    Line,
    OnCall,
    Roster,
    Shift,
    Swap,
    inside,
)

__all__ = [
    "LOOK_AHEAD",
    "Cycle",
    "Handing",
    "Leave",
    "Line",
    "OnCall",
    "Roster",
    "Shift",
    "Staffing",
    "Stint",
    "Swap",
    "Turn",
    "back_at",
    "duty_at",
    "handing_of",
    "is_away",
    "is_rostered",
    "leads",
    "local_day",
    "next_change",
    "on_call",
    "on_shift",
    "rostered",
    "shifts_on",
    "stint_at",
    "stints",
    "turn_of",
    "without",
]

LOOK_AHEAD: Final = timedelta(days=400)
"""How far a change of duty is looked for."""

_WEEK: Final = 7
_DAY: Final = timedelta(days=1)
_FAR: Final = 2
"""Days around a span in which a shift may begin that reaches into it: a night, and a zone."""
_WINDOWS: Final = (_DAY, timedelta(days=8), timedelta(days=60), LOOK_AHEAD)


class Stint(msgspec.Struct, frozen=True, kw_only=True):
    """One shift of one colleague on one day, leave not yet taken off."""

    staff: int
    roster: str
    shift: str
    starts_at: datetime
    ends_at: datetime
    breaks: tuple[tuple[datetime, datetime], ...] = ()


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A change of duty that the roster brings."""

    at: datetime
    duty: Duty


class Staffing(Protocol):
    """What these functions read of the firm."""

    @property
    def teams(self) -> Mapping[str, Team]: ...
    @property
    def staff(self) -> Mapping[int, Staff]: ...
    @property
    def rosters(self) -> Mapping[str, Roster]: ...
    @property
    def leaves(self) -> Mapping[int, Sequence[Leave]]: ...
    @property
    def swaps(self) -> Mapping[int, Sequence[Swap]]: ...
    @property
    def calendars(self) -> Mapping[str, Calendar]: ...


Span = tuple[datetime, datetime]


def duty_at(firm: Staffing, staff: int, at: datetime) -> Duty | None:
    """What the roster says of a colleague at an instant. None: nothing, because he stands on no
    roster and is not on leave; his duty is then what he says himself.
    """
    duty = _duty_in(_spans(firm, staff, at, at), at)
    if duty != "off_duty" or is_rostered(firm, staff) or is_away(firm, staff, at):
        return duty
    return None


def _duty_in(spans: tuple[list[Span], list[Span]], at: datetime) -> Duty:
    present, working = spans
    if _covers(working, at):
        return "on_duty"
    return "break" if _covers(present, at) else "off_duty"


def next_change(firm: Staffing, staff: int, at: datetime) -> Turn | None:
    """The next change of duty by the roster after an instant, within `LOOK_AHEAD`, or None. The
    end of leave changes nothing for somebody who stands on no roster.
    """
    if not is_rostered(firm, staff):
        away = sorted(one.starts_at for one in firm.leaves.get(staff, ()) if one.starts_at > at)
        return Turn(at=away[0], duty="off_duty") if away else None
    for window in _WINDOWS:
        present, working = spans = _spans(firm, staff, at, at + window)
        edges = {edge for span in (*present, *working) for edge in span}
        coming = min((edge for edge in edges if at < edge <= at + window), default=None)
        if coming is not None:
            return Turn(at=coming, duty=_duty_in(spans, coming))
    return None


def back_at(firm: Staffing, staff: int, at: datetime) -> datetime | None:
    """When a colleague works again: the instant itself while he does, None when nobody knows."""
    if not is_rostered(firm, staff):
        return max(
            (one.ends_at for one in firm.leaves.get(staff, ()) if _holds(one, at)), default=None
        )
    duty = duty_at(firm, staff, at)
    while duty != "on_duty":
        turn = next_change(firm, staff, at)
        if turn is None:
            return None
        at, duty = turn.at, turn.duty
    return at


def is_rostered(firm: Staffing, staff: int) -> bool:
    """Whether a roster says anything about this colleague."""
    return bool(firm.swaps.get(staff)) or any(
        staff in roster.people for roster in firm.rosters.values()
    )


def is_away(firm: Staffing, staff: int, at: datetime) -> bool:
    """Whether a colleague is on leave at this instant."""
    return any(_holds(one, at) for one in firm.leaves.get(staff, ()))


def on_shift(firm: Staffing, team: str, at: datetime) -> tuple[int, ...]:
    """The active colleagues of a team whose shift is going on, breaks included."""
    found = firm.teams.get(team)
    if found is None:
        return ()
    return tuple(
        staff
        for staff in sorted(found.people & rostered(firm, team))
        if staff in firm.staff
        and firm.staff[staff].active
        and duty_at(firm, staff, at) in {"on_duty", "break"}
    )


def rostered(firm: Staffing, team: str) -> frozenset[int]:
    """Everybody who stands on a roster of this team."""
    mine = [one for one in firm.rosters.values() if team in one.teams]
    people = frozenset[int]().union(*(one.people for one in mine))
    ids = {one.id for one in mine}
    return people | {
        staff for staff, swaps in firm.swaps.items() if any(one.roster in ids for one in swaps)
    }


def on_call(firm: Staffing, team: str | None, at: datetime) -> tuple[int, ...]:
    """Who is to be told when somebody of a team must know now: whoever has the turn of being on
    call (the next one, while he is on leave), else those whose shift is going on. A team without
    a roster has those of it who are on duty now, whatever the instant.
    """
    found = firm.teams.get(team or "")
    if team is None or found is None:
        return ()
    rosters = [one for one in firm.rosters.values() if team in one.teams]
    called = [turn_of(firm, one, at) for one in rosters]
    named = tuple(dict.fromkeys(staff for staff in called if staff is not None))
    if named:
        return named
    if rosters:
        return on_shift(firm, team, at)
    people = (firm.staff.get(staff) for staff in sorted(found.people))
    return tuple(one.id for one in people if one is not None and one.active and one.on_duty)


def turn_of(firm: Staffing, roster: Roster, at: datetime) -> int | None:
    """Whose turn it is to be on call, or None. Somebody who is on leave, or has left, is passed
    over for the next.
    """
    rota = roster.on_call
    if rota is None:
        return None
    local = at.astimezone(ZoneInfo(roster.zone))
    day = local.date() if f"{local:%H:%M}" >= rota.changes_at else local.date() - _DAY
    place = (day - rota.first_day).days // rota.days
    for step in range(len(rota.staff)):
        staff = rota.staff[(place + step) % len(rota.staff)]
        person = firm.staff.get(staff)
        if person is not None and person.active and not is_away(firm, staff, at):
            return staff
    return None


def handing_of(firm: Staffing, staff: int) -> Handing:
    """How this colleague's tickets are handed over."""
    return next(
        (one.handing for _, one in sorted(firm.rosters.items()) if staff in one.people), Handing()
    )


def local_day(roster: Roster, at: datetime) -> date:
    """The day that it is for this roster."""
    return at.astimezone(ZoneInfo(roster.zone)).date()


def leads(firm: Staffing, by: Staff, staff: int) -> bool:
    """Whether somebody decides on a colleague's leave, swaps and duty: administrators on
    everybody's, supervisors and the leaders of a team of his on others'.
    """
    if by.role is Role.ADMINISTRATOR:
        return True
    if by.id == staff or by.role is Role.AUDITOR:
        return False
    if by.role in LEADING:
        return True
    return any(by.id in team.leaders and staff in team.people for team in firm.teams.values())


def concerns(firm: Staffing, roster: Roster, staff: int) -> bool:
    """Whether a colleague stands in a roster, or belongs to a team that it is for."""
    teams = (firm.teams.get(team) for team in roster.teams)
    return any(line.staff == staff for line in roster.lines) or any(
        staff in team.people for team in teams if team is not None
    )


def shifts_on(firm: Staffing, roster: Roster, staff: int, day: date) -> tuple[str, ...]:
    """The shifts of a colleague that begin on a local day of this roster, swaps included; leave is
    not taken off.
    """
    own: list[str] = []
    given = False
    for swap in firm.swaps.get(staff, ()):
        if swap.roster != roster.id:
            continue
        gives, takes = _sides(swap, staff)
        given = given or gives == day
        if takes is not None and takes[1] == day:
            own.append(_shift_by_plan(firm, roster, takes[0], day))
    if not given:
        own.append(_shift_by_plan(firm, roster, staff, day))
    return tuple(dict.fromkeys(one for one in own if one != FREE))


def stint_at(firm: Staffing, staff: int, at: datetime) -> Stint | None:
    """The shift of a colleague that goes on at this instant, unless he is on leave."""
    if is_away(firm, staff, at):
        return None
    around = stints(firm, staff, at.date() - _DAY * _FAR, at.date() + _DAY * _FAR)
    return next((one for one in around if one.starts_at <= at < one.ends_at), None)


def stints(firm: Staffing, staff: int, first: date, last: date) -> list[Stint]:
    """A colleague's shifts that begin on these local days (both included), earliest first."""
    found = []
    for roster in firm.rosters.values():
        if staff not in roster.people and not firm.swaps.get(staff):
            continue
        for number in range((last - first).days + 1):
            day = first + _DAY * number
            for shift in shifts_on(firm, roster, staff, day):
                stint = _stint(firm, roster, staff, shift, day)
                found += [] if stint is None else [stint]
    return sorted(found, key=lambda one: (one.starts_at, one.roster, one.shift))


# --- one day of one colleague


def _sides(swap: Swap, staff: int) -> tuple[date | None, tuple[int, date] | None]:
    """Which day a colleague gives away, and whose day he takes over."""
    if staff == swap.staff:
        taken = (swap.other, swap.other_day) if swap.other_day is not None else None
        return swap.day, taken
    return swap.other_day, (swap.staff, swap.day)


def _shift_by_plan(firm: Staffing, roster: Roster, staff: int, day: date) -> str:
    own = roster.overrides.get(day, {}).get(staff)
    if own is not None:
        return own
    for line in roster.lines_of(staff):
        if (line.since or day) <= day <= (line.until or day):
            return _shift_by_cycle(firm, roster, line, day)
    return FREE


def _shift_by_cycle(firm: Staffing, roster: Roster, line: Line, day: date) -> str:
    cycle = next(one for one in roster.cycles if one.id == line.cycle)
    meant = day
    if cycle.holidays == "free":
        match _special(firm, roster, day):
            case Closed() | Explicit(hours=()):
                return FREE
            case Pattern(weekday=weekday) if len(cycle.days) % _WEEK == 0:
                meant = day + _DAY * (weekday - day.isoweekday())
            case _:
                pass
    place = ((meant - cycle.first_day).days + line.ahead) % len(cycle.days)
    return cycle.days[place]


def _special(firm: Staffing, roster: Roster, day: date) -> Closed | Pattern | Explicit | None:
    calendar = firm.calendars.get(roster.calendar) if roster.calendar else None
    return calendar.overrides.get(day) if calendar is not None else None


def _stint(firm: Staffing, roster: Roster, staff: int, shift: str, day: date) -> Stint | None:
    """The shift as instants; a half day cuts it. None: nothing is left."""
    special = _special(firm, roster, day)
    half = isinstance(special, Explicit) and staff not in roster.overrides.get(day, {})
    limits = special.hours if isinstance(special, Explicit) and half else ()
    times = _times(roster, shift, day, limits)
    if times is None:
        return None
    starts_at, ends_at, breaks = times
    return Stint(
        staff=staff,
        roster=roster.id,
        shift=shift,
        starts_at=starts_at,
        ends_at=ends_at,
        breaks=breaks,
    )


_Times = tuple[datetime, datetime, tuple[Span, ...]]
_KEPT: Final = 4096


def _times(roster: Roster, shift: str, day: date, limits: tuple[Hours, ...]) -> _Times | None:
    """When a shift of a day begins, ends and pauses: the same for everybody who has it, so it is
    kept with the roster.
    """
    kept: dict[tuple[str, date, tuple[Hours, ...]], _Times | None]
    kept = roster.__dict__.setdefault("_times", {})
    key = (shift, day, limits)
    if key not in kept:
        if len(kept) >= _KEPT:
            kept.clear()
        kept[key] = _work_out(roster, shift, day, limits)
    return kept[key]


def _work_out(roster: Roster, shift: str, day: date, limits: tuple[Hours, ...]) -> _Times | None:
    known = next(one for one in roster.shifts if one.id == shift)
    start, end = minutes_of(known.hours)
    breaks = [inside(start, one) for one in known.breaks]
    if limits:
        open_ = [minutes_of(hours) for hours in limits]
        start = max(start, min(opens for opens, _ in open_))
        end = min(end, max(closes for _, closes in open_))
    zone = ZoneInfo(roster.zone)
    starts_at, ends_at = _instant(day, start, zone), _instant(day, end, zone)
    if starts_at >= ends_at:
        return None
    pauses = [(_instant(day, begun, zone), _instant(day, over, zone)) for begun, over in breaks]
    return starts_at, ends_at, tuple(_cut(pauses, starts_at, ends_at))


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    days, minutes = divmod(minutes, MINUTES_A_DAY)
    day += _DAY * days
    hour, minute = divmod(minutes, 60)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


# --- spans


def _spans(
    firm: Staffing, staff: int, low: datetime, high: datetime
) -> tuple[list[Span], list[Span]]:
    """When a colleague is there, and when he works, around [low, high], leave taken off. Shifts
    that touch are one span.
    """
    first = low.date() - _DAY * _FAR
    last = high.date() + _DAY * _FAR
    found = stints(firm, staff, first, last)
    early, late = low - _DAY * (_FAR + 2), high + _DAY * (_FAR + 2)
    away = [
        (one.starts_at, one.ends_at)
        for one in firm.leaves.get(staff, ())
        if one.ends_at > early and one.starts_at < late
    ]
    present = [(one.starts_at, one.ends_at) for one in found]
    working = [
        span
        for one in found
        for span in (
            without([(one.starts_at, one.ends_at)], one.breaks)
            if one.breaks
            else [(one.starts_at, one.ends_at)]
        )
    ]
    return without(_merged(present), away), without(_merged(working), away)


def _merged(found: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def without(found: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """Spans less others."""
    left = list(found)
    for low, high in taken:
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, low)), (max(start, high), end))
            if piece[0] < piece[1]
        ]
    return left


def _cut(found: Iterable[Span], low: datetime, high: datetime) -> list[Span]:
    cut = ((max(start, low), min(end, high)) for start, end in found)
    return [(start, end) for start, end in cut if start < end]


def _covers(found: Iterable[Span], at: datetime) -> bool:
    return any(start <= at < end for start, end in found)


def _holds(leave: Leave, at: datetime) -> bool:
    return leave.starts_at <= at < leave.ends_at
