"""The wire shapes of rosters, leave, swaps, duty and hand-overs (排班、请假、换班、值班、交接班).

A roster itself is a configured thing: GET and PUT /api/v1/configuration/roster/{id}, its document
is `server.domain.shifts.Roster`:

    name, teams [id], zone, calendar (id of a calendar with the holidays, "" for none),
    shifts   [{id, name, hours ["22:00", "06:00"], breaks [["02:00", "02:30"]]}]
    cycles   [{id, name, days ["day", "day", ""], first_day "2026-03-16", holidays "free"|"worked"}]
             7 days are a week, 14 are 大小周, any other number is a rotation; "" is a free day
    lines    [{staff, cycle, ahead (days), since, until}]     who follows which cycle
    overrides {"2026-03-20": {"4": "night", "5": ""}}         single days of single colleagues
    on_call  {staff [id], first_day, days 7, changes_at "09:00"} or null
    handing  {minutes 15, left "pressing"|"all"|"none"}

Days are the roster's local days, "2026-03-16"; instants are RFC 3339.
"""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec

from server.api.schemas import Asked, Instant
from server.domain.people import Duty

LeaveReason = Literal["annual", "personal", "sick", "compensatory", "business", "other"]
Note = Annotated[str, msgspec.Meta(max_length=500)]
Days = Annotated[int, msgspec.Meta(ge=1, le=62)]


# Duty


class OnCallShown(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be told now when a team must know."""

    team: str
    staff: tuple[int, ...]


class DutyShown(msgspec.Struct, frozen=True, kw_only=True):
    """How it is with a colleague now. `shift` is the one that goes on ("" for none, or without a
    roster), until `shift_ends_at`; `next_at` is when the roster changes his duty next, to
    `next_duty`. `away_until`: he is on leave. `may_set`: the reader may change his duty.
    """

    staff: int
    name: str
    duty: Duty
    break_until: Instant | None
    rostered: bool
    shift: str
    shift_name: str
    shift_ends_at: Instant | None
    next_at: Instant | None
    next_duty: Duty | None
    away_until: Instant | None
    may_set: bool


class RosterName(msgspec.Struct, frozen=True, kw_only=True):
    """A roster whose grid concerns the reader: he, or a team of his, stands in it."""

    id: str
    name: str
    teams: tuple[str, ...]


class DutyBoard(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/duty: every active colleague, who is on call for each team, and the reader's
    own rosters.
    """

    now: Instant
    staff: tuple[DutyShown, ...]
    on_call: tuple[OnCallShown, ...]
    rosters: tuple[RosterName, ...] = ()


# The grid


class GridAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of a grid: `days` days from `first` on, which is today unless told."""

    first: date | None = None
    days: Days = 14


class RosterPreview(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/rosters/preview: the grid of a document that is not saved."""

    doc: dict[str, Any]
    first: date
    days: Days = 14


class ShiftShown(msgspec.Struct, frozen=True, kw_only=True):
    """A shift's name and hours."""

    id: str
    name: str
    hours: tuple[str, str]
    breaks: tuple[tuple[str, str], ...]


class GridDayShown(msgspec.Struct, frozen=True, kw_only=True):
    """A column. `weekday` 1 is Monday; `kind` is what the calendar says of the day ("": nothing
    special) and `name` its holiday's; `on_call` has the turn from this day's change on.
    """

    day: date
    weekday: int
    kind: Literal["", "holiday", "make_up", "own"]
    name: str
    on_call: int | None


class GridCellShown(msgspec.Struct, frozen=True, kw_only=True):
    """One day of one colleague: ids of the shifts that begin on it, after swaps; none means free.
    `override`: the document sets this very day. `swap` is the id of the swap that changed it;
    `leave` takes the whole of it or a part.
    """

    day: date
    shifts: tuple[str, ...]
    override: bool
    swap: int | None
    leave: Literal["", "part", "whole"]


class GridRowShown(msgspec.Struct, frozen=True, kw_only=True):
    """A colleague's row; the cells are in the order of the days."""

    staff: int
    name: str
    cells: tuple[GridCellShown, ...]


class RosterGrid(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/rosters/{id}/grid. `version` is what PUT must have seen, 0 in a preview;
    `may_save`: the reader may save the roster.
    """

    id: str
    version: int
    name: str
    zone: str
    teams: tuple[str, ...]
    today: date
    shifts: tuple[ShiftShown, ...]
    days: tuple[GridDayShown, ...]
    rows: tuple[GridRowShown, ...]
    may_save: bool


# Leave and swaps


class SpanAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of lists: what touches the `days` days from `first` on, which is today unless
    told.
    """

    first: date | None = None
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 31


class LeaveWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/leaves: for oneself, or by a leader for `staff` (then it is approved)."""

    starts_at: Instant
    ends_at: Instant
    reason: LeaveReason = "personal"
    note: Note = ""
    staff: int | None = None


class LeaveShown(msgspec.Struct, frozen=True, kw_only=True):
    """A leave. `reason` "other" and an empty `note` where the reader may not know why. `may` holds
    "decide" and "withdraw" as far as the reader may do them now.
    """

    id: int
    staff: int
    name: str
    reason: LeaveReason
    starts_at: Instant
    ends_at: Instant
    note: str
    state: Literal["asked", "approved", "refused", "withdrawn"]
    asked_at: Instant
    decided_by: str
    decided_at: Instant | None
    may: tuple[Literal["decide", "withdraw"], ...]


class Decided(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST …/decision: yes or no."""

    approve: bool


class SwapWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/swaps: `other` works `day` for `staff` (oneself unless a leader enters it, then
    it is approved); in return `staff` works `other_day`, if there is one.
    """

    roster: str
    day: date
    other: int
    other_day: date | None = None
    note: Note = ""
    staff: int | None = None


class SwapShown(msgspec.Struct, frozen=True, kw_only=True):
    """A swap. `may` holds "agree", "refuse", "decide", "withdraw" as far as the reader may do them
    now; "agree" is POST …/agreement, "refuse" is a decision with `approve` false.
    """

    id: int
    roster: str
    staff: int
    name: str
    day: date
    other: int
    other_name: str
    other_day: date | None
    note: str
    state: Literal["asked", "agreed", "approved", "refused", "withdrawn"]
    asked_at: Instant
    decided_by: str
    decided_at: Instant | None
    may: tuple[Literal["agree", "refuse", "decide", "withdraw"], ...]


# Hand-overs


class LeftTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A half-done ticket that asks for a taker. `pressing`: it is late, or falls due before he is
    back. `remaining` are the working seconds left of the `metric` that falls due next, negative
    when it is late, null without a running clock. `taken_by` is the winner's name.
    """

    ticket: int
    subject: str
    pressing: bool
    metric: str | None
    due_at: Instant | None
    remaining: int | None
    taken_by: str


class HandoverShown(msgspec.Struct, frozen=True, kw_only=True):
    """A hand-over that asks for takers until `due_at`; then the leader is told."""

    id: int
    staff: int
    name: str
    why: Literal["shift_end", "leave"]
    asked_at: Instant
    due_at: Instant
    back_at: Instant | None
    tickets: tuple[LeftTicket, ...]


class TakingWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/handovers/{id}/takers: take these tickets over; none named: all that are free.
    Refused with `already_taken` and the winner's name when somebody was faster.
    """

    tickets: Annotated[tuple[int, ...], msgspec.Meta(max_length=200)] = ()


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """The tickets that are one's own now."""

    tickets: tuple[int, ...]
