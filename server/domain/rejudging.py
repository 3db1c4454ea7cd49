"""Judging a clock anew after time was excused (R14): parts that are over are split, what was used
in the window is given back, and whether and since when the clock is breached follows from them.
"""

from datetime import datetime

from msgspec.structs import replace

from server.domain import clocks as rules
from server.domain.clocks import Clock, Part
from server.domain.excuses import Excuse
from server.domain.law import Law
from server.domain.worktime import seconds_of, table_of, utc


def excuse(clock: Clock, window: Excuse, at: datetime, law: Law) -> Clock:
    """The clock with a window excused. A breach that it undoes is cured: of a later one people are
    told again. An instant set by hand is not moved.
    """
    if clock.state == "running":
        clock = rules.catch_up(clock, at, law)
    clock = replace(clock, excuses=(*clock.excuses, window))
    parts: list[Part] = []
    for part in clock.parts:
        touched = part.from_at < window.to_at and window.from_at < part.to_at
        if part.kind == "ran" and touched:
            parts += rules.ran_parts(clock, part.from_at, part.to_at, part.used, law)
        else:
            parts.append(part)
    clock = replace(clock, parts=tuple(parts), used=sum(part.used for part in parts))
    return clock if clock.manual is not None else _rejudge(clock, law)


def _rejudge(clock: Clock, law: Law) -> Clock:
    found = _breach(clock, law)
    if found is not None:
        breached_at, due_at, by_retarget = found
        return replace(
            clock,
            verdict="breached",
            breached_at=breached_at,
            due_at=due_at if clock.state != "cancelled" else None,
            by_retarget=by_retarget,
        )
    cured = clock.verdict == "breached"
    clock = replace(
        clock,
        verdict="met" if clock.state == "stopped" else "none",
        breached_at=None,
        due_at=None,
        by_retarget=False,
        warned=clock.warned and not cured,
        breach_told=clock.breach_told and not cured,
    )
    return rules.aim(clock, law) if clock.state in {"running", "stopped"} else clock


def _breach(clock: Clock, law: Law) -> tuple[datetime, datetime, bool] | None:
    """Since when the clock is breached, when it was due, and whether a re-target did it."""
    since_at = clock.retargets[-1].at if clock.retargets else clock.started_at
    before = sum(part.used for part in clock.parts if part.from_at < since_at)
    if before > clock.target:
        earlier_at = clock.retargets[-1].breached_at if clock.retargets else None
        if earlier_at is not None:
            return earlier_at, clock.due_at or earlier_at, clock.by_retarget
        return since_at, since_at, True
    used, due = before, 0
    for part in clock.parts:
        if part.from_at < since_at or part.kind != "ran":
            continue
        table = table_of(law.calendar_of(rules.calendar_pin(clock, part.from_at)))
        if used < clock.target <= used + part.used:
            due = table.add(seconds_of(part.from_at), clock.target - used)
        used += part.used
        if used > clock.target:
            due = due or seconds_of(part.from_at)
            return utc(table.next_open(max(due, seconds_of(part.from_at)))), utc(due), False
    return None
