"""交接班: a colleague went and left half-done tickets; his colleagues are asked to take them.

It begins at the end of a shift, when somebody who stands on a roster says 下班, and when somebody
who holds tickets goes on leave. All that he holds is listed; pressing is what falls due before he
is back. Those whose shift is going on are asked; a ticket has exactly one taker. What nobody took
in time is told to the leader, who gets the pressing part of it. Where nothing is pressing and
nobody is there to take over (everybody goes home at six), nobody is bothered.
"""

from datetime import datetime, timedelta

import msgspec

from server.desk import Desk
from server.domain import rosters
from server.domain import ticket as rules
from server.domain.commands import Claim
from server.domain.duty_events import HandoverAsked, HandoverLeft
from server.domain.errors import AlreadyTaken, UnknownHandover, UnknownStaff, UnknownTicket
from server.domain.events import DESK, Actor, Assigned, Via
from server.domain.firm import Firm
from server.domain.notices import Notice
from server.domain.people import Role, Staff, sight_of
from server.domain.permissions import permit
from server.domain.sla import SlaState
from server.domain.ticket import OPEN_CATEGORIES, Change, Ticket
from server.storage import handovers, tickets, timers
from server.storage.handovers import Handover, Left, Why
from server.usecases.acts import Act, change
from server.usecases.announcing import announce
from server.usecases.recording import record, record_desk

RETRY_AFTER = timedelta(minutes=1)

_TAKING = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR, Role.STAFF})
_decode_state = msgspec.json.Decoder(SlaState).decode


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A hand-over with its tickets as they are now; `states` are their clocks."""

    handover: Handover
    left: tuple[Left, ...]
    tickets: dict[int, Ticket]
    states: dict[int, SlaState]

    @property
    def waiting(self) -> tuple[Left, ...]:
        """What nobody took, most pressing first."""
        free = (one for one in self.left if waits(one, self.tickets.get(one.ticket), self.handover))
        return tuple(
            sorted(
                free,
                key=lambda one: (not one.pressing, self.tickets[one.ticket].next_due_at is None),
            )
        )


def waits(left: Left, ticket: Ticket | None, handover: Handover) -> bool:
    """Whether a ticket still asks for a taker: open, and with him who went."""
    return (
        left.taken_by is None
        and ticket is not None
        and ticket.assignee == handover.staff
        and ticket.status_category in OPEN_CATEGORIES
    )


async def begin(act: Act, staff: int, why: Why, at: datetime) -> Handover | None:
    """A colleague goes at this instant: ask for takers of what he leaves. None: he leaves nothing
    that somebody else had to look after.
    """
    firm = await act.firm()
    await handovers.call_off(act.unit, staff)
    held = await tickets.list_by_number(act.unit, tuple(await handovers.list_held(act.unit, staff)))
    stint = rosters.stint_at(firm, staff, at)
    # Gone by his own word before its end, he is back when the next shift begins.
    back_at = rosters.back_at(firm, staff, at if stint is None else stint.ends_at)
    left = tuple(
        Left(handover=0, ticket=number, pressing=_is_pressing(ticket, back_at))
        for number, ticket in sorted(held.items())
    )
    teams = {ticket.team for ticket in held.values()}
    there = _present(firm, teams, staff, at)
    if not left or not (there or any(one.pressing for one in left)):
        return None
    told = there or tuple(
        dict.fromkeys(one for team in teams for one in _leaders(firm, team, staff))
    )
    handing = rosters.handing_of(firm, staff)
    kept = await handovers.add(
        act.unit,
        Handover(
            id=0,
            staff=staff,
            why=why,
            state="asked",
            asked_at=act.at,
            due_at=act.at + timedelta(minutes=handing.minutes),
            back_at=back_at,
            told=told,
        ),
        left,
    )
    event = await record_desk(
        act,
        HandoverAsked(
            handover=kept.id,
            staff=staff,
            why=why,
            tickets=tuple(held),
            told=told,
            due_at=kept.due_at,
        ),
    )
    facts = {"handover": kept.id, "name": firm.name_of(staff), "count": len(left)}
    asked = [Notice(kind="handover_asked", staff=reader, facts=dict(facts)) for reader in told]
    listed = Notice(kind="handover_listed", staff=staff, facts=dict(facts))
    await announce(act, event, (*asked, listed), firm)
    return kept


def _is_pressing(ticket: Ticket, back_at: datetime | None) -> bool:
    """Whether it is late, or falls due before he is back."""
    if ticket.breached:
        return True
    due_at = ticket.next_due_at
    return due_at is not None and (back_at is None or due_at <= back_at)


def _present(firm: Firm, teams: set[str | None], staff: int, at: datetime) -> tuple[int, ...]:
    """The colleagues of these teams whose shift is going on, or who are on duty by hand."""
    found: dict[int, None] = {}
    for team in sorted(team for team in teams if team is not None):
        on_shift = set(rosters.on_shift(firm, team, at))
        for one in sorted(firm.teams[team].people) if team in firm.teams else ():
            person = firm.staff.get(one)
            if person is not None and (one in on_shift or person.on_duty) and _takes(person, staff):
                found[one] = None
    return tuple(found)


def _leaders(firm: Firm, team: str | None, staff: int) -> tuple[int, ...]:
    return tuple(one for one in firm.leaders_of(team) if _takes(firm.staff[one], staff))


def _takes(person: Staff, staff: int) -> bool:
    return person.active and person.id != staff and person.role in _TAKING


@change
async def take(
    act: Act, by: Staff, handover: int, numbers: tuple[int, ...], via: Via
) -> list[Ticket]:
    """接手 these tickets of a hand-over; none named: all that nobody took. Refuses
    `UnknownHandover`, `UnknownTicket`, `NotAllowed`, and `AlreadyTaken` with the winner's name.
    """
    return await take_over(act, by, handover, numbers, via)


async def take_over(
    act: Act, by: Staff, handover: int, numbers: tuple[int, ...], via: Via
) -> list[Ticket]:
    """The same inside another unit."""
    firm = await act.firm()
    now = firm.staff.get(by.id)
    if now is None or not now.active:
        raise UnknownStaff(staff=by.id)
    listing = await _listing(act, handover)
    sight = sight_of(now, firm.teams)
    every = {one.ticket: one for one in listing.left}
    seen = [
        number
        for number, ticket in listing.tickets.items()
        if sight.sees(ticket.team, ticket.assignee)
    ]
    if not seen:
        raise UnknownHandover(handover=handover)
    free = [one.ticket for one in listing.waiting]
    wanted = numbers or tuple(number for number in free if number in seen)
    if not wanted:
        _refuse_taken(firm, listing, seen[0])
    taken = []
    for number in wanted:
        if number not in every:
            raise UnknownTicket(ticket=number)
        before = listing.tickets[number]
        permit(now, sight, Claim(ticket=number), before)
        if number not in free:
            _refuse_taken(firm, listing, number)
        taken.append(await _give(act, before, now.id, Actor("staff", now.id), via))
        await handovers.take(act.unit, handover, number, now.id, act.at)
    if set(free) <= set(wanted):
        await handovers.settle(act.unit, handover)
    return taken


def _refuse_taken(firm: Firm, listing: Listing, number: int) -> None:
    holder = listing.tickets[number].assignee
    raise AlreadyTaken(ticket=number, assignee=firm.name_of(holder) or "")


async def _give(act: Act, before: Ticket, staff: int, by: Actor, via: Via) -> Ticket:
    """Change the holder; that it is a hand-over keeps the single notices quiet."""
    given = rules.assign(before, staff)
    events = tuple(
        msgspec.structs.replace(one, cause="handover") if isinstance(one, Assigned) else one
        for one in given.events
    )
    return await record(act, before, Change(given.ticket, events), by, via)


@change
async def take_ticket(act: Act, by: Staff, number: int, via: Via) -> Ticket:
    """接手 one ticket, whichever hand-over it is in. Refuses `UnknownHandover` when none asks for
    a taker of it, and what `take` refuses.
    """
    return await take_one(act, by, number, via)


async def take_one(act: Act, by: Staff, number: int, via: Via) -> Ticket:
    """The same inside another unit."""
    handover = await handovers.find_of_ticket(act.unit, number)
    if handover is None:
        raise UnknownHandover(ticket=number)
    return (await take_over(act, by, handover, (number,), via))[0]


@change
async def fall_due(act: Act, handover: int) -> None:
    """Its time is up: what nobody took is told to the leaders, who get what is pressing."""
    found = await handovers.find(act.unit, handover)
    if found is None or found.state != "asked" or found.due_at > act.at:
        return
    listing = await _listing(act, handover)
    firm = await act.firm()
    await handovers.settle(act.unit, handover)
    by_leader: dict[int | None, list[Left]] = {}
    for one in listing.waiting:
        leaders = _leaders(firm, listing.tickets[one.ticket].team, found.staff)
        there = [leader for leader in leaders if firm.staff[leader].on_duty]
        leader = next(iter((*there, *leaders)), None)
        by_leader.setdefault(leader, []).append(one)
    handing = rosters.handing_of(firm, found.staff)
    for leader, left in by_leader.items():
        given = [
            one.ticket
            for one in left
            if leader is not None
            and (handing.left == "all" or (one.pressing and handing.left == "pressing"))
        ]
        for number in given:
            await _give(act, listing.tickets[number], leader or 0, DESK, "desk")
            await handovers.take(act.unit, handover, number, leader or 0, act.at)
        event = await record_desk(
            act,
            HandoverLeft(
                handover=handover,
                staff=found.staff,
                tickets=tuple(one.ticket for one in left),
                leader=leader,
                given=tuple(given),
            ),
        )
        if leader is not None:
            facts: dict[str, str | int | None] = {
                "handover": handover,
                "name": firm.name_of(found.staff),
                "count": len(left),
                "given": len(given),
            }
            notice = Notice(kind="handover_left", staff=leader, facts=facts)
            await announce(act, event, (notice,), firm)


@change
async def postpone(act: Act, handover: int) -> None:
    """Acting on its time failed: try again later."""
    await handovers.postpone(act.unit, handover, act.at + RETRY_AFTER)


async def _listing(act: Act, handover: int) -> Listing:
    found = await handovers.find(act.unit, handover)
    if found is None:
        raise UnknownHandover(handover=handover)
    left = tuple(await handovers.list_left(act.unit, handover))
    there = await tickets.list_by_number(act.unit, tuple(one.ticket for one in left))
    return Listing(handover=found, left=left, tickets=there, states={})


async def read_listing(desk: Desk, handover: int) -> Listing | None:
    """A hand-over as a card or a page shows it; who may see it was decided before."""
    with desk.activity.busy():
        found = await handovers.find(desk.database, handover)
        if found is None:
            return None
        left = tuple(await handovers.list_left(desk.database, handover))
        numbers = tuple(one.ticket for one in left)
        there = await tickets.list_by_number(desk.database, numbers)
        kept = await timers.list_states(desk.database, numbers)
    states = {number: _decode_state(state) for number, state in kept.items()}
    return Listing(handover=found, left=left, tickets=there, states=states)


async def list_open(desk: Desk, by: Staff) -> list[Listing]:
    """The hand-overs that ask for takers, with those of their tickets that are in sight."""
    sight = sight_of(by, (await desk.firm()).teams)
    with desk.activity.busy():
        found = await handovers.list_open(desk.database)
    shown = []
    for one in found:
        listing = await read_listing(desk, one.id)
        if listing is None:
            continue
        seen = {
            number: ticket
            for number, ticket in listing.tickets.items()
            if sight.sees(ticket.team, ticket.assignee)
        }
        left = tuple(left for left in listing.left if left.ticket in seen)
        if left:
            shown.append(msgspec.structs.replace(listing, left=left, tickets=seen))
    return shown
