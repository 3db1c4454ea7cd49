"""What a parcel of the outbox becomes in chat: for whom it is, in what language, which card."""

from typing import TypeVar

import msgspec

from bots.cards import Card, Reading, notice_card, plain_card
from bots.desk_cards import desk_card, plain_desk_card
from server.desk import Desk, Parcel
from server.domain.people import Staff
from server.usecases import chat
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
