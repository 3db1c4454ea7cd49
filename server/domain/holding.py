"""How a ticket is held: since when it waits, who has it since when, and by when the holder has to
accept it and to begin (3.2.5). Follows from what happened; `record()` asks.

    queued_at    it came to where it is now, or lost its holder
    held_at      the present holder got it
    touched_at   the holder's last deed: a reply, a note, a hold …; accepting it is none
    accept_by    who was given it and does not accept it until then loses it
    touch_by     who accepted it and does nothing until then loses it
    passed_on    how often in a row it was not accepted
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from server.domain.chat_events import HelpAsked
from server.domain.events import (
    Actor,
    AnyBody,
    Assigned,
    Claimed,
    Closed,
    Edited,
    Escalated,
    Noted,
    PriorityChanged,
    Released,
    Replied,
    Resolved,
    Routed,
    StatusCategory,
    StatusChanged,
    Transferred,
)
from server.domain.queues import Queue
from server.domain.ticket import Ticket

GIVEN_UP: Final = 1000
"""`passed_on` of a ticket that went to a supervisor: it is not passed on any further."""
_DEEDS: Final = (Replied, Noted, Edited, PriorityChanged, Escalated, HelpAsked, Resolved, Closed)


def held(
    before: Ticket | None,
    after: Ticket,
    events: tuple[AnyBody, ...],
    by: Actor,
    *,
    at: datetime,
    queue: Queue,
) -> Ticket:
    """The ticket after a change, with how it is held."""
    same = before is not None and before.assignee == after.assignee
    moved = before is None or (before.team, before.queue) != (after.team, after.queue)
    lost = after.assignee is None and not same
    after = replace(
        after,
        queued_at=at if moved or lost else after.queued_at,
        held_at=after.held_at if same else (None if after.assignee is None else at),
        touched_at=_touched(after, events, by, at, same=same),
        passed_on=_passed_on(after.passed_on, events, queue),
    )
    return replace(
        after,
        accept_by=_accept_by(after, at, queue, same=same),
        touch_by=_touch_by(before, after, at, queue, same=same),
    )


def _touched(
    after: Ticket, events: tuple[AnyBody, ...], by: Actor, at: datetime, *, same: bool
) -> datetime | None:
    if after.assignee is None:
        return None
    own = by.kind == "staff" and by.id == after.assignee
    if own and any(_is_deed(body) for body in events):
        return at
    return after.touched_at if same else None


def _is_deed(body: AnyBody) -> bool:
    if isinstance(body, StatusChanged):
        return body.old_category is not StatusCategory.NEW
    return isinstance(body, _DEEDS)


def _passed_on(count: int, events: tuple[AnyBody, ...], queue: Queue) -> int:
    for body in events:
        if isinstance(body, Routed):
            count = _after_routing(count, body, queue)
        elif isinstance(body, Claimed | Assigned | Transferred | Released):
            count = 0
    return count


def _after_routing(count: int, body: Routed, queue: Queue) -> int:
    decision = body.decision
    if decision.outcome == "supervisor":
        return GIVEN_UP
    if decision.cause == "unaccepted":
        return count + 1
    if decision.cause == "waiting":
        # Whoever is free at last has to accept it in time, too.
        return min(count, queue.tries - 1)
    return 0


def _accept_by(after: Ticket, at: datetime, queue: Queue, *, same: bool) -> datetime | None:
    waits = after.assignee is not None and after.status_category is StatusCategory.NEW
    if not waits or after.passed_on >= queue.tries:
        return None
    if same:
        return after.accept_by
    return at + timedelta(minutes=queue.accept_within) if queue.accept_within else None


def _touch_by(
    before: Ticket | None, after: Ticket, at: datetime, queue: Queue, *, same: bool
) -> datetime | None:
    works = after.assignee is not None and after.status_category is StatusCategory.OPEN
    if not works or after.touched_at is not None:
        return None
    accepted = not same or before is None or before.status_category is StatusCategory.NEW
    if not accepted:
        return after.touch_by
    return at + timedelta(minutes=queue.touch_within) if queue.touch_within else None


def waits(ticket: Ticket) -> bool:
    """Whether nobody has a ticket that should be worked on now: it is in the waiting queue."""
    return ticket.assignee is None and ticket.status_category in (
        StatusCategory.NEW,
        StatusCategory.OPEN,
    )
