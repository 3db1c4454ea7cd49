"""Tickets and their counters: read one, list many, write one if it is still the version read."""

from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

import msgspec

from server.domain.events import Priority, StatusCategory
from server.domain.people import Sight
from server.domain.sla import Countdowns
from server.domain.ticket import OPEN_CATEGORIES, WAITING_CATEGORIES, Ticket
from server.storage.database import Reading, Statement, Unit

_FIELDS: Final = Ticket.__struct_fields__
_COLUMNS: Final = ", ".join(_FIELDS)
_DOCUMENTS: Final = ("tags", "skills")
_READ = Statement(
    f"SELECT {_COLUMNS} FROM ticket WHERE number = :number",  # noqa: S608
    Ticket,
    documents=_DOCUMENTS,
)
_READ_MANY = Statement(
    f"SELECT {_COLUMNS} FROM ticket"  # noqa: S608
    " WHERE number IN (SELECT value FROM json_each(:numbers))",
    Ticket,
    postgres=f"SELECT {_COLUMNS} FROM ticket WHERE number IN"  # noqa: S608
    " (SELECT value::bigint FROM json_array_elements_text(CAST(:numbers AS json)))",
    documents=_DOCUMENTS,
)
_INSERT = Statement[None](
    f"INSERT INTO ticket ({_COLUMNS})"  # noqa: S608
    f" VALUES ({', '.join(f':{field}' for field in _FIELDS)})"
)


@lru_cache(maxsize=512)
def _update(fields: tuple[str, ...]) -> Statement[None]:
    """Write these columns. An index that has none of them is left alone, which is most of them:
    naming every column makes the database write all indexes anew.
    """
    return Statement(
        f"UPDATE ticket SET {', '.join(f'{field} = :{field}' for field in fields)}"  # noqa: S608
        " WHERE number = :number AND version = :seen_version"
    )


_NUMBER = Statement("UPDATE counter SET last = last + 1 WHERE name = 'ticket' RETURNING last", int)
_TALLY_UP = Statement[None](
    "INSERT INTO tally (cell, team, assignee, status_category, breached, promised, tickets)"
    " VALUES (:cell, :team, :assignee, :status_category, :breached, :promised, 1)"
    " ON CONFLICT (cell) DO UPDATE SET tickets = tally.tickets + 1"
)
_TALLY_DOWN = Statement[None]("UPDATE tally SET tickets = tickets - 1 WHERE cell = :cell")


class TallyCell(msgspec.Struct, frozen=True):
    """How many tickets share team, assignee, status category and breach, and have SLA or not."""

    team: str | None
    assignee: int | None
    status_category: str
    breached: bool
    promised: bool
    tickets: int


_TALLY = Statement(
    "SELECT team, assignee, status_category, breached, promised, tickets FROM tally"
    " WHERE tickets > 0",
    TallyCell,
)


class _Load(msgspec.Struct, frozen=True):
    assignee: int
    tickets: int


_LOAD = Statement(
    "SELECT assignee, SUM(tickets) AS tickets FROM tally WHERE assignee IS NOT NULL"
    " AND tickets > 0 AND status_category IN ('new', 'open') GROUP BY assignee",
    _Load,
)


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows of a ticket, with its customer's name and how its clocks stand (None
    without SLA).
    """

    number: int
    version: int
    subject: str
    category: str | None
    status: str
    status_category: StatusCategory
    priority: Priority
    team: str | None
    assignee: int | None
    customer: int
    customer_name: str
    customer_level: str
    channel: str
    created_at: datetime
    updated_at: datetime
    next_due_at: datetime | None
    next_due_metric: str | None
    warned: bool
    breached: bool
    message_count: int
    reopen_count: int
    nudge_count: int
    rating: int | None
    pinned: bool
    priority_by: Literal["matrix", "hand"]
    sla: Countdowns | None


_BESIDE: Final = {"customer_name": "c.name AS customer_name", "sla": "s.state AS sla"}
_LISTED: Final = ", ".join(_BESIDE.get(field, f"t.{field}") for field in Listed.__struct_fields__)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What a list asks for. Empty means: no such condition. `after` is the last row's sort key."""

    categories: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    team: str | None = None
    assignee: int | None = None
    unassigned: bool = False
    breached: bool = False
    priority: str | None = None
    customer: int | None = None
    pinned: bool | None = None
    promised: bool | None = None
    sort: str = "updated"
    after: tuple[str, int] | None = None
    limit: int = 25


_SORTS: Final = {
    "due": ("COALESCE(t.next_due_at, {far})", "ASC", ">"),
    "updated": ("t.updated_at", "DESC", "<"),
    "created": ("t.number", "DESC", "<"),
}
_LATE: Final = {
    "due": "ticket_breached_due",
    "updated": "ticket_breached",
    "created": "ticket_breached_created",
}
_FAR: Final = {"sqlite": "'9999-12-31 00:00:00.000000+00:00'", "postgres": "'9999-12-31+00'"}


async def find(db: Reading, number: int) -> Ticket | None:
    """The ticket, or None."""
    return await db.one(_READ, number=number)


async def list_by_number(db: Reading, numbers: tuple[int, ...]) -> dict[int, Ticket]:
    """Tickets by number; unknown ones are missing from the answer."""
    wanted = msgspec.json.encode(sorted(numbers)).decode()
    return {ticket.number: ticket for ticket in await db.all(_READ_MANY, numbers=wanted)}


async def next_number(unit: Unit) -> int:
    """A number that was never used and never will be again."""
    number = await unit.one(_NUMBER)
    if number is None:
        msg = "the ticket counter is missing"
        raise LookupError(msg)
    return number


_encode = msgspec.json.Encoder(order="sorted").encode


def _row(ticket: Ticket) -> dict[str, object]:
    row: dict[str, object] = msgspec.structs.asdict(ticket)
    row["tags"] = _encode(ticket.tags).decode() if ticket.tags else "[]"
    row["skills"] = _encode(ticket.skills).decode() if ticket.skills else "{}"
    return row


async def insert(unit: Unit, ticket: Ticket) -> None:
    """Write a new ticket. Called by `recording.record` alone."""
    await unit.run(_INSERT, **_row(ticket))
    await _count(unit, None, ticket)


async def write(unit: Unit, before: Ticket, after: Ticket) -> bool:
    """Write a changed ticket if the row still has `before.version`; else False and nothing done.
    Called by `recording.record` alone.
    """
    old, values = _row(before), _row(after)
    changed = tuple(field for field in _FIELDS[1:] if old[field] != values[field])
    if not changed:
        return True
    new = {field: values[field] for field in changed}
    touched = await unit.run(
        _update(changed), number=after.number, seen_version=before.version, **new
    )
    if touched != 1:
        return False
    await _count(unit, before, after)
    return True


async def _count(unit: Unit, before: Ticket | None, after: Ticket) -> None:
    old, new = cell_of(before) if before else None, cell_of(after)
    if old == new:
        return
    if old is not None:
        await unit.run(_TALLY_DOWN, cell=old)
    await unit.run(
        _TALLY_UP,
        cell=new,
        team=after.team,
        assignee=after.assignee,
        status_category=after.status_category,
        breached=after.breached,
        promised=after.promised,
    )


def cell_of(ticket: Ticket) -> str:
    """The key of the counter that a ticket is counted in."""
    cell = (ticket.team, ticket.assignee, ticket.status_category, ticket.breached)
    return msgspec.json.encode(cell if ticket.promised else (*cell, False)).decode()


async def read_tally(db: Reading) -> list[TallyCell]:
    """All counters; a few hundred rows at most (teams × colleagues × categories)."""
    return await db.all(_TALLY)


async def read_load(db: Reading) -> dict[int, int]:
    """在办数: per colleague, the tickets whose work clock runs (new and open ones)."""
    return {one.assignee: one.tickets for one in await db.all(_LOAD)}


async def list_tickets(db: Reading, sight: Sight, query: Query) -> list[Listed]:
    """One page, keyset paged, only what is in sight."""
    teams = tuple(sorted(sight.teams))
    shape = msgspec.structs.replace(
        query,
        teams=("",) * len(query.teams),
        team="" if query.team is not None else None,
        assignee=0 if query.assignee is not None else None,
        priority="" if query.priority is not None else None,
        customer=0 if query.customer is not None else None,
        after=("", 0) if query.after is not None else None,
        limit=0,
    )
    statement = _list_statement(shape, sight.everything, sight.unrouted, len(teams), db.dialect)
    values: dict[str, object] = {f"team{i}": team for i, team in enumerate(teams)}
    values |= {f"wanted{i}": team for i, team in enumerate(query.teams)}
    if not sight.everything:
        values["me"] = sight.staff
    for name in ("team", "assignee", "priority", "customer"):
        value = getattr(query, name)
        if value is not None:
            values[name] = value
    if query.after is not None:
        values["after_number"] = query.after[1]
        if query.sort != "created":
            values["after_key"] = msgspec.convert(query.after[0], type=datetime)
    values["limit"] = query.limit
    return await db.all(statement, **values)


@lru_cache(maxsize=256)
def _list_statement(
    query: Query,
    everything: bool,  # noqa: FBT001
    unrouted: bool,  # noqa: FBT001
    teams: int,
    dialect: str,
) -> Statement[Listed]:
    key, direction, beyond = _SORTS[query.sort]
    key = key.format(far=_FAR[dialect])
    where = [] if everything else [_in_sight(teams, unrouted=unrouted)]
    where += _asked_for(query)
    order = f"{key} {direction}"
    if query.sort != "created":
        order += f", t.number {direction}"
        if query.after is not None:
            where.append(f"({key}, t.number) {beyond} (:after_key, :after_number)")
    elif query.after is not None:
        where.append("t.number < :after_number")
    # CROSS JOIN keeps SQLite from walking the customers first; PostgreSQL does as it sees fit.
    condition = " AND ".join(["c.id = t.customer", *where])
    return Statement(
        f"SELECT {_LISTED} FROM ticket t{_index(query, dialect)} CROSS JOIN customer c"  # noqa: S608
        " LEFT JOIN sla s ON s.ticket = t.number"
        f" WHERE {condition} ORDER BY {order} LIMIT :limit",
        Listed,
        documents=("sla",),
        packed=True,
    )


def _index(query: Query, dialect: str) -> str:
    """SQLite would walk all open tickets for the few that are late or wait: of an index that is
    empty it knows nothing and fears the worst.
    """
    if dialect != "sqlite":
        return ""
    if query.pinned:
        return " INDEXED BY ticket_pinned"
    if query.promised is False and frozenset(query.categories) == OPEN_CATEGORIES:
        created = "_created" if query.sort == "created" else ""
        return f" INDEXED BY ticket_unpromised{created}"
    if query.breached and frozenset(query.categories) == OPEN_CATEGORIES:
        return f" INDEXED BY {_LATE[query.sort]}"
    if frozenset(query.categories) == WAITING_CATEGORIES:
        return " INDEXED BY ticket_waiting"
    return ""


def _in_sight(teams: int, *, unrouted: bool) -> str:
    parts = ["t.assignee = :me"]
    if teams:
        parts.append(f"t.team IN ({', '.join(f':team{i}' for i in range(teams))})")
    if unrouted:
        parts.append("t.team IS NULL")
    return f"({' OR '.join(parts)})"


def _asked_for(query: Query) -> list[str]:
    where: list[str] = []
    if frozenset(query.categories) == OPEN_CATEGORIES:
        # Written as in the schema's partial indexes, or SQLite does not see that they fit.
        where.append("t.status_category NOT IN ('resolved', 'closed', 'cancelled', 'merged')")
    elif query.categories:
        listed = ", ".join(f"'{category}'" for category in query.categories)
        where.append(f"t.status_category IN ({listed})")
    if query.teams:
        wanted = ", ".join(f":wanted{i}" for i in range(len(query.teams)))
        where.append(f"t.team IN ({wanted})")
    if query.pinned is not None:
        where.append("t.pinned" if query.pinned else "NOT t.pinned")
    where += [
        f"t.{name} = :{name}"
        for name in ("team", "assignee", "priority", "customer")
        if getattr(query, name) is not None
    ]
    if query.promised is not None:
        where.append("t.promised" if query.promised else "NOT t.promised")
    if query.unassigned:
        where.append("t.assignee IS NULL")
    if query.breached:
        where.append("t.breached")
    return where
