"""Attachments of messages; the bytes lie on disk (files.py)."""

from datetime import datetime
from typing import Final

import msgspec

from server.domain.attachments import Kept
from server.storage.database import Reading, Statement, Unit


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """附件 of a message."""

    id: int
    ticket: int
    message: int
    digest: str
    name: str
    type: str
    size: int


_COLUMNS: Final = ", ".join(Attachment.__struct_fields__)
_ADD = Statement[None](
    "INSERT INTO attachment (ticket, message, digest, name, type, size, created_at)"
    " VALUES (:ticket, :message, :digest, :name, :type, :size, :at)"
)
_OF_TICKET = Statement(
    f"SELECT {_COLUMNS} FROM attachment WHERE ticket = :ticket ORDER BY id",  # noqa: S608
    Attachment,
)
_FIND = Statement(f"SELECT {_COLUMNS} FROM attachment WHERE id = :id", Attachment)  # noqa: S608


async def add(unit: Unit, ticket: int, message: int, kept: Kept, at: datetime) -> None:
    """A file that came with a message."""
    await unit.run(
        _ADD,
        ticket=ticket,
        message=message,
        digest=kept.digest,
        name=kept.name,
        type=kept.type,
        size=kept.size,
        at=at,
    )


async def list_of_ticket(db: Reading, ticket: int) -> list[Attachment]:
    """All of a ticket, oldest first."""
    return await db.all(_OF_TICKET, ticket=ticket)


async def find(db: Reading, attachment: int) -> Attachment | None:
    """One attachment, or None."""
    return await db.one(_FIND, id=attachment)
