"""附件: kept when they come, tied to a message in the unit that writes it, handed out to whoever
may read that message.
"""

import asyncio

import msgspec

from server.desk import Desk
from server.domain.attachments import MOST_AT_ONCE, MOST_BYTES, Kept, name_of, type_of
from server.domain.errors import Invalid, UnknownAttachment
from server.domain.people import Staff
from server.storage import attachments, files, messages
from server.storage.attachments import Attachment
from server.usecases import reading
from server.usecases.acts import Act


class Handed(msgspec.Struct, frozen=True):
    """An attachment with its bytes."""

    attachment: Attachment
    content: bytes


async def keep(desk: Desk, content: bytes, name: str) -> Kept:
    """Keep a file that came in. Refuses `Invalid(attachment)`: empty, or too large."""
    if not content:
        raise Invalid(attachment="missing")
    if len(content) > MOST_BYTES:
        raise Invalid(attachment="too_large")
    kind = type_of(content)
    with desk.activity.busy():
        digest = await asyncio.to_thread(files.write, desk.settings.data, content)
    return Kept(digest, name_of(name, kind), kind, len(content))


async def attach(act: Act, ticket: int, kept: tuple[Kept, ...]) -> None:
    """Tie files to the message that this unit wrote to the ticket last."""
    message = await messages.last_id(act.unit, ticket) if kept else None
    for one in kept[:MOST_AT_ONCE] if message is not None else ():
        await attachments.add(act.unit, ticket, message or 0, one, act.at)


async def hand_out(desk: Desk, by: Staff, number: int, attachment: int) -> Handed:
    """To a colleague who sees the ticket. Refuses `UnknownTicket`, `UnknownAttachment`."""
    await reading.read_ticket(desk, by, number)
    return await _hand_out(desk, number, attachment, public=False)


async def hand_out_to_customer(desk: Desk, number: int, attachment: int) -> Handed:
    """To whoever holds the link: only what came with a public message. Refuses
    `UnknownAttachment`.
    """
    return await _hand_out(desk, number, attachment, public=True)


async def _hand_out(desk: Desk, number: int, attachment: int, *, public: bool) -> Handed:
    with desk.activity.busy():
        found = await attachments.find(desk.database, attachment)
        if found is None or found.ticket != number:
            raise UnknownAttachment
        message = await messages.find(desk.database, found.message)
        if public and (message is None or message.visibility != "public"):
            raise UnknownAttachment
        content = await asyncio.to_thread(files.read, desk.settings.data, found.digest)
    if content is None:
        raise UnknownAttachment
    return Handed(found, content)
