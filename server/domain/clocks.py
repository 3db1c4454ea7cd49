"""One SLA clock (计时): how it runs, pauses, stops, is re-targeted and judged. sla.py decides when.

Working time is kept in parts, never by shifting the start: a part that is over keeps what was used
in it, so that a late fact can take the clock back and judge it anew. A clock is in time while
used ≤ target (R2); whether it was breached depends on events alone, never on who noticed when.
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from server.domain import excuses as spans
from server.domain.excuses import Excuse
from server.domain.law import LAW_VERSION, Law, Pin
from server.domain.worktime import Worktable, seconds_of, table_of, utc


class Part(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A stretch of a clock's life that is over; `used` are working seconds. "closed" is the gap
    between a solution and the reopening, "paused" and "excused" have their reason.
    """

    kind: Literal["ran", "paused", "closed", "excused"]
    from_at: datetime
    to_at: datetime
    used: int = 0
    reason: str = ""


class Retarget(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What was promised until `at`, and what ended it: an attribute that changed (R12), "policy" or
    "calendar" (R13, R14), "manual" or "released" (R15). A breach of the former promise stays on
    record here. `due_at` is the instant that was set by hand until then.
    """

    at: datetime
    cause: str
    pin: Pin
    target: int
    breached_at: datetime | None = None
    due_at: datetime | None = None


class Manual(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A due instant that was set by hand at `at`: neither pauses nor policies move it (R15)."""

    at: datetime
    due_at: datetime
    reason: str


class Clock(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """计时. `used` are the working seconds up to `since_at`, where the present stretch began.
    `due_at` is the closing bell at which all is used (R2), None while paused unless breached.
    `provisional`: due in a year without holiday table (R23). `warned` and `breach_told`: the
    event has been written. An `imported` clock runs for the record: nobody is told, and its verdict
    is for those who ask (R20).
    """

    metric: str
    instance: int = 1
    pin: Pin
    law: int = LAW_VERSION
    target: int
    state: Literal["running", "paused", "stopped", "cancelled"] = "running"
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
    excuses: tuple[Excuse, ...] = ()
    manual: Manual | None = None
    imported: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the question is still open: running or paused."""
        return self.state in ("running", "paused")

    @property
    def is_live(self) -> bool:
        """Whether somebody has to see to it: open, and no import from the past."""
        return self.state in ("running", "paused") and not self.imported


class Countdown(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What of a clock tells how much is left: lists read no more of it."""

    pin: Pin
    target: int
    state: Literal["running", "paused", "stopped", "cancelled"] = "running"
    since_at: datetime
    used: int = 0
    due_at: datetime | None = None
    excuses: tuple[Excuse, ...] = ()
    manual: Manual | None = None


def begin(
    metric: str,
    instance: int,
    pin: Pin,
    target: int,
    *,
    at: datetime,
    law: Law,
    excuses: tuple[Excuse, ...] = (),
    imported: bool = False,
) -> Clock:
    """A new clock, running."""
    due_at, provisional = _due(pin, excuses, at, target, law)
    return Clock(
        metric=metric,
        instance=instance,
        pin=pin,
        target=target,
        started_at=at,
        since_at=at,
        due_at=due_at,
        provisional=provisional,
        excuses=excuses,
        imported=imported,
    )


def pause(clock: Clock, at: datetime, reason: str, law: Law) -> Clock:
    """暂停 a running clock. Time never runs backwards: not before the present stretch began."""
    paused = catch_up(clock, max(at, clock.since_at), law)
    stays = paused.verdict == "breached" or paused.manual is not None
    due_at = paused.due_at if stays else None
    return replace(paused, state="paused", pause_reason=reason, due_at=due_at)


def resume(clock: Clock, at: datetime, law: Law) -> Clock:
    """恢复 a paused clock."""
    resumed = catch_up(clock, max(at, clock.since_at), law)
    return aim(replace(resumed, state="running", pause_reason=""), law)


def stop(clock: Clock, at: datetime, law: Law, *, rejudge: bool) -> Clock:
    """The question is answered: met while used ≤ target. An earlier instant than the fold has
    reached takes the clock back there if `rejudge`, else it counts as the present.
    """
    if at < clock.since_at:
        clock = _rewind(clock, max(at, clock.started_at), law) if rejudge else clock
    at = max(at, clock.since_at)
    stopped = catch_up(clock, at, law)
    late = _late(stopped, at)
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
    (R16). An instant that was set by hand and kept has served.
    """
    at = max(at, clock.since_at)
    gap = Part(kind="closed", from_at=clock.since_at, to_at=at)
    return aim(
        replace(
            clock,
            state="running",
            verdict="breached" if clock.verdict == "breached" else "none",
            stopped_at=None,
            manual=clock.manual if clock.verdict == "breached" else None,
            since_at=at,
            parts=(*clock.parts, gap) if at > clock.since_at else clock.parts,
        ),
        law,
    )


def cancel(clock: Clock, at: datetime, law: Law) -> Clock:
    """取消: neither met nor watched any longer (R19); a breach before it stays on record."""
    at = max(at, clock.since_at)
    ended = catch_up(clock, at, law)
    return replace(ended, state="cancelled", stopped_at=at, pause_reason="", due_at=None)


def revive(clock: Clock, at: datetime, law: Law) -> Clock:
    """A clock that was cancelled by mistake goes on as if it had not been: one that ran has run
    ever since, one that stood still has stood still until now. `at` is now.
    """
    stood = bool(clock.parts) and clock.parts[-1].kind == "paused"
    due_at = clock.manual.due_at if clock.manual is not None else clock.breached_at
    back = replace(clock, state="paused" if stood else "running", stopped_at=None, due_at=due_at)
    return back if stood else catch_up(aim(back, law), max(at, back.since_at), law)


def retarget(clock: Clock, pin: Pin, target: int, *, at: datetime, cause: str, law: Law) -> Clock:
    """Another promise for a live clock: the used time is kept, the new target and calendar hold
    from now on (R12). More used than promised is a breach at this instant, `by_retarget`, unless
    it was breached before. An instant set by hand stays.
    """
    if clock.pin == pin and clock.target == target:
        return clock
    at = max(at, clock.since_at)
    before = catch_up(clock, at, law)
    after = replace(
        before, pin=pin, target=target, retargets=(*before.retargets, _former(before, at, cause))
    )
    if after.manual is not None:
        return after
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
    return aim(after, law) if after.state == "running" else after


def set_due(clock: Clock, due_at: datetime, reason: str, *, at: datetime, law: Law) -> Clock:
    """The clock falls due at this instant, whatever pauses and policies say (R15). It is warned of
    and told anew.
    """
    at = max(at, clock.since_at)
    before = catch_up(clock, at, law)
    return replace(
        before,
        manual=Manual(at=at, due_at=due_at, reason=reason),
        due_at=due_at,
        retargets=(*before.retargets, _former(before, at, "manual")),
        verdict="none",
        breached_at=None,
        by_retarget=False,
        provisional=False,
        warned=False,
        breach_told=False,
    )


def release_due(clock: Clock, *, at: datetime, law: Law) -> Clock:
    """The policy says again when the clock falls due (R15). More used than it promises is a breach
    at this instant, as after a re-target.
    """
    if clock.manual is None:
        return clock
    at = max(at, clock.since_at)
    before = catch_up(clock, at, law)
    after = replace(
        before,
        manual=None,
        due_at=None,
        retargets=(*before.retargets, _former(before, at, "released")),
        verdict="none",
        breached_at=None,
        by_retarget=False,
    )
    if after.used > after.target:
        return replace(after, verdict="breached", breached_at=at, due_at=at, by_retarget=True)
    return aim(after, law) if after.state == "running" else after


def _former(clock: Clock, at: datetime, cause: str) -> Retarget:
    return Retarget(
        at=at,
        cause=cause,
        pin=clock.pin,
        target=clock.target,
        breached_at=clock.breached_at,
        due_at=clock.manual.due_at if clock.manual is not None else None,
    )


def tell_warned(clock: Clock) -> Clock:
    """The warning is written."""
    return replace(clock, warned=True)


def tell_breached(clock: Clock, at: datetime, law: Law) -> Clock:
    """The breach is written: told once, whatever comes after. `at` is when; the law alone says
    since when the clock is breached.
    """
    told = replace(clock, breach_told=True)
    runs = told.state == "running" or (told.state == "paused" and told.manual is not None)
    if not runs or told.verdict == "breached":
        return told
    lapsed_at = lapses_at(told, law)
    if lapsed_at is None or lapsed_at > at:
        return told
    return replace(told, verdict="breached", breached_at=lapsed_at)


def lapses_at(clock: Clock, law: Law) -> datetime | None:
    """The last instant at which used = target: the next opening, or the due instant itself while
    work goes on (R2); of an instant set by hand, that one, or when it was set if it was past then
    (as after a re-target, R12). None for a clock that is not due.
    """
    if clock.breached_at is not None:
        return clock.breached_at
    if clock.manual is not None:
        return max(clock.manual.at, clock.manual.due_at)
    if clock.due_at is None:
        return None
    due, table = seconds_of(clock.due_at), _table(clock, law)
    if not clock.excuses:
        return utc(table.next_open(due))
    return utc(spans.next_open(table, spans.holes_of(clock.excuses), due))


def warns_at(clock: Clock, law: Law) -> datetime:
    """When a running clock's warning share is used up; not before the present stretch. Of an
    instant set by hand, the share of the time from when it was set.
    """
    percent = law.policy_of(clock.pin).warn_percent
    if clock.manual is not None:
        given = elapsed(clock.manual.at, clock.manual.due_at)
        return clock.manual.at + timedelta(seconds=max(given, 0) * percent // 100)
    left = clock.target * percent // 100 - clock.used
    since, table = seconds_of(clock.since_at), _table(clock, law)
    if not clock.excuses:
        return utc(table.add(since, left))
    return utc(spans.add(table, spans.holes_of(clock.excuses), since, left))


def reaches_at(clock: Clock, used: int, law: Law) -> datetime:
    """When a running clock will have used so many working seconds; not before the present
    stretch.
    """
    since, table = seconds_of(clock.since_at), _table(clock, law)
    if not clock.excuses:
        return utc(table.add(since, used - clock.used))
    return utc(spans.add(table, spans.holes_of(clock.excuses), since, used - clock.used))


def used_at(clock: Clock | Countdown, law: Law, at: datetime) -> int:
    """Working seconds used at an instant of the present stretch."""
    if clock.state != "running":
        return clock.used
    return clock.used + _count(clock, law, clock.since_at, at)


def calendar_pin(clock: Clock, at: datetime) -> Pin:
    """What the clock was pinned to at an instant of its life."""
    return next((former.pin for former in clock.retargets if at < former.at), clock.pin)


def _table(clock: Clock | Countdown, law: Law) -> Worktable:
    return table_of(law.calendar_of(clock.pin))


def _count(clock: Clock | Countdown, law: Law, start_at: datetime, end_at: datetime) -> int:
    table, start, end = _table(clock, law), seconds_of(start_at), seconds_of(end_at)
    if not clock.excuses:
        return table.count(start, end)
    return spans.count(table, spans.holes_of(clock.excuses), start, end)


def _due(
    pin: Pin, excuses: tuple[Excuse, ...], since_at: datetime, left: int, law: Law
) -> tuple[datetime, bool]:
    """When so many working seconds are used, and whether that is provisional."""
    calendar = law.calendar_of(pin)
    since, table = seconds_of(since_at), table_of(calendar)
    if excuses:
        due_at = utc(spans.add(table, spans.holes_of(excuses), since, left))
    else:
        due_at = utc(table.add(since, left))
    return due_at, calendar.is_provisional(due_at)


def aim(clock: Clock, law: Law) -> Clock:
    """Say when a running clock falls due; a breached one keeps the instant it missed, one that was
    set by hand keeps that.
    """
    if clock.verdict == "breached":
        return clock
    if clock.manual is not None:
        return replace(clock, due_at=clock.manual.due_at)
    left = clock.target - clock.used
    due_at, provisional = _due(clock.pin, clock.excuses, clock.since_at, left, law)
    return replace(clock, due_at=due_at, provisional=provisional)


def _late(clock: Clock, at: datetime) -> bool:
    """Whether an answer at this instant, up to which the clock has elapsed, is too late."""
    if clock.manual is not None:
        return at > clock.manual.due_at
    return clock.used > clock.target


def catch_up(clock: Clock, at: datetime, law: Law) -> Clock:
    """End the present stretch. A running clock that used more than its target is breached since
    the instant that the law names.
    """
    if at <= clock.since_at:
        return clock
    if clock.state != "running":
        part = Part(kind="paused", from_at=clock.since_at, to_at=at, reason=clock.pause_reason)
        parts: tuple[Part, ...] = (part,)
        ran = 0
    else:
        ran = _count(clock, law, clock.since_at, at)
        parts = ran_parts(clock, clock.since_at, at, ran, law)
    after = replace(clock, used=clock.used + ran, since_at=at, parts=(*clock.parts, *parts))
    moves = after.state == "running" or after.manual is not None
    if moves and after.verdict != "breached" and _late(after, at):
        return replace(after, verdict="breached", breached_at=lapses_at(clock, law))
    return after


def ran_parts(
    clock: Clock, from_at: datetime, to_at: datetime, used: int, law: Law
) -> tuple[Part, ...]:
    """A stretch in which the clock ran, with what was excused of it apart."""
    if not clock.excuses:
        return (Part(kind="ran", from_at=from_at, to_at=to_at, used=used),)
    table = table_of(law.calendar_of(calendar_pin(clock, from_at)))
    holes = spans.holes_of(clock.excuses)
    return tuple(
        Part(
            kind="excused" if excused else "ran",
            from_at=utc(start),
            to_at=utc(end),
            used=0 if excused else table.count(start, end),
            reason=_reason(clock, start) if excused else "",
        )
        for start, end, excused in spans.cut(holes, seconds_of(from_at), seconds_of(to_at))
    )


def _reason(clock: Clock, at: int) -> str:
    instant = utc(at)
    return next(one.reason for one in clock.excuses if one.from_at <= instant < one.to_at)


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
    if _late(back, at):
        return back
    return replace(back, verdict="none", breached_at=None)


def elapsed(since_at: datetime, until: datetime) -> int:
    """Wall seconds between two instants."""
    return (until - since_at) // timedelta(seconds=1)
