"""Domain values as the shapes of the wire: ticket rows, ticket pages, clocks, the firm.

Nothing here reads the database; words come from the word lists in the reader's language.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from server.api import schemas as s
from server.api.clocks import clock_shown
from server.api.reasons import routing_shown
from server.api.schemas_attachments import AttachmentShown
from server.api.schemas_attributes import AttributesShown, StoreOffered
from server.api.schemas_care import DeliveryShown
from server.api.timeline import actor_shown, summary_of
from server.domain.attachments import is_picture
from server.domain.attributes import why_priority
from server.domain.events import Event
from server.domain.firm import Firm
from server.domain.merge_events import Absorbed, SplitOff
from server.domain.people import Role, Staff
from server.domain.sla import Clock, Countdown, Countdowns, SlaState, remaining
from server.domain.statuses import Status, in_order
from server.domain.ticket import Ticket
from server.storage.attachments import Attachment
from server.storage.outbox import Delivery
from server.storage.tickets import Listed
from server.usecases.outlook import Outlook
from server.usecases.reading import TicketPage
from server.usecases.reasons import term_shown
from server.words import find

_UNKNOWN_STEP: Final = 2


def ticket_row(
    ticket: Ticket | Listed, beside: Outlook | Listed, firm: Firm, language: str, now: datetime
) -> s.TicketRow:
    """One line of a list; `beside` tells whose it is and how its clocks stand."""
    status = firm.statuses.get(ticket.status)
    team = firm.teams.get(ticket.team) if ticket.team is not None else None
    next_ = _next(beside.sla)
    return s.TicketRow(
        number=ticket.number,
        version=ticket.version,
        subject=ticket.subject,
        category=ticket.category,
        status=ticket.status,
        status_category=ticket.status_category,
        status_label=status_label(status, ticket.status, language),
        public_step=status.public_step if status is not None else _UNKNOWN_STEP,
        priority=ticket.priority,
        team=ticket.team,
        team_name=team.name if team is not None else None,
        assignee=ticket.assignee,
        assignee_name=firm.name_of(ticket.assignee),
        customer=ticket.customer,
        customer_name=beside.customer_name,
        customer_level=ticket.customer_level,
        channel=ticket.channel,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        next_due_at=ticket.next_due_at,
        next_due_metric=ticket.next_due_metric,
        remaining=remaining(next_, firm.law, now) if next_ is not None else None,
        target=next_.target if next_ is not None else None,
        warned=ticket.warned,
        breached=ticket.breached,
        message_count=ticket.message_count,
        reopen_count=ticket.reopen_count,
        nudge_count=ticket.nudge_count,
        rating=ticket.rating,
        pinned=ticket.pinned,
        by_hand=_BY_HAND[
            ticket.priority_by == "hand", next_ is not None and next_.manual is not None
        ],
    )


_BY_HAND: Final[dict[tuple[bool, bool], tuple[Literal["priority", "due"], ...]]] = {
    (False, False): (),
    (True, False): ("priority",),
    (False, True): ("due",),
    (True, True): ("priority", "due"),
}


def _next(sla: SlaState | Countdowns | None) -> Clock | Countdown | None:
    """The clock that falls due next."""
    if sla is None:
        return None
    next_: Clock | Countdown | None = None
    for clock in sla.clocks:  # as sla.next_due chooses it, without its values: rows are many
        if clock.state != "running" or clock.due_at is None:
            continue
        if next_ is None or next_.due_at is None or clock.due_at < next_.due_at:
            next_ = clock
    return next_


def status_label(status: Status | None, id_: str, language: str) -> str:
    """A status in the reader's language: the administrator's own word, else the desk's."""
    own = status.label if status is not None else {}
    return own.get(language) or _status_word(language, id_) or next(iter(own.values()), id_)


@lru_cache(maxsize=256)
def _status_word(language: str, id_: str) -> str | None:
    return find(language, f"status.{id_}")


def ticket_shown(page: TicketPage, link: str, language: str) -> s.TicketShown:
    """A ticket's page."""
    customer = page.customer
    return s.TicketShown(
        ticket=ticket_row(
            page.ticket, Outlook(customer.name, page.sla), page.firm, language, page.now
        ),
        customer=s.CustomerShown(
            id=customer.id,
            name=customer.name,
            level=customer.level,
            company=customer.company,
            email=customer.email,
            phone=customer.phone,
        ),
        timeline=tuple(timeline(page, language)),
        clocks=tuple(
            clock_shown(clock, page.events, page.firm, language, page.now)
            for clock in page.sla.clocks
        ),
        routing=routing_shown(page.routing, page.firm, language),
        attributes=attributes_shown(page, language),
        allowed=page.allowed,
        link=link,
        now=page.now,
        continues=page.ticket.continues,
        continued_by=page.ticket.continued_by,
        merged_into=page.ticket.merged_into,
        merged=merged_into_it(page.events),
        split_from=page.ticket.split_from,
        split_into=split_into(page.events),
    )


def merged_into_it(events: Iterable[Event]) -> tuple[int, ...]:
    """The tickets that go on in this one."""
    found: dict[int, bool] = {}
    for event in events:
        if isinstance(event.body, Absorbed):
            found[event.body.ticket] = not event.body.undone
    return tuple(number for number, goes_on in found.items() if goes_on)


def split_into(events: Iterable[Event]) -> tuple[int, ...]:
    """The tickets that were split off from this one."""
    return tuple(event.body.ticket for event in events if isinstance(event.body, SplitOff))


def attributes_shown(page: TicketPage, language: str) -> AttributesShown:
    """What rules look at, what they said, and where the priority comes from."""
    ticket = page.ticket
    store = page.firm.stores.get(ticket.store)
    return AttributesShown(
        urgency=ticket.urgency,
        region=ticket.region,
        product=ticket.product,
        language=ticket.language,
        store=ticket.store,
        store_name=store.name if store is not None else ticket.store,
        latitude=ticket.latitude,
        longitude=ticket.longitude,
        tags=ticket.tags,
        skills=ticket.skills,
        policy=ticket.policy,
        pinned=ticket.pinned,
        priority_by=ticket.priority_by,
        why=tuple(term_shown(term, language) for term in why_priority(page.events)),
    )


def stores_offered(firm: Firm) -> tuple[StoreOffered, ...]:
    """The stores that may be chosen, by name."""
    return tuple(
        StoreOffered(id=store.id, name=store.name, region=store.region)
        for store in sorted(firm.stores.values(), key=lambda one: (one.name, one.id))
        if store.active
    )


def timeline(page: TicketPage, language: str) -> Iterable[s.TimelineEntry]:
    """Each event as one entry, oldest first."""
    for event in page.events:
        yield s.TimelineEntry(
            seq=event.seq,
            kind=str(event.body.__struct_config__.tag),
            at=event.effective_at,
            actor=actor_shown(event.actor, page.firm, page.customer, language),
            via=event.via,
            summary=summary_of(event, page.firm, page.customer, language),
            body=_body(event),
            message=_message(event, page),
        )


def _body(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(event.body)
    return found


def attachments_shown(
    found: Iterable[Attachment], message: int, home: str
) -> tuple[AttachmentShown, ...]:
    """The attachments of a message; `home` is the address of its ticket."""
    return tuple(
        AttachmentShown(
            id=one.id,
            name=one.name,
            type=one.type,
            size=one.size,
            picture=is_picture(one.type),
            link=f"{home}/attachments/{one.id}",
        )
        for one in found
        if one.message == message
    )


def _message(event: Event, page: TicketPage) -> s.MessageShown | None:
    number: int | None = getattr(event.body, "message", None)
    message = page.messages.get(number) if number is not None else None
    if message is None:
        return None
    return s.MessageShown(
        id=message.id,
        visibility=message.visibility,
        direction=message.direction,
        text=message.body,
        attachments=attachments_shown(
            page.attachments, message.id, f"/api/v1/tickets/{page.ticket.number}"
        ),
    )


def teams_of(firm: Firm, staff: int) -> tuple[str, ...]:
    """The ids of a colleague's teams."""
    return tuple(team.id for team in firm.teams.values() if staff in team.people)


def me(person: Staff, firm: Firm, load: Mapping[int, int]) -> s.Me:
    """The signed-in colleague."""
    return s.Me(
        id=person.id,
        name=person.name,
        email=person.email,
        role=person.role,
        on_duty=person.on_duty,
        language=person.language,
        teams=teams_of(firm, person.id),
        load=load.get(person.id, 0),
        duty=person.duty,
        break_until=person.break_until,
    )


def colleague(person: Staff, firm: Firm, load: Mapping[int, int], by: Staff) -> s.ColleagueShown:
    """A colleague, as `by` may know them."""
    private = by.role is Role.ADMINISTRATOR
    accounts = tuple(kind for kind, people in firm.reach.people.items() if person.id in people)
    return s.ColleagueShown(
        id=person.id,
        name=person.name,
        role=person.role,
        on_duty=person.on_duty,
        active=person.active,
        teams=teams_of(firm, person.id),
        skills=person.skills,
        load=load.get(person.id, 0),
        email=person.email if private else "",
        language=person.language,
        accounts=accounts if private else (),
        duty=person.duty,
        break_until=person.break_until,
        store=person.store,
        region=person.region,
    )


def firm_shown(firm: Firm, load: Mapping[int, int], by: Staff, language: str) -> s.FirmShown:
    """What menus need."""
    skills = {skill for person in firm.staff.values() for skill in person.skills}
    skills |= {skill for rule in firm.rules.rules for skill in rule.then.skills}
    return s.FirmShown(
        name=firm.profile.name,
        zone=firm.profile.zone,
        categories=firm.profile.categories,
        teams=tuple(
            s.TeamShown(id=team.id, name=team.name, members=team.members, leaders=team.leaders)
            for team in firm.teams.values()
        ),
        staff=tuple(colleague(person, firm, load, by) for person in firm.staff.values()),
        statuses=tuple(
            s.StatusShown(
                id=status.id,
                category=status.category,
                public_step=status.public_step,
                label=status_label(status, status.id, language),
                active=status.active,
            )
            for status in in_order(firm.statuses.values())
        ),
        skills=tuple(sorted(skills)),
        stores=stores_offered(firm),
    )


def delivery_shown(delivery: Delivery) -> DeliveryShown:
    """A notice and what became of it."""
    return DeliveryShown(
        id=delivery.id,
        ticket=delivery.ticket,
        kind=delivery.kind,
        channel=delivery.channel,
        state=delivery.state,
        tries=delivery.tries,
        created_at=delivery.created_at,
        error=delivery.error,
    )
