"""What `record()` keeps beside tickets for routing: the standing of colleagues, the waiting queue,
and how grabbing goes. All of it in the unit that changes the ticket.

Standings and waiting queue are caches: `verification.py` makes them again and compares. Tries to
grab that came too late are no events; they are counted here alone.
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.domain.events import Actor, AnyBody, Claimed, Decision, Priority, Resolved, Routed
from server.domain.firm import Firm
from server.domain.holding import waits
from server.domain.routing import need_of
from server.domain.standings import NOTHING, Standing, counted, moves, seconds_in_work, told
from server.domain.ticket import Ticket
from server.storage import ledger, standings
from server.storage.database import Unit
from server.storage.standings import Grab, Waiting
from server.usecases.acts import Act

RANKS: Final = {priority.value: rank for rank, priority in enumerate(Priority)}
"""The order of priorities in the waiting queue."""


async def keep(  # noqa: PLR0917
    act: Act,
    before: Ticket | None,
    after: Ticket,
    events: tuple[AnyBody, ...],
    by: Actor,
    at: datetime,
) -> None:
    """Keep up with a change of a ticket."""
    await _keep_standings(act, before, after, events, at)
    await _keep_waiting(act.unit, before, after, events)
    await _keep_grab(act, before, events, by, at)


async def _keep_standings(
    act: Act, before: Ticket | None, after: Ticket, events: tuple[AnyBody, ...], at: datetime
) -> None:
    moved = moves(before, after, events)
    if not moved:
        return
    known = await act.desk.standings.read(act.unit)
    changed: dict[int, Standing] = {}
    took = await _took(act.unit, before, events, at)
    for staff, (old, new, bodies) in moved.items():
        was = known.get(staff, NOTHING)
        now = counted(was, old, new)
        for body, priority in bodies:
            now = told(now, body, priority, at=at, took=took)
        if now != was:
            changed[staff] = now
    if changed:
        await act.desk.standings.put(act.unit, changed)


async def _took(
    unit: Unit, before: Ticket | None, events: tuple[AnyBody, ...], at: datetime
) -> int:
    """How long a ticket that is solved now was in work; what this change moves takes no time."""
    if before is None or before.held_at is None:
        return 0
    if not any(isinstance(body, Resolved) for body in events):
        return 0
    changes = await ledger.list_moves(unit, before.number, before.held_at)
    return seconds_in_work(before, changes, at)


async def _keep_waiting(
    unit: Unit, before: Ticket | None, after: Ticket, events: tuple[AnyBody, ...]
) -> None:
    if not waits(after):
        if before is not None and waits(before):
            await standings.leave(unit, after.number)
        return
    decision = _last_decision(events)
    if decision is None and before is not None and waits(before) and _same(before, after):
        return
    await standings.wait(unit, waiting_of(after, decision))


def _same(before: Ticket, after: Ticket) -> bool:
    parts = [
        (one.priority, one.category, one.team, one.queue, one.queued_at) for one in (before, after)
    ]
    return parts[0] == parts[1]


def _last_decision(events: tuple[AnyBody, ...]) -> Decision | None:
    found = [body.decision for body in events if isinstance(body, Routed)]
    return found[-1] if found else None


def waiting_of(ticket: Ticket, decision: Decision | None) -> Waiting:
    """A waiting ticket's place. Without a decision nobody knows yet who could do it: the desk
    looks at once.
    """
    return Waiting(
        ticket=ticket.number,
        automatic=decision is None or decision.mode == "automatic",
        rank=RANKS[ticket.priority],
        queued_at=ticket.queued_at or ticket.created_at,
        need=need_of(decision, ticket.category, ticket.priority) if decision is not None else "",
    )


async def _keep_grab(
    act: Act, before: Ticket | None, events: tuple[AnyBody, ...], by: Actor, at: datetime
) -> None:
    if before is None or by.kind != "staff":
        return
    if any(isinstance(body, Claimed) and body.assignee == by.id for body in events):
        waited = at - (before.queued_at or before.created_at)
        await count_try(act, before.queue, by.id, int(waited.total_seconds()))


async def count_try(act: Act, queue: str, staff: int, waited: int | None) -> None:
    """Count a try to grab: `waited` seconds had the ticket waited that was won, None: another was
    faster.
    """
    firm = await act.firm()
    day = day_of(act.at, firm)
    kept = await standings.find_grab(act.unit, day, queue, staff) or Grab(
        day, queue, staff, 0, 0, ()
    )
    spans = kept.spans if waited is None else (*kept.spans, waited)
    fresh = Grab(day, queue, staff, kept.tries + 1, len(spans), spans)
    await standings.put_grab(act.unit, fresh)


def day_of(at: datetime, firm: Firm) -> str:
    """The date of an instant in the firm's time."""
    return at.astimezone(ZoneInfo(firm.profile.zone)).date().isoformat()
