"""How clocks ended, as reports count it (R22): kept beside tickets, no report reads the log.

A clock that goes on again, after a reopening, has no outcome until it ends again. What was
imported or cancelled is no achievement: it is counted apart (R19, R20).
"""

from datetime import datetime
from typing import Literal

import msgspec

from server.domain.clocks import Clock, elapsed
from server.domain.law import Law
from server.domain.sla import SlaState
from server.domain.strips import as_promised
from server.domain.ticket import Ticket

Verdict = Literal["met", "breached", "cancelled"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a clock ended, and in whose hands. `verdict` is by what was agreed at last, `promised`
    by what was promised at the start. Spans are in seconds: `used` of working time, the others by
    the wall clock; `wall` leaves out the time from a solution to a reopening. `pauses` tells what
    it stood still for.
    """

    ticket: int
    metric: str
    instance: int
    policy: str
    team: str | None
    assignee: int | None
    started_at: datetime
    ended_at: datetime
    verdict: Verdict
    promised: Verdict
    target: int
    used: int
    wall: int
    paused: int
    excused: int
    by_retarget: bool
    imported: bool
    pauses: dict[str, int] = {}


Key = tuple[str, int]
"""Metric and instance."""


def outcomes_of(state: SlaState, ticket: Ticket, law: Law) -> dict[Key, Outcome]:
    """All clocks that have ended."""
    return {
        (clock.metric, clock.instance): outcome_of(clock, ticket, law)
        for clock in state.clocks
        if _ended(clock)
    }


def ended_anew(
    before: SlaState, after: SlaState, ticket: Ticket, law: Law
) -> tuple[list[Outcome], list[Key]]:
    """What a change made of outcomes: those to be written, and those that are none any more."""
    known = {(one.metric, one.instance): one for one in before.clocks}
    fresh: list[Outcome] = []
    gone: list[Key] = []
    for clock in after.clocks:
        was = known.pop((clock.metric, clock.instance), None)
        if was == clock:
            continue
        if _ended(clock):
            fresh.append(outcome_of(clock, ticket, law))
        elif was is not None and _ended(was):
            gone.append((clock.metric, clock.instance))
    gone += [key for key, was in known.items() if _ended(was)]
    return fresh, gone


def _ended(clock: Clock) -> bool:
    return clock.state in {"stopped", "cancelled"}


def outcome_of(clock: Clock, ticket: Ticket, law: Law) -> Outcome:
    """The outcome of a clock that has ended. One that was breached before it was cancelled is a
    breach (R19).
    """
    pauses: dict[str, int] = {}
    spans = {"paused": 0, "excused": 0, "closed": 0}
    for part in clock.parts:
        if part.kind == "ran":
            continue
        span = elapsed(part.from_at, part.to_at)
        spans[part.kind] += span
        if part.kind == "paused":
            pauses[part.reason] = pauses.get(part.reason, 0) + span
    ended_at = clock.stopped_at or clock.since_at
    promised = as_promised(clock, law)
    return Outcome(
        ticket=ticket.number,
        metric=clock.metric,
        instance=clock.instance,
        policy=clock.pin.policy,
        team=ticket.team,
        assignee=ticket.assignee,
        started_at=clock.started_at,
        ended_at=ended_at,
        verdict="cancelled" if clock.verdict == "none" else clock.verdict,
        promised="cancelled" if promised == "none" else promised,
        target=clock.target,
        used=clock.used,
        wall=max(elapsed(clock.started_at, ended_at) - spans["closed"], 0),
        paused=spans["paused"],
        excused=spans["excused"],
        by_retarget=clock.by_retarget,
        imported=clock.imported,
        pauses=pauses,
    )
