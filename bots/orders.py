"""From what was said to what is to be done: a command, or the question that is still open."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from bots.naming import Target, find_target, team_for, told_apart
from server.domain import commands as c
from server.domain.firm import Firm
from server.domain.phrase_parts import read_into, read_pause, read_priority, read_tags
from server.domain.phrases import Phrase
from server.domain.recall import Option
from server.domain.sayings import Verb
from server.domain.ticket import Ticket

LONGEST_REASON: Final = 500
LONGEST_TEXT: Final = 20_000
MOST_TAGS: Final = 50


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be said besides; `code` of `[chat.ask]`. Of the `options` one may be chosen."""

    code: str
    facts: dict[str, str] = {}
    options: tuple[Option, ...] = ()


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order is given: who is meant by names depends on it. `chosen` was chosen of
    several.
    """

    firm: Firm
    platform: str
    named: tuple[str, ...]
    now: datetime
    chosen: int | None = None

    def target(self, text: str) -> Target:
        """Whom a text names."""
        return find_target(text, self.firm, self.platform, self.named, self.chosen)

    def which(self, target: Target) -> Question:
        """Which of several is meant?"""
        return Question(code="namesakes", options=told_apart(target.several, self.firm))


Order = c.AnyCommand | Question


def order_of(phrase: Phrase, ticket: Ticket, place: Place) -> Order:
    """The command that a phrase gives for a ticket."""
    if len(phrase.text) > LONGEST_TEXT:
        return Question(code="too_long", facts={"most": str(LONGEST_TEXT)})
    return _ORDERS[phrase.verb](phrase, ticket, place)


def _claim(_phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    return c.Claim(ticket=ticket.number)


def _release(_phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    return c.Release(ticket=ticket.number)


def _resume(_phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    return c.Resume(ticket=ticket.number)


def _reply(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    if not phrase.text:
        return Question(code="reply")
    return c.Reply(ticket=ticket.number, text=phrase.text)


def _note(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    if not phrase.text:
        return Question(code="note")
    return c.Note(ticket=ticket.number, text=phrase.text)


def _plan(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    if not phrase.text:
        return Question(code="plan")
    return c.Plan(ticket=ticket.number, text=phrase.text)


def _check_in(_phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    return c.CheckIn(ticket=ticket.number)


def _resolve(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    return c.Resolve(ticket=ticket.number, solution=phrase.text)


def _reason(phrase: Phrase) -> str:
    return phrase.text[:LONGEST_REASON]


def _close(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    return c.Close(ticket=ticket.number, reason=_reason(phrase))


def _reopen(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    return c.Reopen(ticket=ticket.number, reason=_reason(phrase))


def _cancel(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    if not phrase.text:
        return Question(code="cancel")
    return c.Cancel(ticket=ticket.number, reason=_reason(phrase))


def _escalate(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    if not phrase.text:
        return Question(code="escalate")
    return c.Escalate(ticket=ticket.number, reason=_reason(phrase))


def _hold(phrase: Phrase, ticket: Ticket, place: Place) -> Order:
    pause = read_pause(phrase.text, place.now)
    if pause is None:
        return Question(code="hold")
    return c.Hold(
        ticket=ticket.number,
        status=pause.status,
        reason=pause.reason[:LONGEST_REASON],
        until=pause.until,
    )


def _priority(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    found = read_priority(phrase.text)
    if found is None:
        return Question(code="priority")
    priority, reason = found
    return c.SetPriority(ticket=ticket.number, priority=priority, reason=reason[:LONGEST_REASON])


def _transfer(phrase: Phrase, ticket: Ticket, place: Place) -> Order:
    if not phrase.text and not place.named:
        return Question(code="transfer", facts={"teams": _teams(place.firm)})
    target = place.target(phrase.text)
    if target.several:
        return place.which(target)
    team = target.team.id if target.team is not None else None
    if target.staff is not None and team is None:
        team = team_for(target.staff, place.firm, ticket.team)
        if team is None:
            return Question(code="no_team_of", facts={"name": target.staff.name})
    if team is None:
        return Question(code="unknown_target", facts={"teams": _teams(place.firm)})
    return c.Transfer(
        ticket=ticket.number,
        team=team,
        staff=target.staff.id if target.staff is not None else None,
        reason=target.rest[:LONGEST_REASON],
    )


def _assign(phrase: Phrase, ticket: Ticket, place: Place) -> Order:
    target = place.target(phrase.text)
    if target.several:
        return place.which(target)
    if target.staff is None:
        return Question(code="assign")
    return c.Assign(ticket=ticket.number, staff=target.staff.id)


def _urge(_phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    return c.Urge(ticket=ticket.number)


def _ask_help(phrase: Phrase, ticket: Ticket, place: Place) -> Order:
    if not phrase.text and not place.named:
        return Question(code="ask_help", facts={"teams": _teams(place.firm)})
    target = place.target(phrase.text)
    if target.several:
        return place.which(target)
    if target.staff is None and target.team is None:
        return Question(code="unknown_helper", facts={"teams": _teams(place.firm)})
    if not target.rest:
        return Question(code="help_with_what")
    return c.AskHelp(
        ticket=ticket.number,
        team=target.team.id if target.team is not None else None,
        staff=target.staff.id if target.staff is not None else None,
        question=target.rest[:LONGEST_REASON],
    )


def _tag(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    found = read_tags(phrase.text)
    if found is None:
        return Question(code="tag", facts={"tags": "、".join(ticket.tags)})
    add, drop = found
    kept = [one for one in ticket.tags if one not in drop]
    tags = tuple(dict.fromkeys([*kept, *add]))
    if len(tags) > MOST_TAGS:
        return Question(code="too_many_tags", facts={"most": str(MOST_TAGS)})
    return c.Edit(ticket=ticket.number, seen_version=ticket.version, tags=tags)


def _merge(phrase: Phrase, ticket: Ticket, _place: Place) -> Order:
    found = read_into(phrase.text)
    if found is None:
        return Question(code="merge")
    into, reason = found
    return c.Merge(ticket=ticket.number, into=into, reason=reason[:LONGEST_REASON])


def _teams(firm: Firm) -> str:
    return "、".join(sorted(team.name for team in firm.teams.values()))


_ORDERS: Final[dict[Verb, Callable[[Phrase, Ticket, Place], Order]]] = {
    "claim": _claim,
    "release": _release,
    "reply": _reply,
    "note": _note,
    "plan": _plan,
    "check_in": _check_in,
    "resolve": _resolve,
    "transfer": _transfer,
    "assign": _assign,
    "hold": _hold,
    "resume": _resume,
    "close": _close,
    "cancel": _cancel,
    "reopen": _reopen,
    "priority": _priority,
    "escalate": _escalate,
    "urge": _urge,
    "ask_help": _ask_help,
    "tag": _tag,
    "merge": _merge,
}

ORDERS: Final = frozenset(_ORDERS)
"""Verbs that change a ticket."""
