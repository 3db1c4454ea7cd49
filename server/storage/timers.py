"""Timers (decision 9) and the folded SLA state beside each ticket."""

from datetime import datetime
from typing import Final

import msgspec

from server.storage.database import Reading, Statement, Unit
from server.storage.prepared import RowsStatement


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """Something falls due. `key` is unique within its kind."""

    due_at: datetime
    kind: str
    key: str
    ticket: int | None = None


class Due(msgspec.Struct, frozen=True):
    """A ticket with something due."""

    ticket: int
    due_at: datetime


class Kept(msgspec.Struct, frozen=True):
    """What is kept of a ticket's clocks and of its climbs, as JSON."""

    state: str
    climbs: str


class _State(msgspec.Struct, frozen=True):
    ticket: int
    state: str


_ADD = RowsStatement(
    "INSERT INTO timer (due_at, kind, key, ticket) VALUES",
    ("due_at", "kind", "key", "ticket"),
    "ON CONFLICT (kind, key) DO UPDATE SET due_at = excluded.due_at",
)
_MOST_AT_ONCE: Final = 8
_REMOVE = Statement[None]("DELETE FROM timer WHERE kind = :kind AND key = :key")
_TAKE = Statement(
    "DELETE FROM timer WHERE ticket = :ticket AND due_at <= :at"
    " RETURNING due_at, kind, key, ticket",
    Timer,
)
_DUE = Statement(
    "SELECT ticket, MIN(due_at) AS due_at FROM (SELECT ticket, due_at FROM timer"
    " WHERE due_at <= :at AND ticket IS NOT NULL ORDER BY due_at LIMIT :limit) AS earliest"
    " GROUP BY ticket ORDER BY 2, 1",
    Due,
)
_OF_TICKET = Statement(
    "SELECT due_at, kind, key, ticket FROM timer WHERE ticket = :ticket ORDER BY due_at, kind, key",
    Timer,
)
_NEXT = Statement("SELECT MIN(due_at) FROM timer", datetime)
_POSTPONE = Statement[None](
    "UPDATE timer SET due_at = :until WHERE ticket = :ticket AND due_at <= :at"
)
_STATE = Statement("SELECT state FROM sla WHERE ticket = :ticket", str)
_STATES = Statement(
    "SELECT ticket, state FROM sla WHERE ticket IN (SELECT value FROM json_each(:tickets))",
    _State,
    postgres="SELECT ticket, state FROM sla WHERE ticket IN"
    " (SELECT value::bigint FROM json_array_elements_text(CAST(:tickets AS json)))",
)
_KEPT = Statement("SELECT state, climbs FROM sla WHERE ticket = :ticket", Kept)
_PUT_STATE = Statement[None](
    "INSERT INTO sla (ticket, state, climbs) VALUES (:ticket, :state, :climbs)"
    " ON CONFLICT (ticket) DO UPDATE SET state = excluded.state, climbs = excluded.climbs"
)
_UNSETTLED = Statement(
    "SELECT due_at, kind, key, ticket FROM timer WHERE ticket IS NULL AND kind = :kind", Timer
)
_ANY_ORDER = Statement("SELECT key FROM timer WHERE ticket IS NULL LIMIT 1", str)
_OPEN = Statement(
    "SELECT number FROM ticket WHERE number > :after AND status_category NOT IN"
    " ('resolved', 'closed', 'cancelled', 'merged') ORDER BY number LIMIT :limit",
    int,
)
_DONE = Statement[None]("DELETE FROM timer WHERE kind = :kind AND key = :key AND ticket IS NULL")
_ORDER = Statement[None](
    "INSERT INTO timer (due_at, kind, key, ticket) VALUES (:due_at, :kind, :key, NULL)"
    " ON CONFLICT (kind, key) DO UPDATE SET due_at = excluded.due_at"
)


async def replace(
    unit: Unit, ticket: int, timers: tuple[Timer, ...], *, fresh: bool = False
) -> None:
    """The ticket's timers are these and no others; what stays is not touched. `fresh`: a new
    ticket, it has none yet.
    """
    kept = {} if fresh else {(one.kind, one.key): one for one in await list_timers(unit, ticket)}
    changed: list[dict[str, object]] = []
    for timer in timers:
        known = kept.pop((timer.kind, timer.key), None)
        if known is None or known.due_at != timer.due_at:
            row = {"due_at": timer.due_at, "kind": timer.kind, "key": timer.key, "ticket": ticket}
            changed.append(row)
    for place in range(0, len(changed), _MOST_AT_ONCE):
        statement, values = _ADD.of(changed[place : place + _MOST_AT_ONCE])
        await unit.run(statement, **values)
    for timer in kept.values():
        await unit.run(_REMOVE, kind=timer.kind, key=timer.key)


async def take(unit: Unit, ticket: int, at: datetime) -> list[Timer]:
    """Remove and return what is due of this ticket: it will be acted on in this unit, once."""
    return sorted(
        await unit.all(_TAKE, ticket=ticket, at=at), key=lambda timer: (timer.due_at, timer.key)
    )


async def list_timers(db: Reading, ticket: int) -> list[Timer]:
    """Everything that will fall due of a ticket, earliest first."""
    return await db.all(_OF_TICKET, ticket=ticket)


async def list_due(db: Reading, at: datetime, limit: int) -> list[Due]:
    """Tickets with something due, longest due first: those of the `limit` earliest timers, so that
    a long backlog is not read again and again.
    """
    return await db.all(_DUE, at=at, limit=limit)


async def next_due_at(db: Reading) -> datetime | None:
    """The earliest instant at which something falls due."""
    return await db.one(_NEXT)


async def postpone(unit: Unit, ticket: int, at: datetime, until: datetime) -> None:
    """Try what is due of this ticket again later: acting on it failed."""
    await unit.run(_POSTPONE, ticket=ticket, at=at, until=until)


async def find_state(db: Reading, ticket: int) -> str | None:
    """The folded SLA state as JSON, or None."""
    return await db.one(_STATE, ticket=ticket)


async def list_states(db: Reading, tickets: tuple[int, ...]) -> dict[int, str]:
    """The folded SLA states of a few tickets as JSON; those without are missing."""
    wanted = msgspec.json.encode(sorted(tickets)).decode()
    return {one.ticket: one.state for one in await db.all(_STATES, tickets=wanted)}


async def find_kept(db: Reading, ticket: int) -> Kept | None:
    """The folded SLA state and the climbs, or None."""
    return await db.one(_KEPT, ticket=ticket)


async def put_state(unit: Unit, ticket: int, state: str, climbs: str = "{}") -> None:
    """Keep the folded SLA state and the climbs."""
    await unit.run(_PUT_STATE, ticket=ticket, state=state, climbs=climbs)


async def list_orders(db: Reading, kind: str) -> list[Timer]:
    """Work of this kind that is to be done and belongs to no ticket."""
    return await db.all(_UNSETTLED, kind=kind)


async def has_orders(db: Reading) -> bool:
    """Whether there is work to be done that belongs to no ticket."""
    return await db.one(_ANY_ORDER) is not None


async def list_open(db: Reading, after: int, limit: int) -> list[int]:
    """Open tickets in the order of their numbers."""
    return await db.all(_OPEN, after=after, limit=limit)


async def order(unit: Unit, kind: str, key: str, due_at: datetime) -> None:
    """Have work of this kind done then."""
    await unit.run(_ORDER, kind=kind, key=key, due_at=due_at)


async def order_done(unit: Unit, kind: str, key: str) -> bool:
    """Such work is done; False: somebody else did it."""
    return await unit.run(_DONE, kind=kind, key=key) == 1
