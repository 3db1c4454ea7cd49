"""Notices waiting to be sent, their tries, and the ones given up on (decision 8)."""

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

from server.storage.database import Reading, Statement, Unit

Repeat = Literal["keyed", "at_most_once", "at_least_once"]
"""What a lost answer means: repeat under the same key, give up, or repeat marked 重发."""

NO_ADDRESS: Final = "no_address"
"""The error of a notice that had no address: its recipient says whom it is for."""

State = Literal["waiting", "sending", "sent", "given_up", "unknown", "withheld"]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """投递: one notice on its way to one address."""

    id: int
    event_seq: int | None
    ticket: int | None
    kind: str
    channel: str
    recipient: str
    body: str
    repeat: Repeat
    idempotency_key: str
    state: State
    tries: int
    next_at: datetime
    created_at: datetime
    settled_at: datetime | None = None
    reference: str | None = None
    error: str | None = None


class Gathering(msgspec.Struct, frozen=True, kw_only=True):
    """A message that gathers notices, as far as it goes."""

    id: int
    event_seq: int | None
    ticket: int | None
    kind: str
    body: str
    state: State
    tries: int
    next_at: datetime
    created_at: datetime


_COLUMNS: Final = ", ".join(Delivery.__struct_fields__)
_ADD = Statement[None](
    "INSERT INTO outbox (event_seq, ticket, kind, channel, recipient, body, repeat,"
    " idempotency_key, state, tries, next_at, created_at, settled_at, error, gather)"
    " VALUES (:event_seq, :ticket, :kind, :channel, :recipient, :body, :repeat, :key,"
    " :state, 0, :next_at, :at, :settled_at, :error, :gather)"
    " ON CONFLICT (idempotency_key) DO NOTHING"
)
_READY = Statement(
    f"SELECT {_COLUMNS} FROM outbox WHERE state = 'waiting' AND channel = :channel"  # noqa: S608
    " AND next_at <= :at ORDER BY next_at, id LIMIT :limit",
    Delivery,
)
_NEXT = Statement(
    "SELECT MIN(next_at) FROM outbox WHERE state = 'waiting' AND channel = :channel", datetime
)
_CHANNELS = Statement("SELECT DISTINCT channel FROM outbox WHERE state = 'waiting'", str)
_TAKE = Statement(
    "UPDATE outbox SET state = 'sending', tries = tries + 1, next_at = :until"  # noqa: S608
    " WHERE id = :id AND state = 'waiting'"
    f" RETURNING {_COLUMNS}",
    Delivery,
)
_SETTLE = Statement[None](
    "UPDATE outbox SET state = :state, next_at = :next_at, settled_at = :settled_at,"
    " reference = :reference, error = :error WHERE id = :id AND state = 'sending'"
    " AND tries = :tries"
)
_SENDING = Statement(
    f"SELECT {_COLUMNS} FROM outbox WHERE state = 'sending' ORDER BY id",  # noqa: S608
    Delivery,
)
_IN_STATE: Final = {
    state: Statement(  # the state stands in the text, or SQLite does not see which index fits
        f"SELECT {_COLUMNS} FROM outbox WHERE state = '{state}' ORDER BY id DESC LIMIT :limit",  # noqa: S608
        Delivery,
    )
    for state in get_args(State)
}
_READ = Statement(f"SELECT {_COLUMNS} FROM outbox WHERE id = :id", Delivery)  # noqa: S608
_BY_REFERENCE = Statement(
    f"SELECT {_COLUMNS} FROM outbox WHERE reference = :reference AND channel = :channel"  # noqa: S608
    " ORDER BY id DESC LIMIT 1",
    Delivery,
)
_READDRESS = Statement[None]("UPDATE outbox SET recipient = :recipient WHERE id = :id")
_GATHERED = Statement(
    "SELECT id, event_seq, ticket, kind, body, state, tries, next_at, created_at FROM outbox"
    " WHERE channel = :channel AND gather = :gather ORDER BY id DESC LIMIT 2",
    Gathering,
)
_BY_NAME = Statement(
    f"SELECT {_COLUMNS} FROM outbox WHERE channel = :channel AND gather = :gather"  # noqa: S608
    " ORDER BY id DESC LIMIT :limit",
    Delivery,
)
_GATHER = Statement[None](
    "UPDATE outbox SET kind = :kind, body = :body, ticket = :ticket, event_seq = :event_seq"
    " WHERE id = :id"
)
_ANSWERED = Statement[None](
    "UPDATE outbox SET state = 'sent', settled_at = :at WHERE idempotency_key = :key"
    " AND state = 'waiting'"
)
_RETRY = Statement[None](
    "UPDATE outbox SET state = 'waiting', next_at = :at, tries = 0, error = NULL,"
    " settled_at = NULL WHERE id = :id AND state IN ('given_up', 'unknown', 'withheld')"
)


async def add(
    unit: Unit,
    *,
    event_seq: int | None,
    ticket: int | None,
    kind: str,
    channel: str,
    recipient: str,
    body: str,
    repeat: Repeat,
    key: str,
    at: datetime,
    unreachable: bool = False,
    next_at: datetime | None = None,
    gather: str | None = None,
) -> None:
    """Queue a notice; a second one with the same key is not queued. One that reaches nobody is
    given up at once, where an administrator sees it. It is sent at `next_at` at the earliest; with
    `gather`, the name of a conversation or of another system, others may join it while it waits.
    """
    state: State = "given_up" if unreachable else "waiting"
    await unit.run(
        _ADD,
        event_seq=event_seq,
        ticket=ticket,
        kind=kind,
        channel=channel,
        recipient=recipient,
        body=body,
        repeat=repeat,
        key=key,
        at=at,
        next_at=next_at or at,
        gather=gather,
        state=state,
        settled_at=at if unreachable else None,
        error=NO_ADDRESS if unreachable else None,
    )


async def list_gathered(db: Reading, channel: str, gather: str) -> list[Gathering]:
    """The last two messages of this name, the latest first."""
    return await db.all(_GATHERED, channel=channel, gather=gather)


async def list_by_name(db: Reading, channel: str, gather: str, limit: int) -> list[Delivery]:
    """The last messages of this name, whatever became of them, the latest first."""
    return await db.all(_BY_NAME, channel=channel, gather=gather, limit=limit)


async def gather_into(
    unit: Unit, delivery: int, *, kind: str, body: str, ticket: int | None, event_seq: int | None
) -> None:
    """A message that still waits tells more now."""
    await unit.run(_GATHER, id=delivery, kind=kind, body=body, ticket=ticket, event_seq=event_seq)


async def list_waiting_channels(db: Reading) -> list[str]:
    """The channels by which something waits to be sent."""
    return await db.all(_CHANNELS)


async def list_ready(db: Reading, channel: str, at: datetime, limit: int) -> list[Delivery]:
    """What may be sent by this channel now, oldest first."""
    return await db.all(_READY, channel=channel, at=at, limit=limit)


async def next_at(db: Reading, channel: str) -> datetime | None:
    """When the next notice may be sent by this channel."""
    return await db.one(_NEXT, channel=channel)


async def take(unit: Unit, delivery: int, until: datetime) -> Delivery | None:
    """Mark as being sent until then at the latest: from here on a crash leaves a trace. None when
    it is not waiting.
    """
    return await unit.one(_TAKE, id=delivery, until=until)


async def settle(
    unit: Unit,
    delivery: Delivery,
    state: State,
    *,
    next_at: datetime,
    settled_at: datetime | None,
    reference: str | None = None,
    error: str | None = None,
) -> bool:
    """What became of this very try; False when it was settled before, or another one began."""
    touched = await unit.run(
        _SETTLE,
        id=delivery.id,
        tries=delivery.tries,
        state=state,
        next_at=next_at,
        settled_at=settled_at,
        reference=reference,
        error=error,
    )
    return touched == 1


async def list_sending(db: Reading) -> list[Delivery]:
    """Rows between taking and settling; `next_at` is when their time is up."""
    return await db.all(_SENDING)


async def list_in_state(db: Reading, state: State, limit: int) -> list[Delivery]:
    """Newest first."""
    return await db.all(_IN_STATE[state], limit=limit)


async def find(db: Reading, delivery: int) -> Delivery | None:
    """One delivery, or None."""
    return await db.one(_READ, id=delivery)


async def find_by_reference(db: Reading, channel: str, reference: str) -> Delivery | None:
    """What was sent by this channel and got this key from its platform, or None."""
    return await db.one(_BY_REFERENCE, reference=reference, channel=channel)


async def readdress(unit: Unit, delivery: int, recipient: str) -> None:
    """A notice that reached nobody has an address now."""
    await unit.run(_READDRESS, id=delivery, recipient=recipient)


async def note_answered(unit: Unit, key: str, at: datetime) -> None:
    """What waits under this key was said in another way."""
    await unit.run(_ANSWERED, key=key, at=at)


async def retry(unit: Unit, delivery: int, at: datetime) -> bool:
    """Try a given-up notice again, by hand."""
    return await unit.run(_RETRY, id=delivery, at=at) == 1
