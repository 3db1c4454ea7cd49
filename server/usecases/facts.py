"""What is known of a ticket, gathered for rules and matrix, and what they say of it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from server.domain.attributes import Assessed, assess
from server.domain.conditions import Facts
from server.domain.firm import Firm
from server.domain.people import Customer
from server.domain.rules import Rules, calendars_read, fields_read
from server.domain.stores import Store, distance, nearest
from server.domain.ticket import Ticket
from server.domain.worktime import is_working
from server.storage import people
from server.usecases.acts import Act

_OF_CUSTOMER = frozenset({"customer", "company", "email", "phone"})


def facts_of(
    ticket: Ticket, text: str, firm: Firm, at: datetime, customer: Customer | None = None
) -> Facts:
    """What rules may look at; the customer's own fields where the customer is given."""
    store = firm.stores.get(ticket.store)
    who = customer or Customer(id=0, name="")
    return Facts(
        subject=ticket.subject,
        text=text,
        priority=ticket.priority.value,
        urgency=ticket.urgency.value,
        queue=ticket.queue,
        category=ticket.category or "",
        channel=ticket.channel,
        customer_level=ticket.customer_level,
        customer=who.name,
        company=who.company,
        email=who.email,
        phone=who.phone,
        language=ticket.language,
        region=ticket.region or (store.region if store is not None else ""),
        product=ticket.product,
        store=ticket.store,
        team=ticket.team or "",
        tags=ticket.tags,
        nudges=ticket.nudge_count,
        reopens=ticket.reopen_count,
        distance=_distance(ticket, store, firm),
        created_at=ticket.created_at,
        at=at.astimezone(ZoneInfo(firm.profile.zone)),
        open=open_now(firm.rules, store, firm, at),
    )


def _distance(ticket: Ticket, store: Store | None, firm: Firm) -> float | None:
    """To the ticket's store, else to the nearest one."""
    if store is not None:
        return distance(store, ticket.latitude, ticket.longitude)
    if ticket.latitude is None or not firm.stores:
        return None
    near = nearest(firm.stores.values(), latitude=ticket.latitude, longitude=ticket.longitude)
    return near[0].distance if near else None


def open_now(rules_: Rules, store: Store | None, firm: Firm, at: datetime) -> frozenset[str]:
    """The calendars that rules look at and by which it is working time."""
    found: set[str] = set()
    for name in calendars_read(rules_):
        calendar = firm.calendars.get(name or (store.hours if store is not None else "") or "")
        if calendar is not None and is_working(calendar, at):
            found.add(name)
    return frozenset(found)


async def read_facts(
    act: Act, ticket: Ticket, text: str, customer: Customer | None = None
) -> Facts:
    """The same; the customer is looked up where a rule asks."""
    firm = await act.firm()
    if customer is None and fields_read(firm.rules) & _OF_CUSTOMER:
        customer = await people.find_customer(act.unit, ticket.customer)
    return facts_of(ticket, text, firm, act.at, customer)


async def assess_ticket(
    act: Act, ticket: Ticket, text: str, customer: Customer | None = None
) -> Assessed:
    """What rules and matrix say of a ticket now."""
    firm = await act.firm()
    facts = await read_facts(act, ticket, text, customer)
    fixed = ticket.priority if ticket.priority_by == "hand" else None
    return assess(firm.rules, firm.matrix, facts, fixed=fixed)
