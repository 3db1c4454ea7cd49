"""Something has fallen due: warn, breach, climb the ladder, wake, close. Several tickets share a
unit; one that cannot be worked on holds up no other, since the caller then tries each by itself.
"""

from datetime import datetime, timedelta
from typing import Final

from server.desk import Desk
from server.domain import climbing
from server.domain import ticket as rules
from server.domain.climbs import Climbs, climb_on
from server.domain.events import DESK, AnyBody
from server.domain.sla import judge
from server.domain.ticket import Change, Ticket
from server.storage import ledger, tickets, timers
from server.storage.timers import Due, Timer
from server.usecases import escalating
from server.usecases.acts import Act, change, change_quietly
from server.usecases.gathering import wait_for_more
from server.usecases.recording import read_kept, record, refold, retime
from server.usecases.routing import pass_on

RETRY_AFTER = timedelta(minutes=1)

RETIMED_AT_ONCE: Final = 100
"""How many tickets get other timers in one unit after a ladder was saved."""
_BY_CLOCK: Final = frozenset({"sla_warn", "sla_breach", "rung"})


async def list_due(desk: Desk, limit: int = 64) -> list[Due]:
    """Tickets with something due, longest due first."""
    with desk.activity.busy():
        return await timers.list_due(desk.database, desk.clock.now(), limit)


async def next_due_at(desk: Desk) -> datetime | None:
    """The earliest instant at which something falls due."""
    with desk.activity.busy():
        return await timers.next_due_at(desk.database)


@change_quietly
async def fall_due(act: Act, *numbers: int, more: bool = False) -> None:
    """Act on what is due of some tickets, once: the timers are taken in the same unit. `more`:
    others follow at once, and people may hear of all of them together.
    """
    if more:
        wait_for_more(act)
    for number in numbers:
        await _fall_due(act, number)


async def _fall_due(act: Act, number: int) -> None:
    taken = await timers.take(act.unit, number, act.at)
    before = await tickets.find(act.unit, number)
    if not taken or before is None:
        return
    after, events = before, tuple[AnyBody, ...]()
    if any(timer.kind in _BY_CLOCK for timer in taken):
        judged = await _judge(act, before)
        after, events = judged.ticket, judged.events
    effective_at = act.at
    for timer in taken:
        change_ = await _fall(act, after, timer)
        after, events = change_.ticket, events + change_.events
        if change_.events:
            # A pause ended when it was due to, not when somebody noticed (R18).
            effective_at = timer.due_at
    await record(
        act,
        before,
        Change(after, events),
        DESK,
        "desk",
        effective_at=effective_at,
        timers_taken=True,
    )


async def _judge(act: Act, ticket: Ticket) -> Change:
    """What the law says of the clocks, then the rungs that the ladder says are reached."""
    firm = await act.firm()
    state, climbs = await read_kept(act, ticket)
    after, events = ticket, judge(state, firm.law, act.at)
    for reached in climbing.due(ticket, state, climbs, firm, act.at):
        climbed = await escalating.climb(act, after, reached)
        after, events = climbed.ticket, events + climbed.events
    return Change(after, events)


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


# After a ladder was saved


async def list_orders(desk: Desk) -> list[Timer]:
    """What has to be done for all open tickets: after a ladder was saved ("ladders") their timers
    are made anew, after an upgrade ("climbs") what is kept of their climbs too.
    """
    with desk.activity.busy():
        return [
            one
            for kind in ("ladders", "climbs")
            for one in await timers.list_orders(desk.database, kind)
        ]


@change_quietly
async def carry_on(act: Act, order: Timer) -> None:
    """Do the next part of such an order. Its key says up to which ticket it is done."""
    if not await timers.order_done(act.unit, order.kind, order.key):
        return
    numbers = await timers.list_open(act.unit, int(order.key), RETIMED_AT_ONCE)
    for number in numbers:
        ticket = await tickets.find(act.unit, number)
        if ticket is None:
            continue
        if order.kind == "ladders":
            await retime(act, ticket)
        else:
            await _recall(act, ticket)
    if numbers:
        await timers.order(act.unit, order.kind, str(numbers[-1]), act.at)
    act.ring()


async def _recall(act: Act, ticket: Ticket) -> None:
    state, _ = await read_kept(act, ticket)
    climbs = Climbs()
    for event in await ledger.list_events(act.unit, ticket.number):
        climbs = climb_on(climbs, event)
    await refold(act, ticket, state, climbs)
