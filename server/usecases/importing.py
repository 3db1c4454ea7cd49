"""导入: tickets with their history from a file of another desk (R20).

The whole file is read and checked first; where a line is wrong nothing is imported. Each ticket
is one unit, and its key is remembered: a second run goes on where the first one was stopped. Old
clocks are on record only, and nobody is told of the past.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from server.desk import Desk
from server.domain import ticket as rules
from server.domain.errors import Invalid
from server.domain.events import DESK, Actor, CustomerWrote, Noted, Opened, Replied
from server.domain.firm import Firm
from server.domain.imports import BadLine, OldMessage, OldTicket, instant_of, wrong_with
from server.domain.people import Customer, plain_email, plain_phone
from server.domain.statuses import STATUSES
from server.domain.ticket import Change, Ticket
from server.storage import inbound, messages, people, tickets
from server.usecases.acts import Act, change_quietly
from server.usecases.recording import record
from server.usecases.routing import route

CHANNEL: Final = "import"
_decode = msgspec.json.Decoder(OldTicket).decode


class File(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds: tickets by line, and what is wrong."""

    tickets: tuple[tuple[int, OldTicket], ...] = ()
    wrong: tuple[BadLine, ...] = ()


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """How many tickets are new, and how many were here before."""

    fresh: int
    known: int


async def read_file(desk: Desk, content: bytes, *, table: bool) -> File:
    """All lines of a file of JSON lines, or of CSV (`table`), checked against the firm."""
    firm = await desk.firm()
    zone, now = ZoneInfo(firm.profile.zone), desk.clock.now()
    emails = {one.email.lower() for one in firm.staff.values() if one.email}
    found: list[tuple[int, OldTicket]] = []
    wrong: list[BadLine] = []
    keys: set[str] = set()
    for line, read in (_rows if table else _lines)(_text(content)):
        try:
            one = read()
        except (msgspec.MsgspecError, Invalid) as error:
            wrong.append(BadLine(line, *_place(str(error))))
            continue
        faults = list(wrong_with(one, zone=zone, now=now, teams=firm.teams, emails=emails))
        faults += [("key", "twice_in_file")] if one.key in keys else []
        keys.add(one.key)
        wrong += [BadLine(line, field, code) for field, code in faults]
        found.append((line, one))
    return File(tickets=tuple(found), wrong=tuple(wrong))


async def count_known(desk: Desk, file: File) -> Imported:
    """What an import of this file would do."""
    known = 0
    for _line, one in file.tickets:
        known += await inbound.find(desk.database, CHANNEL, one.key) is not None
    return Imported(fresh=len(file.tickets) - known, known=known)


async def import_file(desk: Desk, file: File) -> Imported:
    """Import what is not here yet. Refuses `Invalid` for a file with a wrong line."""
    if file.wrong:
        raise Invalid(**{file.wrong[0].field: file.wrong[0].code})
    fresh = 0
    for _line, one in file.tickets:
        fresh += await import_ticket(desk, one)
    return Imported(fresh=fresh, known=len(file.tickets) - fresh)


@change_quietly
async def import_ticket(act: Act, one: OldTicket) -> bool:
    """One ticket with its whole history; False: it was here before."""
    if await inbound.find(act.unit, CHANNEL, one.key) is not None:
        return False
    firm = await act.firm()
    customer = await _customer(act, one)
    number = await tickets.next_number(act.unit)
    ticket = await _history(
        _Telling(act, firm, one, number, customer.id), _fresh(one, number, customer, firm)
    )
    if ticket.team is None and ticket.status_category in rules.OPEN_CATEGORIES:
        routed = await route(act, ticket, one.text or one.subject)
        await record(act, ticket, routed, DESK, "desk", quietly=True)
    await inbound.add_done(act.unit, CHANNEL, one.key, number, act.at)
    return True


class _Telling(msgspec.Struct, frozen=True):
    """What the telling of one history needs."""

    act: Act
    firm: Firm
    one: OldTicket
    number: int
    customer: int

    def at(self, text: str) -> datetime:
        at = instant_of(text, ZoneInfo(self.firm.profile.zone))
        if at is None:
            raise Invalid(created_at="instant")
        return at

    async def happened(self, before: Ticket | None, change: Change, at: datetime) -> Ticket:
        """Write what happened then, and tell nobody."""
        return await record(self.act, before, change, DESK, "desk", effective_at=at, quietly=True)

    async def said(self, text: str, by: str, at: datetime) -> int:
        ours = by != "customer"
        return await messages.add(
            self.act.unit,
            ticket=self.number,
            visibility="internal" if by == "note" else "public",
            direction="out" if ours else "in",
            author=str(DESK if ours else Actor("customer", self.customer)),
            via="desk",
            body=text,
            created_at=at,
        )


async def _history(telling: _Telling, fresh: Ticket) -> Ticket:
    one, at = telling.one, fresh.created_at
    first = await telling.said(one.text, "customer", at) if one.text else None
    opened = rules.open_ticket(fresh, first, at)
    bodies = tuple(
        replace(body, imported=True) if isinstance(body, Opened) else body for body in opened.events
    )
    ticket = await telling.happened(None, Change(opened.ticket, bodies), at)
    if one.team:
        staff = _colleague(telling.firm, one.assignee)
        sent = rules.transfer(ticket, one.team, staff, CHANNEL)
        ticket = await telling.happened(ticket, sent, at)
    for message in one.messages:
        ticket = await _message(telling, ticket, message)
    if one.first_reply_at:
        ticket = await _replied_then(telling, ticket)
    return await _ended(telling, ticket)


async def _message(telling: _Telling, ticket: Ticket, message: OldMessage) -> Ticket:
    at = telling.at(message.at)
    number = await telling.said(message.text, message.by, at)
    after = replace(ticket, message_count=ticket.message_count + 1)
    if message.by == "note":
        return await telling.happened(ticket, Change(after, (Noted(message=number),)), at)
    if message.by == "customer":
        after = replace(after, last_customer_at=at)
        return await telling.happened(ticket, Change(after, (CustomerWrote(message=number),)), at)
    after = replace(after, last_reply_at=at, first_reply_at=ticket.first_reply_at or at)
    moved = rules.to_open(after) if ticket.status == "new" else Change(after)
    said = Change(moved.ticket, (Replied(message=number), *moved.events))
    return await telling.happened(ticket, said, at)


async def _replied_then(telling: _Telling, ticket: Ticket) -> Ticket:
    """Somebody replied then; what he said is not known."""
    at = telling.at(telling.one.first_reply_at)
    after = replace(ticket, first_reply_at=at, last_reply_at=at)
    moved = rules.to_open(after) if ticket.status == "new" else Change(after)
    return await telling.happened(
        ticket, Change(moved.ticket, (Replied(message=0), *moved.events)), at
    )


async def _ended(telling: _Telling, ticket: Ticket) -> Ticket:
    one = telling.one
    if one.status == "open" and ticket.status == "new":
        return await telling.happened(ticket, rules.to_open(ticket), ticket.created_at)
    if one.resolved_at and one.status in {"resolved", "closed"}:
        at = telling.at(one.resolved_at)
        moved = rules.set_status(ticket, STATUSES["resolved"], CHANNEL)
        solved = Change(replace(moved.ticket, resolved_at=at), moved.events)
        ticket = await telling.happened(ticket, solved, at)
    if one.status in {"closed", "cancelled"}:
        at = telling.at(one.closed_at)
        ended = (rules.close if one.status == "closed" else _cancel)(ticket, CHANNEL, at)
        ticket = await telling.happened(ticket, ended, at)
    return ticket


def _cancel(ticket: Ticket, reason: str, at: datetime) -> Change:
    moved = rules.set_status(ticket, STATUSES["cancelled"], reason)
    return Change(replace(moved.ticket, closed_at=at), moved.events)


def _fresh(one: OldTicket, number: int, customer: Customer, firm: Firm) -> Ticket:
    at = instant_of(one.created_at, ZoneInfo(firm.profile.zone))
    if at is None:
        raise Invalid(created_at="instant")
    return Ticket(
        number=number,
        subject=one.subject,
        category=one.category or None,
        priority=one.priority,
        priority_by="hand",
        customer=customer.id,
        customer_level=customer.level,
        channel=CHANNEL,
        tags=one.tags,
        created_at=at,
        updated_at=at,
    )


async def _customer(act: Act, one: OldTicket) -> Customer:
    phone, email = plain_phone(one.phone), plain_email(one.email)
    for kind, value in (("phone", phone), ("email", email)):
        known = await people.find_customer_by(act.unit, kind, value) if value else None
        found = await people.find_customer(act.unit, known) if known is not None else None
        if found is not None:
            return found
    fresh = Customer(
        id=0, name=one.name, level=one.level, company=one.company, email=email, phone=phone
    )
    return replace(fresh, id=await people.add_customer(act.unit, fresh, act.at))


def _colleague(firm: Firm, email: str) -> int | None:
    wanted = email.lower()
    return next(
        (one.id for one in firm.staff.values() if wanted and one.email.lower() == wanted), None
    )


_Reader = Callable[[], OldTicket]


def _text(content: bytes) -> str:
    """Spreadsheets of Chinese Windows save in the old encoding."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", errors="replace")


def _lines(text: str) -> Iterator[tuple[int, _Reader]]:
    for line, written in enumerate(text.splitlines(), start=1):
        if written.strip():
            yield line, lambda written=written: _decode(written)  # type: ignore[misc]


def _rows(text: str) -> Iterator[tuple[int, _Reader]]:
    reader = csv.DictReader(io.StringIO(text))
    for row in reader:
        given: dict[str, Any] = {name: cell for name, cell in row.items() if cell}
        if "tags" in given:
            given["tags"] = [tag.strip() for tag in re.split("[、,，;；|]", given["tags"])]
        yield reader.line_num, lambda given=given: msgspec.convert(given, OldTicket)  # type: ignore[misc]


_MISSING: Final = re.compile(r"required field `(?P<field>\w+)`")
_UNKNOWN: Final = re.compile(r"unknown field `(?P<field>[^`]+)`")
_WHERE: Final = re.compile(r"at `\$\.?(?P<field>[^`]*)`")


def _place(said: str) -> tuple[str, str]:
    """The field and the code of what msgspec says."""
    missing, unknown = _MISSING.search(said), _UNKNOWN.search(said)
    where = _WHERE.search(said)
    field = where["field"] if where is not None else ""
    if missing is not None:
        return f"{field}.{missing['field']}".lstrip("."), "missing"
    if unknown is not None:
        return unknown["field"], "unknown"
    if "enum" in said:
        return field, "choice"
    if "length" in said:
        return field, "missing" if ">= 1" in said else "length"
    return field, "kind" if where is not None else "malformed"
