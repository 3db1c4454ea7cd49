"""The event log and its head. Events are appended in a unit, under the ledger's lock, so that
`seq` is gapless and follows the order of commits (decision 2).
"""

import hashlib
from datetime import datetime
from typing import Final

import msgspec

from server.domain.events import Actor, AnyBody, Event, StatusChanged, Via
from server.storage.database import Reading, Statement, Unit
from server.storage.prepared import RowsStatement

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_body = msgspec.json.Decoder(AnyBody).decode


class Head(msgspec.Struct, frozen=True):
    """The last event's place and hash; `firm_seq` is the last event that changed the firm."""

    seq: int
    hash: str
    firm_seq: int


class Row(msgspec.Struct, frozen=True):
    """An event as it lies in the table; body and salt are gone once it was erased."""

    seq: int
    ticket: int | None
    ticket_seq: int | None
    kind: str
    v: int
    recorded_at: datetime
    effective_at: datetime
    actor: str
    via: Via
    cause_seq: int | None
    body: str | None
    salt: str | None
    body_digest: str
    hash: str

    def event(self) -> Event | None:
        """The event, or None when it was erased."""
        if self.body is None:
            return None
        return Event(
            seq=self.seq,
            ticket=self.ticket,
            ticket_seq=self.ticket_seq,
            v=self.v,
            recorded_at=self.recorded_at,
            effective_at=self.effective_at,
            actor=Actor.parse(self.actor),
            via=self.via,
            cause_seq=self.cause_seq,
            body=_decode_body(self.body),
        )


_COLUMNS: Final = (
    "seq, ticket, ticket_seq, kind, v, recorded_at, effective_at, actor, via, cause_seq,"
    " body, salt, body_digest, hash"
)
_HEAD = Statement("SELECT seq, hash, firm_seq FROM ledger WHERE id = 1", Head)
_MOVE = Statement[None](
    "UPDATE ledger SET seq = :seq, hash = :hash, firm_seq = :firm_seq"
    " WHERE id = 1 AND seq = :seen_seq"
)
_ADD = RowsStatement(
    f"INSERT INTO event ({_COLUMNS}) VALUES",
    Row.__struct_fields__,
)
_MOST_AT_ONCE: Final = 4
_OF_TICKET = Statement(
    f"SELECT {_COLUMNS} FROM event WHERE ticket = :ticket ORDER BY ticket_seq",  # noqa: S608
    Row,
)
_SINCE = Statement(
    f"SELECT {_COLUMNS} FROM event WHERE seq > :seq ORDER BY seq LIMIT :limit",  # noqa: S608
    Row,
)

_LAST_OF_KIND = Statement(
    "SELECT MAX(recorded_at) FROM event WHERE ticket = :ticket AND kind = :kind", datetime
)
_LAST_EVENT = Statement(
    f"SELECT {_COLUMNS} FROM event WHERE ticket = :ticket AND kind = :kind"  # noqa: S608
    " ORDER BY ticket_seq DESC LIMIT 1",
    Row,
)
_MOVES = Statement(
    f"SELECT {_COLUMNS} FROM event WHERE ticket = :ticket AND kind = 'status_changed'"  # noqa: S608
    " AND recorded_at >= :since ORDER BY ticket_seq",
    Row,
)
_PLACINGS = Statement(
    f"SELECT {_COLUMNS} FROM event WHERE ticket = :ticket AND kind IN"  # noqa: S608
    " ('routed', 'transferred', 'released') ORDER BY ticket_seq DESC LIMIT :limit",
    Row,
)


def digest_of(salt: str, body: str) -> str:
    """sha256(salt + body): what remains of an erased body."""
    return hashlib.sha256((salt + body).encode()).hexdigest()


def chain(previous: str, row: Row) -> str:
    """sha256(previous hash + header + body_digest): one link of the chain (decision 7)."""
    header = _encode(
        [
            row.seq,
            row.ticket,
            row.ticket_seq,
            row.kind,
            row.v,
            row.recorded_at,
            row.effective_at,
            row.actor,
            row.via,
            row.cause_seq,
        ]
    )
    return hashlib.sha256(previous.encode() + header + row.body_digest.encode()).hexdigest()


def row_of(event: Event, salt: str, previous: str) -> Row:
    """An event as the row that continues the chain after `previous`."""
    body = _encode(event.body).decode()
    row = Row(
        seq=event.seq,
        ticket=event.ticket,
        ticket_seq=event.ticket_seq,
        kind=str(event.body.__struct_config__.tag),
        v=event.v,
        recorded_at=event.recorded_at,
        effective_at=event.effective_at,
        actor=str(event.actor),
        via=event.via,
        cause_seq=event.cause_seq,
        body=body,
        salt=salt,
        body_digest=digest_of(salt, body),
        hash="",
    )
    return msgspec.structs.replace(row, hash=chain(previous, row))


async def read_head(db: Reading) -> Head:
    """Where the log ends now."""
    head = await db.one(_HEAD)
    return head if head is not None else Head(0, "", 0)


async def append(unit: Unit, head: Head, rows: tuple[Row, ...], firm_seq: int) -> Head:
    """Write rows that were chained on to `head`, and move the head. A head that is not the log's
    end, which only a bug can bring here, is refused with LookupError.
    """
    for place in range(0, len(rows), _MOST_AT_ONCE):
        some = [msgspec.structs.asdict(row) for row in rows[place : place + _MOST_AT_ONCE]]
        statement, values = _ADD.of(some)
        await unit.run(statement, **values)
    last = rows[-1]
    moved = await unit.run(
        _MOVE, seq=last.seq, hash=last.hash, firm_seq=firm_seq, seen_seq=head.seq
    )
    if moved != 1:
        msg = f"the log does not end at {head.seq}"
        raise LookupError(msg)
    return Head(last.seq, last.hash, firm_seq)


async def list_events(db: Reading, ticket: int) -> list[Event]:
    """A ticket's history in fold order; erased events are left out."""
    rows = await db.all(_OF_TICKET, ticket=ticket)
    return [event for row in rows if (event := row.event()) is not None]


async def list_placings(db: Reading, ticket: int, limit: int = 20) -> list[Event]:
    """How a ticket came to where it is: routed, transferred, released; the latest first."""
    rows = await db.all(_PLACINGS, ticket=ticket, limit=limit)
    return [event for row in rows if (event := row.event()) is not None]


async def list_moves(
    db: Reading, ticket: int, since: datetime
) -> list[tuple[datetime, StatusChanged]]:
    """A ticket's changes of status since an instant, in their order."""
    rows = await db.all(_MOVES, ticket=ticket, since=since)
    found = [event for row in rows if (event := row.event()) is not None]
    return [(one.recorded_at, one.body) for one in found if isinstance(one.body, StatusChanged)]


async def last_of_kind(db: Reading, ticket: int, kind: str) -> datetime | None:
    """When the last event of this kind happened to a ticket, or None."""
    return await db.one(_LAST_OF_KIND, ticket=ticket, kind=kind)


async def last_event(db: Reading, ticket: int, kind: str) -> Event | None:
    """The last event of this kind that happened to a ticket, or None."""
    row = await db.one(_LAST_EVENT, ticket=ticket, kind=kind)
    return row.event() if row is not None else None


async def list_rows_since(db: Reading, seq: int, limit: int) -> list[Row]:
    """Rows after `seq`, oldest first."""
    return await db.all(_SINCE, seq=seq, limit=limit)
