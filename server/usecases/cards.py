"""Cards with buttons in chat: kept before they are sent, pressed once, answered once.

What a button asks for, the settlement of its arrival and the answer are one unit, as with lines.
The answer waits in the outbox while the platform takes it in its own window (DingTalk 2 s, WeCom
5 s): shown there in time it is settled, else it is written into the chat.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import msgspec

from server.desk import Desk
from server.domain.commands import AnyCommand
from server.domain.errors import AlreadyClaimed
from server.domain.events import Event
from server.domain.people import Staff
from server.domain.ticket import Ticket
from server.domain.undoing import Undoable, undoable
from server.storage import cards, handovers, inbound, ledger, messages, outbox, recalls, tickets
from server.storage.cards import Card, Kind, Pressed
from server.usecases.acts import Act, change
from server.usecases.chat import Talk
from server.usecases.handovers import take_one
from server.usecases.intake import read_ticket as read_before
from server.usecases.tickets import lost, obey

WINDOW: Final = timedelta(seconds=6)
"""An answer that was not shown on the card by then is written into the chat."""
UPDATE_AFTER: Final = timedelta(seconds=2)
"""A card is not changed for all while its click is still being answered (facts/dingtalk 5.6)."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """A card that is about to be sent, by which delivery and try."""

    channel: str
    kind: Kind
    chat: str
    private: bool
    delivery: int
    tries: int
    reader: int | None = None
    ticket: int | None = None
    handover: int | None = None


@change
async def keep(act: Act, making: Making) -> str:
    """Write the card down; gives our name for it, which nobody guesses. Letters, digits and
    hyphens, as every platform takes them.
    """
    key = f"p{making.delivery}-{making.tries}-{act.draw()[:12]}"
    await cards.add(
        act.unit,
        key,
        making.channel,
        making.kind,
        making.chat,
        act.at,
        private=making.private,
        reader=making.reader,
        ticket=making.ticket,
        handover=making.handover,
    )
    return key


@change
async def note_shown(act: Act, key: str, reference: str | None, shown: str) -> None:
    """The platform has it and shows this to all."""
    await cards.note_shown(act.unit, key, reference, shown, act.at)


async def find(desk: Desk, key: str, channel: str) -> Card | None:
    """The card of this platform by our name for it; None: it is dead, or none of ours."""
    with desk.activity.busy():
        found = await cards.find(desk.database, key)
    return found if found is not None and found.channel == channel else None


async def read(desk: Desk, card: int) -> Card | None:
    """One card, or None."""
    with desk.activity.busy():
        return await cards.read(desk.database, card)


async def read_ticket(desk: Desk, number: int) -> Ticket | None:
    """The ticket of a card, whoever looks: what a card tells was decided when it was sent."""
    with desk.activity.busy():
        return await tickets.find(desk.database, number)


async def read_handover(desk: Desk, number: int) -> int | None:
    """The hand-over that asks for a taker of this ticket, or None."""
    with desk.activity.busy():
        return await handovers.find_of_ticket(desk.database, number)


async def read_events(desk: Desk, number: int) -> list[Event]:
    """A ticket's history: who acted last, and when."""
    with desk.activity.busy():
        return await ledger.list_events(desk.database, number)


async def read_last_words(desk: Desk, number: int) -> str:
    """What the customer wrote last; empty when he has not."""
    with desk.activity.busy():
        said = await messages.list_public(desk.database, number)
    return next((one.body for one in reversed(said) if one.direction == "in"), "")


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A button that is pressed: on which card, by whom, the way back, and whether the platform
    can change the card for all afterwards.
    """

    talk: Talk
    card: Card
    button: str
    by: Staff
    updates: bool


async def press(
    desk: Desk, push: Push, command: AnyCommand, say: Callable[[Ticket], str]
) -> Ticket | None:
    """Do what a button asks for, with the rights that the person has now. None: it was pressed by
    this very arrival before. After a refusal nothing was done; the caller answers it.
    """

    async def do(act: Act) -> tuple[Ticket, Undoable | None]:
        before = await read_before(act, command.ticket)
        after = await obey(act, command, push.by, push.talk.via)
        return after, undoable(command, before, after)

    try:
        return await _press(desk, push, do, say)
    except AlreadyClaimed:
        await lost(desk, command, push.by)
        raise


async def press_take(
    desk: Desk, push: Push, number: int, say: Callable[[Ticket], str]
) -> Ticket | None:
    """The same for 接手: take over what a colleague left."""

    async def do(act: Act) -> tuple[Ticket, Undoable | None]:
        return await take_one(act, push.by, number, push.talk.via), None

    return await _press(desk, push, do, say)


@change
async def _press(
    act: Act,
    push: Push,
    do: Callable[[Act], Awaitable[tuple[Ticket, Undoable | None]]],
    say: Callable[[Ticket], str],
) -> Ticket | None:
    if not await _waits(act, push.talk):
        return None
    after, done = await do(act)
    card = await cards.read(act.unit, push.card.id)
    if card is not None:
        await cards.note_pressed(act.unit, card, Pressed(push.button, push.by.id, act.at))
    if push.updates:
        await _update(act, push)
    if push.talk.spot is not None:
        recall = push.talk.recall.speaks_of(after.number, act.at)
        if done is not None:
            recall = recall.did((done,), act.at)
        await recalls.put(act.unit, push.talk.spot, recall, act.at)
    await _settle(act, push.talk, say(after), after.number)
    return after


async def _update(act: Act, push: Push) -> None:
    """The card is to change for everybody, after the click was answered."""
    number = push.card.id
    await outbox.add(
        act.unit,
        event_seq=None,
        ticket=None,  # a card that stays as it was is nothing to note on the ticket
        kind="card",
        channel=push.card.channel,
        recipient=_encode({"card": number}).decode(),
        body="{}",
        repeat="keyed",
        key=f"card:{number}:{push.talk.arrival.id}",
        at=act.at,
        next_at=act.at + UPDATE_AFTER,
    )


@change
async def answer(act: Act, talk: Talk, text: str, ticket: int | None = None) -> None:
    """Settle a click that did nothing with what there is to say."""
    if await _waits(act, talk):
        await _settle(act, talk, text, ticket)


@change
async def note_answered(act: Act, talk: Talk) -> None:
    """The answer was shown on the card: it need not be written."""
    await outbox.note_answered(act.unit, _key(talk), act.at)


def _key(talk: Talk) -> str:
    return f"answer:{talk.arrival.channel}:{talk.arrival.key}"


async def _waits(act: Act, talk: Talk) -> bool:
    """Whether the arrival is still to be worked on: asked in the unit that will settle it."""
    now = await inbound.read(act.unit, talk.arrival.id)
    return now is not None and now.state == "waiting"


async def _settle(act: Act, talk: Talk, text: str, ticket: int | None) -> None:
    await inbound.settle(act.unit, talk.arrival.id, act.at, ticket=ticket)
    await outbox.add(
        act.unit,
        event_seq=None,
        ticket=ticket,
        kind="answer",
        channel=talk.arrival.channel,
        recipient=_encode(talk.recipient).decode(),
        body=_encode({"text": text}).decode(),
        repeat="at_least_once",
        key=_key(talk),
        at=act.at,
        next_at=act.at + WINDOW,
    )
    act.ring()


def last_deed(events: list[Event], kinds: frozenset[str]) -> Event | None:
    """The last event of these kinds: who acted, and when."""
    tags = (event for event in reversed(events) if _tag(event) in kinds)
    return next(tags, None)


def _tag(event: Event) -> str:
    return str(event.body.__struct_config__.tag)
