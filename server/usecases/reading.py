"""What a person may see: lists, counters, a ticket page, the progress page, the live feed.

Every function takes the person's sight; nothing here writes.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

import msgspec

from server.desk import Desk
from server.domain.errors import Invalid, UnknownTicket
from server.domain.events import Event, Routed, StatusCategory
from server.domain.firm import Firm
from server.domain.people import Customer, Sight, Staff, sight_of
from server.domain.permissions import allowed
from server.domain.sla import SlaState
from server.domain.ticket import OPEN_CATEGORIES, WAITING_CATEGORIES, Ticket
from server.storage import attachments, inbound, ledger, messages, outbox, people, tickets, timers
from server.storage.attachments import Attachment
from server.storage.database import Reading
from server.storage.messages import Message
from server.storage.tickets import Listed, Query, TallyCell

View = Literal[
    "mine", "unclaimed", "team", "open", "overdue", "unpromised", "waiting", "resolved",
    "closed", "all",
]  # fmt: skip
Sort = Literal["due", "updated", "created"]

_OPEN: Final = tuple(category.value for category in StatusCategory if category in OPEN_CATEGORIES)
_WAITING: Final = tuple(
    category.value for category in StatusCategory if category in WAITING_CATEGORIES
)
_decode_state = msgspec.json.Decoder(SlaState).decode


class TicketQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list page asks for; `after` is the cursor of the last page."""

    view: View = "open"
    team: str | None = None
    assignee: int | None = None
    status_category: StatusCategory | None = None
    priority: str | None = None
    customer: int | None = None
    sort: Sort = "updated"
    after: str | None = None
    limit: int = 25


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page and the cursor of the next one."""

    tickets: tuple[Listed, ...]
    next: str | None


class TicketPage(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket with everything that its page shows."""

    ticket: Ticket
    customer: Customer
    events: tuple[Event, ...]
    messages: dict[int, Message]
    sla: SlaState
    routing: Event | None
    allowed: tuple[str, ...]
    firm: Firm
    now: datetime
    attachments: tuple[Attachment, ...] = ()


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer may know of a ticket."""

    ticket: Ticket
    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    firm: Firm
    now: datetime
    attachments: tuple[Attachment, ...] = ()


async def list_tickets(desk: Desk, by: Staff, query: TicketQuery) -> Page:
    """One page of a view, only what is in sight; on top of the first page of open tickets those
    that a rule pinned, beyond its limit. Refuses `Invalid(after)` for a cursor that is not one of
    this sort's.
    """
    firm = await desk.firm()
    sight = sight_of(by, firm.teams)
    asked = msgspec.structs.replace(_query(query, by), limit=query.limit + 1)
    if query.view == "team":
        mine = tuple(sorted(team.id for team in firm.teams.values() if by.id in team.people))
        if not mine:
            return Page(tickets=(), next=None)
        asked = msgspec.structs.replace(asked, teams=mine)
    pinned = list[Listed]()
    with desk.activity.busy():
        if frozenset(asked.categories) <= OPEN_CATEGORIES and asked.categories and _pins(firm):
            on_top = msgspec.structs.replace(asked, pinned=True, after=None, limit=MOST_PINNED + 1)
            pinned = await tickets.list_tickets(desk.database, sight, on_top)
            if len(pinned) <= MOST_PINNED:
                asked = msgspec.structs.replace(asked, pinned=False)
        found = await tickets.list_tickets(desk.database, sight, asked)
    if asked.pinned is None or asked.after is not None:
        pinned = []
    shown = tuple(found[: query.limit])
    more = len(found) > query.limit
    next_ = _cursor(shown[-1], asked.sort) if more else None
    return Page(tickets=(*pinned, *shown), next=next_)


MOST_PINNED: Final = 100
"""Where more are pinned than this, none stand on top: who shouts all the time is not heard."""


def _pins(firm: Firm) -> bool:
    return any(rule.then.pin for rule in firm.rules.rules if rule.active)


async def counters(desk: Desk, by: Staff) -> dict[str, int]:
    """The live counters of the views, summed from the tally: no ticket is counted."""
    firm = await desk.firm()
    sight = sight_of(by, firm.teams)
    with desk.activity.busy():
        cells = await tickets.read_tally(desk.database)
    return count(cells, sight, by, firm)


def count(cells: list[TallyCell], sight: Sight, by: Staff, firm: Firm) -> dict[str, int]:
    """Sum the cells that are in sight by view."""
    mine = {team.id for team in firm.teams.values() if by.id in team.people}
    rules: dict[str, Callable[[TallyCell], bool]] = {
        "mine": lambda cell: cell.assignee == by.id and cell.status_category in _OPEN,
        "unclaimed": lambda cell: cell.assignee is None and cell.status_category in _OPEN,
        "team": lambda cell: cell.team in mine and cell.status_category in _OPEN,
        "open": lambda cell: cell.status_category in _OPEN,
        "overdue": lambda cell: cell.breached and cell.status_category in _OPEN,
        "unpromised": lambda cell: not cell.promised and cell.status_category in _OPEN,
        "waiting": lambda cell: cell.status_category in _WAITING,
        "resolved": lambda cell: cell.status_category == "resolved",
    }
    seen = [cell for cell in cells if sight.sees(cell.team, cell.assignee)]
    return {name: sum(cell.tickets for cell in seen if rule(cell)) for name, rule in rules.items()}


async def ticket_page(desk: Desk, by: Staff, number: int) -> TicketPage:
    """A ticket's page, all of one moment. Refuses `UnknownTicket` when it is out of sight."""
    firm = await desk.firm()
    sight = sight_of(by, firm.teams)

    async def look(db: Reading) -> TicketPage:
        ticket = await tickets.find(db, number)
        if ticket is None or not sight.sees(ticket.team, ticket.assignee):
            raise UnknownTicket(ticket=number)
        events = await ledger.list_events(db, number)
        routing = [event for event in events if isinstance(event.body, Routed)]
        said = await messages.list_messages(db, number)
        state = await timers.find_state(db, number)
        customer = await people.find_customer(db, ticket.customer)
        return TicketPage(
            ticket=ticket,
            customer=customer or Customer(id=ticket.customer, name=""),
            events=tuple(events),
            messages={message.id: message for message in said},
            sla=_decode_state(state) if state else SlaState(),
            routing=routing[-1] if routing else None,
            allowed=allowed(by, sight, ticket),
            firm=firm,
            now=desk.clock.now(),
            attachments=tuple(await attachments.list_of_ticket(db, number)),
        )

    with desk.activity.busy():
        return await desk.database.look(look)


async def progress(desk: Desk, number: int) -> Progress:
    """The customer's view; who holds the link may see it (the link is checked at the edge)."""
    firm = await desk.firm()

    async def look(db: Reading) -> Progress:
        ticket = await tickets.find(db, number)
        if ticket is None:
            raise UnknownTicket(ticket=number)
        return Progress(
            ticket=ticket,
            messages=tuple(await messages.list_public(db, number)),
            events=tuple(await ledger.list_events(db, number)),
            firm=firm,
            now=desk.clock.now(),
            attachments=tuple(await attachments.list_of_ticket(db, number)),
        )

    with desk.activity.busy():
        return await desk.database.look(look)


async def read_ticket(desk: Desk, by: Staff, number: int) -> Ticket:
    """Only the ticket's row. Refuses `UnknownTicket` when it is out of sight."""
    firm = await desk.firm()
    with desk.activity.busy():
        ticket = await tickets.find(desk.database, number)
    if ticket is None or not sight_of(by, firm.teams).sees(ticket.team, ticket.assignee):
        raise UnknownTicket(ticket=number)
    return ticket


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the live feed."""

    seq: int
    kind: str
    ticket: Ticket | None


async def live_since(desk: Desk, by: Staff, seq: int, limit: int = 200) -> tuple[int, list[Live]]:
    """Events after `seq` that are in sight, and the seq up to which was looked. Events of the
    desk itself have no ticket.
    """
    firm = await desk.firm()
    sight = sight_of(by, firm.teams)
    with desk.activity.busy():
        rows = await ledger.list_rows_since(desk.database, seq, limit)
        numbers = tuple({row.ticket for row in rows if row.ticket is not None})
        found = await tickets.list_by_number(desk.database, numbers)
    steps = [
        Live(seq=row.seq, kind=row.kind, ticket=found.get(row.ticket or 0))
        for row in rows
        if row.ticket is None
        or (row.ticket in found and sight.sees(found[row.ticket].team, found[row.ticket].assignee))
    ]
    return (rows[-1].seq if rows else seq), steps


async def head_seq(desk: Desk) -> int:
    """The last event's seq."""
    with desk.activity.busy():
        return (await ledger.read_head(desk.database)).seq


async def list_load(desk: Desk) -> dict[int, int]:
    """在办数 by colleague."""
    with desk.activity.busy():
        return await tickets.read_load(desk.database)


async def list_deliveries(
    desk: Desk, state: outbox.State, limit: int = 100
) -> list[outbox.Delivery]:
    """Deliveries in a state, newest first."""
    with desk.activity.busy():
        return await outbox.list_in_state(desk.database, state, limit)


async def list_inbound(desk: Desk, state: inbound.State, limit: int = 100) -> list[inbound.Inbound]:
    """Arrivals in a state, newest first."""
    with desk.activity.busy():
        return await inbound.list_in_state(desk.database, state, limit)


def _query(query: TicketQuery, by: Staff) -> Query:
    """A view as the conditions that storage knows."""
    categories = _categories(query)
    # Nothing falls due on a ticket that is done or has no SLA: the latest first is what is meant.
    done = bool(categories) and not set(categories) & set(_OPEN)
    done = done or query.view == "unpromised"
    sort: Sort = "updated" if done and query.sort == "due" else query.sort
    asked = Query(
        team=query.team,
        assignee=query.assignee,
        priority=query.priority,
        customer=query.customer,
        sort=sort,
        after=_after(query.after, sort),
        limit=query.limit,
        categories=categories,
        unassigned=query.view == "unclaimed",
        breached=query.view == "overdue",
        promised=False if query.view == "unpromised" else None,
    )
    if query.view == "mine":
        return msgspec.structs.replace(asked, assignee=by.id)
    return asked


def _categories(query: TicketQuery) -> tuple[str, ...]:
    if query.status_category is not None:
        return (query.status_category.value,)
    match query.view:
        case "all":
            return ()
        case "waiting":
            return _WAITING
        case "resolved":
            return ("resolved",)
        case "closed":
            return ("closed", "cancelled", "merged")
        case _:
            return _OPEN


_FAR: Final = "9999-12-31T00:00:00+00:00"
_CURSOR: Final = re.compile(r"(?P<number>[0-9]{1,18})(?:~(?P<key>[0-9T:.+Z-]{19,35}))?")


def _cursor(last: Listed, sort: str) -> str:
    if sort == "created":
        return f"{last.number}"
    at = last.updated_at if sort == "updated" else last.next_due_at
    return f"{last.number}~{at.isoformat() if at else _FAR}"


def _after(cursor: str | None, sort: Sort) -> tuple[str, int] | None:
    if cursor is None:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None or (found["key"] is None) != (sort == "created"):
        raise Invalid(after="cursor")
    try:
        key = msgspec.convert(found["key"] or _FAR, type=datetime)
    except msgspec.ValidationError as error:
        raise Invalid(after="cursor") from error
    if key.tzinfo is None:
        raise Invalid(after="cursor")
    return (key.isoformat(), int(found["number"]))
