"""The ticket (工单) and its status machine.

    category            may go to
    new                 open, waiting_*, resolved, cancelled, closed
    open                waiting_*, resolved, cancelled, closed
    waiting_*           open, waiting_*, resolved, cancelled, closed
    resolved            closed (confirmed, quiet), open (reopened, disputed)
    closed              open (reopened)
    cancelled           nothing
    merged              what it was, or open: the merge is undone (merging.py)

Every rule takes the ticket as it is and returns a `Change`: the ticket after, and what happened.
Rules do not know the clock, the database or who may do what (permissions.py).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from server.domain import errors
from server.domain.events import (
    AnyBody,
    Assigned,
    Cancelled,
    Claimed,
    Closed,
    Confirmed,
    CustomerWrote,
    Disputed,
    Edited,
    Escalated,
    Noted,
    Nudged,
    Opened,
    Priority,
    PriorityChanged,
    Released,
    Reopened,
    Replied,
    Resolved,
    Routed,
    StatusCategory,
    StatusChanged,
    Transferred,
    Woke,
)
from server.domain.statuses import STATUSES, Status

OPEN_CATEGORIES: Final = frozenset(
    {
        StatusCategory.NEW,
        StatusCategory.OPEN,
        StatusCategory.WAITING_CUSTOMER,
        StatusCategory.WAITING_THIRD,
        StatusCategory.WAITING_INTERNAL,
    }
)
WAITING_CATEGORIES: Final = frozenset(
    {
        StatusCategory.WAITING_CUSTOMER,
        StatusCategory.WAITING_THIRD,
        StatusCategory.WAITING_INTERNAL,
    }
)


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """工单. `number` is what people say (#1024) and its key, never reused. `version` is the guard
    of every write. `ticket_seq` is the last event's place in this ticket's history. From
    `queued_at` to `passed_on` stands how it is held: see holding.py. From `urgency` on stands what
    rules look at (conditions.py) and what they said: `skills`, `policy`, `pinned`. The priority
    follows from matrix and rules unless it is fixed "hand". It `continues` one whose reopen window
    had passed, and is `continued_by` one in turn (R16). It goes on in the one that it was
    `merged_into`, and was `split_from` one (merging.py).
    """

    number: int
    version: int = 0
    ticket_seq: int = 0
    subject: str
    category: str | None = None
    status: str = "new"
    status_category: StatusCategory = StatusCategory.NEW
    priority: Priority = Priority.NORMAL
    queue: str = "default"
    team: str | None = None
    assignee: int | None = None
    customer: int
    customer_level: str = "normal"
    channel: str = "form"
    created_at: datetime
    updated_at: datetime
    first_reply_at: datetime | None = None
    last_customer_at: datetime | None = None
    last_reply_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    wake_at: datetime | None = None
    reopen_count: int = 0
    nudge_count: int = 0
    message_count: int = 0
    rating: int | None = None
    next_due_at: datetime | None = None
    next_due_metric: str | None = None
    warned: bool = False
    breached: bool = False
    promised: bool = True
    continues: int | None = None
    continued_by: int | None = None
    queued_at: datetime | None = None
    held_at: datetime | None = None
    touched_at: datetime | None = None
    accept_by: datetime | None = None
    touch_by: datetime | None = None
    passed_on: int = 0
    urgency: Priority = Priority.NORMAL
    region: str = ""
    product: str = ""
    language: str = ""
    store: str = ""
    latitude: float | None = None
    longitude: float | None = None
    tags: tuple[str, ...] = ()
    skills: dict[str, int] = {}
    policy: str = ""
    priority_by: Literal["matrix", "hand"] = "matrix"
    pinned: bool = False
    merged_into: int | None = None
    split_from: int | None = None


class Change(msgspec.Struct, frozen=True):
    """The ticket after, and what happened. No events: nothing changed."""

    ticket: Ticket
    events: tuple[AnyBody, ...] = ()


def open_ticket(
    ticket: Ticket,
    message: int | None,
    at: datetime,
    why: tuple[str, ...] = (),
    *,
    from_customer: bool = True,
) -> Change:
    """A new ticket (受理). `message` is the first message, if there is one; `why` explains the
    priority.
    """
    opened = Opened(
        subject=ticket.subject,
        priority=ticket.priority,
        queue=ticket.queue,
        category=ticket.category,
        customer=ticket.customer,
        customer_level=ticket.customer_level,
        channel=ticket.channel,
        message=message,
        continues=ticket.continues,
        urgency=ticket.urgency,
        region=ticket.region,
        product=ticket.product,
        language=ticket.language,
        store=ticket.store,
        latitude=ticket.latitude,
        longitude=ticket.longitude,
        tags=ticket.tags,
        why=why,
        split_from=ticket.split_from,
    )
    return Change(
        replace(
            ticket,
            message_count=0 if message is None else 1,
            last_customer_at=at if from_customer else None,
        ),
        (opened,),
    )


def routed(ticket: Ticket, event: Routed) -> Change:
    """派单: the ticket goes to a team, perhaps to a colleague of it."""
    return Change(replace(ticket, team=event.team, assignee=event.assignee), (event,))


def claim(ticket: Ticket, by: int, assignee_name: str | None) -> Change:
    """接单. Claiming a ticket one already holds and works on changes nothing. Refuses
    `AlreadyClaimed` with the winner's name, and `NotOpen`.
    """
    if ticket.assignee is not None and ticket.assignee != by:
        raise errors.AlreadyClaimed(ticket=ticket.number, assignee=assignee_name)
    need_open(ticket)
    if ticket.assignee == by:
        moved = to_open(ticket) if ticket.status_category is StatusCategory.NEW else None
        return moved if moved is not None else Change(ticket)
    held = replace(ticket, assignee=by)
    happened: tuple[AnyBody, ...] = (Claimed(assignee=by),)
    if ticket.status_category is StatusCategory.NEW:
        moved = to_open(held)
        return Change(moved.ticket, happened + moved.events)
    return Change(held, happened)


def release(ticket: Ticket, reason: str = "") -> Change:
    """The assignee gives the ticket back to the team; it waits to be claimed again. With a
    `reason` the desk takes it back.
    """
    need_open(ticket)
    if ticket.assignee is None:
        return Change(ticket)
    released = Released(previous=ticket.assignee, reason=reason)
    return Change(replace(ticket, assignee=None), (released,))


def assign(ticket: Ticket, staff: int) -> Change:
    """指派 to a colleague. Assigning the present assignee changes nothing."""
    need_open(ticket)
    if ticket.assignee == staff:
        return Change(ticket)
    event = Assigned(assignee=staff, previous=ticket.assignee)
    return Change(replace(ticket, assignee=staff), (event,))


def transfer(ticket: Ticket, team: str, staff: int | None, reason: str) -> Change:
    """转派 to a team, or to a colleague of it."""
    need_open(ticket)
    if ticket.team == team and ticket.assignee == staff:
        return Change(ticket)
    event = Transferred(
        team=team,
        previous_team=ticket.team,
        assignee=staff,
        previous=ticket.assignee,
        reason=reason,
    )
    return Change(replace(ticket, team=team, assignee=staff), (event,))


def reply(ticket: Ticket, message: int, at: datetime, by: int) -> Change:
    """A public reply to the customer. Replying to an unheld ticket takes it; a reply to a new
    ticket moves it to open.
    """
    if ticket.status_category in (StatusCategory.CANCELLED, StatusCategory.MERGED):
        raise errors.TicketClosed(ticket=ticket.number)
    events: list[AnyBody] = []
    after = replace(
        ticket,
        first_reply_at=ticket.first_reply_at or at,
        last_reply_at=at,
        message_count=ticket.message_count + 1,
    )
    if ticket.assignee is None and ticket.status_category in OPEN_CATEGORIES:
        events.append(Claimed(assignee=by))
        after = replace(after, assignee=by)
    events.append(Replied(message=message))
    if ticket.status_category is StatusCategory.NEW:
        moved = to_open(after)
        events.extend(moved.events)
        after = moved.ticket
    return Change(after, tuple(events))


def note(ticket: Ticket, message: int) -> Change:
    """An internal note; allowed on every ticket, also a closed one."""
    return Change(
        replace(ticket, message_count=ticket.message_count + 1), (Noted(message=message),)
    )


def customer_wrote(ticket: Ticket, message: int, at: datetime) -> Change:
    """The customer wrote. A waiting or resolved ticket is open again (R5, R16)."""
    event = CustomerWrote(message=message)
    after = replace(ticket, last_customer_at=at, message_count=ticket.message_count + 1)
    if ticket.status_category in (StatusCategory.RESOLVED, StatusCategory.CLOSED):
        again = reopen(after, "customer_wrote")
        return Change(again.ticket, (event, *again.events))
    if ticket.status_category is StatusCategory.WAITING_CUSTOMER:
        moved = to_open(after)
        return Change(moved.ticket, (*moved.events, event))
    return Change(after, (event,))


def hold(ticket: Ticket, status: Status, reason: str, wake_at: datetime) -> Change:
    """挂起. Pausing needs a reason and a wake-up time (R7); both are checked by the caller.
    Holding a ticket that waits already says until when it waits now.
    """
    need_open(ticket)
    if status.category not in WAITING_CATEGORIES:
        raise errors.UnknownStatus(status=status.id)
    if ticket.status == status.id and ticket.wake_at == wake_at:
        return Change(ticket)
    return _move(replace(ticket, wake_at=wake_at), status, reason, wake_at)


def resume(ticket: Ticket, reason: str = "") -> Change:
    """恢复: back to work. Resuming a ticket that does not wait changes nothing."""
    need_open(ticket)
    if ticket.status_category not in WAITING_CATEGORIES:
        return Change(ticket)
    return to_open(ticket, reason)


def wake(ticket: Ticket) -> Change:
    """A pause reached its wake-up time: the ticket is open again and somebody is told."""
    if ticket.status_category not in WAITING_CATEGORIES:
        return Change(ticket)
    moved = to_open(ticket, "wake")
    return Change(moved.ticket, (Woke(), *moved.events))


def resolve(ticket: Ticket, message: int | None, at: datetime, by: int) -> Change:
    """解决. The solution is a public message; then the customer confirms or disputes."""
    if ticket.status_category is StatusCategory.RESOLVED:
        raise errors.AlreadyResolved(ticket=ticket.number)
    need_open(ticket)
    events: list[AnyBody] = []
    after = ticket
    if message is not None:
        answered = reply(ticket, message, at, by)
        after, events = answered.ticket, list(answered.events)
    elif ticket.assignee is None:
        after = replace(after, assignee=by)
        events.append(Claimed(assignee=by))
    moved = set_status(after, STATUSES["resolved"], "")
    events += [Resolved(message=message, by=after.assignee), *moved.events]
    return Change(replace(moved.ticket, resolved_at=at), tuple(events))


def confirm(ticket: Ticket, at: datetime) -> Change:
    """The customer accepts the solution: the ticket closes. Confirming twice changes nothing."""
    if ticket.status_category is StatusCategory.CLOSED:
        return Change(ticket)
    if ticket.status_category is not StatusCategory.RESOLVED:
        raise errors.NotResolved(ticket=ticket.number)
    closed = close(ticket, "confirmed", at)
    return Change(closed.ticket, (Confirmed(), *closed.events))


def dispute(ticket: Ticket, message: int | None, at: datetime) -> Change:
    """The customer says that it is not solved: open again, with the same assignee."""
    if ticket.status_category is not StatusCategory.RESOLVED:
        raise errors.NotResolved(ticket=ticket.number)
    again = reopen(ticket, "disputed")
    after = replace(again.ticket, last_customer_at=at)
    if message is not None:
        after = replace(after, message_count=after.message_count + 1)
    return Change(after, (Disputed(message=message), *again.events))


def close(ticket: Ticket, reason: str, at: datetime) -> Change:
    """关闭. Closing a closed ticket changes nothing."""
    if ticket.status_category is StatusCategory.CLOSED:
        return Change(ticket)
    if ticket.status_category in (StatusCategory.CANCELLED, StatusCategory.MERGED):
        raise errors.TicketClosed(ticket=ticket.number)
    moved = set_status(ticket, STATUSES["closed"], reason)
    after = replace(moved.ticket, closed_at=at, resolved_at=ticket.resolved_at or at)
    return Change(after, (Closed(reason=reason), *moved.events))


def cancel(ticket: Ticket, reason: str, at: datetime) -> Change:
    """取消: filed by mistake, or spam. Its clocks are cancelled, not met (R19)."""
    need_open(ticket)
    moved = set_status(ticket, STATUSES["cancelled"], reason)
    after = replace(moved.ticket, closed_at=at)
    return Change(after, (Cancelled(reason=reason), *moved.events))


def reopen(ticket: Ticket, reason: str) -> Change:
    """重新打开 a resolved or closed ticket."""
    if ticket.status_category not in (StatusCategory.RESOLVED, StatusCategory.CLOSED):
        raise errors.NotClosed(ticket=ticket.number)
    count = ticket.reopen_count + 1
    moved = to_open(replace(ticket, reopen_count=count, resolved_at=None, closed_at=None), reason)
    return Change(moved.ticket, (Reopened(reason=reason, count=count), *moved.events))


def set_priority(ticket: Ticket, priority: Priority, reason: str) -> Change:
    """Set the priority; the clocks are re-targeted and keep their used time (R12). It stays so
    until somebody releases it.
    """
    need_open(ticket)
    if ticket.priority is priority and ticket.priority_by == "hand":
        return Change(ticket)
    event = PriorityChanged(old=ticket.priority, new=priority, reason=reason, by="hand")
    return Change(replace(ticket, priority=priority, priority_by="hand"), (event,))


def release_priority(ticket: Ticket, reason: str) -> Change:
    """Let matrix and rules say again what the priority is."""
    need_open(ticket)
    if ticket.priority_by == "matrix":
        return Change(ticket)
    event = PriorityChanged(old=ticket.priority, new=ticket.priority, reason=reason, by="matrix")
    return Change(replace(ticket, priority_by="matrix"), (event,))


def edit(ticket: Ticket, wanted: Mapping[str, str | tuple[str, ...] | None]) -> Change:
    """Overwrite fields; None leaves one as it is. The caller has checked the version the editor
    saw.
    """
    fields: dict[str, tuple[str, str]] = {}
    after: dict[str, str | tuple[str, ...]] = {}
    for name, new in wanted.items():
        old = getattr(ticket, name)
        if new is None or new == old:
            continue
        fields[name] = (_text(old), _text(new))
        after[name] = new
    return Change(replace(ticket, **after), (Edited(fields=fields),)) if fields else Change(ticket)


def _text(value: str | tuple[str, ...] | None) -> str:
    return "、".join(value) if isinstance(value, tuple) else value or ""


def nudge(ticket: Ticket) -> Change:
    """催单."""
    need_open(ticket)
    count = ticket.nudge_count + 1
    return Change(replace(ticket, nudge_count=count), (Nudged(count=count),))


def escalate(ticket: Ticket, reason: str, to: tuple[int, ...]) -> Change:
    """升级 by hand, with a reason."""
    need_open(ticket)
    return Change(ticket, (Escalated(reason=reason, to=to),))


def to_open(ticket: Ticket, reason: str = "") -> Change:
    """Move to the machine's own open status."""
    return set_status(replace(ticket, wake_at=None), STATUSES["open"], reason)


def set_status(
    ticket: Ticket, status: Status, reason: str, wake_at: datetime | None = None
) -> Change:
    """Move to a status. Moving to the present status changes nothing."""
    return Change(ticket) if ticket.status == status.id else _move(ticket, status, reason, wake_at)


def _move(ticket: Ticket, status: Status, reason: str, wake_at: datetime | None) -> Change:
    event = StatusChanged(
        old=ticket.status,
        new=status.id,
        old_category=ticket.status_category,
        new_category=status.category,
        reason=reason,
        wake_at=wake_at,
    )
    waits = status.category in WAITING_CATEGORIES
    after = replace(
        ticket,
        status=status.id,
        status_category=status.category,
        wake_at=ticket.wake_at if waits else None,
    )
    return Change(after, (event,))


def need_open(ticket: Ticket) -> None:
    """Refuse with `TicketClosed` or `AlreadyResolved` unless work on the ticket may go on."""
    if ticket.status_category in OPEN_CATEGORIES:
        return
    if ticket.status_category is StatusCategory.RESOLVED:
        raise errors.AlreadyResolved(ticket=ticket.number)
    raise errors.TicketClosed(ticket=ticket.number)
