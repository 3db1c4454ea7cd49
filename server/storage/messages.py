"""What was said on tickets."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from server.domain.events import Via
from server.storage.database import Reading, Statement, Unit

Visibility = Literal["public", "internal"]
Direction = Literal["in", "out"]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """消息. `author` is an actor as text ("staff:3")."""

    id: int
    ticket: int
    visibility: Visibility
    direction: Direction
    author: str
    via: Via
    body: str
    created_at: datetime


_ADD = Statement(
    "INSERT INTO message (ticket, visibility, direction, author, via, body, created_at)"
    " VALUES (:ticket, :visibility, :direction, :author, :via, :body, :created_at) RETURNING id",
    int,
)
_OF_TICKET = Statement(
    "SELECT id, ticket, visibility, direction, author, via, body, created_at FROM message"
    " WHERE ticket = :ticket ORDER BY id",
    Message,
)
_PUBLIC = Statement(
    "SELECT id, ticket, visibility, direction, author, via, body, created_at FROM message"
    " WHERE ticket = :ticket AND visibility = 'public' ORDER BY id",
    Message,
)
_ONE = Statement(
    "SELECT id, ticket, visibility, direction, author, via, body, created_at FROM message"
    " WHERE id = :id",
    Message,
)
_LAST = Statement("SELECT MAX(id) FROM message WHERE ticket = :ticket", int)
_NEWEST: Final = 20
_NEWEST_WORDS = Statement(
    "SELECT body FROM message WHERE ticket = :ticket AND visibility = 'public'"
    " AND direction = 'in' ORDER BY id DESC LIMIT 20",
    str,
)
_FIRST_WORDS = Statement(
    "SELECT body FROM message WHERE ticket = :ticket AND visibility = 'public'"
    " AND direction = 'in' ORDER BY id LIMIT 1",
    str,
)


async def add(
    unit: Unit,
    *,
    ticket: int,
    visibility: Visibility,
    direction: Direction,
    author: str,
    via: Via,
    body: str,
    created_at: datetime,
) -> int:
    """Write a message; its id."""
    found = await unit.one(
        _ADD,
        ticket=ticket,
        visibility=visibility,
        direction=direction,
        author=author,
        via=via,
        body=body,
        created_at=created_at,
    )
    if found is None:
        msg = "the database returned no id"
        raise LookupError(msg)
    return found


async def list_messages(db: Reading, ticket: int) -> list[Message]:
    """All messages of a ticket, oldest first."""
    return await db.all(_OF_TICKET, ticket=ticket)


async def list_public(db: Reading, ticket: int) -> list[Message]:
    """What the customer may read, oldest first."""
    return await db.all(_PUBLIC, ticket=ticket)


async def last_id(db: Reading, ticket: int) -> int | None:
    """The message that was written to the ticket last."""
    return await db.one(_LAST, ticket=ticket)


async def find(db: Reading, message: int) -> Message | None:
    """One message, or None."""
    return await db.one(_ONE, id=message)


async def customers_words(db: Reading, ticket: int) -> str:
    """What rules read of a ticket: the customer's first message and the newest ones."""
    newest = await db.all(_NEWEST_WORDS, ticket=ticket)
    said = newest[::-1]
    if len(newest) == _NEWEST:
        said = [await first_words(db, ticket), *said]
    return "\n".join(said)


async def first_words(db: Reading, ticket: int) -> str:
    """What the customer wrote first, or nothing."""
    return await db.one(_FIRST_WORDS, ticket=ticket) or ""
