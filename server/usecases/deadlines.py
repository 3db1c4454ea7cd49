"""Something has fallen due: warn, breach, wake, close. One unit a ticket, so that a ticket that
cannot be worked on holds up no other.
"""

from datetime import datetime, timedelta

import msgspec

from server.desk import Desk
from server.domain import ticket as rules
from server.domain.events import DESK, AnyBody
from server.domain.sla import SlaState, judge
from server.domain.ticket import Change, Ticket
from server.storage import tickets, timers
from server.storage.timers import Due, Timer
from server.usecases.acts import Act, change
from server.usecases.recording import record
from server.usecases.routing import pass_on

RETRY_AFTER = timedelta(minutes=1)

_decode_state = msgspec.json.Decoder(SlaState).decode


async def list_due(desk: Desk, limit: int = 64) -> list[Due]:
    """Tickets with something due, longest due first."""
    with desk.activity.busy():
        return await timers.list_due(desk.database, desk.clock.now(), limit)


async def next_due_at(desk: Desk) -> datetime | None:
    """The earliest instant at which something falls due."""
    with desk.activity.busy():
        return await timers.next_due_at(desk.database)


@change
async def fall_due(act: Act, number: int) -> Ticket | None:
    """Act on what is due of a ticket, once: the timers are taken in the same unit."""
    taken = await timers.take(act.unit, number, act.at)
    before = await tickets.find(act.unit, number)
    if not taken or before is None:
        return before
    after, events = before, tuple[AnyBody, ...]()
    firm = await act.firm()
    if any(timer.kind.startswith("sla") for timer in taken):
        kept = await timers.find_state(act.unit, number)
        if kept is not None:
            events += judge(_decode_state(kept), firm.law, act.at)
    effective_at = act.at
    for timer in taken:
        change_ = await _fall(act, after, timer)
        after, events = change_.ticket, events + change_.events
        if change_.events:
            # A pause ended when it was due to, not when somebody noticed (R18).
            effective_at = timer.due_at
    return await record(
        act,
        before,
        Change(after, events),
        DESK,
        "desk",
        effective_at=effective_at,
        timers_taken=True,
    )


async def _fall(act: Act, ticket: Ticket, timer: Timer) -> Change:
    if timer.kind in {"accept_by", "touch_by"}:
        return await pass_on(act, ticket, timer.kind)
    return _plain(ticket, timer, act.at)


def _plain(ticket: Ticket, timer: Timer, at: datetime) -> Change:
    match timer.kind:
        case "wake" if ticket.wake_at is not None and ticket.wake_at <= at:
            return rules.wake(ticket)
        case "quiet_close" if ticket.status_category == "resolved":
            return rules.close(ticket, "quiet", at)
        case _:
            return Change(ticket)


@change
async def postpone(act: Act, number: int) -> None:
    """Acting on a ticket failed: try again later instead of at once for ever."""
    await timers.postpone(act.unit, number, act.at, act.at + RETRY_AFTER)
