"""Replies that are held for a moment, in which they can be withdrawn. Rows stay, as what became of
them.
"""

from datetime import datetime
from typing import Final, Literal

import msgspec

from server.domain.attachments import Kept
from server.domain.events import Via
from server.storage.database import Reading, Statement, Unit

State = Literal["held", "sent", "withdrawn", "refused"]


class HeldReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply on its way to the customer, at `due_at`. `recipient` is how whoever said it is
    answered by his platform (`via`), should it be refused then.
    """

    id: int
    ticket: int
    staff: int
    via: Via
    body: str
    recipient: str
    state: State
    said_at: datetime
    due_at: datetime
    files: tuple[Kept, ...] = ()


_COLUMNS: Final = ", ".join(HeldReply.__struct_fields__)
_ADD = Statement(
    "INSERT INTO held_reply (ticket, staff, via, body, recipient, state, said_at, due_at, files)"
    " VALUES (:ticket, :staff, :via, :body, :recipient, 'held', :said_at, :due_at, :files)"
    " RETURNING id",
    int,
)
_DUE = Statement(
    "SELECT id FROM held_reply WHERE state = 'held' AND due_at <= :at"
    " ORDER BY due_at, id LIMIT :limit",
    int,
)
_NEXT = Statement("SELECT MIN(due_at) FROM held_reply WHERE state = 'held'", datetime)
_END = Statement(
    "UPDATE held_reply SET state = :state WHERE id = :id AND state = 'held'"  # noqa: S608
    f" RETURNING {_COLUMNS}",
    HeldReply,
    documents=("files",),
)
_POSTPONE = Statement[None](
    "UPDATE held_reply SET due_at = :at WHERE id = :id AND state = 'held' AND said_at > :since"
)


async def add(
    unit: Unit,
    *,
    ticket: int,
    staff: int,
    via: Via,
    body: str,
    recipient: str,
    said_at: datetime,
    due_at: datetime,
    files: tuple[Kept, ...] = (),
) -> int:
    """Hold a reply; its id."""
    found = await unit.one(
        _ADD,
        ticket=ticket,
        staff=staff,
        via=via,
        body=body,
        recipient=recipient,
        said_at=said_at,
        due_at=due_at,
        files=msgspec.json.encode(files).decode(),
    )
    if found is None:
        msg = "the database returned no id"
        raise LookupError(msg)
    return found


async def list_due(db: Reading, at: datetime, limit: int) -> list[int]:
    """What goes out now, oldest first."""
    return await db.all(_DUE, at=at, limit=limit)


async def next_due_at(db: Reading) -> datetime | None:
    """When the next one goes out."""
    return await db.one(_NEXT)


async def end(unit: Unit, reply: int, state: State) -> HeldReply | None:
    """It is held no more; None when it was not any more."""
    return await unit.one(_END, id=reply, state=state)


async def postpone(unit: Unit, reply: int, at: datetime, since: datetime) -> bool:
    """It goes out later, if it was said after `since`."""
    return await unit.run(_POSTPONE, id=reply, at=at, since=since) == 1
