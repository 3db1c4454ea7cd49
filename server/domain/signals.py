"""Events read as signals: what each kind of event means to SLA clocks (law.py: which signal starts
and stops which metric). Status changes, not the commands behind them, say that a ticket is
resolved, reopened or waiting, so that the order of events within one change does not matter.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from server.domain.chat_events import HelpAsked, Helped
from server.domain.events import (
    AnyBody,
    Assigned,
    CheckedIn,
    Claimed,
    CustomerWrote,
    Disputed,
    Edited,
    Escalated,
    Event,
    Nudged,
    Opened,
    Planned,
    PriorityChanged,
    Released,
    Replied,
    Routed,
    StatusCategory,
    StatusChanged,
    Transferred,
)
from server.domain.law import MATCHED, Signal, TicketFacts

DONE: Final = frozenset({StatusCategory.RESOLVED, StatusCategory.CLOSED})
DEAD: Final = frozenset({StatusCategory.CANCELLED, StatusCategory.MERGED})

Signals = tuple[tuple[Signal, datetime], ...]
Meaning = tuple[TicketFacts, Signals]


def instant_of(event: Event) -> datetime:
    """When it happened, in whole seconds (R2)."""
    at = event.effective_at
    return at.replace(microsecond=0) if at.microsecond else at


def read(facts: TicketFacts, event: Event, *, teams: bool) -> Meaning | None:
    """The facts after the event and the signals that it gives, or None when clocks do not look
    at this kind. `teams`: whether anything looks at the ticket's team.
    """
    reader = (_READERS if teams else _TEAMLESS).get(type(event.body))
    return None if reader is None else reader(facts, event.body, event)


def _opened(facts: TicketFacts, body: Opened, event: Event) -> Meaning:
    at = instant_of(event)
    if body.imported:
        facts = replace(facts, imported_at=event.recorded_at.replace(microsecond=0))
    facts = replace(
        facts,
        priority=body.priority.value,
        queue=body.queue,
        category=body.category or "",
        customer_level=body.customer_level,
        channel=body.channel,
    )
    return facts, (("opened", at), ("unheld", at))


def _held(
    facts: TicketFacts, body: Claimed | Assigned | Routed | Transferred, event: Event
) -> Meaning:
    at = instant_of(event)
    held = body.assignee is not None
    if held == facts.held:
        return facts, ()
    return replace(facts, held=held), (("held" if held else "unheld", at),)


def _sent(facts: TicketFacts, body: Routed | Transferred, event: Event) -> Meaning:
    """Routing and transfers say who holds the ticket."""
    facts, signals = _held(facts, body, event)
    if isinstance(body, Routed) and body.policy is not None:
        facts = replace(facts, policy=body.policy)
    return facts, signals


def _sent_to(facts: TicketFacts, body: Routed | Transferred, event: Event) -> Meaning:
    """The same, and in which team it is."""
    was = (body.previous_team if isinstance(body, Transferred) else None) or facts.team
    facts, signals = _sent(facts, body, event)
    return _moved_to(facts, body.team or "", was, instant_of(event), signals)


def _moved_to(facts: TicketFacts, team: str, was: str, at: datetime, signals: Signals) -> Meaning:
    if team == was:
        return (facts, signals) if facts.team == team else (replace(facts, team=team), signals)
    moves: Signals = ((("left", at),) if was else ()) + ((("joined", at),) if team else ())
    return replace(facts, team=team), (*moves, *signals)


def _released(facts: TicketFacts, _body: Released, event: Event) -> Meaning:
    at = instant_of(event)
    return replace(facts, held=False), (("unheld", at),)


def _replied(facts: TicketFacts, body: Replied, event: Event) -> Meaning:
    at = instant_of(event)
    return facts, (("answered" if body.human else "bot_answered", at),)


def _asked(facts: TicketFacts, _body: CustomerWrote | Disputed, event: Event) -> Meaning:
    at = instant_of(event)
    if facts.status_category not in DONE:
        wanted = facts.answered and facts.status_category not in DEAD
        return facts, (("asked", at),) if wanted else ()
    if facts.asked_at is not None:
        return facts, ()
    return replace(facts, asked_at=at, asked_recorded_at=event.recorded_at), ()


def _moved(facts: TicketFacts, body: StatusChanged, event: Event) -> Meaning:
    at = instant_of(event)
    was, now = facts.status_category, body.new_category
    moved = replace(facts, status_category=now, asked_at=None, asked_recorded_at=None)
    if now in DONE:
        return replace(facts, status_category=now), () if was in DONE else (("resolved", at),)
    if was not in DONE or now in DEAD:
        return moved, ()
    if facts.asked_at is None:
        return moved, (("reopened", at),)
    # The message that reopens the ticket counts from its own instant (R5); one that was left
    # alone until somebody reopened the ticket by hand counts from then.
    own = facts.asked_recorded_at == event.recorded_at
    return moved, (("reopened", at), ("asked", facts.asked_at if own else at))


def _reprioritised(facts: TicketFacts, body: PriorityChanged, _event: Event) -> Meaning:
    return replace(facts, priority=body.new.value), ()


def _edited(facts: TicketFacts, body: Edited, event: Event) -> Meaning:
    new: dict[str, Any] = {name: pair[1] for name, pair in body.fields.items() if name in _READ}
    if not new:
        return facts, ()
    moves: Signals = ()
    if facts.team and new.get("queue", facts.queue) != facts.queue:
        at = instant_of(event)
        moves = (("left", at), ("joined", at))
    return replace(facts, **new), moves


_READ: Final = frozenset({*MATCHED, "policy"})


def _signal(signal: Signal) -> "_Reader":
    return lambda facts, _body, event: (facts, ((signal, instant_of(event)),))


_Reader = Callable[[TicketFacts, Any, Event], Meaning]

_READERS: Final[dict[type[AnyBody], _Reader]] = {
    Opened: _opened,
    Routed: _sent_to,
    Claimed: _held,
    Assigned: _held,
    Transferred: _sent_to,
    Released: _released,
    Replied: _replied,
    CustomerWrote: _asked,
    Disputed: _asked,
    StatusChanged: _moved,
    PriorityChanged: _reprioritised,
    Edited: _edited,
    Planned: _signal("planned"),
    CheckedIn: _signal("checked_in"),
    Nudged: _signal("nudged"),
    Escalated: _signal("escalated"),
    HelpAsked: _signal("help_asked"),
    Helped: _signal("helped"),
}

_TEAMLESS: Final = _READERS | {Routed: _sent, Transferred: _sent}
