"""What arrived: durable first, acknowledged second, worked on third (decision 6)."""

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

from server.storage.database import Reading, Statement, Unit

State = Literal["waiting", "done", "poison"]


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """One arrival. (channel, key) is unique for ever: a repeated push changes nothing."""

    id: int
    channel: str
    key: str
    body: str
    state: State
    tries: int
    next_at: datetime
    received_at: datetime
    settled_at: datetime | None = None
    ticket: int | None = None
    error: str | None = None


_COLUMNS: Final = ", ".join(Inbound.__struct_fields__)
_ADD = Statement(
    "INSERT INTO inbound (channel, key, body, state, tries, next_at, received_at)"
    " VALUES (:channel, :key, :body, 'waiting', 0, :at, :at)"
    " ON CONFLICT (channel, key) DO NOTHING RETURNING id",
    int,
)
_ADD_DONE = Statement(
    "INSERT INTO inbound (channel, key, body, state, tries, next_at, received_at, settled_at,"
    " ticket) VALUES (:channel, :key, '{}', 'done', 0, :at, :at, :at, :ticket)"
    " ON CONFLICT (channel, key) DO NOTHING RETURNING id",
    int,
)
_FIND = Statement(
    f"SELECT {_COLUMNS} FROM inbound WHERE channel = :channel AND key = :key",  # noqa: S608
    Inbound,
)
_READ = Statement(f"SELECT {_COLUMNS} FROM inbound WHERE id = :id", Inbound)  # noqa: S608
_READY = Statement(
    f"SELECT {_COLUMNS} FROM inbound WHERE state = 'waiting' AND next_at <= :at"  # noqa: S608
    " ORDER BY next_at, id LIMIT :limit",
    Inbound,
)
_NEXT = Statement("SELECT MIN(next_at) FROM inbound WHERE state = 'waiting'", datetime)
_DONE = Statement[None](
    "UPDATE inbound SET state = 'done', settled_at = :at, ticket = :ticket, error = :error"
    " WHERE id = :id AND state = 'waiting'"
)
_FAILED = Statement[None](
    "UPDATE inbound SET state = :state, tries = tries + 1, next_at = :next_at, error = :error"
    " WHERE id = :id AND state = 'waiting'"
)
_IN_STATE: Final = {
    state: Statement(  # the state stands in the text, or SQLite does not see which index fits
        f"SELECT {_COLUMNS} FROM inbound WHERE state = '{state}' ORDER BY id DESC LIMIT :limit",  # noqa: S608
        Inbound,
    )
    for state in get_args(State)
}
_REPLAY = Statement[None](
    "UPDATE inbound SET state = 'waiting', tries = 0, next_at = :at, error = NULL"
    " WHERE id = :id AND state = 'poison'"
)


async def add(unit: Unit, channel: str, key: str, body: str, at: datetime) -> int | None:
    """Write an arrival; None when this key was here before."""
    return await unit.one(_ADD, channel=channel, key=key, body=body, at=at)


async def add_done(unit: Unit, channel: str, key: str, ticket: int, at: datetime) -> bool:
    """Write an arrival whose work is done in this very unit; False when this key was here
    before: then nothing more may happen in it.
    """
    found = await unit.one(_ADD_DONE, channel=channel, key=key, at=at, ticket=ticket)
    return found is not None


async def find(db: Reading, channel: str, key: str) -> Inbound | None:
    """The arrival with this key."""
    return await db.one(_FIND, channel=channel, key=key)


async def read(db: Reading, inbound: int) -> Inbound | None:
    """One arrival."""
    return await db.one(_READ, id=inbound)


async def list_ready(db: Reading, at: datetime, limit: int) -> list[Inbound]:
    """What is to be worked on, in the order of arrival."""
    return await db.all(_READY, at=at, limit=limit)


async def next_at(db: Reading) -> datetime | None:
    """When the next arrival may be worked on."""
    return await db.one(_NEXT)


async def settle(
    unit: Unit, inbound: int, at: datetime, ticket: int | None = None, error: str | None = None
) -> bool:
    """Done; False when it was done before: then nothing more may happen in this unit."""
    return await unit.run(_DONE, id=inbound, at=at, ticket=ticket, error=error) == 1


async def fail(unit: Unit, inbound: int, error: str, next_at: datetime, *, poison: bool) -> None:
    """A try failed: later again, or set aside with the reason."""
    state: State = "poison" if poison else "waiting"
    await unit.run(_FAILED, id=inbound, state=state, next_at=next_at, error=error)


async def list_in_state(db: Reading, state: State, limit: int) -> list[Inbound]:
    """Newest first."""
    return await db.all(_IN_STATE[state], limit=limit)


async def replay(unit: Unit, inbound: int, at: datetime) -> bool:
    """Work on a poison again, by hand."""
    return await unit.run(_REPLAY, id=inbound, at=at) == 1
