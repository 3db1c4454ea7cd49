"""受理: what customers do. A message arrives: open a ticket or append to one, route it, start its
clock; the customer confirms, disputes, nudges, rates.

Every arrival has a key that outlives a restart (decision 6): the same key again changes nothing
and gives the same answer.
"""

from datetime import timedelta

import msgspec

from server.domain import ticket as rules
from server.domain.errors import TooManyTries, UnknownTicket
from server.domain.events import Actor, Priority, Via
from server.domain.people import Customer, Staff
from server.domain.ticket import Change, Ticket
from server.storage import inbound, messages, people, tickets
from server.usecases.acts import Act, change
from server.usecases.recording import record
from server.usecases.routing import route

NUDGE_PAUSE = timedelta(minutes=10)
"""A customer may nudge (催单) once in this span."""


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to open a ticket. `by` is the colleague who files it for the customer."""

    channel: str
    key: str
    subject: str
    text: str
    name: str
    phone: str = ""
    email: str = ""
    company: str = ""
    level: str = "normal"
    category: str | None = None
    priority: Priority = Priority.NORMAL
    queue: str = "default"
    via: Via = "portal"
    by: Staff | None = None


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket that a filing has; `repeated` when this key had been here before."""

    ticket: Ticket
    repeated: bool = False


@change
async def file_ticket(act: Act, filing: Filing) -> Filed:
    """Open a ticket, route it and start its clock."""
    return await open_filing(act, filing)


async def open_filing(act: Act, filing: Filing) -> Filed:
    """The same inside another unit."""
    arrival = await inbound.add(act.unit, filing.channel, filing.key, "{}", act.at)
    if arrival is None:
        known = await inbound.find(act.unit, filing.channel, filing.key)
        if known is None or known.ticket is None:
            raise UnknownTicket(ticket=0)
        return Filed(ticket=await read_ticket(act, known.ticket), repeated=True)
    customer = await _customer(act, filing)
    number = await tickets.next_number(act.unit)
    by = Actor("customer", customer.id) if filing.by is None else Actor("staff", filing.by.id)
    message: int | None = None
    if filing.text:
        message = await messages.add(
            act.unit,
            ticket=number,
            visibility="public",
            direction="in",
            author=str(Actor("customer", customer.id)),
            via=filing.via,
            body=filing.text,
            created_at=act.at,
        )
    fresh = Ticket(
        number=number,
        subject=filing.subject,
        category=filing.category,
        priority=filing.priority,
        queue=filing.queue,
        customer=customer.id,
        customer_level=customer.level,
        channel=filing.channel,
        created_at=act.at,
        updated_at=act.at,
    )
    opened = rules.open_ticket(fresh, message, act.at)
    sent = await route(act, opened.ticket, filing.text)
    whole = Change(sent.ticket, opened.events + sent.events)
    ticket = await record(act, None, whole, by, filing.via)
    await inbound.settle(act.unit, arrival, act.at, ticket=number)
    return Filed(ticket=ticket)


@change
async def customer_writes(act: Act, number: int, key: str, text: str, via: Via) -> Ticket:
    """A public message from the customer; repeated keys change nothing."""
    before = await read_ticket(act, number)
    arrival = await inbound.add(act.unit, f"{via}-message", key, "{}", act.at)
    if arrival is None:
        return before
    message = await _hear(act, before, text, via)
    change_ = rules.customer_wrote(before, message, act.at)
    after = await record(act, before, change_, Actor("customer", before.customer), via)
    await inbound.settle(act.unit, arrival, act.at, ticket=number)
    return after


@change
async def confirm(act: Act, number: int, via: Via) -> Ticket:
    """The customer accepts the solution."""
    before = await read_ticket(act, number)
    by = Actor("customer", before.customer)
    return await record(act, before, rules.confirm(before, act.at), by, via)


@change
async def dispute(act: Act, number: int, text: str, via: Via) -> Ticket:
    """The customer says that it is not solved, and why."""
    before = await read_ticket(act, number)
    rules.dispute(before, None, act.at)
    message = await _hear(act, before, text, via) if text else None
    by = Actor("customer", before.customer)
    return await record(act, before, rules.dispute(before, message, act.at), by, via)


@change
async def nudge(act: Act, number: int, via: Via) -> Ticket:
    """催单. Refuses `TooManyTries` within `NUDGE_PAUSE` of the last one."""
    before = await read_ticket(act, number)
    window = f"{number}:{int(act.at.timestamp() // NUDGE_PAUSE.total_seconds())}"
    arrival = await inbound.add(act.unit, "nudge", window, "{}", act.at)
    if arrival is None:
        raise TooManyTries(seconds=int(NUDGE_PAUSE.total_seconds()))
    await inbound.settle(act.unit, arrival, act.at, ticket=number)
    by = Actor("customer", before.customer)
    return await record(act, before, rules.nudge(before), by, via)


@change
async def rate(act: Act, number: int, score: int, comment: str, via: Via) -> Ticket:
    """满意度评价, 1–5."""
    before = await read_ticket(act, number)
    by = Actor("customer", before.customer)
    return await record(act, before, rules.rate(before, score, comment), by, via)


async def read_ticket(act: Act, number: int) -> Ticket:
    """The ticket as this unit sees it. Refuses `UnknownTicket`."""
    found = await tickets.find(act.unit, number)
    if found is None:
        raise UnknownTicket(ticket=number)
    return found


async def _hear(act: Act, ticket: Ticket, text: str, via: Via) -> int:
    return await messages.add(
        act.unit,
        ticket=ticket.number,
        visibility="public",
        direction="in",
        author=str(Actor("customer", ticket.customer)),
        via=via,
        body=text,
        created_at=act.at,
    )


async def _customer(act: Act, filing: Filing) -> Customer:
    """The customer who is known by this phone or e-mail, or a new one."""
    for kind, value in (("phone", filing.phone), ("email", filing.email)):
        if not value:
            continue
        known = await people.find_customer_by(act.unit, kind, value)
        if known is not None:
            await people.add_addresses(act.unit, known, phone=filing.phone, email=filing.email)
            found = await people.find_customer(act.unit, known)
            if found is not None:
                return found
    fresh = Customer(
        id=0,
        name=filing.name,
        level=filing.level,
        company=filing.company,
        email=filing.email,
        phone=filing.phone,
    )
    number = await people.add_customer(act.unit, fresh, act.at)
    return msgspec.structs.replace(fresh, id=number)
