"""Events as hindsight reads them: of a long past, only what clocks look at (hindsight.py)."""

from datetime import datetime
from typing import Any, Final

import msgspec

from server.domain.chat_events import HelpAsked, Helped, Undone, Urged
from server.domain.events import (
    DESK,
    Assigned,
    Breached,
    Cancelled,
    CheckedIn,
    Claimed,
    Closed,
    Confirmed,
    Continued,
    CustomerWrote,
    Decision,
    Disputed,
    Edited,
    Escalated,
    Event,
    Noted,
    NoticeFailed,
    Nudged,
    Opened,
    Planned,
    PriorityChanged,
    Rated,
    Released,
    Reopened,
    Replied,
    Resolved,
    Routed,
    StatusChanged,
    Transferred,
    Warned,
    Woke,
)
from server.domain.ladder_events import RungReached
from server.domain.law_events import DueReleased, DueSet, Excused, LawApplied
from server.domain.merge_events import Absorbed, Merged, SplitOff, Unmerged


class RoutedTo(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="routed"):
    """A routing event without its reasons, which are long."""

    team: str | None
    assignee: int | None
    policy: str | None = None


Ordinary = (
    Opened
    | RoutedTo
    | CustomerWrote
    | Replied
    | Claimed
    | Released
    | Assigned
    | Transferred
    | StatusChanged
    | Disputed
    | PriorityChanged
    | Edited
    | Nudged
    | Escalated
    | HelpAsked
    | Helped
    | Breached
    | Planned
    | CheckedIn
)
Rare = DueSet | DueReleased | LawApplied | Excused | Unmerged
"""What only sla.py knows to fold."""

IGNORED: Final = (
    Undone,
    Urged,
    Noted,
    Resolved,
    Confirmed,
    Closed,
    Cancelled,
    Reopened,
    RungReached,
    Warned,
    Woke,
    Rated,
    Continued,
    Merged,
    Absorbed,
    SplitOff,
    NoticeFailed,
)
"""What no clock looks at: it need not be read. (A warning only says that it was told.)"""


class Past(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event of the log as hindsight reads it; in JSON a list of the fields."""

    seq: int
    ticket: int
    recorded_at: datetime
    effective_at: datetime
    body: Ordinary | Rare


def past_of(event: Event) -> Past | None:
    """An event as hindsight reads it, or None when no clock looks at it."""
    body: Any = event.body
    if isinstance(body, IGNORED) or event.ticket is None:
        return None
    if isinstance(body, Routed):
        body = RoutedTo(body.team, body.assignee, body.policy)
    return Past(event.seq, event.ticket, event.recorded_at, event.effective_at, body)


def event_of(past: Past) -> Event:
    """The event again, as far as sla.py looks at it."""
    body: Any = past.body
    if isinstance(body, RoutedTo):
        body = Routed(body.team, body.assignee, decision=_NOTHING, policy=body.policy)
    return Event(
        seq=past.seq,
        ticket=past.ticket,
        ticket_seq=None,
        recorded_at=past.recorded_at,
        effective_at=past.effective_at,
        actor=DESK,
        via="desk",
        body=body,
    )


_NOTHING: Final = Decision(rule=None, rule_name="", version=0, team=None)
