"""合并、拆分: two tickets become one, one becomes two (R19); both in the unit that asks for it.

What the customer does to a merged ticket happens to the surviving one: `surviving` finds it.
"""

from datetime import timedelta

from msgspec.structs import replace

from server.domain import commands as c
from server.domain import merging
from server.domain import ticket as rules
from server.domain.attributes import told
from server.domain.errors import Invalid, UnknownTicket
from server.domain.events import (
    Actor,
    AnyBody,
    CustomerWrote,
    Noted,
    StatusCategory,
    StatusChanged,
    Via,
)
from server.domain.people import Staff, sight_of
from server.domain.ticket import Change, Ticket
from server.storage import ledger, messages, people, tickets
from server.storage.messages import Message
from server.usecases.acts import Act
from server.usecases.facts import assess_ticket
from server.usecases.promises import excuse_newcomer
from server.usecases.recording import record
from server.usecases.routing import route


async def merge(act: Act, command: c.Merge, before: Ticket, by: Staff, via: Via) -> Change:
    """合并: write the surviving ticket; the change of the merged one is the answer. The surviving
    one must be in sight, too.
    """
    into = await _seen(act, command.into, by)
    gone, stays = merging.merge(before, into, command.reason, act.at)
    await record(act, into, stays, Actor("staff", by.id), via)
    return gone


async def unmerge(act: Act, command: c.Unmerge, before: Ticket, by: Staff, via: Via) -> Change:
    """撤销合并: write the ticket that it was in; the change of this one is the answer."""
    was_in = await tickets.find(act.unit, before.merged_into or 0)
    window = timedelta(days=(await act.firm()).profile.reopen_days)
    apart, left = merging.unmerge(
        before,
        was_in or before,
        command.reason,
        act.at,
        window=window,
        was_new=await _was_new(act, before),
    )
    if was_in is not None:
        await record(act, was_in, left, Actor("staff", by.id), via)
    return apart


async def split(act: Act, command: c.Split, before: Ticket, by: Staff, via: Via) -> Change:
    """拆分: open a ticket for what is about something else; the change of this one is the answer.
    The messages are written there once more; here they stay. Only what the customer wrote and
    notes can go along: a reply of ours would answer a question that nobody has looked at.
    """
    merging.split(before, 0, command.messages)
    chosen = await _chosen(act, before, command.messages)
    actor, number = Actor("staff", by.id), await tickets.next_number(act.unit)
    copies = [(one, await _copy(act, one, number)) for one in chosen]
    fresh = _part_of(before, number, command, act)
    words = [one for one in copies if one[0].visibility == "public"]
    first = words[0][1] if words else None
    text = "\n".join(one.body for one, _ in words) or chosen[0].body
    customer = await people.find_customer(act.unit, before.customer)
    assessed = await assess_ticket(act, fresh, text, customer)
    opened = rules.open_ticket(
        told(fresh, assessed), first, act.at, assessed.weighed.why, from_customer=bool(words)
    )
    rest: tuple[AnyBody, ...] = tuple(
        CustomerWrote(message=copy) if one.visibility == "public" else Noted(message=copy)
        for one, copy in copies
        if copy != first
    )
    whole = Change(replace(opened.ticket, message_count=len(copies)), (*opened.events, *rest))
    begun = await excuse_newcomer(act, whole)
    since_at = before.created_at if command.inherit else None
    if since_at is not None:
        # Filed when the other one was; but where it goes is decided now.
        apart = await record(act, None, begun, actor, via, effective_at=since_at)
        routed = await route(act, apart, text, assessed=assessed)
        await record(act, apart, routed, actor, via)
    else:
        routed = await route(act, begun.ticket, text, assessed=assessed)
        both = Change(routed.ticket, (*begun.events, *routed.events))
        await record(act, None, both, actor, via)
    return merging.split(before, number, command.messages)


async def surviving(act: Act, ticket: Ticket) -> Ticket:
    """The ticket, or the one that it goes on in after merges."""
    found: Ticket | None = ticket
    while found is not None and found.merged_into is not None:
        ticket = found
        found = await tickets.find(act.unit, found.merged_into)
    return found or ticket


async def _seen(act: Act, number: int, by: Staff) -> Ticket:
    found = await tickets.find(act.unit, number)
    firm = await act.firm()
    if found is None or not sight_of(by, firm.teams).sees(found.team, found.assignee):
        raise UnknownTicket(ticket=number)
    return found


async def _was_new(act: Act, ticket: Ticket) -> bool:
    """Whether it was still to be accepted when it was merged."""
    moves = [
        event.body
        for event in await ledger.list_events(act.unit, ticket.number)
        if isinstance(event.body, StatusChanged)
    ]
    return bool(moves) and moves[-1].old_category is StatusCategory.NEW


async def _chosen(act: Act, ticket: Ticket, wanted: tuple[int, ...]) -> list[Message]:
    """The messages to split off, oldest first. Refuses `Invalid(messages)`."""
    found = await messages.list_messages(act.unit, ticket.number)
    chosen = [one for one in found if one.id in wanted]
    if len(chosen) != len(set(wanted)):
        raise Invalid(messages="no_message")
    if any(one.visibility == "public" and one.direction == "out" for one in chosen):
        raise Invalid(messages="ours")
    return chosen


async def _copy(act: Act, message: Message, ticket: int) -> int:
    return await messages.add(
        act.unit,
        ticket=ticket,
        visibility=message.visibility,
        direction=message.direction,
        author=message.author,
        via=message.via,
        body=message.body,
        created_at=message.created_at,
    )


def _part_of(before: Ticket, number: int, command: c.Split, act: Act) -> Ticket:
    """A fresh ticket of the same customer; whose it is and how urgent is decided anew."""
    return Ticket(
        number=number,
        subject=command.subject.strip(),
        category=before.category,
        queue=before.queue,
        customer=before.customer,
        customer_level=before.customer_level,
        channel=before.channel,
        urgency=before.urgency,
        region=before.region,
        product=before.product,
        language=before.language,
        store=before.store,
        latitude=before.latitude,
        longitude=before.longitude,
        split_from=before.number,
        created_at=before.created_at if command.inherit else act.at,
        updated_at=act.at,
    )
