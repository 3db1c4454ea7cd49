"""Events as hindsight reads them: of a long past, only what clocks look at (hindsight.py)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
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
    Priority,
    PriorityChanged,
    Rated,
    Released,
    Reopened,
    Replied,
    Resolved,
    Routed,
    StatusCategory,
    StatusChanged,
    Transferred,
    Warned,
    Woke,
)
from server.domain.ladder_events import NudgedAgain, RungReached
from server.domain.law_events import DueReleased, DueSet, Excused, LawApplied
from server.domain.merge_events import Absorbed, Merged, SplitOff, Unmerged
from server.domain.worktime import seconds_of, utc


class RoutedTo(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="routed"):
    """A routing event without its reasons, which are long."""

    team: str | None
    assignee: int | None
    policy: str | None = None


class FiledAs(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="opened"):
    """The beginning, with what policies read."""

    priority: Priority
    queue: str
    category: str | None
    customer_level: str
    channel: str
    imported: bool = False


class MovedTo(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="status_changed"):
    """A change of status without where it came from."""

    new_category: StatusCategory
    reason: str = ""


class BreachTold(msgspec.Struct, frozen=True, gc=False, tag_field="kind", tag="breached"):
    """Which clock's breach was told; when that was, the law says."""

    metric: str
    instance: int


Ordinary = (
    FiledAs
    | RoutedTo
    | CustomerWrote
    | Replied
    | Claimed
    | Released
    | Assigned
    | Transferred
    | MovedTo
    | Disputed
    | PriorityChanged
    | Edited
    | Nudged
    | Escalated
    | HelpAsked
    | Helped
    | BreachTold
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
    NudgedAgain,
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


class Past(msgspec.Struct, frozen=True, gc=False):
    """One ticket's events as hindsight reads them, in fold order, column by column: `ats` are when
    they happened, in whole seconds since 1970.
    """

    ticket: int
    seqs: list[int]
    ats: list[int]
    recorded_at: list[datetime]
    bodies: list[Ordinary | Rare]


def past_of(events: Iterable[Event]) -> Past:
    """One ticket's events as hindsight reads them; those that no clock looks at are left out."""
    ticket = 0
    past = Past(ticket, [], [], [], [])
    for event in events:
        body: Any = event.body
        ticket = event.ticket or ticket
        if isinstance(body, IGNORED):
            continue
        narrowed = _NARROW.get(type(body))
        if narrowed is not None:
            body = narrowed(**{name: getattr(body, name) for name in narrowed.__struct_fields__})
        past.seqs.append(event.seq)
        past.ats.append(seconds_of(event.effective_at))
        past.recorded_at.append(event.recorded_at)
        past.bodies.append(body)
    return msgspec.structs.replace(past, ticket=ticket)


def events_of(past: Past) -> Iterator[Event]:
    """The events again, as far as sla.py looks at them."""
    columns = zip(past.seqs, past.ats, past.recorded_at, past.bodies, strict=True)
    for seq, at, recorded_at, known in columns:
        body: Any = known
        if type(known) in _WIDE:
            wide, more = _WIDE[type(known)]
            body = wide(**msgspec.structs.asdict(body), **more)
        yield Event(
            seq=seq,
            ticket=past.ticket,
            ticket_seq=None,
            recorded_at=recorded_at,
            effective_at=utc(at),
            actor=DESK,
            via="desk",
            body=body,
        )


_THEN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WIDE: Final[dict[type[Any], tuple[type[Any], dict[str, Any]]]] = {
    FiledAs: (Opened, {"subject": "", "customer": 0, "message": None}),
    RoutedTo: (
        Routed,
        {"decision": Decision(rule=None, rule_name="", version=0, team=None)},
    ),
    MovedTo: (StatusChanged, {"old": "", "new": "", "old_category": StatusCategory.NEW}),
    BreachTold: (Breached, {"due_at": _THEN, "breached_at": _THEN}),
}
"""The event again, and what clocks never look at."""

_NARROW: Final = {wide: narrow for narrow, (wide, _) in _WIDE.items()}
