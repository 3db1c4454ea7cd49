"""派单 as part of other use cases: what rules and standings say becomes an event. Tickets that
nobody accepts, or begins with, go on.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from server.domain import ticket as rules
from server.domain.attributes import Assessed
from server.domain.events import (
    Decision,
    Event,
    Released,
    Routed,
    Transferred,
)
from server.domain.firm import Firm
from server.domain.ranking import NOWHERE, REACH_KM, Field, Need, Place
from server.domain.routing import Cause, Pool, decide, teams_asked
from server.domain.rules import Verdict
from server.domain.stores import Store, nearest
from server.domain.ticket import Change, Ticket
from server.storage import ledger, messages, standings
from server.usecases.acts import Act
from server.usecases.facts import assess_ticket

_NOBODY: Final[frozenset[int]] = frozenset()


class Placing(msgspec.Struct, frozen=True, kw_only=True):
    """How a ticket came to where it is: the team a colleague sent it to, and who is not to be
    asked again.
    """

    sent_to: str | None = None
    left_out: frozenset[int] = _NOBODY


async def route(
    act: Act,
    ticket: Ticket,
    text: str,
    *,
    cause: Cause = "opened",
    placing: Placing | None = None,
    assessed: Assessed | None = None,
) -> Change:
    """派单 a ticket by the rules in force, with the standings as this unit sees them. `assessed` is
    what the rules say of it, where somebody has asked them already.
    """
    firm = await act.firm()
    verdict = (assessed or await assess_ticket(act, ticket, text)).verdict
    pool = await _pool_of(act, firm, ticket, verdict, cause, placing or Placing())
    decision = decide(verdict, pool)
    routed = Routed(
        team=decision.team,
        assignee=decision.assignee,
        decision=decision,
        policy=verdict.policy,
    )
    return rules.routed(replace(ticket, skills=verdict.skills), routed)


async def _pool_of(  # noqa: PLR0917
    act: Act, firm: Firm, ticket: Ticket, verdict: Verdict, cause: Cause, placing: Placing
) -> Pool:
    queue = firm.queue_of(ticket.queue)
    known, place = None, place_of(ticket, firm)
    if queue.weights.known:
        known = await standings.last_colleague(act.unit, ticket.customer, ticket.number)
    pool = Pool(
        queue=queue,
        need=Need(
            priority=ticket.priority,
            category=ticket.category,
            skills=verdict.skills,
            place=place,
            known=known,
            left_out=placing.left_out,
        ),
        field=Field(staff=firm.staff, standings={}, at=act.at),
        teams=firm.teams,
        general=firm.rules.fallback_team,
        sent_to=placing.sent_to,
        nearest=nearest_team(ticket, firm) if queue.by_store else None,
        cause=cause,
        exhausted=cause == "unaccepted" and ticket.passed_on + 1 >= queue.tries,
    )
    teams = teams_asked(verdict, pool)
    leaders = {team.id: firm.leaders_of(team.id) for team in teams}
    asked = {number for team in teams for number in team.members}
    asked.update(number for numbers in leaders.values() for number in numbers)
    field = Field(
        staff=firm.staff,
        standings=await act.desk.standings.read(act.unit),
        places=places_of(asked, firm) if queue.weights.near and place.is_known else {},
        at=act.at,
    )
    return replace(pool, field=field, leaders=leaders)


def place_of(ticket: Ticket, firm: Firm) -> Place:
    """Where the customer is; of whom nothing is known, where the ticket's store is."""
    if ticket.region or ticket.latitude is not None:
        return Place(region=ticket.region, latitude=ticket.latitude, longitude=ticket.longitude)
    store = firm.stores.get(ticket.store)
    return NOWHERE if store is None else _place_of_store(store)


def places_of(staff: Iterable[int], firm: Firm) -> dict[int, Place]:
    """Where colleagues work: in their store, else in their region. Who shares a store shares the
    place.
    """
    of_store = {store.id: _place_of_store(store) for store in firm.stores.values()}
    of_region: dict[str, Place] = {}
    found: dict[int, Place] = {}
    for number in staff:
        person = firm.staff.get(number)
        if person is None or not (person.store or person.region):
            continue
        region = of_region.setdefault(person.region, Place(region=person.region))
        found[number] = of_store.get(person.store or "", region)
    return found


def _place_of_store(store: Store) -> Place:
    return Place(
        region=store.region,
        latitude=store.latitude,
        longitude=store.longitude,
        reach=store.radius or REACH_KM,
    )


def nearest_team(ticket: Ticket, firm: Firm) -> str | None:
    """The team of the ticket's store, else of the nearest one that has a team."""
    own = firm.stores.get(ticket.store)
    if own is not None and own.team is not None:
        return own.team
    near = nearest(
        (store for store in firm.stores.values() if store.team is not None),
        latitude=ticket.latitude,
        longitude=ticket.longitude,
        region=ticket.region,
    )
    return near[0].store.team if near else None


def placing_of(events: list[Event]) -> Placing:
    """Read from how a ticket was routed, transferred and released, the latest first."""
    sent_to: str | None = None
    left_out: set[int] = set()
    for event in events:
        match event.body:
            case Transferred(team=team, previous=previous):
                sent_to = sent_to or team
                left_out.update(() if previous is None else (previous,))
            case Released(previous=previous):
                left_out.add(previous)
            case Routed(decision=decision):
                left_out.update(decision.left_out)
                return Placing(
                    sent_to=sent_to or (decision.team if decision.by_hand else None),
                    left_out=frozenset(left_out),
                )
            case _:
                pass
    return Placing(sent_to=sent_to, left_out=frozenset(left_out))


async def read_placing(act: Act, ticket: Ticket) -> Placing:
    """The same, read from the log."""
    return placing_of(await ledger.list_placings(act.unit, ticket.number))


# Not accepted, not begun


async def pass_on(act: Act, ticket: Ticket, kind: str) -> Change:
    """The holder did not accept the ticket in time (`accept_by`), or accepted it and did nothing
    (`touch_by`): it goes to the next candidate, where the desk hands out itself, else back to the
    team. Nothing, when it is not so any more.
    """
    late_by = ticket.accept_by if kind == "accept_by" else ticket.touch_by
    if ticket.assignee is None or late_by is None or late_by > act.at:
        return Change(ticket)
    reason: Cause = "unaccepted" if kind == "accept_by" else "untouched"
    placing = await read_placing(act, ticket)
    placing = replace(placing, left_out=placing.left_out | {ticket.assignee})
    text = await messages.customers_words(act.unit, ticket.number)
    routed = await route(act, ticket, text, cause=reason, placing=placing)
    decision = decision_of(routed)
    if decision.mode == "automatic" and reason == "unaccepted":
        return routed
    back = rules.release(ticket, reason)
    if decision.mode != "automatic":
        return back
    return Change(routed.ticket, back.events + routed.events)


def decision_of(change_: Change) -> Decision:
    """The decision that a change carries."""
    return next(body.decision for body in change_.events if isinstance(body, Routed))
