"""Lines from colleagues in chat: durable before acknowledged, done once, answered once.

A command, the settlement of its arrival and the answer are one unit: a crash before it leaves the
arrival waiting, a crash after it leaves nothing to do.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from server.desk import Desk
from server.domain.attachments import Kept
from server.domain.commands import AnyCommand
from server.domain.errors import AlreadyClaimed, Refusal
from server.domain.events import Event, Via
from server.domain.people import Customer, Staff
from server.domain.recall import NOTHING, Choice, Recall
from server.domain.sla import SlaState
from server.domain.ticket import Ticket
from server.domain.undoing import Undoable, undoable
from server.storage import inbound, ledger, messages, outbox, recalls, timers
from server.storage import people as people_rows
from server.storage.cards import Kind
from server.storage.inbound import Inbound
from server.storage.outbox import Delivery
from server.storage.recalls import Spot
from server.usecases import people
from server.usecases.acts import Act, change
from server.usecases.attachments import attach
from server.usecases.intake import read_ticket
from server.usecases.tickets import lost, obey

T = TypeVar("T")

MOST_TRIES = 5
RETRY_AFTER = timedelta(seconds=10)

Arrival = Inbound
"""What a platform's reader works on."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_state = msgspec.json.Decoder(SlaState).decode


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An answer. `ticket` is the one that it is about, known or not; `recall` is what is remembered
    of the talk from now on. A `choice` that it offers goes along as JSON under `choice`, for
    platforms that can draw it, and under `card` what it can be shown as with buttons.
    """

    text: str
    ticket: int | None = None
    recall: Recall | None = None
    choice: Choice | None = None
    card: Kind | None = None


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """One arrival and the way back: where its answer goes (`recipient` is the platform's own), and
    how a refusal is worded. `spot` is who spoke, and where; None of people without an account.
    """

    arrival: Arrival
    via: Via
    recipient: dict[str, str]
    refused: Callable[[Refusal], str]
    spot: Spot | None = None
    recall: Recall = NOTHING


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


async def do(
    desk: Desk,
    talk: Talk,
    work: Callable[[Act], Awaitable[T]],
    say: Callable[[T], Said],
    ticket: int | None = None,
) -> None:
    """Do what was said in chat, settle its arrival and queue the answer, as one. After a refusal
    nothing was done, and its sentence is the answer; `ticket` is the one it was about.
    """
    try:
        await _do(desk, talk, work, say)
    except Refusal as refusal:
        await answer(desk, talk, Said(text=talk.refused(refusal), ticket=ticket))


@change
async def _do(
    act: Act, talk: Talk, work: Callable[[Act], Awaitable[T]], say: Callable[[T], Said]
) -> None:
    if await _waits(act, talk):
        await _settle(act, talk, say(await work(act)))


class Done(msgspec.Struct, frozen=True):
    """A command that was done: its ticket after it, and what can be taken back of it."""

    after: Ticket
    undoable: Undoable | None


Outcome = Done | Refusal
"""What became of one command among several."""


async def obey_line(  # noqa: PLR0917
    desk: Desk,
    talk: Talk,
    commands: tuple[AnyCommand, ...],
    by: Staff,
    say: Callable[[tuple[Outcome, ...]], Said],
    kept: tuple[Kept, ...] = (),
) -> None:
    """Do the commands that were said in one line. Of several each is done by itself: what is
    refused to one does not keep another from being done; none of them says anything to anybody, so
    a refusal comes before anything is written. Files that were `kept` belong to what is
    said. All of it, the settlement and the answer are one
    unit.
    """
    late: list[AnyCommand] = []

    async def obey_all(act: Act) -> tuple[Outcome, ...]:
        late.clear()  # a unit may run twice
        found: list[Outcome] = []
        for command in commands:
            try:
                before = await read_ticket(act, command.ticket)
                after = await obey(act, command, by, talk.via)
                await attach(act, after.number, kept)
                found.append(Done(after, undoable(command, before, after)))
            except Refusal as refusal:
                if isinstance(refusal, AlreadyClaimed):
                    late.append(command)
                if len(commands) == 1:
                    raise
                found.append(refusal)
        return tuple(found)

    await do(desk, talk, obey_all, say, commands[0].ticket)
    for command in late:
        await lost(desk, command, by)


async def bind_line(
    desk: Desk, talk: Talk, digest: str, user_id: str, say: Callable[[Staff], Said]
) -> None:
    """绑定: a chat account of the platform says its one-time code. Guessing is slowed down."""

    async def bind(act: Act) -> Staff:
        return await people.bind_with(act, digest, talk.arrival.channel, user_id)

    try:
        desk.limits.spend("bind", f"{talk.arrival.channel} {user_id}", desk.clock.now())
    except Refusal as refusal:
        await answer(desk, talk, Said(text=talk.refused(refusal)))
    else:
        await do(desk, talk, bind, say)


@change
async def answer(act: Act, talk: Talk, said: Said) -> None:
    """Settle an arrival with an answer and nothing else (a question, or a refusal)."""
    if await _waits(act, talk):
        await _settle(act, talk, said)


async def read_recall(desk: Desk, spot: Spot) -> Recall:
    """What is remembered of somebody in a chat."""
    with desk.activity.busy():
        return await recalls.read(desk.database, spot)


async def find_quoted(desk: Desk, channel: str, reference: str) -> Delivery | None:
    """Our own message that somebody quotes, by the platform's key."""
    with desk.activity.busy():
        return await outbox.find_by_reference(desk.database, channel, reference)


@change
async def leave(act: Act, arrival: Arrival, why: str) -> None:
    """Settle an arrival to which there is nothing to say, or nobody to say it to."""
    await inbound.settle(act.unit, arrival.id, act.at, error=why)


@change
async def failed(act: Act, arrival: Arrival, why: str) -> None:
    """Working on an arrival failed unexpectedly: later again, at last set aside."""
    await inbound.fail(
        act.unit,
        arrival.id,
        why,
        act.at + RETRY_AFTER * (arrival.tries + 1),
        poison=arrival.tries + 1 >= MOST_TRIES,
    )


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice or an answer shows of a ticket. `event` caused the notice; `said` is the text
    of the message that it speaks of.
    """

    customer: Customer
    sla: SlaState
    event: Event | None = None
    said: str | None = None


async def read_brief(desk: Desk, ticket: Ticket, event_seq: int | None = None) -> Brief:
    """What there is to show. Who may see it was decided when the notice was addressed."""
    with desk.activity.busy():
        customer = await people_rows.find_customer(desk.database, ticket.customer)
        state = await timers.find_state(desk.database, ticket.number)
        event = await _read_event(desk, event_seq)
        number = getattr(event.body, "message", None) if event is not None else None
        message = await messages.find(desk.database, number) if number is not None else None
    return Brief(
        customer=customer or Customer(id=ticket.customer, name=""),
        sla=_decode_state(state) if state else SlaState(),
        event=event,
        said=message.body if message is not None else None,
    )


async def _read_event(desk: Desk, seq: int | None) -> Event | None:
    if seq is None:
        return None
    rows = await ledger.list_rows_since(desk.database, seq - 1, 1)
    return rows[0].event() if rows and rows[0].seq == seq else None


async def read_states(desk: Desk, numbers: tuple[int, ...]) -> dict[int, SlaState]:
    """The clocks of a few tickets."""
    with desk.activity.busy():
        kept = {number: await timers.find_state(desk.database, number) for number in numbers}
    return {number: _decode_state(state) for number, state in kept.items() if state}


async def _waits(act: Act, talk: Talk) -> bool:
    """Whether the arrival is still to be worked on: asked in the unit that will settle it."""
    now = await inbound.read(act.unit, talk.arrival.id)
    return now is not None and now.state == "waiting"


async def _settle(act: Act, talk: Talk, said: Said) -> None:
    arrival = talk.arrival
    await inbound.settle(act.unit, arrival.id, act.at, ticket=said.ticket)
    if talk.spot is not None:
        await recalls.put(act.unit, talk.spot, said.recall or talk.recall, act.at)
    body = {"text": said.text}
    if said.choice is not None:
        body["choice"] = _encode(said.choice).decode()
    if said.card is not None:
        body["card"] = said.card
    await outbox.add(
        act.unit,
        event_seq=None,
        ticket=said.ticket,
        kind="answer",
        channel=arrival.channel,
        recipient=_encode(talk.recipient).decode(),
        body=_encode(body).decode(),
        repeat="at_least_once",
        key=f"answer:{arrival.channel}:{arrival.key}",
        at=act.at,
    )
    act.ring()
