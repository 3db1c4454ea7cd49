"""受理: what customers do. A message arrives: open a ticket or append to one, route it, start its
clock; the customer confirms, disputes, nudges, rates.

Every arrival has a key that outlives a restart (decision 6): the same key again changes nothing
and gives the same answer.
"""

from datetime import timedelta

import msgspec

from server.domain import afterwards
from server.domain import ticket as rules
from server.domain.attributes import told
from server.domain.errors import UnknownTicket
from server.domain.events import Actor, Priority, Via
from server.domain.ladder_events import NudgedAgain
from server.domain.people import Customer, Staff, plain_email, plain_phone
from server.domain.sla import SlaState
from server.domain.ticket import Change, Ticket
from server.storage import inbound, ledger, messages, people, tickets
from server.usecases import escalating
from server.usecases.acts import Act, change
from server.usecases.assessing import reassessed
from server.usecases.facts import assess_ticket
from server.usecases.merging import surviving
from server.usecases.promises import excuse_newcomer
from server.usecases.recording import record
from server.usecases.routing import route

NUDGE_PAUSE = timedelta(minutes=10)
"""What a customer nudges (催单) within this span is one nudge."""
MOST_PRESSES = 20
"""So many presses of one nudge are counted; more say nothing new."""


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to open a ticket. `by` is the colleague who files it for the customer;
    `account` is the customer's own chat account, platform and id. A `priority` is set by hand;
    without one, matrix and rules say what it is.
    """

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
    priority: Priority | None = None
    queue: str = "default"
    urgency: Priority = Priority.NORMAL
    region: str = ""
    product: str = ""
    language: str = ""
    store: str = ""
    latitude: float | None = None
    longitude: float | None = None
    tags: tuple[str, ...] = ()
    via: Via = "portal"
    by: Staff | None = None
    account: tuple[str, str] | None = None


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket that a filing has; `repeated` when this key had been here before. `sla` is how its
    clocks began, None when it is repeated.
    """

    ticket: Ticket
    sla: SlaState | None = None
    repeated: bool = False


@change
async def file_ticket(act: Act, filing: Filing) -> Filed:
    """Open a ticket, route it and start its clock."""
    return await open_filing(act, filing)


async def open_filing(act: Act, filing: Filing) -> Filed:
    """The same inside another unit."""
    known = await inbound.find(act.unit, filing.channel, filing.key)
    if known is not None:
        return Filed(ticket=await read_ticket(act, known.ticket or 0), repeated=True)
    customer = await _customer(act, filing)
    number = await tickets.next_number(act.unit)
    by = Actor("customer", customer.id) if filing.by is None else Actor("staff", filing.by.id)
    fresh = Ticket(
        number=number,
        subject=filing.subject,
        category=filing.category,
        priority=filing.priority or Priority.NORMAL,
        priority_by="matrix" if filing.priority is None else "hand",
        queue=filing.queue,
        customer=customer.id,
        customer_level=customer.level,
        channel=filing.channel,
        urgency=filing.urgency,
        region=filing.region,
        product=filing.product,
        language=filing.language or customer.language,
        store=filing.store,
        latitude=filing.latitude,
        longitude=filing.longitude,
        tags=filing.tags,
        created_at=act.at,
        updated_at=act.at,
    )
    ticket = await _open(act, fresh, filing.text, by, filing.via, customer)
    await inbound.add_done(act.unit, filing.channel, filing.key, number, act.at)
    return Filed(ticket=ticket, sla=act.folded[number])


@change
async def customer_writes(act: Act, number: int, key: str, text: str, via: Via) -> Ticket:
    """A public message from the customer; repeated keys change nothing. Returns the ticket that it
    is in: after the reopen window that is another one, which goes on from here (R16), and for a
    ticket that goes on in another one it is that one.
    """
    known = await inbound.find(act.unit, f"{via}-message", key)
    if known is not None:
        return await read_ticket(act, known.ticket or number)
    before = await _newest(act, number)
    by = Actor("customer", before.customer)
    window = timedelta(days=(await act.firm()).profile.reopen_days)
    if afterwards.is_over(before, act.at, window):
        after = await _continue(act, before, text, via)
    else:
        message = await _hear(act, before, text, via)
        wrote = rules.customer_wrote(before, message, act.at)
        after = await record(act, before, await reassessed(act, wrote, "text"), by, via)
    await inbound.add_done(act.unit, f"{via}-message", key, after.number, act.at)
    return after


async def _newest(act: Act, number: int) -> Ticket:
    """The ticket, or the one that it was merged into or that goes on from it."""
    found = await surviving(act, await read_ticket(act, number))
    while found.continued_by is not None:
        found = await surviving(act, await read_ticket(act, found.continued_by))
    return found


async def _continue(act: Act, before: Ticket, text: str, via: Via) -> Ticket:
    """续单: a new ticket of the same customer about the same thing, with clocks of its own."""
    number = await tickets.next_number(act.unit)
    by = Actor("customer", before.customer)
    customer = await people.find_customer(act.unit, before.customer)
    fresh = Ticket(
        number=number,
        subject=before.subject,
        category=before.category,
        queue=before.queue,
        customer=before.customer,
        customer_level=customer.level if customer is not None else before.customer_level,
        channel=before.channel,
        continues=before.number,
        region=before.region,
        product=before.product,
        language=before.language,
        store=before.store,
        latitude=before.latitude,
        longitude=before.longitude,
        created_at=act.at,
        updated_at=act.at,
    )
    after = await _open(act, fresh, text, by, via, customer)
    await record(act, before, afterwards.continued(before, number), by, via)
    return after


async def _open(  # noqa: PLR0917
    act: Act, fresh: Ticket, text: str, by: Actor, via: Via, customer: Customer | None
) -> Ticket:
    """Write a new ticket with its first message, weighed and routed."""
    message = await _hear(act, fresh, text, via) if text else None
    assessed = await assess_ticket(act, fresh, text, customer)
    opened = rules.open_ticket(told(fresh, assessed), message, act.at, assessed.weighed.why)
    sent = await route(act, opened.ticket, text, assessed=assessed)
    whole = Change(sent.ticket, opened.events + sent.events)
    return await record(act, None, await excuse_newcomer(act, whole), by, via)


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
    disputed = rules.dispute(before, message, act.at)
    return await record(act, before, await reassessed(act, disputed, "reopens", "text"), by, via)


@change
async def nudge(act: Act, number: int, via: Via) -> Ticket:
    """催单. Within `NUDGE_PAUSE` of the last one it is the same nudge: it is counted with it, and
    nobody is told twice.
    """
    before = await surviving(act, await read_ticket(act, number))
    number = before.number
    nudged = rules.nudge(before)
    last = await ledger.last_of_kind(act.unit, number, "nudged")
    by = Actor("customer", before.customer)
    if last is not None and act.at < last + NUDGE_PAUSE:
        return await record(act, before, await _again(act, before), by, via)
    climbed = await escalating.nudged(act, await reassessed(act, nudged, "nudges"))
    return await record(act, before, climbed, by, via)


async def _again(act: Act, ticket: Ticket) -> Change:
    last = await ledger.last_event(act.unit, ticket.number, "nudged_again")
    known = last.body if last is not None else None
    times = 1
    if isinstance(known, NudgedAgain) and known.count == ticket.nudge_count:
        times = known.times
    if times >= MOST_PRESSES:
        return Change(ticket)
    return Change(ticket, (NudgedAgain(count=ticket.nudge_count, times=times + 1),))


@change
async def rate(act: Act, number: int, score: int, comment: str, via: Via) -> Ticket:
    """满意度评价, 1–5."""
    before = await read_ticket(act, number)
    by = Actor("customer", before.customer)
    return await record(act, before, afterwards.rate(before, score, comment), by, via)


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
    """The customer who is known by this phone or e-mail, or a new one. Where the two belong to
    two people, the phone decides: who shares a mailbox has a phone of his own. Addresses never
    move from one customer to another.
    """
    phone, email = plain_phone(filing.phone), plain_email(filing.email)
    accounts = dict([filing.account]) if filing.account is not None else {}
    for kind, value in (("phone", phone), ("email", email), *accounts.items()):
        found = await people.find_customer_at(act.unit, kind, value) if value else None
        if found is not None:
            if found.phone != phone or found.email != email or accounts:
                await people.add_addresses(act.unit, found.id, phone=phone, email=email, **accounts)
            return found
    fresh = Customer(
        id=0,
        name=filing.name,
        level=filing.level,
        company=filing.company,
        email=email,
        phone=phone,
    )
    number = await people.add_customer(act.unit, fresh, act.at)
    await people.add_addresses(act.unit, number, **accounts)
    return msgspec.structs.replace(fresh, id=number)
