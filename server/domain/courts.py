"""Judging many tickets by one law (hindsight.py): the clock that is left of a long past, and a law
with meters of its calendars.
"""

from datetime import datetime
from typing import Final, Literal, Protocol

import msgspec

from server.domain.clocks import Clock
from server.domain.law import MATCHED, Law, Metric, Pin, TicketFacts
from server.domain.metrics import Watched
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
        self.promised = frozenset[str]().union(*(one.targets for one in law.policies.values()))
        self._watched: dict[int, Watching] = {}
        self.newest = self.watched(self.since)
        self._pins: dict[tuple[object, ...], tuple[Pin | None, bool]] = {}
        self._stands: dict[tuple[str, int, str, str], bool] = {}

    def meter(self, pin: Pin) -> Meter:
        """The meter of the calendar that is pinned."""
        key = (pin.calendar, pin.calendar_version)
        found = self._meters.get(key)
        if found is None:
            table = table_of(self.law.calendars[key])
            found = self._meters[key] = table.meter(self.low, self.high)
        return found

    def table(self, pin: Pin) -> Worktable:
        """The table of the calendar that is pinned."""
        return table_of(self.law.calendar_of(pin))

    def pin(self, facts: Attributes, seq: int, pinned: Pin | None) -> Pin | None:
        """What `Law.pin` says, remembered by what it looks at."""
        key = (
            facts.priority,
            facts.queue,
            facts.category,
            facts.customer_level,
            facts.channel,
            facts.team,
            facts.policy,
            self.law.epoch(seq).seq,
            self.other.epoch(seq).seq if self.other is not None else 0,
            pinned,
        )
        known = self._pins.get(key)
        if known is None:
            plain = TicketFacts(**{name: getattr(facts, name) for name in _READ})
            found = self.law.pin(plain, seq, pinned)
            other = found if self.other is None else self.other.pin(plain, seq, pinned)
            known = self._pins[key] = (found, found != other)
        if known[1]:
            self.differs = True
        return known[0]

    def watched(self, seq: int) -> "Watching":
        """What is followed at this place in the event log."""
        watched = self.law.epoch(seq).watched
        found = self._watched.get(id(watched))
        if found is None:
            found = self._watched[id(watched)] = _watching(watched, self.promised)
        return found

    def stands(self, pin: Pin, metric: Metric, category: str) -> bool:
        """Whether this metric's clock stands still in this status category."""
        key = (pin.policy, pin.policy_version, metric.id, category)
        found = self._stands.get(key)
        if found is None:
            found = category in set(self.law.policy_of(pin).paused_by(metric))
            self._stands[key] = found
        return found


def lapse(judged: Judged, lapsed: int, until: int) -> None:
    """The clock is breached if its time was up by then."""
    if lapsed <= until:
        judged.verdict, judged.breached = "breached", lapsed


def judged_of(clock: Clock) -> Judged:
    """A clock of sla.py in hindsight."""

    def seconds(at: datetime | None) -> int | None:
        return None if at is None else int(at.timestamp())

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
        gap=sum(
            int((part.to_at - part.from_at).total_seconds())
            for part in clock.parts
            if part.kind == "closed"
        ),
        stopped=seconds(clock.stopped_at),
        breached=seconds(clock.breached_at),
        by_retarget=clock.by_retarget,
    )
