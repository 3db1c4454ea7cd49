"""Proving and rebuilding what routing keeps: standings and the waiting queue are caches of the
tickets and of the event log. Statistics of grabbing are not: tries that came too late are nowhere
else.
"""

from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from server.desk import Desk
from server.domain.events import (
    AnyBody,
    Assigned,
    Claimed,
    Edited,
    Event,
    Opened,
    PriorityChanged,
    Released,
    Resolved,
    Routed,
    StatusChanged,
    Transferred,
)
from server.domain.holding import waits
from server.domain.standings import (
    NOTHING,
    Cell,
    Moved,
    Standing,
    counted,
    moves,
    seconds_in_work,
    told,
)
from server.domain.ticket import Ticket
from server.storage import audit, ledger, standings, tickets
from server.storage.database import Reading
from server.usecases.acts import Act, change
from server.usecases.keeping import waiting_of

_PAGE: Final = 1000


class Astray(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept and should not be so: colleagues whose standing does not count their tickets,
    tickets that wait and are not in the waiting queue, or are there and do not wait.
    """

    staff: tuple[int, ...] = ()
    tickets: tuple[int, ...] = ()


async def read_all(desk: Desk) -> dict[int, Standing]:
    """What is known of each colleague; of whom nothing is, is missing."""
    with desk.activity.busy():
        return await standings.read_all(desk.database)


async def find_astray(desk: Desk) -> Astray:
    """Compare what is kept with the tickets, all of one moment. Nothing is changed."""
    with desk.activity.busy():
        return await desk.database.look(_compare)


async def _compare(db: Reading) -> Astray:
    kept = {staff: _counts(one) for staff, one in (await standings.read_all(db)).items()}
    real = {staff: _counts(one) for staff, one in (await _count(db)).items()}
    staff = tuple(
        number
        for number in sorted(kept.keys() | real.keys())
        if kept.get(number, NOTHING) != real.get(number, NOTHING)
    )
    queued = {one.ticket for one in await standings.list_all_waiting(db)}
    waiting = set(await audit.list_unheld(db))
    return Astray(staff=staff, tickets=tuple(sorted(queued ^ waiting)))


def _counts(standing: Standing) -> Standing:
    """What can be counted of a standing; the rest is known from the log alone."""
    return replace(standing, given="", run="", pace=None)


async def _count(db: Reading) -> dict[int, Standing]:
    found: dict[int, Standing] = {}
    for row in await audit.list_held(db):
        cell = Cell(row.assignee, row.priority, row.category, row.works)
        standing = found.get(row.assignee, NOTHING)
        for _ in range(row.tickets):
            standing = counted(standing, None, cell)
        found[row.assignee] = standing
    return found


@change
async def rebuild(act: Act) -> int:
    """Make standings and waiting queue what log and tickets say; how many rows were wrong. For a
    desk that nobody works at: it reads the whole log in one unit.
    """
    fresh, kept = await fold_all(act.unit), await standings.read_all(act.unit)
    wrong = [one for one in fresh.keys() | kept.keys() if fresh.get(one) != kept.get(one)]
    for staff in sorted(wrong):
        await standings.put(act.unit, staff, fresh.get(staff, NOTHING))
    queued = {one.ticket for one in await standings.list_all_waiting(act.unit)}
    waiting = set(await audit.list_unheld(act.unit))
    for number in sorted(queued ^ waiting):
        ticket = await tickets.find(act.unit, number)
        if ticket is not None and waits(ticket):
            await standings.wait(act.unit, waiting_of(ticket, None))
        else:
            await standings.leave(act.unit, number)
    if wrong or queued != waiting:
        act.ring()
    return len(wrong) + len(queued ^ waiting)


async def fold_all(db: Reading) -> dict[int, Standing]:
    """Everybody's standing, folded from the first event on."""
    known: dict[int, Ticket] = {}
    moved: dict[int, list[Moved]] = {}
    found: dict[int, Standing] = {}
    seq = 0
    while rows := await ledger.list_rows_since(db, seq, _PAGE):
        seq = rows[-1].seq
        for row in rows:
            event = row.event()
            if event is not None and event.ticket is not None:
                _step(known, moved, found, event, event.ticket)
    return found


def _step(
    known: dict[int, Ticket],
    moved: dict[int, list[Moved]],
    found: dict[int, Standing],
    event: Event,
    number: int,
) -> None:
    before = known.get(number)
    after = _after(before, event, number)
    if after is None:
        return
    known[number] = after
    if isinstance(event.body, StatusChanged):
        moved.setdefault(number, []).append((event.recorded_at, event.body))
    took = 0
    if before is not None and isinstance(event.body, Resolved):
        took = seconds_in_work(before, moved.get(number, ()), event.recorded_at)
    for staff, (old, new, bodies) in moves(before, after, (event.body,)).items():
        standing = counted(found.get(staff, NOTHING), old, new)
        for body, priority in bodies:
            standing = told(standing, body, priority, at=event.recorded_at, took=took)
        found[staff] = standing


def _after(before: Ticket | None, event: Event, number: int) -> Ticket | None:
    """As much of the ticket as standings look at."""
    body = event.body
    if isinstance(body, Opened):
        return Ticket(
            number=number,
            subject="",
            priority=body.priority,
            category=body.category,
            customer=body.customer,
            created_at=event.recorded_at,
            updated_at=event.recorded_at,
        )
    if before is None:
        return None
    after = _changed(before, body)
    if after.assignee != before.assignee:
        held_at: datetime | None = event.recorded_at if after.assignee is not None else None
        after = replace(after, held_at=held_at)
    return after


def _changed(ticket: Ticket, body: AnyBody) -> Ticket:
    match body:
        case Routed() | Claimed() | Assigned() | Transferred():
            return replace(ticket, assignee=body.assignee)
        case Released():
            return replace(ticket, assignee=None)
        case StatusChanged(new_category=category):
            return replace(ticket, status_category=category)
        case PriorityChanged(new=priority):
            return replace(ticket, priority=priority)
        case Edited(fields=fields) if "category" in fields:
            return replace(ticket, category=fields["category"][1] or None)
        case _:
            return ticket
