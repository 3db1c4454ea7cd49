"""Questions of colleagues and their answers: lists, one ticket, its clocks, why it went where."""

from collections.abc import Awaitable, Callable
from typing import Final, Literal

import msgspec

from bots.clockwise import clock_lines
from bots.telling import (
    countdown,
    cut,
    holder_name,
    link_to,
    pressing,
    priority_name,
    status_name,
    subject_of,
    team_name,
    time_left,
)
from server.desk import Desk
from server.domain.attributes import why_priority
from server.domain.events import Priority, Routed
from server.domain.firm import Firm
from server.domain.people import Staff
from server.domain.phrases import Phrase
from server.domain.sayings import Verb
from server.domain.sla import SlaState
from server.usecases import chat, reading
from server.usecases.reading import TicketPage, TicketQuery
from server.usecases.reasons import paragraph, term_shown
from server.words import say

SHOWN: Final = 5
"""So many tickets of a list are said; the rest is counted."""
_LIST_SUBJECT: Final = 30
_USUAL: Final = 2
"""Level and urgency are always among the reasons of a priority."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question: who asks, where, and what."""

    desk: Desk
    firm: Firm
    person: Staff
    private: bool
    phrase: Phrase

    def say(self, code: str, **facts: object) -> str:
        """A sentence in the asker's language."""
        return say(self.person.language, f"chat.{code}", **facts)


async def _help(asked: Asked) -> str:
    return asked.say("help" if asked.private else "help_in_group")


async def _waiting(asked: Asked) -> str:
    return await _list(asked, "unclaimed", "waiting")


async def _mine(asked: Asked) -> str:
    return await _list(asked, "mine", "mine")


async def _list(asked: Asked, view: Literal["unclaimed", "mine"], words: str) -> str:
    """The most pressing tickets of a view with the working time that is left."""
    query = TicketQuery(view=view, sort="due", limit=SHOWN)
    page = await reading.list_tickets(asked.desk, asked.person, query)
    if not page.tickets:
        return asked.say(f"{words}.none")
    total = (await reading.counters(asked.desk, asked.person))[view]
    states = await chat.read_states(asked.desk, tuple(one.number for one in page.tickets))
    language, now = asked.person.language, asked.desk.clock.now()
    lines = [asked.say(f"{words}.head", count=max(total, len(page.tickets)))]
    for one in page.tickets[:SHOWN]:
        clock = pressing(states.get(one.number, SlaState()))
        parts = (
            f"#{one.number} {subject_of(one, _LIST_SUBJECT)}",
            one.customer_name,
            priority_name(language, one),
            countdown(language, clock, asked.firm.law, now),
        )
        lines.append(" · ".join(part for part in parts if part))
    if total > SHOWN:
        lines.append(asked.say("more", count=total - SHOWN))
    lines.append(asked.say(f"{words}.foot", ticket=page.tickets[0].number))
    return "\n".join(lines)


async def _show(asked: Asked) -> str:
    page = await _page(asked)
    language, ticket = asked.person.language, page.ticket
    customer = " ".join(part for part in (page.customer.name, page.customer.phone) if part)
    clock = pressing(page.sla)
    lines = [
        f"#{ticket.number} {subject_of(ticket)}",
        asked.say("customer", customer=customer),
        asked.say(
            "state",
            status=status_name(language, ticket, page.firm),
            priority=priority_name(language, ticket),
        ),
        _why_priority(asked, page),
        asked.say(
            "holder",
            team=team_name(language, ticket, page.firm),
            assignee=holder_name(language, ticket, page.firm),
        ),
        time_left(language, clock, page.firm.law, page.now, page.firm.profile.zone),
    ]
    said = [page.messages[number] for number in sorted(page.messages)]
    heard = [one for one in said if one.direction == "in"]
    if heard and asked.private:
        lines.append(asked.say("last_words", text=cut(heard[-1].body, 100)))
    if ticket.continues is not None:
        lines.append(asked.say("continues", ticket=ticket.continues))
    if ticket.continued_by is not None:
        lines.append(asked.say("continued_by", ticket=ticket.continued_by))
    lines.append(link_to(asked.desk.settings.public_url, ticket.number))
    return "\n".join(line for line in lines if line)


async def _clock(asked: Asked) -> str:
    page = await _page(asked)
    lines = [asked.say("clocks", ticket=page.ticket.number, subject=subject_of(page.ticket))]
    told = clock_lines(page, asked.person.language)
    return "\n".join([*lines, *(told or [asked.say("no_clock")])])


async def _why(asked: Asked) -> str:
    page = await _page(asked)
    body = page.routing.body if page.routing is not None else None
    if not isinstance(body, Routed):
        return asked.say("why.unknown", ticket=page.ticket.number)
    told = paragraph(body.decision, page.firm, asked.person.language)
    said = asked.say("why.told", ticket=page.ticket.number, paragraph=told)
    return "\n".join(line for line in (said, _why_priority(asked, page)) if line)


def _why_priority(asked: Asked, page: TicketPage) -> str:
    """Where the priority comes from; nothing where that is the usual."""
    language, ticket = asked.person.language, page.ticket
    priority = priority_name(language, ticket)
    if ticket.priority_by == "hand":
        return asked.say("priority_by_hand", priority=priority)
    terms = why_priority(page.events)
    if len(terms) <= _USUAL and ticket.priority == Priority.NORMAL:
        return ""
    why = say(language, "routing.comma").join(term_shown(term, language) for term in terms)
    return asked.say("priority_why", priority=priority, why=why) if why else ""


async def _page(asked: Asked) -> TicketPage:
    return await reading.ticket_page(asked.desk, asked.person, asked.phrase.ticket or 0)


ANSWERS: Final[dict[Verb, Callable[[Asked], Awaitable[str]]]] = {
    "help": _help,
    "waiting": _waiting,
    "mine": _mine,
    "show": _show,
    "clock": _clock,
    "why": _why,
}
