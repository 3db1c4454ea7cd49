"""What a rung of the ladder does besides telling people (R17), and escalation by hand."""

from typing import Final

from msgspec.structs import replace

from server.domain import climbing
from server.domain import ticket as rules
from server.domain.events import AnyBody, Edited, Priority
from server.domain.firm import Firm
from server.domain.ladder_events import RungReached
from server.domain.ladders import (
    APART,
    DEFAULT,
    Action,
    CallWebhook,
    MoveQueue,
    RaisePriority,
    Reassign,
    Rung,
)
from server.domain.people import Staff
from server.domain.routing import Cause
from server.domain.ticket import Change, Ticket
from server.storage import ledger, messages
from server.usecases.acts import Act
from server.usecases.recording import read_kept
from server.usecases.routing import placing_of, route

BY_LADDER: Final = "ladder"
"""The reason of what a rung did, as a code."""
_STEPS: Final = tuple(Priority)


async def climb(act: Act, ticket: Ticket, reached: RungReached) -> Change:
    """The rung with what it did. What cannot be done any more is left out."""
    rung = _rung_of(await act.firm(), reached)
    after, events, did = ticket, tuple[AnyBody, ...](), list[str]()
    for action in rung.act if rung is not None else ():
        done = await _do(act, after, action, reached.on)
        if done is None:
            continue
        change_, name = done
        after, events = change_.ticket, events + change_.events
        did.append(name)
    return Change(after, (replace(reached, did=tuple(did)), *events))


async def nudged(act: Act, change_: Change) -> Change:
    """A nudge with the rungs that it reaches."""
    state, _ = await read_kept(act, change_.ticket)
    firm = await act.firm()
    after, events = change_.ticket, change_.events
    for reached in climbing.nudged(after, state, firm, act.at):
        more = await climb(act, after, reached)
        after, events = more.ticket, events + more.events
    return Change(after, events)


async def escalate(act: Act, ticket: Ticket, reason: str, by: Staff) -> Change:
    """升级 by hand, to whom the ladder's next rung names."""
    firm = await act.firm()
    state, climbs = await read_kept(act, ticket)
    reached = climbing.by_hand(ticket, state, climbs, firm, by=by.id, at=act.at)
    if reached is None:
        leaders = firm.leaders_of(ticket.team)
        return rules.escalate(ticket, reason, leaders)
    escalated = rules.escalate(ticket, reason, tuple(one.staff for one in reached.told))
    return Change(escalated.ticket, (*escalated.events, reached))


def _rung_of(firm: Firm, reached: RungReached) -> Rung | None:
    ladder = firm.ladders.get(reached.ladder, DEFAULT)
    return next((one for one in ladder.rungs if one.id == reached.rung), None)


async def _do(act: Act, ticket: Ticket, action: Action, on: str) -> tuple[Change, str] | None:
    match action:
        case RaisePriority(to=to):
            wanted = to or _STEPS[max(_STEPS.index(ticket.priority) - 1, 0)]
            if _STEPS.index(wanted) >= _STEPS.index(ticket.priority):
                return None
            return rules.set_priority(ticket, wanted, BY_LADDER), f"raise_priority:{wanted}"
        case MoveQueue(queue=queue):
            return await _move(act, ticket, queue)
        case Reassign():
            return await _reassign(act, ticket, on)
        case CallWebhook(webhook=webhook):
            known = (await act.firm()).webhooks.get(webhook)
            enabled = known is not None and known.enabled
            return (Change(ticket), f"webhook:{webhook}") if enabled else None


async def _move(act: Act, ticket: Ticket, queue: str) -> tuple[Change, str] | None:
    found = (await act.firm()).queues.get(queue)
    if found is None or ticket.queue == queue:
        return None
    moved = replace(ticket, queue=queue)
    events: tuple[AnyBody, ...] = (Edited(fields={"queue": (ticket.queue, queue)}),)
    if found.team is not None and found.team != ticket.team:
        sent = rules.transfer(moved, found.team, None, BY_LADDER)
        moved, events = sent.ticket, events + sent.events
    return Change(moved, events), f"move_queue:{queue}"


async def _reassign(act: Act, ticket: Ticket, on: str) -> tuple[Change, str] | None:
    """Somebody else by the rules; whoever has it now is not asked. Where nobody else is found it
    stays where it is.
    """
    placing = placing_of(await ledger.list_placings(act.unit, ticket.number))
    held = frozenset() if ticket.assignee is None else frozenset({ticket.assignee})
    placing = replace(placing, left_out=placing.left_out | held)
    text = await messages.customers_words(act.unit, ticket.number)
    cause: Cause = "ladder" if held else "waiting"
    routed = await route(act, ticket, text, cause=cause, placing=placing)
    if routed.ticket.assignee is None:
        return None
    why = on if on in APART else "due"
    back = rules.release(ticket, f"{BY_LADDER}_{why}") if held else Change(ticket)
    return Change(routed.ticket, back.events + routed.events), "reassign"
