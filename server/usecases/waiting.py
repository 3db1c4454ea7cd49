"""The waiting queue: tickets that nobody has are routed again when something happened that may
have made a colleague free, or sends them elsewhere. What happened stands in the event log; what
waits, and for whom, beside the tickets.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec

from server import log
from server.desk import Desk
from server.domain.attributes import adjusted
from server.domain.events import DESK, ConfigurationSaved, Decision
from server.domain.holding import waits
from server.domain.ranking import free_at_of
from server.domain.ticket import Change, Ticket
from server.storage import ledger, messages, standings, tickets
from server.storage.standings import Waiting
from server.storage.units import Overloaded
from server.usecases.acts import Act, change
from server.usecases.facts import assess_ticket
from server.usecases.keeping import waiting_of
from server.usecases.recording import record
from server.usecases.routing import decision_of, read_placing, route

BATCH: Final = 16
"""How many waiting tickets are looked at in one unit."""
START: Final = (-1, datetime.fromisoformat("2000-01-01T00:00:00+00:00"), 0)
"""Before the first place of the waiting queue."""


@change
async def reroute(act: Act, number: int) -> Ticket | None:
    """Route one waiting ticket again; None when it does not wait. A decision that changes nothing
    writes no event.
    """
    return await _reroute(act, number)


async def _reroute(act: Act, number: int) -> Ticket | None:
    ticket = await tickets.find(act.unit, number)
    if ticket is None or not waits(ticket):
        return None
    placing = await read_placing(act, ticket)
    text = await messages.customers_words(act.unit, number)
    assessed = await assess_ticket(act, ticket, text)
    now = adjusted(ticket, assessed, movable=True)
    routed = await route(act, now.ticket, text, cause="waiting", placing=placing, assessed=assessed)
    if routed.ticket.assignee is not None or routed.ticket.team != ticket.team:
        whole = Change(routed.ticket, now.events + routed.events)
        return await record(act, ticket, whole, DESK, "desk")
    if now.events:
        ticket = await record(act, ticket, now, DESK, "desk")
    await _note_need(act, ticket, decision_of(routed))
    return ticket


async def _note_need(act: Act, ticket: Ticket, decision: Decision) -> None:
    """Remember whom the ticket waits for, so that it need not be asked again and again."""
    place = waiting_of(ticket, decision)
    if await standings.find_waiting(act.unit, ticket.number) != place:
        await standings.wait(act.unit, place)


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What happened since: up to which event was looked, whether all waiting tickets have to be
    decided anew (rules, queues and teams changed), whether somebody became free, and the tickets
    that are others now.
    """

    seq: int
    everything: bool = False
    freed: bool = False
    changed: tuple[int, ...] = ()


_FREEING: Final = frozenset(
    {
        "resolved",
        "closed",
        "cancelled",
        "released",
        "transferred",
        "assigned",
        "status_changed",
        "duty_changed",
        "staff_saved",
    }
)
_CHANGING: Final = frozenset({"priority_changed", "edited", "released", "transferred", "reopened"})
_HANDED_ON: Final = '"cause":"unaccepted"'
_PAGE: Final = 500


async def read_news(desk: Desk, seq: int) -> News:
    """What happened after an event that matters to the waiting queue."""
    news = News(seq=seq)
    with desk.activity.busy():
        while rows := await ledger.list_rows_since(desk.database, news.seq, _PAGE):
            kinds = {row.kind for row in rows}
            handed_on = any(row.kind == "routed" and _HANDED_ON in (row.body or "") for row in rows)
            news = News(
                seq=rows[-1].seq,
                everything=news.everything
                or any(_reconfigures(row) for row in rows if row.kind == "configuration_saved"),
                freed=news.freed or handed_on or bool(kinds & _FREEING),
                changed=news.changed
                + tuple(row.ticket for row in rows if row.kind in _CHANGING and row.ticket),
            )
    return news


def _reconfigures(row: ledger.Row) -> bool:
    event = row.event()
    return event is None or (
        isinstance(event.body, ConfigurationSaved) and event.body.of not in _ASIDE
    )


_ASIDE: Final = frozenset({"channel", "chat_group", "policy", "ladder", "status"})
"""Kinds of configuration that say nothing about who gets a ticket."""


async def head_seq(desk: Desk) -> int:
    """The last event's seq."""
    with desk.activity.busy():
        return (await ledger.read_head(desk.database)).seq


async def route_waiting(desk: Desk, *, everything: bool) -> int:
    """Go through the waiting queue, most pressing first, and give what can be given; how many
    were. With `everything` each ticket is decided anew; else those for whom, as it turned out,
    nobody is free are passed over together.
    """
    place, hopeless, given = START, frozenset[str](), 0
    while not desk.stopping:
        with desk.activity.busy():
            rows = await standings.list_waiting(
                desk.database, place, BATCH * 8, automatic=not everything
            )
        if not rows:
            break
        place = (rows[-1].rank, rows[-1].queued_at, rows[-1].ticket)
        for start in range(0, len(rows), BATCH):
            batch = tuple(rows[start : start + BATCH])
            if not everything:
                batch = tuple(row for row in batch if row.need not in hopeless)
            if batch:
                placed, hopeless = await _try_batch(desk, batch, hopeless, everything=everything)
                given += placed
    return given


async def _try_batch(
    desk: Desk, batch: tuple[Waiting, ...], hopeless: frozenset[str], *, everything: bool
) -> tuple[int, frozenset[str]]:
    try:
        return await _route_batch(desk, batch, hopeless, everything)
    except Overloaded:
        raise
    except Exception as error:  # noqa: BLE001  # one ticket must not hold up the others
        if len(batch) == 1:
            log.incident(error, "waiting", ticket=batch[0].ticket)
            return 0, hopeless
    given = 0
    for row in batch:
        placed, hopeless = await _try_batch(desk, (row,), hopeless, everything=everything)
        given += placed
    return given, hopeless


@change
async def _route_batch(
    act: Act,
    batch: tuple[Waiting, ...],
    hopeless: frozenset[str],
    everything: bool,  # noqa: FBT001
) -> tuple[int, frozenset[str]]:
    given = 0
    for row in batch:
        if row.need in hopeless and not everything:
            continue
        after = await _reroute(act, row.ticket)
        if after is not None and after.assignee is not None:
            given += 1
        elif after is not None:
            now = await standings.find_waiting(act.unit, row.ticket)
            hopeless |= {now.need} if now is not None else frozenset()
    return given, hopeless


async def next_free_at(desk: Desk) -> datetime | None:
    """When the next colleague who rests, or had enough this hour, may get tickets again; None
    where no ticket waits.
    """
    firm = await desk.firm()
    bounded = [queue for queue in firm.queues.values() if queue.caps.hourly or queue.fatigue.after]
    if not bounded:
        return None
    with desk.activity.busy():
        if not await standings.list_waiting(desk.database, START, 1, automatic=True):
            return None
        known = await standings.read_all(desk.database)
    now = int(desk.clock.now().timestamp())
    found = [
        free_at
        for number, standing in known.items()
        if number in firm.staff and firm.staff[number].on_duty
        for queue in bounded
        for urgent in (True, False)
        if (free_at := free_at_of(standing, queue, urgent=urgent)[0]) > now
    ]
    return datetime.fromtimestamp(min(found), tz=UTC) if found else None
