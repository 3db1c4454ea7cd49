"""Lines from colleagues in chat: durable before acknowledged, done once, answered once.

A command, the settlement of its arrival and the answer are one unit: a crash before it leaves the
arrival waiting, a crash after it leaves nothing to do.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from server.desk import Desk
from server.domain.commands import AnyCommand
from server.domain.events import Via
from server.domain.people import Staff
from server.domain.ticket import Ticket
from server.storage import inbound, outbox
from server.storage.inbound import Inbound
from server.usecases import people
from server.usecases.acts import Act, change
from server.usecases.intake import Filed, Filing, open_filing
from server.usecases.tickets import obey

MOST_TRIES = 5
RETRY_AFTER = timedelta(seconds=10)

_encode = msgspec.json.Encoder(order="deterministic").encode


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What to say, and where. `text` is worded already; `recipient` is the platform's own."""

    channel: str
    recipient: dict[str, str]
    text: str


Wording = Callable[[Ticket], str]


@change
async def accept(act: Act, channel: str, key: str, body: str) -> bool:
    """Write an arrival; only then may it be acknowledged. False: it was here before."""
    arrival = await inbound.add(act.unit, channel, key, body, act.at)
    if arrival is not None:
        act.ring()
    return arrival is not None


async def list_ready(desk: Desk, limit: int = 32) -> list[Inbound]:
    """Arrivals to be worked on."""
    with desk.activity.busy():
        return await inbound.list_ready(desk.database, desk.clock.now(), limit)


async def next_at(desk: Desk) -> datetime | None:
    """When the next arrival may be worked on."""
    with desk.activity.busy():
        return await inbound.next_at(desk.database)


@change
async def obey_line(
    act: Act, arrival: Inbound, command: AnyCommand, by: Staff, via: Via, say: Wording, to: Answer
) -> None:
    """Do a command that was said in chat, settle its arrival and queue the answer, as one."""
    if not await inbound.settle(act.unit, arrival.id, act.at, ticket=command.ticket):
        return
    after = await obey(act, command, by, via)
    await _queue(act, arrival, msgspec.structs.replace(to, text=say(after)), after.number)


@change
async def file_line(
    act: Act, arrival: Inbound, filing: Filing, say: Callable[[Filed], str], to: Answer
) -> None:
    """File a ticket that was said in chat, settle and answer, as one."""
    filed = await open_filing(act, filing)
    if await inbound.settle(act.unit, arrival.id, act.at, ticket=filed.ticket.number):
        said = msgspec.structs.replace(to, text=say(filed))
        await _queue(act, arrival, said, filed.ticket.number)


@change
async def duty_line(
    act: Act,
    arrival: Inbound,
    by: Staff,
    on_duty: bool,
    via: Via,
    to: Answer,
) -> None:
    """值班 / 下班 said in chat."""
    if not await inbound.settle(act.unit, arrival.id, act.at):
        return
    await people.turn(act, by, on_duty, via)
    await _queue(act, arrival, to, None)


@change
async def bind_line(
    act: Act, arrival: Inbound, digest: str, platform: str, user_id: str, to: Answer
) -> Staff | None:
    """绑定: a chat account says its one-time code."""
    if not await inbound.settle(act.unit, arrival.id, act.at):
        return None
    staff = await people.bind_with(act, digest, platform, user_id)
    await _queue(act, arrival, to, None)
    return staff


@change
async def answer(act: Act, arrival: Inbound, to: Answer) -> None:
    """Settle an arrival with an answer and nothing else (a question, or a refusal)."""
    if await inbound.settle(act.unit, arrival.id, act.at):
        await _queue(act, arrival, to, None)


@change
async def failed(act: Act, arrival: Inbound, why: str) -> None:
    """Working on an arrival failed unexpectedly: later again, at last set aside."""
    await inbound.fail(
        act.unit,
        arrival.id,
        why,
        act.at + RETRY_AFTER * (arrival.tries + 1),
        poison=arrival.tries + 1 >= MOST_TRIES,
    )


async def _queue(act: Act, arrival: Inbound, to: Answer, ticket: int | None) -> None:
    await outbox.add(
        act.unit,
        event_seq=None,
        ticket=ticket,
        kind="answer",
        channel=to.channel,
        recipient=_encode(to.recipient).decode(),
        body=_encode({"text": to.text}).decode(),
        repeat="at_least_once",
        key=f"answer:{arrival.channel}:{arrival.key}",
        at=act.at,
    )
    act.ring()
