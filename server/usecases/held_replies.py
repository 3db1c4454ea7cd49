"""A reply that was said to a quoted message waits ten seconds: a slip of the finger can be
withdrawn before the customer reads it. It is durable from the first moment and goes out by itself.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from server.desk import Desk
from server.domain import ticket as rules
from server.domain.attachments import Kept
from server.domain.commands import Reply
from server.domain.errors import Refusal, UnknownStaff
from server.domain.events import Via
from server.domain.people import Staff, sight_of
from server.domain.permissions import permit
from server.domain.ticket import Ticket
from server.storage import held_replies, outbox
from server.storage.held_replies import HeldReply
from server.usecases.acts import Act, change
from server.usecases.attachments import attach
from server.usecases.intake import read_ticket
from server.usecases.tickets import obey

HELD_FOR: Final = timedelta(seconds=10)
RETRY_AFTER: Final = timedelta(minutes=1)
LONGEST_TRYING: Final = timedelta(minutes=10)

_encode = msgspec.json.Encoder(order="deterministic").encode


class Held(msgspec.Struct, frozen=True):
    """A reply that is held, and its ticket as it is meanwhile."""

    id: int
    ticket: Ticket


async def hold_reply(  # noqa: PLR0917
    act: Act,
    by: Staff,
    number: int,
    text: str,
    via: Via,
    recipient: dict[str, str],
    files: tuple[Kept, ...] = (),
) -> Held:
    """Hold a reply. Refuses what the reply itself would be refused for now."""
    ticket = await read_ticket(act, number)
    firm = await act.firm()
    now = firm.staff.get(by.id)
    if now is None:
        raise UnknownStaff(staff=by.id)
    permit(now, sight_of(now, firm.teams), Reply(ticket=number, text=text), ticket)
    rules.reply(ticket, 0, act.at, by.id)
    held = await held_replies.add(
        act.unit,
        ticket=number,
        staff=by.id,
        via=via,
        body=text,
        recipient=_encode(recipient).decode(),
        said_at=act.at,
        due_at=act.at + HELD_FOR,
        files=files,
    )
    act.ring()
    return Held(held, ticket)


async def withdraw(act: Act, held: int) -> HeldReply | None:
    """撤回: it does not go out. None: it has gone out already."""
    return await held_replies.end(act.unit, held, "withdrawn")


async def list_due(desk: Desk, limit: int = 64) -> list[int]:
    """What goes out now."""
    with desk.activity.busy():
        return await held_replies.list_due(desk.database, desk.clock.now(), limit)


async def next_due_at(desk: Desk) -> datetime | None:
    """When the next one goes out."""
    with desk.activity.busy():
        return await held_replies.next_due_at(desk.database)


@change
async def send(act: Act, held: int) -> None:
    """Let it go out, once. Refuses what the reply is refused for by now; then it is still held."""
    reply = await held_replies.end(act.unit, held, "sent")
    if reply is None:
        return
    by = (await act.firm()).staff.get(reply.staff)
    if by is None:
        raise UnknownStaff(staff=reply.staff)
    await obey(act, Reply(ticket=reply.ticket, text=reply.body), by, reply.via)
    await attach(act, reply.ticket, reply.files)


@change
async def postpone(act: Act, held: int) -> bool:
    """Letting it go out failed unexpectedly: again in a minute. False: it has failed too long."""
    again_at = act.at + RETRY_AFTER
    return await held_replies.postpone(act.unit, held, again_at, again_at - LONGEST_TRYING)


@change
async def refuse(
    act: Act, held: int, refusal: Refusal, word: Callable[[str, Refusal], str]
) -> None:
    """It could not go out: whoever said it hears why, in his language."""
    reply = await held_replies.end(act.unit, held, "refused")
    if reply is None:
        return
    by = (await act.firm()).staff.get(reply.staff)
    text = f"#{reply.ticket} {word(by.language if by is not None else 'zh', refusal)}"
    await outbox.add(
        act.unit,
        event_seq=None,
        ticket=reply.ticket,
        kind="answer",
        channel=reply.via,
        recipient=reply.recipient,
        body=_encode({"text": text}).decode(),
        repeat="at_least_once",
        key=f"held:{held}:{refusal.code}",
        at=act.at,
    )
    act.ring()
