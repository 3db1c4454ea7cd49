"""Judging many tickets by one law (hindsight.py): the clock that is left of a long past, and a law
with meters of its calendars.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal, Protocol

import msgspec

from server.domain.clocks import Clock, Part
from server.domain.law import MATCHED, Law, Metric, Pin, Policy, TicketFacts
from server.domain.metrics import Watched
from server.domain.signals import DEAD
from server.domain.worktime import Meter, Worktable, table_of

State = Literal["running", "paused", "stopped", "cancelled"]
Verdict = Literal["none", "met", "breached"]


class Judged(msgspec.Struct, kw_only=True, gc=False):
    """One clock in hindsight. Instants are whole seconds since 1970, `used` working seconds, `gap`
    the wall seconds between a solution and a reopening.
    """

    metric: str
    instance: int
    pin: Pin
    target: int
    started: int
    since: int
    mark: int
    state: State = "running"
    verdict: Verdict = "none"
    used: int = 0
    gap: int = 0
    stopped: int | None = None
    breached: int | None = None
    by_retarget: bool = False

    def same(self, other: "Judged") -> bool:
        """Whether it tells the same."""
        return self.told() == other.told()

    def told(self) -> tuple[object, ...]:
        """All that a report may say of it."""
        return (
            self.metric,
            self.instance,
            self.pin,
            self.target,
            self.started,
            self.state,
            self.verdict,
            self.used,
            self.stopped,
            self.breached,
            self.by_retarget,
        )


class Watching(msgspec.Struct, frozen=True):
    """The metrics that some policy promises, by id, and by signal what it stops, starts and
    resumes. Metrics that nobody promises have no clocks, and reports no rows.
    """

    every: dict[str, Metric]
    by_signal: dict[str, tuple[tuple[Metric, ...], tuple[Metric, ...], tuple[Metric, ...]]]
    teams: bool


def _watching(watched: Watched, promised: frozenset[str]) -> Watching:
    parts = (watched.stops, watched.starts, watched.resumes)

    def some(part: dict[str, tuple[Metric, ...]], signal: str) -> tuple[Metric, ...]:
        return tuple(one for one in part.get(signal, ()) if one.id in promised)

    by_signal = {
        signal: (some(parts[0], signal), some(parts[1], signal), some(parts[2], signal))
        for signal in {*parts[0], *parts[1], *parts[2]}
    }
    return Watching(
        every={name: one for name, one in watched.every.items() if name in promised},
        by_signal={signal: found for signal, found in by_signal.items() if any(found)},
        teams=watched.teams,
    )


class Attributes(Protocol):
    """What policies read of a ticket."""

    @property
    def priority(self) -> str: ...
    @property
    def queue(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def customer_level(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def team(self) -> str: ...
    @property
    def policy(self) -> str: ...


_READ: Final = (*MATCHED, "policy")


class Terms:
    """What a pin means to clocks: the policy, the calendar's meter and table, and in which statuses
    a metric's clock stands still.
    """

    __slots__ = ("_paused", "meter", "pin", "policy", "table")

    def __init__(self, pin: Pin, policy: Policy, meter: Meter, table: Worktable) -> None:
        self.pin = pin
        self.policy = policy
        self.meter = meter
        self.table = table
        self._paused: dict[int, tuple[Metric, frozenset[str]]] = {}

    def paused(self, metric: Metric) -> frozenset[str]:
        """The status categories in which this metric's clock stands still."""
        found = self._paused.get(id(metric))
        if found is None:
            found = self._paused[id(metric)] = (metric, frozenset(self.policy.paused_by(metric)))
        return found[1]

    def lapses(self, reading: int, since: int, left: int) -> int:
        """The last instant at which a clock that had so much `left` at `since`, when the meter
        showed this `reading`, is still in time.
        """
        found = self.meter.last_at(reading + max(left, 0))
        return self.table.next_open(self.table.add(since, left)) if found is None else found


class Court:
    """A law with what is needed to judge many tickets by it: meters of its calendars for instants
    in [low, high), and who falls under what. With an `other` law, `differs` turns true when
    somebody falls under something else there: until then both say the same of a ticket.
    """

    def __init__(self, law: Law, low: int, high: int, other: Law | None = None) -> None:
        self.law = law
        self.low = low
        self.high = high
        self._meters: dict[tuple[str, int], Meter] = {}
        self.other = other
        self.differs = False
        self.since = law.since[-1]
        self._settled = max(self.since, other.since[-1] if other is not None else 0)
        self.promised = frozenset[str]().union(*(one.targets for one in law.policies.values()))
        self._watched: dict[int, Watching] = {}
        self.newest = self.watched(self.since)
        self.pausing = DEAD.union(
            *(
                policy.paused_by(metric)
                for policy in law.policies.values()
                for epoch in law.epochs
                for metric in epoch.watched.every.values()
            )
        )
        self._terms: dict[Pin, Terms] = {}
        self._found: dict[tuple[object, ...], tuple[Terms | None, bool]] = {}

    def terms(self, pin: Pin) -> Terms:
        """What a pin means."""
        found = self._terms.get(pin)
        if found is None:
            calendar = self.law.calendar_of(pin)
            key, table = (pin.calendar, pin.calendar_version), table_of(calendar)
            if key not in self._meters:
                self._meters[key] = table.meter(self.low, self.high)
            found = Terms(pin, self.law.policy_of(pin), self._meters[key], table)
            self._terms[pin] = found
        return found

    def find(self, facts: Attributes, seq: int, pinned: Pin | None) -> Terms | None:
        """What `Law.pin` says, remembered by what it looks at."""
        key = (
            facts.priority,
            facts.queue,
            facts.category,
            facts.customer_level,
            facts.channel,
            facts.team,
            facts.policy,
            None if seq >= self._settled else self._place(seq),
            pinned,
        )
        known = self._found.get(key)
        if known is None:
            plain = TicketFacts(**{name: getattr(facts, name) for name in _READ})
            found = self.law.pin(plain, seq, pinned)
            other = found if self.other is None else self.other.pin(plain, seq, pinned)
            terms = None if found is None else self.terms(found)
            known = self._found[key] = (terms, found != other)
        if known[1]:
            self.differs = True
        return known[0]

    def _place(self, seq: int) -> tuple[int, int]:
        return self.law.epoch(seq).seq, self.other.epoch(seq).seq if self.other is not None else 0

    def watched(self, seq: int) -> "Watching":
        """What is followed at this place in the event log."""
        watched = self.law.epoch(seq).watched
        found = self._watched.get(id(watched))
        if found is None:
            found = self._watched[id(watched)] = _watching(watched, self.promised)
        return found


def lapse(judged: Judged, lapsed: int, until: int) -> None:
    """The clock is breached if its time was up by then."""
    if lapsed <= until:
        judged.verdict, judged.breached = "breached", lapsed


class Kept(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What hindsight reads of a clock as it is stored: `told` of many clocks, without the history
    that each of them keeps.
    """

    metric: str
    instance: int = 1
    pin: Pin
    target: int
    state: State = "running"
    verdict: Verdict = "none"
    started_at: datetime
    since_at: datetime
    used: int = 0
    due_at: datetime | None = None
    breached_at: datetime | None = None
    stopped_at: datetime | None = None
    by_retarget: bool = False
    parts: msgspec.Raw = msgspec.Raw(b"")
    manual: msgspec.Raw = msgspec.Raw(b"")


class KeptState(msgspec.Struct, frozen=True, gc=False):
    """What hindsight reads of an `SlaState`."""

    clocks: tuple[Kept, ...] = ()

    def lasts(self, until: datetime) -> bool:
        """Whether no clock's time was up between its ticket's last event and then."""
        for clock in self.clocks:
            if clock.verdict != "none" or clock.state in {"stopped", "cancelled"}:
                continue
            if bytes(clock.manual) or (clock.due_at is not None and clock.due_at <= until):
                return False
        return True


_decode_parts: Final = msgspec.json.Decoder(tuple[Part, ...]).decode


def judged_as_kept(clock: Kept) -> Judged:
    """A clock as it is stored, in hindsight."""
    parts = bytes(clock.parts)
    return _judged(clock, _gap(_decode_parts(parts)) if b'"closed"' in parts else 0)


def judged_of(clock: Clock) -> Judged:
    """A clock of sla.py in hindsight."""
    return _judged(clock, _gap(clock.parts))


def _gap(parts: Iterable[Part]) -> int:
    return sum(
        int((part.to_at - part.from_at).total_seconds()) for part in parts if part.kind == "closed"
    )


def _judged(clock: Clock | Kept, gap: int) -> Judged:
    stopped_at, breached_at = clock.stopped_at, clock.breached_at
    return Judged(
        metric=clock.metric,
        instance=clock.instance,
        pin=clock.pin,
        target=clock.target,
        started=int(clock.started_at.timestamp()),
        since=int(clock.since_at.timestamp()),
        mark=0,
        state=clock.state,
        verdict=clock.verdict,
        used=clock.used,
        gap=gap,
        stopped=None if stopped_at is None else int(stopped_at.timestamp()),
        breached=None if breached_at is None else int(breached_at.timestamp()),
        by_retarget=clock.by_retarget,
    )
