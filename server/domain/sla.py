"""SLA (时效): the fold that turns a ticket's events into clocks, and what clocks cause.

A pure function of the events, the policy versions and the calendar versions (R1): `step` takes the
state one event further; folding from scratch gives the same. Events are read as signals
("answered", "resolved" …), metrics say which signals start and stop them (law.py), and clocks
know how to run (clocks.py). Fold order is `ticket_seq`; instants are `effective_at` in whole
seconds.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from server.domain import clocks as rules
from server.domain.calendars import Calendar
from server.domain.clocks import Clock, Countdown, Manual, Part, Retarget
from server.domain.due import Due, Timer, judge, next_due, remaining, timers
from server.domain.events import (
    AnyBody,
    Assigned,
    Breached,
    Claimed,
    CustomerWrote,
    Disputed,
    Event,
    Opened,
    Released,
    StatusChanged,
    Warned,
)
from server.domain.excuses import Excuse
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
from server.domain.law_events import DueReleased, DueSet, Excused, LawApplied
from server.domain.merge_events import Unmerged
from server.domain.metrics import Watched
from server.domain.rejudging import excuse
from server.domain.signals import DEAD, DONE, Signals, instant_of, read
from server.domain.standing import Countdowns, SlaState
from server.domain.strips import Strip, Totals, as_promised, strip, totals

__all__ = [
    "LAW_VERSION",
    "METRICS",
    "Calendar",
    "Clock",
    "Countdown",
    "Countdowns",
    "Due",
    "Excuse",
    "Law",
    "Manual",
    "Metric",
    "Part",
    "Pin",
    "Policy",
    "Retarget",
    "SlaState",
    "Strip",
    "TicketFacts",
    "Timer",
    "Totals",
    "as_promised",
    "fold",
    "judge",
    "law_of",
    "next_due",
    "remaining",
    "step",
    "strip",
    "timers",
    "totals",
]


def fold(events: Iterable[Event], law: Law) -> SlaState:
    """The state after all events of one ticket."""
    under_way = _Fold(SlaState(), law)
    for event in events:
        under_way.take(event)
    return under_way.after()


def step(state: SlaState, event: Event, law: Law) -> SlaState:
    """The state after one more event. Events that clocks do not look at change nothing."""
    under_way = _Fold(state, law)
    return under_way.after() if under_way.take(event) else state


class _Fold:
    """A fold under way: what `SlaState` holds, as long as it changes."""

    __slots__ = ("at", "clocks", "excuses", "facts", "law", "on", "pin", "seq", "watched")

    def __init__(self, state: SlaState, law: Law) -> None:
        self.law = law
        self.facts = state.facts
        self.pin = state.pin
        self.on = state.facts.on
        self.clocks = list(state.clocks)
        self.excuses = state.excuses

    def after(self) -> SlaState:
        """The state after it."""
        facts = self.facts if self.facts.on == self.on else replace(self.facts, on=self.on)
        return SlaState(facts=facts, pin=self.pin, clocks=tuple(self.clocks), excuses=self.excuses)

    def take(self, event: Event) -> bool:
        """Go one event further; False when it changes nothing."""
        body, before = event.body, self.facts
        kind = type(body)
        self.seq, self.at = event.seq, instant_of(event)
        watched = self.watched = self.law.epoch(event.seq).watched
        meaning = read(before, event, teams=watched.teams)
        if meaning is None:
            change = _CHANGES.get(kind)
            return change is not None and change(self, event, body)
        facts, signals = meaning
        if facts is before and not _concerns(signals, watched):
            return False
        self.facts = facts
        if kind is Opened:
            self.pin = self.law.pin(facts, event.seq)
        elif facts is not before and kind not in _SAME_PROMISES:
            self.follow_facts(before)
        for signal, instant in signals:
            self.apply(signal, instant)
        if isinstance(body, StatusChanged):
            self.move(body.reason)
        return True

    def apply(self, signal: Signal, at: datetime) -> None:
        """Start, stop and resume what this signal starts, stops and resumes."""
        if signal == "bot_answered":
            if self.pin is None or not self.law.policy_of(self.pin).bot_reply_counts:
                return
            signal = "answered"
        if signal in {"answered", "resolved"}:
            # A solution is an answer too: what the customer writes after it wants a reply.
            facts = self.facts
            if not facts.answered or facts.asked_at is not None:
                self.facts = replace(facts, answered=True, asked_at=None, asked_recorded_at=None)
        watched = self.watched
        for metric in watched.stops.get(signal, ()):
            self._stop(metric, at)
        for metric in watched.starts.get(signal, ()):
            self._start(metric, at)
        for metric in watched.resumes.get(signal, ()):
            self._resume(metric, at)

    def follow_facts(self, before: TicketFacts) -> None:
        """An attribute that policies read may have changed: other promises from now on (R11,
        R12).
        """
        for name in _READ:
            if getattr(before, name) != getattr(self.facts, name):
                self.promise(self.law.pin(self.facts, self.seq, self.pin), name)
                return

    def promise(self, pin: Pin | None, cause: str) -> None:
        """From now on this is promised, in answer to every question that is open."""
        self.pin = pin
        policy = self.law.policy_of(pin) if pin is not None else None
        for metric in self.watched.every.values():
            if metric.id not in self.on:
                continue
            target = policy.target(metric.id, self.facts.priority) if policy else None
            place = self._last(metric)
            if place is None or self.clocks[place].state == "stopped":
                self._begin(metric, self.at)  # a question that nothing was promised for
            elif pin is not None and target is not None:
                clock = self.clocks[place]
                if clock.state == "cancelled":
                    clock = rules.reopen(clock, self.at, self.law)
                self.clocks[place] = rules.retarget(
                    clock, pin, target, at=self.at, cause=cause, law=self.law
                )
            elif self.clocks[place].is_open:
                self.clocks[place] = rules.cancel(self.clocks[place], self.at, self.law)
        self.move("")

    def move(self, reason: str) -> None:
        """The status says which clocks stand still (R6), and whether there are any (R19)."""
        category = self.facts.status_category
        dead = category in DEAD
        if dead:
            self.on = ()
        for place, clock in enumerate(self.clocks):
            if clock.state not in _OPEN:
                continue
            if dead:
                self.clocks[place] = rules.cancel(clock, self.at, self.law)
                continue
            metric = self.watched.every.get(clock.metric)
            policy = self.law.policy_of(clock.pin)
            stands = metric is not None and category in policy.paused_by(metric)
            if stands and clock.state == "running":
                self.clocks[place] = rules.pause(clock, self.at, reason, self.law)
            elif not stands and clock.state == "paused":
                self.clocks[place] = rules.resume(clock, self.at, self.law)

    def _start(self, metric: Metric, at: datetime) -> None:
        category = self.facts.status_category
        if metric.id in self.on or category in DONE or category in DEAD:
            return
        if metric.instances == "one" and self._last(metric) is not None:
            return
        self.on = (*self.on, metric.id)
        self._begin(metric, at)

    def _begin(self, metric: Metric, at: datetime) -> None:
        if self.pin is None:
            return
        target = self.law.policy_of(self.pin).target(metric.id, self.facts.priority)
        if target is None:
            return
        place = self._last(metric)
        imported_at = self.facts.imported_at
        self.clocks.append(
            rules.begin(
                metric.id,
                1 if place is None else self.clocks[place].instance + 1,
                self.pin,
                target,
                at=at,
                law=self.law,
                excuses=tuple(
                    one for one in self.excuses if one.to_at > at and one.covers(metric.id)
                ),
                imported=imported_at is not None and at < imported_at,
            )
        )

    def _stop(self, metric: Metric, at: datetime) -> None:
        id_, rejudge, waits = metric.id, metric.late == "rejudge", False
        for place, clock in enumerate(self.clocks):
            if clock.metric != id_:
                continue
            waits = clock.is_open
            if metric.instances == "many" and at < clock.started_at:
                continue  # written before the question was asked: no answer to it
            late = rejudge and clock.stopped_at is not None and at < clock.stopped_at
            if waits or (late and clock.state == "stopped"):
                self.clocks[place] = rules.stop(clock, at, self.law, rejudge=rejudge)
                waits = False
        if self.clocks and self.clocks[-1].started_at == at and metric.starts & metric.stops:
            self._forget(id_, at)
        if not waits and id_ in self.on:
            self.on = tuple(one for one in self.on if one != id_)

    def _forget(self, metric: str, at: datetime) -> None:
        """What the same answer began and ended was no question: the solution, which is a reply
        besides, begins no further `update`.
        """
        last = self.clocks[-1]
        if last.metric == metric and last.stopped_at == at and last.instance > 1:
            self.clocks.pop()

    def _resume(self, metric: Metric, at: datetime) -> None:
        place = self._last(metric)
        policy = self.law.policy_of(self.pin) if self.pin is not None else None
        mode = policy.reopen if policy is not None else "resume"
        if mode == "keep" or metric.id in self.on:
            return
        self.on = (*self.on, metric.id)
        if place is None or mode == "restart":
            self._begin(metric, at)
        elif self.clocks[place].state == "stopped":
            self.clocks[place] = rules.reopen(self.clocks[place], at, self.law)

    def _last(self, metric: Metric) -> int | None:
        id_, clocks = metric.id, self.clocks
        for place in range(len(clocks) - 1, -1, -1):
            if clocks[place].metric == id_:
                return place
        return None


def _applied(fold_: _Fold, _event: Event, body: LawApplied) -> bool:
    was = fold_.pin
    pin = fold_.law.renew(
        fold_.facts, was, as_of=body.as_of, policies=body.policies, calendars=body.calendars
    )
    if pin == was:
        return False
    same = pin and was and (pin.policy, pin.policy_version) == (was.policy, was.policy_version)
    fold_.promise(pin, "calendar" if same else "policy")
    return True


def _excused(fold_: _Fold, _event: Event, body: Excused) -> bool:
    """Clocks that ran in the window, and those that begin while it lasts, do not count it."""
    window = Excuse(
        from_at=body.from_at.replace(microsecond=0),
        to_at=body.to_at.replace(microsecond=0),
        cause=body.cause,
        reason=body.reason,
        job=body.job,
        metrics=body.metrics,
    )
    for place, clock in enumerate(fold_.clocks):
        over = clock.started_at >= window.to_at or (
            clock.stopped_at is not None and clock.stopped_at <= window.from_at
        )
        if not over and window.covers(clock.metric):
            fold_.clocks[place] = excuse(clock, window, fold_.at, fold_.law)
    fold_.excuses = (*fold_.excuses, window)
    return True


def _unmerged(fold_: _Fold, _event: Event, body: Unmerged) -> bool:
    """Clocks that were cancelled when the ticket was merged go on; the status that follows says
    which of them stand still.
    """
    merged_at = body.merged_at.replace(microsecond=0)
    for place, clock in enumerate(fold_.clocks):
        ended_at = clock.stopped_at
        if clock.state == "cancelled" and ended_at is not None and ended_at >= merged_at:
            fold_.clocks[place] = rules.revive(clock, fold_.at, fold_.law)
            if clock.metric not in fold_.on:
                fold_.on = (*fold_.on, clock.metric)
    return True


def _due_changed(fold_: _Fold, _event: Event, body: DueSet | DueReleased) -> bool:
    at, law = fold_.at, fold_.law
    for place, clock in enumerate(fold_.clocks):
        if (clock.metric, clock.instance) != (body.metric, body.instance) or not clock.is_open:
            continue
        if isinstance(body, DueSet):
            due_at = body.due_at.replace(microsecond=0)
            fold_.clocks[place] = rules.set_due(clock, due_at, body.reason, at=at, law=law)
        else:
            fold_.clocks[place] = rules.release_due(clock, at=at, law=law)
        return True
    return False


def _told(fold_: _Fold, event: Event, body: Warned | Breached) -> bool:
    for place, clock in enumerate(fold_.clocks):
        if (clock.metric, clock.instance) != (body.metric, body.instance):
            continue
        if isinstance(body, Warned):
            fold_.clocks[place] = rules.tell_warned(clock)
        else:
            fold_.clocks[place] = rules.tell_breached(clock, event.recorded_at, fold_.law)
        return True
    return False


def _concerns(signals: Signals, watched: Watched) -> bool:
    for signal, _ in signals:  # noqa: SIM110 - every event passes here
        if signal in watched.signals:
            return True
    return False


_CHANGES: Final[dict[type[AnyBody], Callable[[_Fold, Event, Any], bool]]] = {
    Warned: _told,
    Breached: _told,
    LawApplied: _applied,
    Excused: _excused,
    DueSet: _due_changed,
    DueReleased: _due_changed,
    Unmerged: _unmerged,
}
"""What people do to promises, and what they were told."""

_SAME_PROMISES: Final = frozenset(
    {Claimed, Assigned, Released, StatusChanged, CustomerWrote, Disputed}
)
"""Events that change facts of a ticket, but none that policies read."""

_OPEN: Final = frozenset({"running", "paused"})
_READ: Final = (*MATCHED, "policy")
