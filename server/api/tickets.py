"""The staff's door: lists, counters, one ticket, filing for a customer, commands."""

import re
from typing import Any, Final

import msgspec

from server import vault
from server.api import render
from server.api import schemas as s
from server.api.calls import Answer, Call, Handler
from server.api.reading import Refused, Wrong, email_of, needed, phone_of
from server.domain.commands import AnyCommand
from server.domain.firm import Firm
from server.domain.people import sight_of
from server.domain.permissions import allowed
from server.domain.ticket import Ticket
from server.usecases import intake, outlook, reading
from server.usecases import tickets as doors

_CURSOR: Final = re.compile(
    r"\d{1,16}(?:~(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|\+00:00)))?"
)


async def read_firm(call: Call) -> s.FirmShown:
    """What menus need."""
    firm = await call.desk.firm()
    return render.firm_shown(firm, await reading.list_load(call.desk), call.by, call.language)


async def list_tickets(call: Call) -> s.TicketsPage:
    """One page."""
    asked = call.query(s.TicketsAsked)
    check_cursor(asked)
    query = reading.TicketQuery(
        view=asked.view,
        team=asked.team,
        assignee=asked.assignee,
        status_category=asked.status_category,
        priority=asked.priority.value if asked.priority is not None else None,
        customer=asked.customer,
        sort=asked.sort,
        after=asked.after,
        limit=asked.limit,
    )
    page = await reading.list_tickets(call.desk, call.by, query)
    firm, now, language = await call.desk.firm(), call.desk.clock.now(), call.language
    return s.TicketsPage(
        tickets=tuple(render.ticket_row(one, one, firm, language, now) for one in page.tickets),
        next=page.next,
        now=now,
    )


def check_cursor(asked: s.TicketsAsked) -> None:
    """Refuse a cursor that this sort order did not give. Refuses `Invalid(after)`."""
    if asked.after is None:
        return
    found = _CURSOR.fullmatch(asked.after)
    dated = found is not None and found.group(1) is not None
    fits = found is not None and dated != (asked.sort == "created")
    if fits and dated and found is not None:
        try:
            msgspec.json.decode(f'"{found.group(1)}"', type=s.Instant)
        except msgspec.ValidationError:
            fits = False
    if not fits:
        raise Refused({"after": ("cursor", {})})


async def read_counters(call: Call) -> s.Counters:
    """The counters of the views."""
    return msgspec.convert(await reading.counters(call.desk, call.by), s.Counters)


async def read_ticket(call: Call) -> s.TicketShown:
    """A ticket's page."""
    page = await reading.ticket_page(call.desk, call.by, call.number("number"))
    return render.ticket_shown(page, link_of(call, page.ticket.number), call.language)


def link_of(call: Call, number: int) -> str:
    """The customer's progress page."""
    token = vault.link_token(call.desk.secret, number)
    return f"{call.desk.settings.public_url}/portal/t/{token}"


def subject_of(subject: str, text: str) -> str:
    """What a ticket is called: its subject, else the beginning of what was written."""
    if subject.strip():
        return subject.strip()
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1]}…"


_LONGEST_SUBJECT: Final = 60


def check_category(firm: Firm, category: str | None) -> str | None:
    """A category that the firm has, or none. Refuses `Invalid(category)`."""
    if not category:
        return None
    if firm.profile.categories and category not in firm.profile.categories:
        raise Refused({"category": ("choice", {})})
    return category


def check_store(firm: Firm, store: str) -> str:
    """A store that the firm has, or none. Refuses `Invalid(store)`."""
    if store and store not in firm.stores:
        raise Refused({"store": ("choice", {})})
    return store


async def file_ticket(call: Call, asked: s.TicketWanted) -> Answer:
    """A colleague files for a customer. The key is the colleague's own: another one's with the
    same letters is another key.
    """
    needed(subject=asked.subject, name=asked.name)
    firm = await call.desk.firm()
    filed = await intake.file_ticket(
        call.desk,
        intake.Filing(
            channel="staff",
            key=f"{call.by.id}:{asked.key}",
            subject=asked.subject.strip(),
            text=asked.text.strip(),
            name=asked.name.strip(),
            phone=phone_of(asked.phone),
            email=email_of(asked.email),
            company=asked.company.strip(),
            level=asked.level.strip() or "normal",
            category=check_category(firm, asked.category),
            priority=asked.priority,
            urgency=asked.urgency,
            region=asked.region.strip(),
            product=asked.product.strip(),
            language=asked.language.strip(),
            store=check_store(firm, asked.store),
            latitude=asked.latitude,
            longitude=asked.longitude,
            tags=tuple(tag.strip() for tag in asked.tags if tag.strip()),
            via=call.known.via,
            by=call.by,
        ),
    )
    where = f"/api/v1/tickets/{filed.ticket.number}"
    return Answer(body=await _done(call, filed.ticket), location=where)


async def perform_command(call: Call, command: AnyCommand) -> s.Done:
    """Every command of the union."""
    number = call.number("number")
    wrong: dict[str, Wrong] = {}
    if command.ticket != number:
        wrong["ticket"] = ("mismatch", {})
    for name in ("text", "reason", "solution", "subject"):
        value: Any = getattr(command, name, None)
        if isinstance(value, str) and value and not value.strip():
            wrong[name] = ("missing", {})
    if wrong:
        raise Refused(wrong)
    key = None if call.key is None else f"{number}:{call.key}"
    ticket = await doors.perform(call.desk, command, call.by, call.known.via, key)
    return await _done(call, ticket)


async def _done(call: Call, ticket: Ticket) -> s.Done:
    firm = await call.desk.firm()
    beside = await outlook.read_outlook(call.desk, ticket.number)
    by = firm.staff.get(call.by.id, call.by)
    return s.Done(
        ticket=render.ticket_row(ticket, beside, firm, call.language, call.desk.clock.now()),
        allowed=allowed(by, sight_of(by, firm.teams), ticket),
    )


HANDLERS: Final[dict[str, Handler]] = {
    "readFirm": read_firm,
    "listTickets": list_tickets,
    "readCounters": read_counters,
    "readTicket": read_ticket,
    "fileTicket": file_ticket,
    "performCommand": perform_command,
}
