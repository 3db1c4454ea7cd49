"""Lines from colleagues in chat: durable before acknowledged, done once, answered once.

A command, the settlement of its arrival and the answer are one unit: a crash before it leaves the
arrival waiting, a crash after it leaves nothing to do.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from server.desk import Desk
from server.domain.commands import AnyCommand
from server.domain.errors import AlreadyClaimed, Refusal
from server.domain.events import Event, Via
from server.domain.firm import Firm
from server.domain.people import Customer, Duty, Staff
from server.domain.sla import SlaState
from server.domain.ticket import Ticket
from server.storage import inbound, ledger, messages, outbox, timers
from server.storage import people as people_rows
from server.storage.inbound import Inbound
from server.usecases import people
from server.usecases.acts import Act, change
from server.usecases.duty import say_duty
from server.usecases.handovers import take_one
from server.usecases.intake import Filed, Filing, open_filing
from server.usecases.tickets import lost, obey

MOST_TRIES = 5
RETRY_AFTER = timedelta(seconds=10)

Arrival = Inbound
"""What a platform's reader works on."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_state = msgspec.json.Decoder(SlaState).decode


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """One arrival and the way back: where its answer goes (`recipient` is the platform's own), and
    how a refusal is worded.
    """

    arrival: Arrival
    via: Via
    recipient: dict[str, str]
    refused: Callable[[Refusal], str]


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


async def obey_line(
    desk: Desk, talk: Talk, command: AnyCommand, by: Staff, say: Callable[[Ticket], str]
) -> None:
    """Do a command that was said in chat, settle its arrival and queue the answer, as one. After a
    refusal nothing was done, and its sentence is the answer.
    """
    try:
        await _obey_line(desk, talk, command, by, say)
    except Refusal as refusal:
        if isinstance(refusal, AlreadyClaimed):
            await lost(desk, command, by)
        await answer(desk, talk, talk.refused(refusal), ticket=command.ticket)


@change
async def _obey_line(
    act: Act, talk: Talk, command: AnyCommand, by: Staff, say: Callable[[Ticket], str]
) -> None:
    if not await _waits(act, talk):
        return
    after = await obey(act, command, by, talk.via)
    await _settle(act, talk, say(after), after.number)


async def file_line(
    desk: Desk, talk: Talk, filing: Filing, say: Callable[[Filed, Firm], str]
) -> None:
    """File a ticket that was said in chat, settle and answer, as one. The filing's key must not
    be the arrival's own.
    """
    try:
        await _file_line(desk, talk, filing, say)
    except Refusal as refusal:
        await answer(desk, talk, talk.refused(refusal))


@change
async def _file_line(
    act: Act, talk: Talk, filing: Filing, say: Callable[[Filed, Firm], str]
) -> None:
    if not await _waits(act, talk):
        return
    filed = await open_filing(act, filing)
    await _settle(act, talk, say(filed, await act.firm()), filed.ticket.number)


async def duty_line(  # noqa: PLR0917
    desk: Desk, talk: Talk, by: Staff, duty: Duty, say: Callable[[Staff], str], span: timedelta
) -> None:
    """值班 / 小休 / 下班 said in chat; `span` is how long a break lasts."""
    try:
        await _duty_line(desk, talk, by, duty, say, span)
    except Refusal as refusal:
        await answer(desk, talk, talk.refused(refusal))


@change
async def _duty_line(  # noqa: PLR0917
    act: Act, talk: Talk, by: Staff, duty: Duty, say: Callable[[Staff], str], span: timedelta
) -> None:
    if await _waits(act, talk):
        after = await say_duty(act, by, duty, talk.via, span)
        await _settle(act, talk, say(after), None)


async def take_line(
    desk: Desk, talk: Talk, by: Staff, number: int, say: Callable[[Ticket], str]
) -> None:
    """接手 12 said in chat: take over what a colleague left."""
    try:
        await _take_line(desk, talk, by, number, say)
    except Refusal as refusal:
        await answer(desk, talk, talk.refused(refusal), ticket=number)


@change
async def _take_line(
    act: Act, talk: Talk, by: Staff, number: int, say: Callable[[Ticket], str]
) -> None:
    if await _waits(act, talk):
        after = await take_one(act, by, number, talk.via)
        await _settle(act, talk, say(after), number)


async def bind_line(
    desk: Desk, talk: Talk, digest: str, user_id: str, say: Callable[[Staff], str]
) -> None:
    """绑定: a chat account of the platform says its one-time code. Guessing is slowed down."""
    try:
        desk.limits.spend("bind", f"{talk.arrival.channel} {user_id}", desk.clock.now())
        await _bind_line(desk, talk, digest, user_id, say)
    except Refusal as refusal:
        await answer(desk, talk, talk.refused(refusal))


@change
async def _bind_line(
    act: Act, talk: Talk, digest: str, user_id: str, say: Callable[[Staff], str]
) -> None:
    if await _waits(act, talk):
        staff = await people.bind_with(act, digest, talk.arrival.channel, user_id)
        await _settle(act, talk, say(staff), None)


@change
async def answer(act: Act, talk: Talk, text: str, ticket: int | None = None) -> None:
    """Settle an arrival with an answer and nothing else (a question, or a refusal). `ticket` is
    the one it was about, known or not.
    """
    if await _waits(act, talk):
        await _settle(act, talk, text, ticket)


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


async def _settle(act: Act, talk: Talk, text: str, ticket: int | None) -> None:
    arrival = talk.arrival
    await inbound.settle(act.unit, arrival.id, act.at, ticket=ticket)
    await outbox.add(
        act.unit,
        event_seq=None,
        ticket=ticket,
        kind="answer",
        channel=arrival.channel,
        recipient=_encode(talk.recipient).decode(),
        body=_encode({"text": text}).decode(),
        repeat="at_least_once",
        key=f"answer:{arrival.channel}:{arrival.key}",
        at=act.at,
    )
    act.ring()
