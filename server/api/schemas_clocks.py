"""The wire shapes of SLA clocks: a ticket's promises, how they stand, and their life as a strip."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class StripPart(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of a clock's life; `wall` and `working` in seconds. "closed" is the gap between a
    solution and the reopening; "excused" time was taken out by a supervisor. `why` says in the
    reader's language what a clock stood still for.
    """

    kind: Literal["ran", "paused", "closed", "excused"]
    from_at: Instant
    to_at: Instant
    wall: int
    working: int
    reason: str
    why: str = ""


class ClockTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The strip in figures, in seconds: by the wall and in working time."""

    ran_wall: int
    ran_working: int
    paused_wall: int
    paused_working: int
    excused_wall: int
    excused_working: int
    closed_wall: int
    closed_working: int


class RetargetShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a clock had promised until `at`, and what ended it, as a code and in the reader's
    language. `due_at`: the instant that was set by hand until then.
    """

    at: Instant
    cause: str
    why: str
    target: int
    policy: str
    breached_at: Instant | None = None
    due_at: Instant | None = None


class ManualDue(msgspec.Struct, frozen=True, kw_only=True):
    """A due instant that somebody set by hand: neither pauses nor policies move it."""

    at: Instant
    due_at: Instant
    reason: str


class ClockShown(msgspec.Struct, frozen=True, kw_only=True):
    """One SLA clock. `target`, `used` and `remaining` are working seconds; `remaining` negative:
    over by so much. `label` names the metric in the reader's language. `policy` and `calendar` are
    those that the promise was made under, with their versions. `late_by`: how many seconds after
    the breach it was noticed. `by_retarget`: the promise became shorter than what was used.
    `as_promised` is the verdict by what was promised at the start. An imported clock has no verdict
    and alerts nobody.
    """

    metric: str
    label: str
    instance: int
    state: Literal["running", "paused", "stopped", "cancelled", "imported"]
    verdict: Literal["none", "met", "breached"]
    target: int
    used: int
    remaining: int
    started_at: Instant
    due_at: Instant | None
    stopped_at: Instant | None
    breached_at: Instant | None
    warned: bool
    provisional: bool
    strip: tuple[StripPart, ...]
    totals: ClockTotals
    policy: str
    policy_version: int
    calendar: str
    calendar_version: int
    by_retarget: bool = False
    late_by: int | None = None
    as_promised: Literal["none", "met", "breached"] = "none"
    retargets: tuple[RetargetShown, ...] = ()
    manual: ManualDue | None = None
