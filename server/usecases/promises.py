"""Orders to many clocks at once: apply new policies and calendars, excuse time (R13, R14).

First a preview, which changes nothing. Then a job: one unit a ticket, each with its event, so that
a crash loses nothing and repeats nothing, and a ticket that cannot be worked on holds up no other.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from server.desk import Desk
from server.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from server.domain.events import DESK, Actor, Event
from server.domain.firm import Firm
from server.domain.law_events import Excused, LawApplied, LawJobEnded, LawJobOrdered
from server.domain.people import LEADING, Staff
from server.domain.renewing import (
    Apply,
    Effect,
    ExcuseTime,
    Order,
    Tally,
    body_of,
    effects_of,
    matters,
)
from server.domain.sla import SlaState, step
from server.domain.ticket import Change
from server.storage import law_jobs, tickets
from server.storage.law_jobs import Job
from server.usecases.acts import Act, change, change_quietly
from server.usecases.recording import record, record_desk
from server.usecases.standing import read_standing

PAGE: Final = 100
SHOWN: Final = 20
"""So many tickets of a preview are shown; the rest is counted."""
LONGEST_EXCUSE: Final = timedelta(days=60)
FARTHEST_EXCUSE: Final = timedelta(days=30)
"""How far in the future excused time may end."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_state = msgspec.json.Decoder(SlaState).decode
_decode_order = msgspec.json.Decoder(Order).decode
_decode_tally = msgspec.json.Decoder(Tally).decode


class UnknownLawJob(NotFound):
    """No such job."""


class OutOfTurn(Conflict):
    """The ticket before this one could not be worked on: the job goes on from there."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that an order would change."""

    ticket: int
    subject: str
    effects: tuple[Effect, ...]


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What an order would do if it were given now."""

    order: Order
    tally: Tally
    examples: tuple[Example, ...]


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """A job with its order and what it has done so far."""

    job: Job
    order: Order
    tally: Tally


async def preview(desk: Desk, by: Staff, order: Order) -> Preview:
    """What an order would do. Refuses like `give_order`."""
    firm, now = await desk.firm(), desk.clock.now()
    order = _checked(order, firm, by, now)
    tally, shown = Tally(), dict[int, tuple[Effect, ...]]()
    with desk.activity.busy():
        through = await law_jobs.last_number(desk.database)
        number = 0
        while number < through:
            page = await law_jobs.list_stands(desk.database, number, through, _since(order), PAGE)
            for one in page:
                number = one.number
                if isinstance(order, ExcuseTime) and not order.meets(one.number, one.team):
                    continue
                was = _decode_state(one.state)
                body = body_of(order, 0, firm.seq)
                then = step(was, _event(one.number, body, now, firm.seq + 1), firm.law)
                changed = matters(was, then, firm.law, now)
                effects = effects_of(was, then, firm.law, now) if changed else ()
                tally = tally.with_ticket(changed, effects)
                if effects and len(shown) < SHOWN:
                    shown[one.number] = effects
            if len(page) < PAGE:
                break
        subjects = await tickets.list_by_number(desk.database, tuple(shown))
    return Preview(
        order=order,
        tally=tally,
        examples=tuple(
            Example(ticket=ticket, subject=subjects[ticket].subject, effects=effects)
            for ticket, effects in shown.items()
        ),
    )


@change
async def give_order(act: Act, by: Staff, order: Order) -> Ordered:
    """Order a job; the desk works on it at once. Refuses `NotAllowed`, and `Invalid` for policies,
    calendars, teams and metrics that are not there and for spans that cannot be.
    """
    firm = await act.firm()
    order = _checked(order, firm, firm.staff.get(by.id, by), act.at)
    doc = _encode(order).decode()
    tally = Tally()
    result = _encode(tally).decode()
    job = await law_jobs.add(
        act.unit,
        doc=doc,
        staff=by.id,
        as_of=firm.seq,
        result=result,
        at=act.at,
        until_at=order.to_at if isinstance(order, ExcuseTime) and order.to_at > act.at else None,
    )
    what = LawJobOrdered(
        job=job,
        of="apply" if isinstance(order, Apply) else "excuse",
        digest=hashlib.sha256(doc.encode()).hexdigest(),
    )
    event = await record_desk(act, what, Actor("staff", by.id), "web")
    await law_jobs.ordered(act.unit, job, event.seq)
    return await _read(act, job)


async def excuse_newcomer(act: Act, change_: Change) -> Change:
    """Time that is excused and has not ended yet is excused for a new ticket too, unless tickets
    were named.
    """
    ticket = change_.ticket
    jobs = [_ordered(job) for job in await law_jobs.list_lasting(act.unit, act.at)]
    bodies = tuple(
        body_of(one.order, one.job.id, one.job.as_of)
        for one in jobs
        if isinstance(one.order, ExcuseTime) and one.order.meets(ticket.number, ticket.team)
    )
    return Change(ticket, (*change_.events, *bodies))


async def list_jobs(desk: Desk) -> list[Ordered]:
    """The newest jobs first."""
    with desk.activity.busy():
        return [_ordered(job) for job in await law_jobs.list_recent(desk.database)]


async def find_job(desk: Desk, job: int) -> Ordered:
    """One job. Refuses `UnknownLawJob`."""
    with desk.activity.busy():
        found = await law_jobs.find(desk.database, job)
    if found is None:
        raise UnknownLawJob(job=job)
    return _ordered(found)


async def find_running(desk: Desk) -> Ordered | None:
    """The job to work on."""
    with desk.activity.busy():
        found = await law_jobs.find_running(desk.database)
    return _ordered(found) if found is not None else None


async def list_next(desk: Desk, ordered: Ordered, after: int) -> list[tuple[int, bool]]:
    """The next tickets of a job, and whether each is concerned."""
    job, order = ordered.job, ordered.order
    with desk.activity.busy():
        page = await law_jobs.list_places(desk.database, after, job.through, _since(order), PAGE)
    return [
        (one.number, isinstance(order, Apply) or order.meets(one.number, one.team)) for one in page
    ]


@change_quietly
async def work_on(act: Act, job: int, number: int, after: int = 0) -> None:
    """Do to one ticket what was ordered, once: how far the job has come is written in this unit.
    Refuses `OutOfTurn` while the ticket `after` which it comes is not done.
    """
    ordered = await _read(act, job)
    if ordered.job.reached < after:
        raise OutOfTurn(ticket=number)
    if ordered.job.state != "running" or number <= ordered.job.reached:
        return
    before = await tickets.find(act.unit, number)
    tally = ordered.tally
    if before is not None:
        firm, was = await act.firm(), await read_standing(act.unit, number)
        at = max(act.at, before.updated_at)
        body = body_of(ordered.order, job, ordered.job.as_of)
        seq = (await act.head()).seq + 1
        then = step(was, _event(number, body, at, seq), firm.law)
        changed = matters(was, then, firm.law, at)
        tally = tally.with_ticket(changed, effects_of(was, then, firm.law, at) if changed else ())
        if changed:
            by = Actor("staff", ordered.job.staff)
            cause = ordered.job.order_seq
            await record(act, before, Change(before, (body,)), by, "desk", cause_seq=cause)
    await law_jobs.reach(act.unit, job, number, _encode(tally).decode())


@change_quietly
async def pass_over(act: Act, job: int, number: int) -> None:
    """Count a ticket that could not be worked on as failed; the job goes on after it."""
    ordered = await _read(act, job)
    if number > ordered.job.reached:
        tally = replace(ordered.tally, failed=ordered.tally.failed + 1)
        await law_jobs.reach(act.unit, job, number, _encode(tally).decode())


@change
async def end(act: Act, job: int) -> None:
    """All tickets have been worked on: say what came of it."""
    ordered = await _read(act, job)
    if ordered.job.state != "running":
        return
    await law_jobs.end(act.unit, job, act.at)
    tally = ordered.tally
    ended = LawJobEnded(
        job=job,
        tickets=tally.tickets,
        moved=tally.moved,
        breached=tally.breached,
        cured=tally.cured,
        begun=tally.begun,
        cancelled=tally.cancelled,
    )
    await record_desk(act, ended, DESK)


async def _read(act: Act, job: int) -> Ordered:
    found = await law_jobs.find(act.unit, job)
    if found is None:
        raise UnknownLawJob(job=job)
    return _ordered(found)


def _ordered(job: Job) -> Ordered:
    return Ordered(job=job, order=_decode_order(job.doc), tally=_decode_tally(job.result))


def _since(order: Order) -> datetime | None:
    return order.from_at if isinstance(order, ExcuseTime) else None


def _event(number: int, body: LawApplied | Excused, at: datetime, seq: int) -> Event:
    """What would be recorded."""
    return Event(
        seq=seq,
        ticket=number,
        ticket_seq=seq,
        recorded_at=at,
        effective_at=at,
        actor=DESK,
        via="desk",
        body=body,
    )


def _checked(order: Order, firm: Firm, by: Staff, at: datetime) -> Order:
    """The order in full, or a refusal."""
    if not by.active or by.role not in LEADING:
        raise NotAllowed
    if isinstance(order, Apply):
        return _checked_apply(order, firm)
    _check_span(order, at)
    _check_names("teams", order.teams, firm.teams)
    _check_names("metrics", order.metrics, firm.law.metrics)
    approver = firm.staff.get(order.approver) if order.approver is not None else by
    if approver is None or not approver.active or approver.role not in LEADING:
        raise Invalid(approver="choice")
    return replace(order, approver=approver.id)


def _checked_apply(order: Apply, firm: Firm) -> Apply:
    policies = {policy for policy, _ in firm.law.policies}
    calendars = {calendar for calendar, _ in firm.law.calendars}
    _check_names("policies", order.policies, policies)
    _check_names("calendars", order.calendars, calendars)
    if order.policies or order.calendars:
        return order
    return Apply(policies=tuple(sorted(policies)), calendars=tuple(sorted(calendars)))


def _check_names(field: str, names: tuple[str, ...], known: Collection[str]) -> None:
    if not set(names) <= set(known):
        raise Invalid(**{field: "choice"})


def _check_span(order: ExcuseTime, at: datetime) -> None:
    if order.to_at <= order.from_at:
        raise Invalid(to_at="span_backwards")
    if order.to_at - order.from_at > LONGEST_EXCUSE:
        raise Invalid(to_at="excuse_span")
    if order.to_at > at + FARTHEST_EXCUSE:
        raise Invalid(to_at="excuse_far")
