"""A notice as a card: what happened, to which ticket, how long there is, why, what one can do.

No platform and no markup: a platform draws a `Card` in its own way. The ticket is shown as it is
now, not as it was when the notice was queued.
"""

from datetime import datetime
from typing import Final, cast

import msgspec

from bots.buttons import Button, ticket_buttons
from bots.telling import (
    countdown,
    cut,
    link_to,
    pressing,
    priority_name,
    status_name,
    subject_of,
    time_left,
    where,
)
from server.desk import Parcel
from server.domain import events
from server.domain.chat_events import HelpAsked, Helped, Urged
from server.domain.firm import Firm
from server.domain.notices import ALL, Facts
from server.domain.people import Staff
from server.domain.privacy import mask_phones
from server.domain.ticket import OPEN_CATEGORIES, Ticket
from server.usecases.chat import Brief
from server.usecases.gathering import KINDS as GATHERED
from server.words import LANGUAGES, metric_title, say

_QUOTED: Final = 200
_MET: Final = frozenset({"reminded", "warned", "breached"})
_MOST_NAMED: Final = 10


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What is said. `quote` are a customer's own words; `link` may be empty.

    `rows` say the same as `lines`, as names and values, for platforms that draw a table, and
    `besides` what is in no row. `note` is for whoever has just pressed a button, `stamp` when it
    was as it is shown.
    """

    title: str
    lines: tuple[str, ...]
    quote: str = ""
    hint: str = ""
    link: str = ""
    link_text: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    besides: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    note: str = ""
    stamp: str = ""

    @property
    def pressable(self) -> bool:
        """Whether there is anything to press."""
        return any(one.style != "dead" for one in self.buttons)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Who will read a card, where and when. `reader` None: a group."""

    reader: Staff | None
    now: datetime
    public_url: str = ""

    @property
    def language(self) -> str:
        """The reader's own; groups read the desk's first one."""
        return self.reader.language if self.reader is not None else LANGUAGES[0]

    @property
    def private(self) -> bool:
        """Whether only one colleague reads it."""
        return self.reader is not None


def notice_card(parcel: Parcel, ticket: Ticket, brief: Brief, reading: Reading) -> Card:
    """The card of a notice about a ticket."""
    language, firm = reading.language, parcel.firm
    facts = _facts(parcel)
    title = say(
        language,
        f"notice.{parcel.delivery.kind}",
        ticket=ticket.number,
        subject=subject_of(ticket),
        **facts | {"what": _counts(facts, language)},
    )
    besides = (*_gathered(parcel, ticket, language), _why(parcel, brief, language))
    lines = (
        *besides,
        say(
            language,
            "chat.customer_and_priority",
            customer=brief.customer.name,
            priority=priority_name(language, ticket),
        ),
        where(language, ticket, firm),
        time_left(language, pressing(brief.sla), firm.law, reading.now, firm.profile.zone),
    )
    card = Card(
        title=marked(language, title) if parcel.again else title,
        lines=tuple(line for line in lines if line),
        quote=cut(brief.said or "", _QUOTED) if reading.private else "",
        hint=_hint(parcel.delivery.kind, ticket, firm, reading),
        link=link_to(reading.public_url, ticket.number),
        link_text=say(language, "notice.open"),
        rows=ticket_rows(ticket, brief, firm, reading),
        besides=tuple(line for line in besides if line),
        buttons=_buttons(parcel.delivery.kind, ticket, firm, reading),
    )
    return card if reading.private else masked(card)


def _buttons(kind: str, ticket: Ticket, firm: Firm, reading: Reading) -> tuple[Button, ...]:
    """What a group may do is to claim: a card without anything to claim has no buttons."""
    if not reading.private and (kind == "claimed" or ticket.assignee is not None):
        return ()
    return ticket_buttons(ticket, reading.reader, firm)


def ticket_rows(
    ticket: Ticket, brief: Brief, firm: Firm, reading: Reading
) -> tuple[tuple[str, str], ...]:
    """A ticket as a small table."""
    language, customer = reading.language, brief.customer
    told = (
        ("customer", " ".join(part for part in (customer.name, customer.phone) if part)),
        ("priority", priority_name(language, ticket)),
        ("status", status_name(language, ticket, firm)),
        ("where", where(language, ticket, firm)),
        ("left", countdown(language, pressing(brief.sla), firm.law, reading.now)),
    )
    return tuple((say(language, f"card.{name}"), text) for name, text in told if text)


def _counts(facts: Facts, language: str) -> str:
    """How many tickets are how pressing, in a message that gathers notices."""
    counted = [
        say(language, f"notice.gathered_{kind}", count=facts[f"n_{kind}"])
        for kind in GATHERED
        if facts.get(f"n_{kind}")
    ]
    return say(language, "event.comma").join(counted)


def _gathered(parcel: Parcel, ticket: Ticket, language: str) -> tuple[str, ...]:
    """Which ticket is the worst, and which others there are."""
    if parcel.delivery.kind != "gathered":
        return ()
    facts = _facts(parcel)
    worst = say(language, "notice.gathered_worst", ticket=ticket.number, subject=subject_of(ticket))
    others = [
        f"#{number}"
        for number in str(facts.get("numbers") or "").split()
        if number != str(ticket.number)
    ]
    left_out = len(others) > _MOST_NAMED
    listed = say(
        language,
        "notice.gathered_more" if left_out else "notice.gathered_listed",
        numbers=" ".join(others[:_MOST_NAMED]),
        count=facts.get("count"),
    )
    return (worst, listed)


def marked(language: str, text: str) -> str:
    """重发: the reader may have had this before."""
    return say(language, "notice.again", text=text)


def plain_card(parcel: Parcel, ticket: Ticket, reading: Reading) -> Card:
    """The same notice without a word of the customer's, for a platform whose filter refused it."""
    language = reading.language
    return Card(
        title=say(language, "notice.filtered", ticket=ticket.number),
        lines=(where(language, ticket, parcel.firm),),
        hint=_hint(parcel.delivery.kind, ticket, parcel.firm, reading),
    )


def masked(card: Card) -> Card:
    """The card as it may be read by many."""
    return msgspec.structs.replace(
        card,
        title=mask_phones(card.title),
        lines=tuple(mask_phones(line) for line in card.lines),
        rows=tuple((name, mask_phones(text)) for name, text in card.rows),
        besides=tuple(mask_phones(line) for line in card.besides),
    )


def _facts(parcel: Parcel) -> Facts:
    return msgspec.json.decode(parcel.delivery.body, type=dict[str, str | int | None])


def _why(parcel: Parcel, brief: Brief, language: str) -> str:
    """Why the reader gets this."""
    facts, kind = _facts(parcel), parcel.delivery.kind
    if kind in _MET:
        metric = metric_title(cast("str", facts.get("metric") or ""), parcel.firm.law, language)
        minutes = cast("int", facts.get("minutes") or 0)
        return say(
            language,
            f"notice.why.{_how_late(facts, minutes)}",
            metric=metric,
            percent=facts.get("percent"),
            minutes=abs(minutes),
        )
    found = _cause(brief.event, parcel.firm) if brief.event is not None else None
    return say(language, f"notice.why.{found[0]}", **found[1]) if found is not None else ""


def _how_late(facts: Facts, minutes: int) -> str:
    """What a rung says of the clock that it stands on."""
    if minutes:
        return "before_due" if minutes < 0 else "after_due"
    percent = cast("int", facts.get("percent") or ALL)
    if percent < ALL:
        return "warned"
    return "breached" if percent == ALL else "breached_more"


def _cause(event: events.Event, firm: Firm) -> tuple[str, dict[str, object]] | None:
    """The code and the facts of what the event behind a notice says."""
    by = _actor(event, firm)
    match event.body:
        case events.Routed(decision=decision):
            code = "fallback" if decision.fallback else "rule"
            return code, {"rule": decision.rule_name}
        case (
            events.Transferred(reason=reason)
            | events.Escalated(reason=reason)
            | HelpAsked(question=reason)
        ):
            return "by_reason" if reason else "by", {"by": by, "reason": reason}
        case events.Assigned() | events.Released() | Urged() | Helped():
            return "helped" if isinstance(event.body, Helped) else "by", {"by": by}
        case events.Rated(score=score, comment=comment):
            return "rated", {"score": score, "comment": comment}
        case _:
            return None


def _actor(event: events.Event, firm: Firm) -> str:
    return (firm.name_of(event.actor.id) if event.actor.kind == "staff" else None) or ""


def _hint(kind: str, ticket: Ticket, firm: Firm, reading: Reading) -> str:
    """What the reader can say back."""
    language, number = reading.language, ticket.number
    if ticket.status_category not in OPEN_CATEGORIES:
        return ""
    if kind == "claimed":
        return ""
    if ticket.assignee is None:
        code = "claim" if reading.private else "claim_in_group"
        return say(language, f"notice.hint.{code}", ticket=number)
    if reading.reader is not None and ticket.assignee == reading.reader.id:
        return say(language, "notice.hint.reply", ticket=number)
    if reading.private:
        return ""
    return say(language, "notice.hint.taken", ticket=number, assignee=firm.name_of(ticket.assignee))
