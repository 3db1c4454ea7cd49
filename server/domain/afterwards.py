"""What becomes of a ticket that is over: it is rated, and after the reopen window it goes on in
another one (续单, R16).
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from server.domain import errors
from server.domain.events import Continued, Rated, StatusCategory
from server.domain.ticket import Change, Ticket

BEST_SCORE: Final = 5


def rate(ticket: Ticket, score: int, comment: str) -> Change:
    """满意度评价 of a resolved or closed ticket, 1–5; may be changed while the link lives."""
    if not 1 <= score <= BEST_SCORE:
        raise errors.Invalid(score="out_of_range")
    if ticket.status_category not in (StatusCategory.RESOLVED, StatusCategory.CLOSED):
        raise errors.NotResolved(ticket=ticket.number)
    event = Rated(score=score, comment=comment, assignee=ticket.assignee, team=ticket.team)
    return Change(replace(ticket, rating=score), (event,))


def is_over(ticket: Ticket, at: datetime, window: timedelta) -> bool:
    """Whether the customer's word comes too late to reopen the ticket: it was closed, or else
    solved, longer ago than the reopen window (R16). What was merely cancelled opens no other one.
    """
    ended_at = ticket.closed_at or ticket.resolved_at
    done = ticket.status_category in (StatusCategory.RESOLVED, StatusCategory.CLOSED)
    return done and ended_at is not None and at > ended_at + window


def continued(ticket: Ticket, by: int) -> Change:
    """续单: what the customer wrote is in another ticket (R16)."""
    return Change(replace(ticket, continued_by=by), (Continued(by=by),))
