"""The clock strip (计时条): a clock's life as stretches, for display and for reports (R21, R22)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from server.domain import clocks as rules
from server.domain.clocks import Clock, Part, elapsed
from server.domain.events import Breached, Event, StatusChanged
from server.domain.law import Law
from server.domain.signals import instant_of
from server.domain.worktime import seconds_of, table_of


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of the clock strip. `wall` and `working` are seconds; a paused, closed or excused
    stretch has working seconds too, but they were not used.
    """

    kind: Literal["ran", "paused", "closed", "excused"]
    from_at: datetime
    to_at: datetime
    wall: int
    working: int
    reason: str = ""


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The strip in figures, in seconds: how long the clock ran and stood still, by the wall and in
    working time.
    """

    ran_wall: int
    ran_working: int
    paused_wall: int
    paused_working: int
    excused_wall: int
    excused_working: int
    closed_wall: int
    closed_working: int


def strip(clock: Clock, law: Law, now: datetime) -> tuple[Strip, ...]:
    """The clock's life up to now."""
    parts = list(clock.parts)
    if clock.is_open and now > clock.since_at:
        if clock.state == "running":
            parts += rules.ran_parts(clock, clock.since_at, now, 0, law)
        else:
            parts.append(
                Part(kind="paused", from_at=clock.since_at, to_at=now, reason=clock.pause_reason)
            )
    return tuple(
        Strip(
            kind=part.kind,
            from_at=part.from_at,
            to_at=part.to_at,
            wall=elapsed(part.from_at, part.to_at),
            working=table_of(law.calendar_of(rules.calendar_pin(clock, part.from_at))).count(
                seconds_of(part.from_at), seconds_of(part.to_at)
            ),
            reason=part.reason,
        )
        for part in parts
    )


def totals(shown: tuple[Strip, ...]) -> Totals:
    """The strip in figures."""

    def both(kind: str) -> tuple[int, int]:
        found = [one for one in shown if one.kind == kind]
        return sum(one.wall for one in found), sum(one.working for one in found)

    (ran, paused), (excused, closed) = (
        (both("ran"), both("paused")),
        (both("excused"), both("closed")),
    )
    return Totals(
        ran_wall=ran[0],
        ran_working=ran[1],
        paused_wall=paused[0],
        paused_working=paused[1],
        excused_wall=excused[0],
        excused_working=excused[1],
        closed_wall=closed[0],
        closed_working=closed[1],
    )


def as_promised(clock: Clock, law: Law) -> Literal["met", "breached", "none"]:
    """The verdict by what was promised at the start, whatever was agreed later (R22): the first
    target, counted by the first calendar over the time in which the clock ran. "none" while that
    is open.
    """
    first = clock.retargets[0] if clock.retargets else None
    pin, target = (first.pin, first.target) if first else (clock.pin, clock.target)
    table = table_of(law.calendar_of(pin))
    used = sum(
        table.count(seconds_of(part.from_at), seconds_of(part.to_at))
        for part in clock.parts
        if part.kind == "ran"
    )
    if used > target:
        return "breached"
    return "met" if clock.state == "stopped" else "none"


def waits_of(events: Iterable[Event]) -> dict[datetime, str]:
    """Since which instants the ticket was in which status: what a paused stretch waited for."""
    return {
        instant_of(event): event.body.new
        for event in events
        if isinstance(event.body, StatusChanged)
    }


def late_by(clock: Clock, events: Iterable[Event]) -> int | None:
    """How many seconds after the breach it was noticed; None where nobody was told."""
    told = (
        event.body.late_by
        for event in events
        if isinstance(event.body, Breached)
        and (event.body.metric, event.body.instance) == (clock.metric, clock.instance)
    )
    return max(told, default=None)
