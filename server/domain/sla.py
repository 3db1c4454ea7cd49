"""SLA (时效): the fold that turns a ticket's events into clocks, and what clocks cause.

A pure function of the events, the policy versions and the calendar versions (R1): `step` takes the
state one event further; folding from scratch gives the same. Events are read as signals
("answered", "resolved" …), metrics say which signals start and stop them (law.py), and clocks
know how to run (clocks.py). Fold order is `ticket_seq`; instants are `effective_at` in whole
seconds.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from server.domain import clocks as rules
from server.domain.calendars import Calendar
from server.domain.clocks import Clock, Countdown, Part, Retarget, elapsed
from server.domain.events import (
    AnyBody,
    Breached,
    Edited,
    Event,
    Opened,
    PriorityChanged,
    StatusChanged,
    Warned,
)
from server.domain.law import (
    LAW_VERSION,
    MATCHED,
    METRICS,
    Law,
    Metric,
    Pin,
    Policy,
    Signal,
    TicketFacts,
    law_of,
)
from server.domain.signals import DEAD, instant_of, read
from server.domain.worktime import seconds_of, table_of

__all__ = [
    "LAW_VERSION",
    "METRICS",
    "Calendar",
    "Clock",
    "Countdown",
    "Countdowns",
    "Due",
    "Law",
    "Metric",
    "Part",
    "Pin",
    "Policy",
    "Retarget",
    "SlaState",
    "Strip",
    "TicketFacts",
    "Timer",
    "fold",
    "judge",
    "law_of",
    "next_due",
    "remaining",
    "step",
    "strip",
    "timers",
]


class SlaState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that the fold knows of a ticket; one JSON text. `pin` None: 无 SLA."""

    facts: TicketFacts = TicketFacts()
    pin: Pin | None = None
    clocks: tuple[Clock, ...] = ()


class Countdowns(msgspec.Struct, frozen=True, kw_only=True):
    """What lists read of an `SlaState`."""

    clocks: tuple[Countdown, ...] = ()


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """A warning or breach that has to be told when its instant comes."""

    kind: Literal["sla_warn", "sla_breach"]
    metric: str
    instance: int
    due_at: datetime


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """下次到期: the earliest due instant of the running clocks."""

    due_at: datetime
    metric: str
    instance: int
    provisional: bool


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of the clock strip. `wall` and `working` are seconds; a paused or closed
    stretch has working seconds too, but they were not used.
    """

    kind: Literal["ran", "paused", "closed"]
    from_at: datetime
    to_at: datetime
    wall: int
    working: int
    reason: str = ""


def fold(events: Iterable[Event], law: Law) -> SlaState:
    """The state after all events of one ticket."""
    state = SlaState()
    for event in events:
        state = step(state, event, law)
    return state


def step(state: SlaState, event: Event, law: Law) -> SlaState:
    """The state after one more event. Events that clocks do not look at change nothing."""
    body = event.body
    if isinstance(body, Warned | Breached):
        return _told(state, body, event.recorded_at, law)
    meaning = read(state.facts, event)
    if meaning is None:
        return state
    under_way = _Step(state, event, law)
    under_way.facts, signals = meaning
    if isinstance(body, Opened):
        under_way.pin = law.pin(under_way.facts, event.seq)
    elif isinstance(body, PriorityChanged | Edited):
        under_way.change_promises(state.facts)
    for signal, instant in signals:
        under_way.apply(signal, instant)
    if isinstance(body, StatusChanged):
        under_way.move(body.reason)
    return SlaState(facts=under_way.facts, pin=under_way.pin, clocks=tuple(under_way.clocks))


class _Step:
    """One step under way."""

    def __init__(self, state: SlaState, event: Event, law: Law) -> None:
        self.law = law
        self.seq = event.seq
        self.at = instant_of(event)
        self.facts = state.facts
        self.pin = state.pin
        self.clocks = list(state.clocks)

    def apply(self, signal: Signal, at: datetime) -> None:
        """Start, stop and resume what this signal starts, stops and resumes."""
        if signal == "bot_answered":
            if self.pin is None or not self.law.policy_of(self.pin).bot_reply_counts:
                return
            signal = "answered"
        if signal in ("answered", "resolved"):
            # A solution is an answer too: what the customer writes after it wants a reply.
            self.facts = replace(self.facts, answered=True, asked_at=None, asked_recorded_at=None)
        for metric in self.law.metrics.values():
            if signal in metric.stops:
                self._stop(metric, at)
            if signal in metric.starts:
                self._start(metric, at)
            if signal in metric.resumes:
                self._resume(metric, at)

    def change_promises(self, before: TicketFacts) -> None:
        """An attribute that policies read changed: other promises from now on (R11, R12)."""
        changed = [name for name in MATCHED if getattr(before, name) != getattr(self.facts, name)]
        if not changed:
            return
        pin = self.pin = self.law.pin(self.facts, self.seq, self.pin)
        policy = self.law.policy_of(pin) if pin is not None else None
        for metric in self.law.metrics.values():
            if metric.id not in self.facts.on:
                continue
            target = policy.target(metric.id, self.facts.priority) if policy else None
            place = self._last(metric)
            if place is None:
                self._begin(metric, self.at)
            elif pin is not None and target is not None:
                clock = self.clocks[place]
                if clock.state == "cancelled":
                    clock = rules.reopen(clock, self.at, self.law)
                self.clocks[place] = rules.retarget(
                    clock, pin, target, at=self.at, cause=changed[0], law=self.law
                )
            elif self.clocks[place].is_live:
                self.clocks[place] = rules.cancel(self.clocks[place], self.at, self.law)
        self.move("")

    def move(self, reason: str) -> None:
        """The status says which clocks stand still (R6), and whether there are any (R19)."""
        category = self.facts.status_category
        dead = category in DEAD
        if dead:
            self.facts = replace(self.facts, on=())
        for place, clock in enumerate(self.clocks):
            if not clock.is_live:
                continue
            if dead:
                self.clocks[place] = rules.cancel(clock, self.at, self.law)
                continue
            policy = self.law.policy_of(clock.pin)
            stands = category in policy.paused_by(self.law.metrics[clock.metric])
            if stands and clock.state == "running":
                self.clocks[place] = rules.pause(clock, self.at, reason, self.law)
            elif not stands and clock.state == "paused":
                self.clocks[place] = rules.resume(clock, self.at, self.law)

    def _start(self, metric: Metric, at: datetime) -> None:
        if metric.id in self.facts.on:
            return
        if metric.instances == "one" and self._last(metric) is not None:
            return
        self._open(metric)
        self._begin(metric, at)

    def _begin(self, metric: Metric, at: datetime) -> None:
        if self.pin is None:
            return
        target = self.law.policy_of(self.pin).target(metric.id, self.facts.priority)
        if target is None:
            return
        place = self._last(metric)
        instance = 1 if place is None else self.clocks[place].instance + 1
        self.clocks.append(rules.begin(metric.id, instance, self.pin, target, at=at, law=self.law))

    def _stop(self, metric: Metric, at: datetime) -> None:
        rejudge = metric.late == "rejudge"
        for place, clock in enumerate(self.clocks):
            if clock.metric != metric.id:
                continue
            if metric.instances == "many" and at < clock.started_at:
                continue  # written before the question was asked: no answer to it
            late = rejudge and clock.stopped_at is not None and at < clock.stopped_at
            if clock.is_live or (late and clock.state == "stopped"):
                self.clocks[place] = rules.stop(clock, at, self.law, rejudge=rejudge)
        last = self._last(metric)
        if metric.id in self.facts.on and (last is None or not self.clocks[last].is_live):
            on = tuple(one for one in self.facts.on if one != metric.id)
            self.facts = replace(self.facts, on=on)

    def _resume(self, metric: Metric, at: datetime) -> None:
        place = self._last(metric)
        policy = self.law.policy_of(self.pin) if self.pin is not None else None
        mode = policy.reopen if policy is not None else "resume"
        if mode == "keep" or metric.id in self.facts.on:
            return
        self._open(metric)
        if place is None or mode == "restart":
            self._begin(metric, at)
        elif self.clocks[place].state == "stopped":
            self.clocks[place] = rules.reopen(self.clocks[place], at, self.law)

    def _open(self, metric: Metric) -> None:
        self.facts = replace(self.facts, on=(*self.facts.on, metric.id))

    def _last(self, metric: Metric) -> int | None:
        places = range(len(self.clocks) - 1, -1, -1)
        return next((place for place in places if self.clocks[place].metric == metric.id), None)


def _told(state: SlaState, body: Warned | Breached, at: datetime, law: Law) -> SlaState:
    def tell(clock: Clock) -> Clock:
        if (clock.metric, clock.instance) != (body.metric, body.instance):
            return clock
        if isinstance(body, Warned):
            return rules.tell_warned(clock)
        return rules.tell_breached(clock, at, law)

    return replace(state, clocks=tuple(tell(clock) for clock in state.clocks))


def timers(state: SlaState, law: Law) -> tuple[Timer, ...]:
    """What is still to be told of running clocks, and of paused ones that were breached before
    the pause. A breach that was told needs no warning.
    """
    found: list[Timer] = []

    def need(kind: Literal["sla_warn", "sla_breach"], clock: Clock, at: datetime) -> None:
        found.append(Timer(kind=kind, metric=clock.metric, instance=clock.instance, due_at=at))

    for clock in state.clocks:
        if not clock.is_live or clock.breach_told:
            continue
        lapsed_at = rules.lapses_at(clock, law)
        if lapsed_at is None:
            continue
        if not clock.warned and clock.verdict == "none":
            need("sla_warn", clock, rules.warns_at(clock, law))
        need("sla_breach", clock, lapsed_at)
    return tuple(found)


def judge(state: SlaState, law: Law, at: datetime) -> tuple[AnyBody, ...]:
    """The warnings and breaches to be written at this instant, in the order in which they fell
    due, with `late_by` seconds. A clock that is breached already is not warned of any more.
    """
    due = sorted(
        (timer for timer in timers(state, law) if timer.due_at <= at),
        key=lambda timer: timer.due_at,
    )
    breached = {(one.metric, one.instance) for one in due if one.kind == "sla_breach"}
    found: list[AnyBody] = []
    for timer in due:
        key = (timer.metric, timer.instance)
        clock = next(one for one in state.clocks if (one.metric, one.instance) == key)
        due_at = clock.due_at or timer.due_at
        late_by = elapsed(timer.due_at, at)
        if timer.kind == "sla_breach":
            found.append(
                Breached(
                    metric=timer.metric,
                    instance=timer.instance,
                    due_at=due_at,
                    breached_at=timer.due_at,
                    late_by=late_by,
                )
            )
        elif key not in breached:
            found.append(
                Warned(
                    metric=timer.metric,
                    instance=timer.instance,
                    percent=law.policy_of(clock.pin).warn_percent,
                    due_at=due_at,
                    late_by=late_by,
                )
            )
    return tuple(found)


def next_due(state: SlaState) -> Due | None:
    """The earliest due instant of the running clocks, also when it has passed (R21); paused
    clocks have none.
    """
    running = (
        Due(
            due_at=clock.due_at,
            metric=clock.metric,
            instance=clock.instance,
            provisional=clock.provisional,
        )
        for clock in state.clocks
        if clock.state == "running" and clock.due_at is not None
    )
    return min(running, key=lambda due: due.due_at, default=None)


def remaining(clock: Clock | Countdown, law: Law, now: datetime) -> int:
    """Working seconds left; negative: over the target by so much."""
    return clock.target - rules.used_at(clock, law, now)


def strip(clock: Clock, law: Law, now: datetime) -> tuple[Strip, ...]:
    """The clock's life up to now, for display (R21)."""
    parts = list(clock.parts)
    if clock.is_live and now > clock.since_at:
        kind: Literal["ran", "paused"] = "ran" if clock.state == "running" else "paused"
        parts.append(Part(kind=kind, from_at=clock.since_at, to_at=now, reason=clock.pause_reason))
    return tuple(
        Strip(
            kind=part.kind,
            from_at=part.from_at,
            to_at=part.to_at,
            wall=elapsed(part.from_at, part.to_at),
            working=table_of(law.calendar_of(rules.calendar_pin(clock, part.from_at))).count(
                seconds_of(part.from_at), seconds_of(part.to_at)
            ),
            reason=part.reason,
        )
        for part in parts
    )
