"""What a parcel of the outbox becomes in chat: for whom it is, in what language, which card."""

from typing import TypeVar

import msgspec

from bots.cards import Card, Reading, marked, masked, notice_card, plain_card
from bots.desk_cards import desk_card, plain_desk_card
from bots.shows import show, show_list, show_ticket, view_of
from server.desk import Desk, Parcel
from server.domain.firm import Firm
from server.domain.people import Staff
from server.storage.cards import Card as KeptCard
from server.storage.cards import Kind
from server.usecases import chat
from server.usecases.cards import Making
from server.words import LANGUAGES


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A recipient as it lies in the outbox; platforms add how a line is answered where it was
    written. `person` beside a `group` is who asked. `staff` or `team`: nobody could be reached
    when the notice was queued; perhaps now.
    """

    person: str | None = None
    group: str | None = None
    staff: int | None = None
    team: str | None = None


A = TypeVar("A", bound=Address)


def address_of(parcel: Parcel, kind: type[A]) -> A:
    """The parcel's address; of a colleague or team that had none before, the one there is now."""
    to = msgspec.json.decode(parcel.delivery.recipient, type=kind)
    reach, channel = parcel.firm.reach, parcel.delivery.channel
    if to.staff is not None:
        return kind(person=reach.people.get(channel, {}).get(to.staff))
    if to.team is not None:
        return kind(group=reach.groups.get(channel, {}).get(to.team))
    return to


def reading_of(desk: Desk, parcel: Parcel, to: Address) -> Reading:
    """Who will read it: a colleague, or a group."""
    return Reading(
        reader=_person(parcel, to) if to.group is None else None,
        now=desk.clock.now(),
        public_url=desk.settings.public_url,
    )


def language_of(parcel: Parcel, to: Address) -> str:
    """The language of whoever asked; of strangers and groups, the desk's first one."""
    person = _person(parcel, to)
    return person.language if person is not None else LANGUAGES[0]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in the outbox: its text, and the list or ticket that it may be shown as besides,
    by a card with buttons.
    """

    text: str
    card: Kind | None = None


def making_of(parcel: Parcel, to: Address, reader: Staff | None, kind: Kind) -> Making:
    """What is to be known of a card before it is sent."""
    delivery = parcel.delivery
    handover = msgspec.json.decode(delivery.body, type=_Handover).handover
    return Making(
        channel=delivery.channel,
        kind=kind,
        chat=to.group or to.person or "",
        private=to.group is None,
        delivery=delivery.id,
        tries=delivery.tries,
        reader=reader.id if reader is not None else None,
        ticket=delivery.ticket,
        handover=handover,
    )


class _Handover(msgspec.Struct, frozen=True):
    """A notice's hand-over, where it is about one."""

    handover: int | None = None


def kind_of(parcel: Parcel) -> Kind:
    """What a notice's card shows when it is drawn again."""
    return "ticket" if parcel.ticket is not None else "handover"


async def answer_card(desk: Desk, parcel: Parcel, to: Address, said: Said) -> Card | None:
    """The card that says the answer, with buttons; None: it is only said."""
    person = _person(parcel, to)
    if person is None or said.card is None:
        return None
    view = view_of(desk, parcel.firm, person)
    if said.card in {"waiting", "mine"}:
        private = to.group is None
        card: Card | None = await show_list(view, person, said.card, private=private)
        if card is not None and not card.rows:
            return None  # nothing is on the list
    else:
        in_group = view_of(desk, parcel.firm, None)
        number = parcel.delivery.ticket or 0
        card = await show_ticket(view if to.group is None else in_group, number)
    if card is None or not card.pressable:
        return None
    if not parcel.again:
        return card
    return msgspec.structs.replace(card, title=marked(person.language, card.title))


async def show_again(desk: Desk, firm: Firm, card: KeptCard) -> Card | None:
    """A card that was sent, as it is now for its reader."""
    reader = firm.staff.get(card.reader) if card.reader is not None else None
    in_group = not card.private and card.kind == "ticket"
    found = await show(view_of(desk, firm, None if in_group else reader), card)
    return found if found is None or card.private else masked(found)


def asker_of(parcel: Parcel, to: Address) -> Staff | None:
    """Who asked what is answered."""
    return _person(parcel, to)


async def card_of(desk: Desk, parcel: Parcel, reading: Reading) -> Card | None:
    """The card of a notice, or None when what it is about is not there."""
    if parcel.ticket is None:
        return await desk_card(desk, parcel, reading)
    brief = await chat.read_brief(desk, parcel.ticket, parcel.delivery.event_seq)
    return notice_card(parcel, parcel.ticket, brief, reading)


def plain_card_of(parcel: Parcel, card: Card, reading: Reading) -> Card:
    """The same without what people wrote, for a platform whose filter refused it."""
    if parcel.ticket is None:
        return plain_desk_card(card)
    return plain_card(parcel, parcel.ticket, reading)


def _person(parcel: Parcel, to: Address) -> Staff | None:
    number = parcel.firm.reach.staff_of(parcel.delivery.channel, to.person or "")
    return parcel.firm.staff.get(number) if number is not None else None
