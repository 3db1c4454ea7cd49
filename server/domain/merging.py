"""Merging and splitting (合并、拆分): what is about one thing is one ticket, what is about two
things is two (R19).

A merged ticket keeps its number, its messages and its history; its clocks are cancelled, and what
its customer does from then on happens to the surviving one. Undone, the merge never was: its clocks
go on, and the time in between counts, or merging would be a way to stop them.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from server.domain import errors
from server.domain.events import AnyBody, StatusCategory
from server.domain.merge_events import Absorbed, Merged, SplitOff, Unmerged
from server.domain.statuses import STATUSES
from server.domain.ticket import Change, Ticket, need_open, set_status, to_open


def merge(ticket: Ticket, into: Ticket, reason: str, at: datetime) -> tuple[Change, Change]:
    """The merged ticket and the surviving one. Both must be open, and of one customer: whoever has
    the link of one will see the other. Refuses `AlreadyMerged`, `OtherCustomer` and what
    `need_open` refuses.
    """
    need_unmerged(ticket)
    need_open(ticket)
    if into.number == ticket.number:
        raise errors.Invalid(into="itself")
    need_unmerged(into)
    need_open(into)
    if into.customer != ticket.customer:
        raise errors.OtherCustomer(ticket=ticket.number, into=into.number)
    moved = set_status(ticket, STATUSES["merged"], reason)
    gone = replace(moved.ticket, merged_into=into.number, closed_at=at)
    merged: tuple[AnyBody, ...] = (Merged(into=into.number, reason=reason), *moved.events)
    return Change(gone, merged), _absorb(into, ticket)


def _absorb(into: Ticket, merged: Ticket) -> Change:
    """The surviving ticket. One that waits for the customer waits no longer when he has written to
    the merged one since our last reply.
    """
    absorbed = Absorbed(ticket=merged.number)
    wrote_at = merged.last_customer_at
    waits = into.status_category is StatusCategory.WAITING_CUSTOMER
    if wrote_at is None:
        return Change(into, (absorbed,))
    after = replace(into, last_customer_at=max(wrote_at, into.last_customer_at or wrote_at))
    if waits and (into.last_reply_at is None or wrote_at > into.last_reply_at):
        moved = to_open(after, "customer_wrote")
        return Change(moved.ticket, (absorbed, *moved.events))
    return Change(after, (absorbed,))


def unmerge(
    ticket: Ticket,
    survivor: Ticket,
    reason: str,
    at: datetime,
    *,
    window: timedelta,
    was_new: bool,
) -> tuple[Change, Change]:
    """Undo a merge within the reopen window (as R16). The ticket is open again, or waits to be
    accepted if it `was_new`. Refuses `NotMerged` and `MergedTooLongAgo`.
    """
    if ticket.merged_into is None or ticket.closed_at is None:
        raise errors.NotMerged(ticket=ticket.number)
    if at > ticket.closed_at + window:
        raise errors.MergedTooLongAgo(ticket=ticket.number, days=window.days)
    body = Unmerged(was_in=survivor.number, merged_at=ticket.closed_at, reason=reason)
    apart = replace(ticket, merged_into=None, closed_at=None)
    status = STATUSES["new" if was_new else "open"]
    moved = set_status(apart, status, reason)
    left = Absorbed(ticket=ticket.number, undone=True)
    return Change(moved.ticket, (body, *moved.events)), Change(survivor, (left,))


def split(ticket: Ticket, into: int, messages: tuple[int, ...]) -> Change:
    """The ticket from which something was split off. Refuses what is cancelled or merged."""
    need_unmerged(ticket)
    if ticket.status_category is StatusCategory.CANCELLED:
        raise errors.TicketClosed(ticket=ticket.number)
    return Change(ticket, (SplitOff(ticket=into, messages=messages),))


def need_unmerged(ticket: Ticket) -> None:
    """Refuse with `AlreadyMerged` what goes on in another ticket."""
    if ticket.merged_into is not None:
        raise errors.AlreadyMerged(ticket=ticket.number, into=ticket.merged_into)
