"""Climbing the ladder (升级): which rung a ticket reaches when, and whom that concerns (R17).

A pure function of the ticket, its clocks, the rungs that it has reached and what is configured. A
clock that stands still reaches nothing. Rungs that were passed while it stood, or at the instant
at which another promise began, are climbed as one, the latest; those that were missed because the
desk was off are climbed in order, and people hear the last of them (R18).
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from server.domain import clocks as clock_rules
from server.domain import ladders, rosters
from server.domain.calendars import Calendar
from server.domain.climbs import BY_HAND, Climb, Climbs
from server.domain.clocks import Clock
from server.domain.events import StatusCategory
from server.domain.firm import Firm
from server.domain.ladder_events import RungReached, Told
from server.domain.ladders import After, FromDue, Ladder, Nth, OfTarget, Quiet, Rung
from server.domain.law import Law
from server.domain.sla import SlaState
from server.domain.ticket import OPEN_CATEGORIES, Ticket
from server.domain.worktime import add as add_working

ALL: Final = 100
"""Percent."""
_MINUTE: Final = timedelta(minutes=1)

_When = Callable[[int], datetime | None]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A rung that a ticket will reach, or has just reached. `from_at` is where the present stretch
    of its clock began: what was passed up to then is climbed as one. `place` is the rung's place on
    its ladder.
    """

    ladder: Ladder
    rung: Rung
    place: int
    on: str
    occasion: str
    at: datetime
    from_at: datetime
    repeat: int = 0
    due_at: datetime | None = None


def next_at(ticket: Ticket, state: SlaState, climbs: Climbs, firm: Firm) -> datetime | None:
    """When the ticket reaches its next rung, as things are now; None: never."""
    return min((step.at for step in _steps(ticket, state, climbs, firm, None)), default=None)


def due(
    ticket: Ticket, state: SlaState, climbs: Climbs, firm: Firm, at: datetime
) -> tuple[RungReached, ...]:
    """The rungs that are reached at this instant, in order, each with whom it concerns."""
    steps = [one for one in _steps(ticket, state, climbs, firm, at) if one.at <= at]
    steps.sort(key=lambda one: (one.occasion, one.at, one.place))
    found: list[RungReached] = []
    for _, group in groupby(steps, key=lambda one: one.occasion):
        found += _climb(list(group), ticket, firm, at)
    found.sort(key=lambda one: one.reached_at)
    return tuple(found)


def nudged(ticket: Ticket, state: SlaState, firm: Firm, at: datetime) -> tuple[RungReached, ...]:
    """The rungs that the latest nudge reaches. The holder, or his group, hears of every nudge: a
    rung does not tell them again.
    """
    ladder = firm.ladder_of(state.pin)
    found: list[RungReached] = []
    for place, rung in enumerate(ladder.rungs):
        if not isinstance(rung.at, Nth) or rung.at.count != ticket.nudge_count:
            continue
        step = Step(
            ladder=ladder,
            rung=rung,
            place=place,
            on="nudge",
            occasion=f"nudge:{ticket.nudge_count}",
            at=at,
            from_at=at,
        )
        reached = _reached(step, (step,), ticket, firm, at)
        told = tuple(one for one in reached.told if one.staff != ticket.assignee)
        group = reached.group if ticket.assignee is not None else None
        found.append(replace(reached, told=told, group=group))
    return tuple(found)


def by_hand(
    ticket: Ticket, state: SlaState, climbs: Climbs, firm: Firm, *, by: int, at: datetime
) -> RungReached | None:
    """Where a colleague escalates to: the next rung of the ladder that tells somebody else. None
    where the ladder tells nobody.
    """
    ladder = firm.ladder_of(state.pin)
    running = {occasion_of(clock) for clock in state.clocks if clock.is_live} | {BY_HAND}
    known = {one.rung for one in climbs.reached if one.occasion in running}
    rungs = list(enumerate(ladder.rungs))
    highest = max((place for place, rung in rungs if rung.id in known), default=-1)
    last: RungReached | None = None
    for place, rung in rungs:
        if rung.on in ladders.APART or not (rung.tell or rung.people):
            continue
        told, _ = audience(firm, ticket, (rung,), at)
        others = tuple(one for one in told if one.staff not in (by, ticket.assignee))
        if not others:
            continue
        last = RungReached(
            ladder=ladder.id,
            version=ladder.version,
            rung=rung.id,
            on=rung.on,
            occasion=BY_HAND,
            reached_at=at,
            told=others,
            by_hand=True,
        )
        if place > highest:
            return last
    return last


def audience(
    firm: Firm, ticket: Ticket, rungs: tuple[Rung, ...], at: datetime
) -> tuple[tuple[Told, ...], str | None]:
    """Who is told, each once and as what he is first, and the team whose group is told."""
    told: dict[int, str] = {}
    group = False
    for rung in rungs:
        for who in rung.tell:
            people = _people(firm, ticket, who, at)
            for staff in people:
                told.setdefault(staff, who)
            group = group or who == "group" or (who == "assignee" and not people)
        for staff in rung.people:
            told.setdefault(staff, "person")
    active = tuple(
        Told(staff, role)
        for staff, role in told.items()
        if staff in firm.staff and firm.staff[staff].active
    )
    return active, ticket.team if group else None


def _people(firm: Firm, ticket: Ticket, who: ladders.Audience, at: datetime) -> tuple[int, ...]:
    match who:
        case "assignee":
            return () if ticket.assignee is None else (ticket.assignee,)
        case "leader":
            return firm.leaders_of(ticket.team)
        case "leaders_leader":
            return firm.leaders_above(ticket.team)
        case "supervisors":
            return firm.supervisors
        case "on_duty":
            return rosters.on_call(firm, ticket.team, at)
        case "group":
            return ()


def quiet_until(quiet: Quiet | None, ticket: Ticket, zone: str, at: datetime) -> datetime | None:
    """When people may be told, if they may not be told now."""
    if quiet is None or ticket.priority in quiet.spares or quiet.starts == quiet.ends:
        return None
    here = at.astimezone(ZoneInfo(zone))
    now = f"{here:%H:%M}"
    if quiet.starts < quiet.ends:
        is_quiet, tomorrow = quiet.starts <= now < quiet.ends, False
    else:
        is_quiet, tomorrow = now >= quiet.starts or now < quiet.ends, now >= quiet.starts
    if not is_quiet:
        return None
    day = here.date() + timedelta(days=1 if tomorrow else 0)
    hour, minute = (int(part) for part in quiet.ends.split(":"))
    ends = datetime(day.year, day.month, day.day, hour, minute, tzinfo=here.tzinfo)
    return ends.astimezone(at.tzinfo)


def occasion_of(clock: Clock) -> str:
    """The name of a clock's run. A due instant set by hand, and a promise that was loosened before
    it was broken, begin another run: its rungs are reached anew.
    """
    if not clock.retargets:
        return f"{clock.metric}:{clock.instance}"
    targets = [*(former.target for former in clock.retargets[1:]), clock.target]
    rounds = sum(
        former.cause == "manual" or (former.breached_at is None and target > former.target)
        for former, target in zip(clock.retargets, targets, strict=False)
    )
    name = f"{clock.metric}:{clock.instance}"
    return f"{name}:{rounds}" if rounds else name


def _climb(steps: list[Step], ticket: Ticket, firm: Firm, at: datetime) -> Iterator[RungReached]:
    """Of one occasion: what was passed before the present stretch is climbed only if nothing came
    after it, and then only the latest; the others in order, and the last one that tells anybody
    tells those whom the others would have told.
    """
    missed = [one for one in steps if one.at > one.from_at]
    chosen = missed or steps[-1:]
    passed = tuple(one.rung.id for one in steps if one not in chosen)
    telling = [one for one in chosen if one.rung.tell or one.rung.people]
    for step in chosen:
        tells = tuple(telling) if telling and step is telling[-1] else ()
        reached = _reached(step, tells, ticket, firm, at)
        yield replace(reached, passed=passed) if step is chosen[0] else reached


def _reached(
    step: Step, telling: tuple[Step, ...], ticket: Ticket, firm: Firm, at: datetime
) -> RungReached:
    rung = step.rung
    told, group = audience(firm, ticket, tuple(one.rung for one in reversed(telling)), at)
    waits = None
    if telling and rung.heeds_quiet:
        waits = quiet_until(step.ladder.quiet, ticket, firm.profile.zone, at)
    return RungReached(
        ladder=step.ladder.id,
        version=step.ladder.version,
        rung=rung.id,
        on=step.on,
        occasion=step.occasion,
        reached_at=step.at,
        repeat=step.repeat,
        late_by=clock_rules.elapsed(step.at, at),
        percent=rung.at.percent if isinstance(rung.at, OfTarget) else None,
        minutes=rung.at.minutes if isinstance(rung.at, FromDue | After) else None,
        due_at=step.due_at,
        told=told,
        group=group,
        quiet_until=waits,
    )


def _steps(
    ticket: Ticket, state: SlaState, climbs: Climbs, firm: Firm, at: datetime | None
) -> Iterator[Step]:
    """The next step on every rung that is still to be climbed. Of a rung that comes again, the
    latest time up to `at`.
    """
    if ticket.status_category not in OPEN_CATEGORIES:
        return
    ladder = firm.ladder_of(state.pin)
    apart = _apart(ticket, state, climbs, firm, ladder, at) if ladder.minds_holder else ()
    for step in (
        *apart,
        *(
            step
            for clock in state.clocks
            if clock.is_live and (clock.state == "running" or clock.manual is not None)
            for step in _on_clock(clock, ticket, climbs, firm, at)
        ),
    ):
        if _counts(step):
            yield step


def _on_clock(
    clock: Clock, ticket: Ticket, climbs: Climbs, firm: Firm, at: datetime | None
) -> Iterator[Step]:
    """Of the rungs that count working time only those that may matter are looked up in the
    calendar: what is used by `at`, or else the earliest.
    """
    ladder = firm.ladder_of(clock.pin)
    occasion = occasion_of(clock)
    left = list(_left(clock, ladder, occasion, ticket, climbs))
    if not left:
        return
    if at is not None:
        used = clock_rules.used_at(clock, firm.law, at)
        left = [one for one in left if one[0] <= used]
    left.sort(key=lambda one: one[:2])
    for wanted, place, rung, climb in left:
        step = _step_on(clock, ladder, (place, rung), climb, occasion, firm.law, at)
        if step is None:
            continue
        yield step
        if at is None and wanted >= 0 and _counts(step):
            return  # what is wanted later comes later


def _left(
    clock: Clock, ladder: Ladder, occasion: str, ticket: Ticket, climbs: Climbs
) -> Iterator[tuple[int, int, Rung, Climb | None]]:
    """The rungs that a clock has still to climb, with the working seconds at which."""
    for place, rung in enumerate(ladder.rungs):
        if rung.on not in (ladders.ANY, clock.metric):
            continue
        climb = climbs.find(occasion, rung.id)
        since_at = climb.first_at if climb else clock.started_at
        if not _is_over(rung, climb) and not (rung.stop and _stops(rung, since_at, ticket, climbs)):
            yield _wanted(clock, rung, climb), place, rung, climb


def _counts(step: Step) -> bool:
    """Whether the step is one to wait for: not one of before the ladder was saved."""
    return step.ladder.since_at is None or step.at >= step.ladder.since_at


def _is_over(rung: Rung, climb: Climb | None) -> bool:
    return climb is not None and climb.repeat >= (rung.repeat.times if rung.repeat else 0)


def _wanted(clock: Clock, rung: Rung, climb: Climb | None) -> int:
    """The working seconds at which the rung is reached next; -1 where it follows the wall's
    clock.
    """
    if rung.clock == "wall" or clock.manual is not None:
        return -1
    again = rung.repeat.every * 60 * (climb.repeat + 1) if rung.repeat and climb else 0
    if isinstance(rung.at, OfTarget):
        return clock.target * rung.at.percent // ALL + again
    return clock.target + (rung.at.minutes if isinstance(rung.at, FromDue) else 0) * 60 + again


def _step_on(  # noqa: PLR0917
    clock: Clock,
    ladder: Ladder,
    placed: tuple[int, Rung],
    climb: Climb | None,
    occasion: str,
    law: Law,
    at: datetime | None,
) -> Step | None:
    place, rung = placed
    found = _turn(rung, climb, lambda times: _on_clock_at(clock, rung, times, law), at)
    if found is None:
        return None
    return Step(
        ladder=ladder,
        rung=rung,
        place=place,
        on=clock.metric,
        occasion=occasion,
        at=found[1],
        from_at=clock.since_at,
        repeat=found[0],
        due_at=clock.due_at,
    )


def _on_clock_at(clock: Clock, rung: Rung, times: int, law: Law) -> datetime | None:
    """When a clock reaches a rung, so many times after the first."""
    again = timedelta(minutes=rung.repeat.every * times) if rung.repeat else timedelta()
    if rung.clock == "wall" or clock.manual is not None:
        first_at = _wall_at(clock, rung, law)
        return None if first_at is None else first_at + again
    wanted = _wanted(clock, rung, None) + int(again.total_seconds())
    if wanted == clock.target:
        return clock_rules.lapses_at(clock, law)
    return clock_rules.reaches_at(clock, wanted, law) if wanted > 0 else None


def _wall_at(clock: Clock, rung: Rung, law: Law) -> datetime | None:
    if clock.due_at is None:
        return None
    if isinstance(rung.at, FromDue) and rung.at.minutes:
        return clock.due_at + rung.at.minutes * _MINUTE
    if isinstance(rung.at, OfTarget) and rung.at.percent != ALL:
        began_at = clock.manual.at if clock.manual is not None else clock.started_at
        given = max(clock_rules.elapsed(began_at, clock.due_at), 0)
        return began_at + timedelta(seconds=given * rung.at.percent // ALL)
    return clock_rules.lapses_at(clock, law)


def _apart(  # noqa: PLR0917
    ticket: Ticket,
    state: SlaState,
    climbs: Climbs,
    firm: Firm,
    ladder: Ladder,
    at: datetime | None,
) -> Iterator[Step]:
    """Idleness of the holder, and that nobody accepts."""
    stretches = dict(filter(None, (_idle_since(ticket, climbs), _unaccepted_since(ticket))))
    for place, rung in enumerate(ladder.rungs):
        since_at = stretches.get(rung.on)
        if since_at is None or not isinstance(rung.at, After):
            continue
        occasion = f"{rung.on}:{int(since_at.timestamp())}"
        climb = climbs.find(occasion, rung.id)
        if _stops(rung, climb.first_at if climb else since_at, ticket, climbs):
            continue
        calendar = _calendar_of(state, firm) if rung.clock == "business" else None

        def when(
            times: int,
            rung: Rung = rung,
            since_at: datetime = since_at,
            calendar: Calendar | None = calendar,
        ) -> datetime | None:
            return _apart_at(rung, times, since_at, calendar)

        found = _turn(rung, climb, when, at)
        if found is not None:
            yield Step(
                ladder=ladder,
                rung=rung,
                place=place,
                on=rung.on,
                occasion=occasion,
                at=found[1],
                from_at=since_at,
                repeat=found[0],
            )


def _apart_at(
    rung: Rung, times: int, since_at: datetime, calendar: Calendar | None
) -> datetime | None:
    if not isinstance(rung.at, After):
        return None
    span = rung.at.minutes * _MINUTE
    if rung.repeat is not None:
        span += rung.repeat.every * times * _MINUTE
    return since_at + span if calendar is None else add_working(calendar, since_at, span)


def _idle_since(ticket: Ticket, climbs: Climbs) -> tuple[str, datetime] | None:
    """Since when the holder has done nothing about a ticket that he works on."""
    if ticket.assignee is None or ticket.status_category is not StatusCategory.OPEN:
        return None
    known = (ticket.held_at, ticket.touched_at, climbs.working_since)
    since = [one.replace(microsecond=0) for one in known if one is not None]
    return ("idle", max(since, default=ticket.created_at))


def _unaccepted_since(ticket: Ticket) -> tuple[str, datetime] | None:
    """Since when nobody has accepted it: it waits for somebody, or was given to somebody who has
    not begun.
    """
    if ticket.assignee is None and ticket.status_category in _TO_BE_TAKEN:
        since_at = ticket.queued_at
    elif ticket.status_category is StatusCategory.NEW:
        since_at = ticket.held_at
    else:
        return None
    return ("unaccepted", (since_at or ticket.created_at).replace(microsecond=0))


_TO_BE_TAKEN: Final = (StatusCategory.NEW, StatusCategory.OPEN)


def _calendar_of(state: SlaState, firm: Firm) -> Calendar | None:
    if state.pin is not None:
        return firm.law.calendar_of(state.pin)
    return firm.calendars.get("default")


def _stops(rung: Rung, since_at: datetime, ticket: Ticket, climbs: Climbs) -> bool:
    """Whether something has made the rung unnecessary."""
    new = ticket.status_category is StatusCategory.NEW
    touched_at = ticket.touched_at
    return (
        ("accepted" in rung.stop and ticket.assignee is not None and not new)
        or ("touched" in rung.stop and touched_at is not None and touched_at > since_at)
        or ("escalated" in rung.stop and any(one.occasion == BY_HAND for one in climbs.reached))
    )


def _turn(
    rung: Rung, climb: Climb | None, when: _When, at: datetime | None
) -> tuple[int, datetime] | None:
    """How often again the rung is reached next, and when first after the last time; None: no
    more.
    """
    most = rung.repeat.times if rung.repeat is not None else 0
    times = 0 if climb is None else climb.repeat + 1
    if times > most:
        return None
    next_at_ = when(times)
    if next_at_ is None:
        return None
    while at is not None and times < most:
        later_at = when(times + 1)
        if later_at is None or later_at > at:
            break
        times += 1
    return times, next_at_
