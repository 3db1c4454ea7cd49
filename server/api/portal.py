"""The customers' door: file a ticket, follow it, answer, confirm or dispute, nudge, rate.

Whoever holds the link of a progress page may see and do what stands here, and nothing else: no
note, no address, no other ticket ever leaves by this door.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from server import vault
from server.api import schemas_portal as s
from server.api.calls import Answer, Call, Handler
from server.api.reading import Refused, email_of, needed, phone_of
from server.api.render import attachments_shown, split_into, stores_offered
from server.api.tickets import check_category, check_store, link_of, subject_of
from server.domain.errors import UnknownLink
from server.domain.events import Actor, Event, Nudged, Opened, StatusCategory, StatusChanged
from server.domain.firm import Firm
from server.domain.ladder_events import NudgedAgain
from server.domain.sla import SlaState
from server.domain.ticket import OPEN_CATEGORIES, Ticket
from server.storage.messages import Message
from server.usecases import intake, outlook, reading
from server.usecases.reading import Progress
from server.words import say

STEPS: Final = (1, 2, 3, 4)
_DEAD: Final = frozenset({StatusCategory.CANCELLED, StatusCategory.MERGED})
_SOLVED: Final = frozenset({StatusCategory.RESOLVED, StatusCategory.CLOSED})


async def read_portal(call: Call) -> s.PortalShown:
    """The face of the firm."""
    firm = await call.desk.firm()
    profile = firm.profile
    return s.PortalShown(
        name=profile.name,
        greeting=profile.greeting,
        categories=profile.categories,
        zone=profile.zone,
        stores=stores_offered(firm),
    )


async def file_request(call: Call, asked: s.Request) -> Answer:
    """File a ticket. A key belongs to the address that it came with, so that a guessed key shows
    nobody another customer's ticket.
    """
    needed(text=asked.text, name=asked.name)
    phone, email = phone_of(asked.phone), email_of(asked.email)
    if not phone and not email:
        raise Refused({"phone": ("reach", {}), "email": ("reach", {})})
    firm = await call.desk.firm()
    filed = await intake.file_ticket(
        call.desk,
        intake.Filing(
            channel="portal",
            key=f"{asked.key}:{vault.digest(f'{phone} {email}')[:16]}",
            subject=subject_of(asked.subject, asked.text),
            text=asked.text.strip(),
            name=asked.name.strip(),
            phone=phone,
            email=email,
            company=asked.company.strip(),
            category=check_category(firm, asked.category),
            urgency=asked.urgency,
            region=asked.region.strip(),
            store=check_store(firm, asked.store),
            latitude=asked.latitude,
            longitude=asked.longitude,
            via="portal",
        ),
    )
    number = filed.ticket.number
    token = vault.link_token(call.desk.secret, number)
    sla = filed.sla or (await outlook.read_outlook(call.desk, number)).sla
    receipt = s.Receipt(
        number=number,
        token=token,
        link=link_of(call, number),
        answer_by=promised_at(filed.ticket, sla),
        repeated=filed.repeated,
    )
    return Answer(body=receipt, location=f"/api/v1/portal/tickets/{token}")


def promised_at(ticket: Ticket, sla: SlaState) -> datetime | None:
    """When the first answer is due, while it is still awaited."""
    if ticket.first_reply_at is not None or ticket.status_category not in OPEN_CATEGORIES:
        return None
    return next((clock.due_at for clock in sla.clocks if clock.metric == "first"), None)


def number_of(call: Call) -> int:
    """The ticket behind the link. Refuses `UnknownLink`."""
    number = vault.read_link(call.desk.secret, call.text("token"))
    if number is None:
        raise UnknownLink
    return number


async def read_progress(call: Call) -> s.ProgressShown:
    """The progress page."""
    return await _progress(call, number_of(call))


async def _progress(call: Call, number: int) -> s.ProgressShown:
    seen = await reading.progress(call.desk, number)
    beside = await outlook.read_outlook(call.desk, number)
    ticket, firm, language = seen.ticket, seen.firm, call.language
    status = firm.statuses.get(ticket.status)
    step = status.public_step if status is not None else STEPS[1]
    reached = steps_reached(seen.events, firm, step)
    return s.ProgressShown(
        number=number,
        subject=ticket.subject,
        firm=firm.profile.name,
        public_step=step,
        steps=tuple(
            s.PublicStep(step=one, label=say(language, f"public_step.{one}"), at=reached.get(one))
            for one in STEPS
        ),
        assignee=firm.name_of(ticket.assignee),
        answer_by=promised_at(ticket, beside.sla),
        messages=tuple(
            _message(call, message, seen, beside.customer_name) for message in seen.messages
        ),
        can=tuple(what_customer_can(ticket)),
        rating=ticket.rating,
        resolved_at=ticket.resolved_at,
        closed_at=ticket.closed_at,
        now=seen.now,
        continues=ticket.continues,
        continued_by=_next(call, ticket.continued_by),
        nudged_times=_nudged_times(seen.events),
        merged_into=_next(call, ticket.merged_into),
        split_into=tuple(
            one for number in split_into(seen.events) if (one := _next(call, number)) is not None
        ),
        awaits_you=ticket.status_category is StatusCategory.WAITING_CUSTOMER,
    )


def _nudged_times(events: Iterable[Event]) -> int:
    times = 0
    for event in events:
        if isinstance(event.body, Nudged):
            times = 1
        elif isinstance(event.body, NudgedAgain):
            times = event.body.times
    return times


def _next(call: Call, number: int | None) -> s.NextTicket | None:
    if number is None:
        return None
    token = vault.link_token(call.desk.secret, number)
    return s.NextTicket(number=number, token=token, link=link_of(call, number))


def steps_reached(events: Iterable[Event], firm: Firm, present: int) -> dict[int, datetime]:
    """Since when each public step stands: a step that the ticket went back from is not reached
    any more, one that was skipped was reached with the next.
    """
    reached: dict[int, datetime] = {}
    for event in events:
        if isinstance(event.body, Opened):
            step = STEPS[0]
        elif isinstance(event.body, StatusChanged):
            status = firm.statuses.get(event.body.new)
            step = status.public_step if status is not None else STEPS[1]
        else:
            continue
        reached = {one: at for one, at in reached.items() if one <= step}
        for one in range(1, step + 1):
            reached.setdefault(one, event.effective_at)
    return {one: at for one, at in reached.items() if one <= present}


def _message(call: Call, message: Message, seen: Progress, customer_name: str) -> s.PublicMessage:
    firm = seen.firm
    author = Actor.parse(message.author)
    mine = author.kind == "customer"
    name = firm.name_of(author.id) if author.kind == "staff" else None
    return s.PublicMessage(
        id=message.id,
        mine=mine,
        author=customer_name if mine else name or firm.profile.name,
        text=message.body,
        at=message.created_at,
        attachments=attachments_shown(
            seen.attachments,
            message.id,
            f"/api/v1/portal/tickets/{vault.link_token(call.desk.secret, message.ticket)}",
        ),
    )


def what_customer_can(ticket: Ticket) -> Iterable[str]:
    """The buttons of the progress page."""
    category = ticket.status_category
    if category not in _DEAD:
        yield "reply"
    if category is StatusCategory.RESOLVED:
        yield "confirm"
        yield "dispute"
    if category in OPEN_CATEGORIES:
        yield "nudge"
    if category in _SOLVED:
        yield "rate"


async def write(call: Call, asked: s.CustomerSays) -> s.ProgressShown:
    """The customer writes; a repeated key changes nothing."""
    number = number_of(call)
    needed(text=asked.text)
    key = f"{number}:{asked.key}"
    await intake.customer_writes(call.desk, number, key, asked.text.strip(), "portal")
    return await _progress(call, number)


async def confirm(call: Call) -> s.ProgressShown:
    """The solution is accepted."""
    number = number_of(call)
    await intake.confirm(call.desk, number, "portal")
    return await _progress(call, number)


async def dispute(call: Call, asked: s.DisputeWanted) -> s.ProgressShown:
    """It is not solved."""
    number = number_of(call)
    await intake.dispute(call.desk, number, asked.text.strip(), "portal")
    return await _progress(call, number)


async def nudge(call: Call) -> s.ProgressShown:
    """催单."""
    number = number_of(call)
    await intake.nudge(call.desk, number, "portal")
    return await _progress(call, number)


async def rate(call: Call, asked: s.RatingGiven) -> s.ProgressShown:
    """满意度评价."""
    number = number_of(call)
    await intake.rate(call.desk, number, asked.score, asked.comment.strip(), "portal")
    return await _progress(call, number)


HANDLERS: Final[dict[str, Handler]] = {
    "readPortal": read_portal,
    "fileRequest": file_request,
    "readProgress": read_progress,
    "writeAsCustomer": write,
    "confirmSolution": confirm,
    "disputeSolution": dispute,
    "nudge": nudge,
    "rate": rate,
}
