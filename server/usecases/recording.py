"""`record()`: the only writer of tickets, and of the event log.

In one unit it writes the row (guarded by its version), the events, the folded SLA state, the
timers and the notices; the bell rings after the commit. No path can change a ticket and forget
its clock, its history or its notice.
"""

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from server.domain import climbing
from server.domain.climbs import NONE, Climbs, climb_on
from server.domain.errors import ChangedMeanwhile
from server.domain.events import CONFIGURING, DESK, Actor, AnyBody, Event, Via
from server.domain.firm import Firm
from server.domain.holding import held
from server.domain.notices import notices_of
from server.domain.outcomes import ended_anew, outcomes_of
from server.domain.sla import SlaState, next_due, step, timers
from server.domain.ticket import WAITING_CATEGORIES, Change, Ticket
from server.storage import ledger, outcomes, tickets
from server.storage import timers as timer_rows
from server.storage.timers import Timer
from server.usecases.acts import Act
from server.usecases.announcing import announce
from server.usecases.keeping import keep

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_state = msgspec.json.Decoder(SlaState).decode
_decode_climbs = msgspec.json.Decoder(Climbs).decode


async def record(
    act: Act,
    before: Ticket | None,
    change: Change,
    by: Actor,
    via: Via,
    *,
    effective_at: datetime | None = None,
    cause_seq: int | None = None,
    timers_taken: bool = False,
    quietly: bool = False,
) -> Ticket:
    """Write a change of a ticket, or a new ticket (`before` is None). A change without events
    writes nothing, unless its timers were taken. `quietly`: nobody is told. Refuses
    `ChangedMeanwhile` when the row is not the one that was read, which units in one stream can
    only meet through a bug.
    """
    if before is not None and not change.events and not timers_taken:
        return before
    firm = await act.firm()
    at = act.at if before is None else max(act.at, before.updated_at)
    events = await _append(
        act, change, by, via, at=at, effective_at=effective_at or at, cause_seq=cause_seq
    )
    was, had = await read_kept(act, before)
    state, climbs = was, had
    for event in events:
        state, climbs = step(state, event, firm.law), climb_on(climbs, event)
    after = held(
        before,
        with_due(_moved_on(change.ticket, events, at), state),
        change.events,
        by,
        at=at,
        queue=firm.queue_of(change.ticket.queue),
    )
    if before is None:
        await tickets.insert(act.unit, after)
    elif not await tickets.write(act.unit, before, after):
        raise ChangedMeanwhile(ticket=after.number, version=before.version)
    await keep(act, before, after, change.events, by=by, at=at)
    await _keep_outcomes(act, was, state, after)
    act.folded[after.number] = state
    moved = state is not was or climbs is not had
    if before is None or timers_taken or moved or _waits(before, firm) != _waits(after, firm):
        due = timers_of(after, state, firm, climbs)
        await _put(act, after.number, state, climbs)
        await timer_rows.replace(act.unit, after.number, due, fresh=before is None)
    for event in () if quietly else events:
        await announce(act, event, notices_of(event, after, firm), firm, after)
    return after


async def _keep_outcomes(act: Act, was: SlaState, state: SlaState, after: Ticket) -> None:
    if state is was:
        return
    ended, goes_on = ended_anew(was, state, after, (await act.firm()).law)
    await outcomes.put(act.unit, ended)
    await outcomes.remove(act.unit, after.number, goes_on)


async def record_desk(
    act: Act,
    body: AnyBody,
    by: Actor = DESK,
    via: Via = "desk",
    *,
    effective_at: datetime | None = None,
) -> Event:
    """Write an event of the desk itself: configuration, staff, duty. `effective_at`: when it was
    due, if that was earlier.
    """
    head = await act.head()
    event = Event(
        seq=head.seq + 1,
        ticket=None,
        ticket_seq=None,
        recorded_at=act.at,
        effective_at=effective_at or act.at,
        actor=by,
        via=via,
        body=body,
    )
    firm_seq = event.seq if isinstance(body, CONFIGURING) else head.firm_seq
    row = ledger.row_of(event, act.draw(), head.hash)
    act.moved(await ledger.append(act.unit, head, (row,), firm_seq))
    act.ring()
    return event


async def refold(act: Act, ticket: Ticket, state: SlaState, climbs: Climbs) -> None:
    """Write what a ticket's SLA caches should be: the folded state, the climbs, the timers, the
    outcomes and the due fields. Nothing happened to the ticket: there is no event, and its version
    stays.
    """
    firm = await act.firm()
    await tickets.write(act.unit, ticket, with_due(ticket, state))
    await _put(act, ticket.number, state, climbs)
    known = {
        (one.metric, one.instance): one
        for one in await outcomes.list_of_ticket(act.unit, ticket.number)
    }
    await outcomes.clear(act.unit, ticket.number)
    for key, one in outcomes_of(state, ticket, firm.law).items():
        was = known.get(key, one)  # whose hands it was in is not in the clocks
        await outcomes.put(act.unit, (replace(one, team=was.team, assignee=was.assignee),))
    await timer_rows.replace(act.unit, ticket.number, timers_of(ticket, state, firm, climbs))


async def retime(act: Act, ticket: Ticket) -> None:
    """Write a ticket's timers anew: what they follow from was configured anew."""
    state, climbs = await read_kept(act, ticket)
    due = timers_of(ticket, state, await act.firm(), climbs)
    await timer_rows.replace(act.unit, ticket.number, due)


async def _put(act: Act, number: int, state: SlaState, climbs: Climbs) -> None:
    await timer_rows.put_state(act.unit, number, _encode(state).decode(), _encode(climbs).decode())


async def _append(
    act: Act,
    change: Change,
    by: Actor,
    via: Via,
    *,
    at: datetime,
    effective_at: datetime,
    cause_seq: int | None,
) -> tuple[Event, ...]:
    if not change.events:
        return ()
    head = await act.head()
    events: list[Event] = []
    rows: list[ledger.Row] = []
    previous = head.hash
    for place, body in enumerate(change.events, start=1):
        event = Event(
            seq=head.seq + place,
            ticket=change.ticket.number,
            ticket_seq=change.ticket.ticket_seq + place,
            recorded_at=at,
            effective_at=effective_at,
            actor=by,
            via=via,
            cause_seq=cause_seq,
            body=body,
        )
        row = ledger.row_of(event, act.draw(), previous)
        previous = row.hash
        events.append(event)
        rows.append(row)
    act.moved(await ledger.append(act.unit, head, tuple(rows), head.firm_seq))
    act.ring_for_tickets()
    return tuple(events)


async def read_kept(act: Act, before: Ticket | None) -> tuple[SlaState, Climbs]:
    """How a ticket's clocks stand, and the rungs that it has reached."""
    kept = await timer_rows.find_kept(act.unit, before.number) if before is not None else None
    if kept is None:
        return SlaState(), NONE
    return _decode_state(kept.state), _decode_climbs(kept.climbs)


def _waits(ticket: Ticket, firm: Firm) -> tuple[object, ...]:
    """What timers depend on besides clocks and climbs."""
    held: tuple[object, ...] = ()
    if any(ladder.minds_holder for ladder in firm.ladders.values()):
        held = (ticket.assignee, ticket.queued_at, ticket.held_at, ticket.touched_at)
    return (
        *held,
        ticket.status_category,
        ticket.wake_at,
        ticket.resolved_at,
        ticket.accept_by,
        ticket.touch_by,
    )


def _moved_on(ticket: Ticket, events: tuple[Event, ...], at: datetime) -> Ticket:
    return replace(
        ticket,
        version=ticket.version + 1,
        ticket_seq=ticket.ticket_seq + len(events),
        updated_at=at,
    )


def with_due(ticket: Ticket, state: SlaState) -> Ticket:
    """The ticket with the fields that follow from its clocks."""
    due = next_due(state)
    return replace(
        ticket,
        next_due_at=due.due_at if due else None,
        next_due_metric=due.metric if due else None,
        warned=any(clock.warned for clock in state.clocks if clock.state == "running"),
        breached=any(clock.verdict == "breached" for clock in state.clocks if clock.is_live),
        promised=state.pin is not None,
    )


def timers_of(
    ticket: Ticket, state: SlaState, firm: Firm, climbs: Climbs = NONE
) -> tuple[Timer, ...]:
    """The rows that a ticket in this state has: one truth for writing and for checking them."""
    found = [
        Timer(
            due_at=timer.due_at,
            kind=timer.kind,
            key=f"{ticket.number}:{timer.metric}:{timer.instance}",
            ticket=ticket.number,
        )
        for timer in timers(state, firm.law)
    ]
    rung_at = climbing.next_at(ticket, state, climbs, firm)
    if rung_at is not None:
        found.append(_plain(ticket, "rung", rung_at))
    if ticket.wake_at is not None and ticket.status_category in WAITING_CATEGORIES:
        found.append(_plain(ticket, "wake", ticket.wake_at))
    if ticket.status_category == "resolved" and ticket.resolved_at is not None:
        quiet = timedelta(hours=firm.profile.quiet_close_hours)
        found.append(_plain(ticket, "quiet_close", ticket.resolved_at + quiet))
    if ticket.accept_by is not None:
        found.append(_plain(ticket, "accept_by", ticket.accept_by))
    if ticket.touch_by is not None:
        found.append(_plain(ticket, "touch_by", ticket.touch_by))
    return tuple(found)


def _plain(ticket: Ticket, kind: str, due_at: datetime) -> Timer:
    return Timer(due_at=due_at, kind=kind, key=str(ticket.number), ticket=ticket.number)
