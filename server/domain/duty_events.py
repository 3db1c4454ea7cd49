"""What happens to duty: shifts and breaks, leave, swaps, hand-overs. Part of the closed union in
events.py.
"""

from datetime import date, datetime
from typing import Literal

from server.domain.event_body import Body


class DutyChanged(Body, frozen=True, tag="duty_changed"):
    """值班 / 小休 / 下班. A break has an end, `until`; off duty without one means 下班. Where it
    was done `by_roster`, `late_by` tells how many seconds after its time.
    """

    staff: int
    on_duty: bool
    until: datetime | None = None
    by_roster: bool = False
    late_by: int = 0


class LeaveChanged(Body, frozen=True, tag="leave_changed"):
    """请假 was asked for, approved, refused or withdrawn; why is not told here."""

    leave: int
    staff: int
    state: Literal["asked", "approved", "refused", "withdrawn"]
    starts_at: datetime
    ends_at: datetime


class SwapChanged(Body, frozen=True, tag="swap_changed"):
    """换班 was asked for, agreed to by the other, approved, refused or withdrawn."""

    swap: int
    staff: int
    other: int
    state: Literal["asked", "agreed", "approved", "refused", "withdrawn"]
    day: date
    other_day: date | None = None


class HandoverAsked(Body, frozen=True, tag="handover_asked"):
    """交接班: a colleague went and left these tickets; `told` may take them until `due_at`."""

    handover: int
    staff: int
    why: Literal["shift_end", "leave"]
    tickets: tuple[int, ...]
    told: tuple[int, ...]
    due_at: datetime


class HandoverLeft(Body, frozen=True, tag="handover_left"):
    """Nobody took these; the leader was told, and got the `given` ones."""

    handover: int
    staff: int
    tickets: tuple[int, ...]
    leader: int | None
    given: tuple[int, ...] = ()
