"""One SLA clock (计时): how it runs, pauses, stops, is re-targeted and judged. sla.py decides when.

Working time is kept in parts, never by shifting the start: a part that is over keeps what was used
in it, so that a late fact can take the clock back and judge it anew. A clock is in time while
used ≤ target (R2); whether it was breached depends on events alone, never on who noticed when.
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from server.domain.law import LAW_VERSION, Law, Pin
from server.domain.worktime import Worktable, seconds_of, table_of, utc


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stretch of a clock's life that is over; `used` are working seconds. "closed" is the gap
    between a solution and the reopening, "paused" has the pause's reason.
    """

    kind: Literal["ran", "paused", "closed"]
    from_at: datetime
    to_at: datetime
    used: int = 0
    reason: str = ""


class Retarget(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was promised until `at`, and which attribute's change ended it (R12). A breach of the
    former promise stays on record here.
    """

    at: datetime
    cause: str
    pin: Pin
    target: int
    breached_at: datetime | None = None


class Clock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """计时. `used` are the working seconds up to `since_at`, where the present stretch began.
    `due_at` is the closing bell at which all is used (R2), None while paused unless breached.
    `provisional`: due in a year without holiday table (R23). `warned` and `breach_told`: the
    event has been written. State "imported" is reserved for R20.
    """

    metric: str
    instance: int = 1
    pin: Pin
    law: int = LAW_VERSION
    target: int
    state: Literal["running", "paused", "stopped", "cancelled", "imported"] = "running"
    verdict: Literal["none", "met", "breached"] = "none"
    started_at: datetime
    since_at: datetime
    used: int = 0
    due_at: datetime | None = None
    breached_at: datetime | None = None
    stopped_at: datetime | None = None
    pause_reason: str = ""
    warned: bool = False
    breach_told: bool = False
    by_retarget: bool = False
    provisional: bool = False
    retargets: tuple[Retarget, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether the question is still open: running or paused."""
        return self.state in ("running", "paused")


class Countdown(msgspec.Struct, frozen=True, kw_only=True):
    """What of a clock tells how much is left: lists read no more of it."""

    pin: Pin
    target: int
    state: Literal["running", "paused", "stopped", "cancelled", "imported"] = "running"
    since_at: datetime
    used: int = 0
    due_at: datetime | None = None


def begin(metric: str, instance: int, pin: Pin, target: int, *, at: datetime, law: Law) -> Clock:
    """A new clock, running."""
    clock = Clock(
        metric=metric, instance=instance, pin=pin, target=target, started_at=at, since_at=at
    )
    return _aim(clock, law)


def pause(clock: Clock, at: datetime, reason: str, law: Law) -> Clock:
    """暂停 a running clock. Time never runs backwards: not before the present stretch began."""
    paused = _elapse(clock, max(at, clock.since_at), law)
    due_at = paused.due_at if paused.verdict == "breached" else None
    return replace(paused, state="paused", pause_reason=reason, due_at=due_at)


def resume(clock: Clock, at: datetime, law: Law) -> Clock:
    """恢复 a paused clock."""
    resumed = _elapse(clock, max(at, clock.since_at), law)
    return _aim(replace(resumed, state="running", pause_reason=""), law)


def stop(clock: Clock, at: datetime, law: Law, *, rejudge: bool) -> Clock:
    """The question is answered: met while used ≤ target. An earlier instant than the fold has
    reached takes the clock back there if `rejudge`, else it counts as the present.
    """
    if at < clock.since_at:
        clock = _rewind(clock, max(at, clock.started_at), law) if rejudge else clock
    at = max(at, clock.since_at)
    stopped = _elapse(clock, at, law)
    late = stopped.used > stopped.target
    return replace(
        stopped,
        state="stopped",
        verdict="breached" if late else "met",
        breached_at=stopped.breached_at if late else None,
        by_retarget=stopped.by_retarget and late,
        stopped_at=at,
        pause_reason="",
    )


def reopen(clock: Clock, at: datetime, law: Law) -> Clock:
    """A stopped or cancelled clock goes on; the gap does not count and a `met` is withdrawn
    (R16).
    """
    at = max(at, clock.since_at)
    gap = Part(kind="closed", from_at=clock.since_at, to_at=at)
    return _aim(
        replace(
            clock,
            state="running",
            verdict="breached" if clock.verdict == "breached" else "none",
            stopped_at=None,
            since_at=at,
            parts=(*clock.parts, gap) if at > clock.since_at else clock.parts,
        ),
        law,
    )


def cancel(clock: Clock, at: datetime, law: Law) -> Clock:
    """取消: neither met nor watched any longer (R19); a breach before it stays on record."""
    at = max(at, clock.since_at)
    ended = _elapse(clock, at, law)
    return replace(ended, state="cancelled", stopped_at=at, pause_reason="", due_at=None)


def retarget(clock: Clock, pin: Pin, target: int, *, at: datetime, cause: str, law: Law) -> Clock:
    """Another promise for a live clock: the used time is kept, the new target and calendar hold
    from now on (R12). More used than promised is a breach at this instant, `by_retarget`, unless
    it was breached before.
    """
    if clock.pin == pin and clock.target == target:
        return clock
    at = max(at, clock.since_at)
    before = _elapse(clock, at, law)
    former = Retarget(
        at=at, cause=cause, pin=before.pin, target=before.target, breached_at=before.breached_at
    )
    after = replace(before, pin=pin, target=target, retargets=(*before.retargets, former))
    if after.used > target:
        if after.verdict == "breached":
            return after
        return replace(after, verdict="breached", breached_at=at, due_at=at, by_retarget=True)
    after = replace(
        after,
        verdict="none",
        breached_at=None,
        due_at=None,
        by_retarget=False,
        warned=after.warned and (after.breach_told or target <= before.target),
    )
    return _aim(after, law) if after.state == "running" else after


def tell_warned(clock: Clock) -> Clock:
    """The warning is written."""
    return replace(clock, warned=True)


def tell_breached(clock: Clock, at: datetime, law: Law) -> Clock:
    """The breach is written: told once, whatever comes after. `at` is when; the law alone says
    since when the clock is breached.
    """
    told = replace(clock, breach_told=True)
    if told.state != "running" or told.verdict == "breached":
        return told
    lapsed_at = lapses_at(told, law)
    if lapsed_at is None or lapsed_at > at:
        return told
    return replace(told, verdict="breached", breached_at=lapsed_at)


def lapses_at(clock: Clock, law: Law) -> datetime | None:
    """The last instant at which used = target: the next opening, or the due instant itself while
    work goes on (R2). None for a clock that is not due.
    """
    if clock.breached_at is not None:
        return clock.breached_at
    if clock.due_at is None:
        return None
    return utc(_table(clock, law).next_open(seconds_of(clock.due_at)))


def warns_at(clock: Clock, law: Law) -> datetime:
    """When a running clock's warning share is used up; not before the present stretch."""
    share = clock.target * law.policy_of(clock.pin).warn_percent // 100
    return utc(_table(clock, law).add(seconds_of(clock.since_at), share - clock.used))


def used_at(clock: Clock | Countdown, law: Law, at: datetime) -> int:
    """Working seconds used at an instant of the present stretch."""
    if clock.state != "running":
        return clock.used
    return clock.used + _table(clock, law).count(seconds_of(clock.since_at), seconds_of(at))


def calendar_pin(clock: Clock, at: datetime) -> Pin:
    """What the clock was pinned to at an instant of its life."""
    return next((former.pin for former in clock.retargets if at < former.at), clock.pin)


def _table(clock: Clock | Countdown, law: Law) -> Worktable:
    return table_of(law.calendar_of(clock.pin))


def _aim(clock: Clock, law: Law) -> Clock:
    """Say when a running clock falls due; a breached one keeps the instant it missed."""
    if clock.verdict == "breached":
        return clock
    calendar = law.calendar_of(clock.pin)
    since = seconds_of(clock.since_at)
    due_at = utc(table_of(calendar).add(since, clock.target - clock.used))
    return replace(clock, due_at=due_at, provisional=calendar.is_provisional(due_at))


def _elapse(clock: Clock, at: datetime, law: Law) -> Clock:
    """End the present stretch. A running clock that used more than its target is breached since
    the instant that the law names.
    """
    if at <= clock.since_at:
        return clock
    if clock.state != "running":
        part = Part(kind="paused", from_at=clock.since_at, to_at=at, reason=clock.pause_reason)
        return replace(clock, since_at=at, parts=(*clock.parts, part))
    table = _table(clock, law)
    ran = table.count(seconds_of(clock.since_at), seconds_of(at))
    part = Part(kind="ran", from_at=clock.since_at, to_at=at, used=ran)
    used = clock.used + ran
    verdict, breached_at = clock.verdict, clock.breached_at
    if used > clock.target and verdict != "breached":
        verdict, breached_at = "breached", lapses_at(clock, law)
    return replace(
        clock,
        used=used,
        since_at=at,
        verdict=verdict,
        breached_at=breached_at,
        parts=(*clock.parts, part),
    )


def _rewind(clock: Clock, at: datetime, law: Law) -> Clock:
    """Take a clock back to an instant of its life: parts that lie after it are undone, the one
    in which it lies is cut.
    """
    parts, used = list(clock.parts), clock.used
    cut: Part | None = None
    while parts and parts[-1].to_at > at:
        cut = parts.pop()
        used -= cut.used
    if cut is None:
        return clock
    ran = 0
    if cut.kind == "ran":
        calendar = law.calendar_of(calendar_pin(clock, cut.from_at))
        ran = table_of(calendar).count(seconds_of(cut.from_at), seconds_of(at))
    if at > cut.from_at:
        parts.append(replace(cut, to_at=at, used=ran))
    back = replace(clock, used=used + ran, since_at=at, parts=tuple(parts), stopped_at=None)
    if back.used > back.target:
        return back
    return replace(back, verdict="none", breached_at=None)


def elapsed(since_at: datetime, until: datetime) -> int:
    """Wall seconds between two instants."""
    return (until - since_at) // timedelta(seconds=1)
