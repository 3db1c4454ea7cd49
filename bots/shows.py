"""What cards show that are drawn again: a ticket, a list, a hand-over, as they are now.

A card in a group shows everybody the same, so it shows what a group may know; one in private shows
its reader what he may do. Whoever presses a button sees the card as he may see it.
"""

from datetime import datetime
from typing import Final, Literal

import msgspec

from bots.buttons import Button, line_button, refresh_button, ticket_buttons
from bots.cards import Card, Reading, masked, ticket_rows
from bots.desk_cards import handover_card
from bots.telling import (
    countdown,
    cut,
    holder_name,
    link_to,
    moment,
    pressing,
    priority_name,
    status_name,
    subject_of,
    team_name,
    time_left,
    where,
)
from server.desk import Desk
from server.domain.events import Event
from server.domain.firm import Firm
from server.domain.people import Staff, sight_of
from server.domain.permissions import allowed
from server.domain.sla import SlaState
from server.domain.ticket import Ticket
from server.storage.cards import Card as Kept
from server.usecases import cards, chat, handovers, reading
from server.usecases.reading import TicketQuery
from server.words import say

SHOWN: Final = 5
"""So many tickets of a list are shown, each with a button."""
_SUBJECT: Final = 14
_QUOTED: Final = 100

DEEDS: Final = {
    "claimed": "claim",
    "assigned": "assign",
    "transferred": "transfer",
    "released": "release",
    "resolved": "resolve",
    "closed": "close",
    "cancelled": "cancel",
    "reopened": "reopen",
    "escalated": "escalate",
}
"""Kinds of events that somebody who comes too late wants to know of, and their verbs."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at a card, and in which firm. `reader` None: a group."""

    desk: Desk
    firm: Firm
    reading: Reading

    def tell(self, code: str, **facts: object) -> str:
        """A sentence in the reader's language."""
        return say(self.reading.language, code, **facts)

    def at(self, instant: datetime) -> str:
        """An instant as people say it."""
        zone = self.firm.profile.zone
        return moment(self.reading.language, instant, self.reading.now, zone)


def view_of(desk: Desk, firm: Firm, reader: Staff | None) -> View:
    """As a colleague, or a group, sees it now."""
    now, url = desk.clock.now(), desk.settings.public_url
    return View(desk=desk, firm=firm, reading=Reading(reader=reader, now=now, public_url=url))


async def show(view: View, card: Kept) -> Card | None:
    """A card that was sent, as it is now; None when what it was about is out of sight."""
    if card.kind == "ticket":
        return await show_ticket(view, card.ticket or 0)
    if card.kind == "handover":
        return await show_handover(view, card.handover or 0)
    person = view.reading.reader
    return await show_list(view, person, card.kind, private=card.private) if person else None


async def show_ticket(view: View, number: int) -> Card | None:
    """One ticket: how it stands, who acted last, and what the reader may do."""
    ticket = await cards.read_ticket(view.desk, number)
    person, language, firm = view.reading.reader, view.reading.language, view.firm
    if ticket is None or not _in_sight(ticket, person, firm):
        return None
    brief = await chat.read_brief(view.desk, ticket)
    clock = pressing(brief.sla)
    customer = " ".join(part for part in (brief.customer.name, brief.customer.phone) if part)
    status = status_name(language, ticket, firm)
    priority = priority_name(language, ticket)
    last = await told_last(view, number)
    lines = (
        say(language, "chat.customer", customer=customer),
        say(language, "chat.state", status=status, priority=priority),
        say(
            language,
            "chat.holder",
            team=team_name(language, ticket, firm),
            assignee=holder_name(language, ticket, firm),
        ),
        time_left(language, clock, firm.law, view.reading.now, firm.profile.zone),
        last,
    )
    card = Card(
        title=f"#{number} {subject_of(ticket)}",
        lines=tuple(line for line in lines if line),
        quote=await _last_words(view, number) if person is not None else "",
        link=link_to(view.reading.public_url, number),
        link_text=say(language, "notice.open"),
        rows=ticket_rows(ticket, brief, firm, view.reading),
        besides=(last,) if last else (),
        buttons=ticket_buttons(ticket, person, firm),
    )
    return card if person is not None else masked(card)


def _in_sight(ticket: Ticket, person: Staff | None, firm: Firm) -> bool:
    if person is None:
        return True
    return sight_of(person, firm.teams).sees(ticket.team, ticket.assignee)


async def _last_words(view: View, number: int) -> str:
    return cut(await cards.read_last_words(view.desk, number), _QUOTED)


async def told_last(view: View, number: int) -> str:
    """「李工 今天 14:05 接单」: who acted last; empty while nobody has."""
    found = cards.last_deed(await cards.read_events(view.desk, number), frozenset(DEEDS))
    return told_deed(view, found) if found is not None else ""


def told_deed(view: View, event: Event) -> str:
    """Who did what when."""
    actor = event.actor
    name = view.firm.name_of(actor.id) if actor.kind == "staff" else None
    verb = view.tell(f"chat.verb.{DEEDS[str(event.body.__struct_config__.tag)]}")
    who = name or view.tell("event.desk" if actor.kind == "desk" else "event.customer")
    return view.tell("card.acted", name=who, at=view.at(event.recorded_at), verb=verb)


async def show_list(
    view: View, person: Staff, kind: Literal["waiting", "mine"], *, private: bool
) -> Card:
    """待接单 or 我的: the most pressing tickets, each with its button, and how late it is."""
    name: Literal["unclaimed", "mine"] = "unclaimed" if kind == "waiting" else "mine"
    query = TicketQuery(view=name, sort="due", limit=SHOWN)
    found = (await reading.list_tickets(view.desk, person, query)).tickets[:SHOWN]
    total = (await reading.counters(view.desk, person))[name]
    states = await chat.read_states(view.desk, tuple(one.number for one in found))
    language, now = view.reading.language, view.reading.now
    lines, rows = list[str](), list[tuple[str, str]]()
    for one in found:
        clock = pressing(states.get(one.number, SlaState()))
        left = countdown(language, clock, view.firm.law, now)
        parts = (one.customer_name, priority_name(language, one), left)
        lines.append(" · ".join((f"#{one.number} {subject_of(one)}", *filter(None, parts))))
        row = (subject_of(one, _SUBJECT), left)
        rows.append((f"#{one.number}", " · ".join(filter(None, row))))
    more = (view.tell("chat.more", count=total - len(found)),) if total > len(found) else ()
    verb = "claim" if kind == "waiting" else "show"
    code = f"chat.{kind}.head" if found else f"chat.{kind}.none"
    card = Card(
        title=view.tell(code, count=max(total, len(found))),
        lines=(*lines, *more),
        rows=tuple(rows),
        besides=more,
        buttons=(
            *(line_button(verb, one.number, language) for one in found),
            refresh_button(language),
        ),
        stamp=view.tell("card.as_of", at=view.at(now)),
    )
    return card if private else masked(card)


async def show_handover(view: View, number: int) -> Card | None:
    """What a colleague left, and who has taken what of it."""
    listing = await handovers.read_listing(view.desk, number)
    if listing is None:
        return None
    return handover_card(view.firm, "handover_asked", listing, view.reading)


def with_back(card: Card, view: View) -> Card:
    """A ticket that was opened from a list: the way back to it."""
    back = Button(id="back.0.0", text=view.tell("button.back_to_list"))
    return msgspec.structs.replace(card, buttons=(*card.buttons[:SHOWN], back))


def where_of(view: View, ticket: Ticket) -> str:
    """The team and the colleague who have it."""
    return where(view.reading.language, ticket, view.firm)


def status_of(view: View, ticket: Ticket) -> str:
    """Its status in words."""
    return status_name(view.reading.language, ticket, view.firm)


def may(firm: Firm, person: Staff, ticket: Ticket, verb: str) -> bool:
    """Whether the person may do this to the ticket as it is now."""
    return verb in allowed(person, sight_of(person, firm.teams), ticket)
