"""Notices that are about no single ticket: hand-overs with their tickets, leave, swaps."""

from datetime import datetime
from typing import Final

import msgspec

from bots.buttons import Button, line_button, refresh_button
from bots.cards import Card, Reading, marked
from bots.digest_cards import DIGESTS, digest_card
from bots.telling import moment, pressing, subject_of, time_left
from server.desk import Desk, Parcel
from server.domain.firm import Firm
from server.domain.privacy import mask_phones
from server.domain.standing import SlaState
from server.storage.handovers import Left
from server.usecases import handovers
from server.usecases.handovers import Listing
from server.words import say

SHOWN: Final = 8
"""So many tickets of a hand-over are listed; the rest is counted."""
BUTTONS: Final = 5
"""So many of them can be taken over by a button; one more shows how things are now."""
_HANDOVERS: Final = frozenset({"handover_asked", "handover_listed", "handover_left"})

Facts = dict[str, str | int | None]


async def desk_card(desk: Desk, parcel: Parcel, reading: Reading) -> Card | None:
    """The card of such a notice, or None: it is not one of these."""
    kind = parcel.delivery.kind
    facts = msgspec.json.decode(parcel.delivery.body, type=Facts)
    if kind in _HANDOVERS:
        number = facts.get("handover")
        listing = await handovers.read_listing(desk, number if isinstance(number, int) else 0)
        return _handover(parcel, facts, listing, reading) if listing is not None else None
    if kind in DIGESTS:
        return digest_card(parcel, reading)
    if kind.startswith(("leave_", "swap_")):
        return _of_people(parcel, facts, reading)
    return None


def plain_desk_card(card: Card) -> Card:
    """The same without what people wrote, for a platform whose filter refused it."""
    return Card(title=card.title, lines=(), hint=card.hint)


def handover_card(firm: Firm, kind: str, listing: Listing, reading: Reading) -> Card:
    """A hand-over as it is now: what was taken says by whom."""
    waiting = listing.waiting
    shown = listing.left[:SHOWN]
    language, name = reading.language, firm.name_of(listing.handover.staff)
    left = len(listing.left) - len(shown)
    lines = [_line(firm, listing, one, reading) for one in shown]
    lines += [say(language, "notice.handover.more", count=left)] if left else []
    return Card(
        title=say(language, f"notice.{kind}", name=name, count=len(waiting)),
        lines=tuple(lines if reading.private else map(mask_phones, lines)),
        rows=tuple(_row(firm, listing, one, reading) for one in shown[:BUTTONS]),
        hint=_hint(kind, listing, firm, reading),
        buttons=handover_buttons(listing, language),
        stamp=say(
            language,
            "card.as_of",
            at=moment(language, reading.now, reading.now, firm.profile.zone),
        ),
    )


def handover_buttons(listing: Listing, language: str) -> tuple[Button, ...]:
    """One for each ticket that waits to be taken over, as many as a card has room for."""
    taking = [line_button("take_over", one.ticket, language) for one in listing.waiting]
    return (*taking[:BUTTONS], refresh_button(language))


def _row(firm: Firm, listing: Listing, left: Left, reading: Reading) -> tuple[str, str]:
    number = f"#{left.ticket}"
    told = _line(firm, listing, left, reading)
    return number, told.partition(number)[2].strip(" :\uff1a") or told


def _title(parcel: Parcel, facts: Facts, reading: Reading) -> str:
    title = say(reading.language, f"notice.{parcel.delivery.kind}", **facts)
    return marked(reading.language, title) if parcel.again else title


def _handover(parcel: Parcel, facts: Facts, listing: Listing, reading: Reading) -> Card:
    """What was left, most pressing first, each with the time that it has."""
    kind, language = parcel.delivery.kind, reading.language
    shown = listing.waiting if kind != "handover_left" else listing.left
    lines = [_line(parcel.firm, listing, one, reading) for one in shown[:SHOWN]]
    if len(shown) > SHOWN:
        lines.append(say(language, "notice.handover.more", count=len(shown) - SHOWN))
    return Card(
        title=_title(parcel, facts, reading),
        lines=tuple(lines if reading.private else map(mask_phones, lines)),
        hint=_hint(kind, listing, parcel.firm, reading),
        rows=tuple(_row(parcel.firm, listing, one, reading) for one in shown[:BUTTONS]),
        buttons=handover_buttons(listing, language) if kind == "handover_asked" else (),
    )


def _line(firm: Firm, listing: Listing, left: Left, reading: Reading) -> str:
    language = reading.language
    ticket = listing.tickets.get(left.ticket)
    if ticket is None:
        return f"#{left.ticket}"
    if left.taken_by is not None:
        name = firm.name_of(left.taken_by)
        return say(language, "notice.handover.taken", ticket=left.ticket, assignee=name)
    code = "pressing" if left.pressing else "line"
    text = say(language, f"notice.handover.{code}", ticket=left.ticket, subject=subject_of(ticket))
    clock = pressing(listing.states.get(left.ticket, SlaState()))
    time = time_left(language, clock, firm.law, reading.now, firm.profile.zone)
    return f"{text} · {time}" if time else text


def _hint(kind: str, listing: Listing, firm: Firm, reading: Reading) -> str:
    language, waiting = reading.language, listing.waiting
    if kind == "handover_left":
        return say(language, "notice.handover.hint_left")
    if kind == "handover_listed" or not waiting:
        return ""
    until = moment(language, listing.handover.due_at, reading.now, firm.profile.zone)
    return say(language, "notice.handover.hint", ticket=waiting[0].ticket, until=until)


def _of_people(parcel: Parcel, facts: Facts, reading: Reading) -> Card:
    """Leave and swaps: one sentence says it."""
    language, zone = reading.language, parcel.firm.profile.zone
    worded: Facts = dict(facts)
    for name in ("starts_at", "ends_at"):
        at = facts.get(name)
        if isinstance(at, str):
            worded[name] = moment(language, datetime.fromisoformat(at), reading.now, zone)
    return Card(title=_title(parcel, worded, reading), lines=())
