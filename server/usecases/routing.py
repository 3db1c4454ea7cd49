"""派单 as part of other use cases: what rules and standings say becomes an event. Tickets that
wait for somebody are routed again; those that nobody accepts, or begins with, go on.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from server import log
from server.desk import Desk
from server.domain import ticket as rules
from server.domain.attributes import Assessed, adjusted
from server.domain.events import (
    DESK,
    ConfigurationSaved,
    Decision,
    Event,
    Released,
    Routed,
    Transferred,
)
from server.domain.firm import Firm
from server.domain.holding import waits
from server.domain.ranking import Field, Need, free_at_of
from server.domain.routing import Cause, Pool, decide, teams_asked
from server.domain.rules import Verdict
from server.domain.ticket import Change, Ticket
from server.storage import ledger, messages, standings, tickets
from server.storage.standings import Waiting
from server.storage.units import Overloaded
from server.usecases.acts import Act, change
from server.usecases.facts import assess_ticket
from server.usecases.keeping import waiting_of
from server.usecases.recording import record

BATCH: Final = 16
"""How many waiting tickets are looked at in one unit."""
START: Final = (-1, datetime.fromisoformat("2000-01-01T00:00:00+00:00"), 0)
"""Before the first place of the waiting queue."""

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
    known = None
    if queue.weights.known:
        known = await standings.last_colleague(act.unit, ticket.customer, ticket.number)
    pool = Pool(
        queue=queue,
        need=Need(
            priority=ticket.priority,
            category=ticket.category,
            skills=verdict.skills,
            known=known,
            left_out=placing.left_out,
        ),
        field=Field(staff=firm.staff, standings={}, at=act.at),
        teams=firm.teams,
        general=firm.rules.fallback_team,
        sent_to=placing.sent_to,
        cause=cause,
        exhausted=cause == "unaccepted" and ticket.passed_on + 1 >= queue.tries,
    )
    teams = teams_asked(verdict, pool)
    leaders = {team.id: firm.leaders_of(team.id) for team in teams}
    asked = {number for team in teams for number in team.members}
    asked.update(number for numbers in leaders.values() for number in numbers)
    known_of = await standings.read_some(act.unit, frozenset(asked))
    return replace(pool, field=replace(pool.field, standings=known_of), leaders=leaders)


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


async def _read_placing(act: Act, ticket: Ticket) -> Placing:
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
    placing = await _read_placing(act, ticket)
    placing = replace(placing, left_out=placing.left_out | {ticket.assignee})
    text = await messages.customers_words(act.unit, ticket.number)
    routed = await route(act, ticket, text, cause=reason, placing=placing)
    decision = _decision_of(routed)
    if decision.mode == "automatic" and reason == "unaccepted":
        return routed
    back = rules.release(ticket, reason)
    if decision.mode != "automatic":
        return back
    return Change(routed.ticket, back.events + routed.events)


# The waiting queue


@change
async def reroute(act: Act, number: int) -> Ticket | None:
    """Route one waiting ticket again; None when it does not wait. A decision that changes nothing
    writes no event.
    """
    return await _reroute(act, number)


async def _reroute(act: Act, number: int) -> Ticket | None:
    ticket = await tickets.find(act.unit, number)
    if ticket is None or not waits(ticket):
        return None
    placing = await _read_placing(act, ticket)
    text = await messages.customers_words(act.unit, number)
    assessed = await assess_ticket(act, ticket, text)
    now = adjusted(ticket, assessed, movable=True)
    routed = await route(act, now.ticket, text, cause="waiting", placing=placing, assessed=assessed)
    if routed.ticket.assignee is not None or routed.ticket.team != ticket.team:
        whole = Change(routed.ticket, now.events + routed.events)
        return await record(act, ticket, whole, DESK, "desk")
    if now.events:
        ticket = await record(act, ticket, now, DESK, "desk")
    await _note_need(act, ticket, _decision_of(routed))
    return ticket


async def _note_need(act: Act, ticket: Ticket, decision: Decision) -> None:
    """Remember whom the ticket waits for, so that it need not be asked again and again."""
    place = waiting_of(ticket, decision)
    if await standings.find_waiting(act.unit, ticket.number) != place:
        await standings.wait(act.unit, place)


def _decision_of(change_: Change) -> Decision:
    return next(body.decision for body in change_.events if isinstance(body, Routed))


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What happened since: up to which event was looked, whether all waiting tickets have to be
    decided anew (rules, queues and teams changed), whether somebody became free, and the tickets
    that are others now.
    """

    seq: int
    everything: bool = False
    freed: bool = False
    changed: tuple[int, ...] = ()


_FREEING: Final = frozenset(
    {
        "resolved",
        "closed",
        "cancelled",
        "released",
        "transferred",
        "assigned",
        "status_changed",
        "duty_changed",
        "staff_saved",
    }
)
_CHANGING: Final = frozenset({"priority_changed", "edited", "released", "transferred", "reopened"})
_HANDED_ON: Final = '"cause":"unaccepted"'
_PAGE: Final = 500


async def read_news(desk: Desk, seq: int) -> News:
    """What happened after an event that matters to the waiting queue."""
    news = News(seq=seq)
    with desk.activity.busy():
        while rows := await ledger.list_rows_since(desk.database, news.seq, _PAGE):
            kinds = {row.kind for row in rows}
            handed_on = any(row.kind == "routed" and _HANDED_ON in (row.body or "") for row in rows)
            news = News(
                seq=rows[-1].seq,
                everything=news.everything
                or any(_reconfigures(row) for row in rows if row.kind == "configuration_saved"),
                freed=news.freed or handed_on or bool(kinds & _FREEING),
                changed=news.changed
                + tuple(row.ticket for row in rows if row.kind in _CHANGING and row.ticket),
            )
    return news


def _reconfigures(row: ledger.Row) -> bool:
    event = row.event()
    return event is None or (
        isinstance(event.body, ConfigurationSaved) and event.body.of not in _ASIDE
    )


_ASIDE: Final = frozenset({"channel", "chat_group", "policy", "ladder", "status"})
"""Kinds of configuration that say nothing about who gets a ticket."""


async def head_seq(desk: Desk) -> int:
    """The last event's seq."""
    with desk.activity.busy():
        return (await ledger.read_head(desk.database)).seq


async def route_waiting(desk: Desk, *, everything: bool) -> int:
    """Go through the waiting queue, most pressing first, and give what can be given; how many
    were. With `everything` each ticket is decided anew; else those for whom, as it turned out,
    nobody is free are passed over together.
    """
    place, hopeless, given = START, frozenset[str](), 0
    while not desk.stopping:
        with desk.activity.busy():
            rows = await standings.list_waiting(
                desk.database, place, BATCH * 8, automatic=not everything
            )
        if not rows:
            break
        place = (rows[-1].rank, rows[-1].queued_at, rows[-1].ticket)
        for start in range(0, len(rows), BATCH):
            batch = tuple(rows[start : start + BATCH])
            if not everything:
                batch = tuple(row for row in batch if row.need not in hopeless)
            if batch:
                placed, hopeless = await _try_batch(desk, batch, hopeless, everything=everything)
                given += placed
    return given


async def _try_batch(
    desk: Desk, batch: tuple[Waiting, ...], hopeless: frozenset[str], *, everything: bool
) -> tuple[int, frozenset[str]]:
    try:
        return await _route_batch(desk, batch, hopeless, everything)
    except Overloaded:
        raise
    except Exception as error:  # noqa: BLE001  # one ticket must not hold up the others
        if len(batch) == 1:
            log.incident(error, "waiting", ticket=batch[0].ticket)
            return 0, hopeless
    given = 0
    for row in batch:
        placed, hopeless = await _try_batch(desk, (row,), hopeless, everything=everything)
        given += placed
    return given, hopeless


@change
async def _route_batch(
    act: Act,
    batch: tuple[Waiting, ...],
    hopeless: frozenset[str],
    everything: bool,  # noqa: FBT001
) -> tuple[int, frozenset[str]]:
    given = 0
    for row in batch:
        if row.need in hopeless and not everything:
            continue
        after = await _reroute(act, row.ticket)
        if after is not None and after.assignee is not None:
            given += 1
        elif after is not None:
            now = await standings.find_waiting(act.unit, row.ticket)
            hopeless |= {now.need} if now is not None else frozenset()
    return given, hopeless


async def next_free_at(desk: Desk) -> datetime | None:
    """When the next colleague who rests, or had enough this hour, may get tickets again; None
    where no ticket waits.
    """
    firm = await desk.firm()
    bounded = [queue for queue in firm.queues.values() if queue.caps.hourly or queue.fatigue.after]
    if not bounded:
        return None
    with desk.activity.busy():
        if not await standings.list_waiting(desk.database, START, 1, automatic=True):
            return None
        known = await standings.read_all(desk.database)
    now = int(desk.clock.now().timestamp())
    found = [
        free_at
        for number, standing in known.items()
        if number in firm.staff and firm.staff[number].on_duty
        for queue in bounded
        for urgent in (True, False)
        if (free_at := free_at_of(standing, queue, urgent=urgent)[0]) > now
    ]
    return datetime.fromtimestamp(min(found), tz=UTC) if found else None
