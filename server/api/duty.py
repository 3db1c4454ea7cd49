"""Answers who is on duty, lets people say so, and hands half-done tickets over."""

from datetime import datetime, timedelta
from typing import Final

from server.api import render
from server.api import schemas as s
from server.api import schemas_duty as d
from server.api.calls import Call, Handler
from server.api.reading import Refused
from server.domain import rosters
from server.domain.firm import Firm
from server.domain.people import Duty, Staff
from server.domain.sla import Clock, SlaState, remaining
from server.usecases import duty, handovers, reading
from server.usecases.handovers import Listing


async def read_duty(call: Call) -> d.DutyBoard:
    """Everybody active, as it is now."""
    firm, now = await call.desk.firm(), call.desk.clock.now()
    return d.DutyBoard(
        now=now,
        staff=tuple(
            shown(firm, person, now, call.by) for person in firm.staff.values() if person.active
        ),
        on_call=tuple(
            d.OnCallShown(team=team, staff=rosters.on_call(firm, team, now)) for team in firm.teams
        ),
        rosters=tuple(
            d.RosterName(id=item, name=one.name, teams=one.teams)
            for item, one in sorted(firm.rosters.items())
            if rosters.concerns(firm, one, call.by.id)
        ),
    )


def shown(firm: Firm, person: Staff, now: datetime, by: Staff) -> d.DutyShown:
    """How it is with a colleague now."""
    stint = rosters.stint_at(firm, person.id, now)
    turn = rosters.next_change(firm, person.id, now)
    known = firm.rosters[stint.roster].shifts if stint is not None else ()
    names = {shift.id: shift.name for shift in known}
    away = [one.ends_at for one in firm.leaves.get(person.id, ()) if one.starts_at <= now]
    return d.DutyShown(
        staff=person.id,
        name=person.name,
        duty=person.duty,
        break_until=person.break_until,
        rostered=rosters.is_rostered(firm, person.id),
        shift=stint.shift if stint is not None else "",
        shift_name=names[stint.shift] if stint is not None else "",
        shift_ends_at=stint.ends_at if stint is not None else None,
        next_at=turn.at if turn is not None else None,
        next_duty=turn.duty if turn is not None else None,
        away_until=max((at for at in away if at > now), default=None),
        may_set=person.id == by.id or rosters.leads(firm, by, person.id),
    )


async def set_duty(call: Call, asked: s.DutyWanted) -> s.Me:
    """值班, 小休 or 下班."""
    staff = await duty.set_duty(call.desk, call.by, _wanted(asked), call.known.via, _span(asked))
    return render.me(staff, await call.desk.firm(), await reading.list_load(call.desk))


async def set_duty_of(call: Call, asked: s.DutyWanted) -> d.DutyShown:
    """The same of a colleague, by his leader."""
    staff = await duty.set_duty(
        call.desk, call.by, _wanted(asked), call.known.via, _span(asked), call.number("id")
    )
    return shown(await call.desk.firm(), staff, call.desk.clock.now(), call.by)


def _wanted(asked: s.DutyWanted) -> Duty:
    if asked.duty is not None:
        return asked.duty
    if asked.on_duty is None:
        raise Refused({"duty": ("missing", {})})
    return "on_duty" if asked.on_duty else "off_duty"


def _span(asked: s.DutyWanted) -> timedelta | None:
    return timedelta(minutes=asked.minutes) if asked.minutes is not None else None


async def list_handovers(call: Call) -> tuple[d.HandoverShown, ...]:
    """Those that ask for takers of something that is in sight."""
    firm, now = await call.desk.firm(), call.desk.clock.now()
    found = await handovers.list_open(call.desk, call.by)
    return tuple(_handover(firm, listing, now) for listing in found)


def _handover(firm: Firm, listing: Listing, now: datetime) -> d.HandoverShown:
    handover = listing.handover
    free = {one.ticket for one in listing.waiting}
    gone = [one for one in listing.left if one.taken_by is not None]
    return d.HandoverShown(
        id=handover.id,
        staff=handover.staff,
        name=firm.name_of(handover.staff) or "",
        why=handover.why,
        asked_at=handover.asked_at,
        due_at=handover.due_at,
        back_at=handover.back_at,
        tickets=tuple(
            _left(firm, listing, one.ticket, now, taken_by=firm.name_of(one.taken_by) or "")
            for one in (*listing.waiting, *gone)
            if one.ticket in free or one.taken_by is not None
        ),
    )


def _left(
    firm: Firm, listing: Listing, number: int, now: datetime, *, taken_by: str
) -> d.LeftTicket:
    ticket = listing.tickets[number]
    clock = _first_due(listing.states.get(number, SlaState()))
    pressing = {one.ticket for one in listing.left if one.pressing}
    return d.LeftTicket(
        ticket=number,
        subject=ticket.subject,
        pressing=number in pressing,
        metric=clock.metric if clock is not None else None,
        due_at=clock.due_at if clock is not None else None,
        remaining=remaining(clock, firm.law, now) if clock is not None else None,
        taken_by=taken_by,
    )


def _first_due(state: SlaState) -> Clock | None:
    """The running clock that falls due first."""
    running = [one for one in state.clocks if one.state == "running" and one.due_at is not None]
    return min(running, key=lambda one: one.due_at or one.since_at, default=None)


async def take_over(call: Call, asked: d.TakingWanted) -> d.Taken:
    """接手: exactly one taker a ticket."""
    taken = await handovers.take(
        call.desk, call.by, call.number("id"), asked.tickets, call.known.via
    )
    return d.Taken(tickets=tuple(one.number for one in taken))


HANDLERS: Final[dict[str, Handler]] = {
    "readDuty": read_duty,
    "setDuty": set_duty,
    "setDutyOf": set_duty_of,
    "listHandovers": list_handovers,
    "takeOver": take_over,
}
