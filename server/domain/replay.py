"""Replay (回放): what a past would have been under another law. Exact for clocks, because they
follow from events, policies and calendars alone: the same events are judged twice and compared.

What people would have done differently under other promises nobody knows: events stay as they were.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from server.domain.courts import Judged

MOST_TOLD: Final = 200
"""So many tickets that change are named; all are counted."""

_MEDIAN: Final = 50
_LATE: Final = 90


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How long something took, in seconds: half of the cases took no longer than the median, nine
    of ten no longer than `p90`. None where there was no case.
    """

    median: int | None = None
    p90: int | None = None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """All clocks of a metric: how they stand, and how long those that were stopped took, in working
    time and by the wall clock. Open clocks whose time is up count as breached too; `by_retarget`
    are breached because the promise became shorter.
    """

    clocks: int = 0
    met: int = 0
    breached: int = 0
    by_retarget: int = 0
    open: int = 0
    cancelled: int = 0
    working: Spread = Spread()
    wall: Spread = Spread()


class MetricReplay(msgspec.Struct, frozen=True, kw_only=True):
    """A metric as it was and as it would have been."""

    metric: str
    before: Tally
    after: Tally


class ClockReplay(msgspec.Struct, frozen=True, kw_only=True):
    """A clock that changes; None where there was, or would be, none. Instants are whole seconds."""

    metric: str
    instance: int
    before: Judged | None
    after: Judged | None


class TicketReplay(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that changes."""

    ticket: int
    clocks: tuple[ClockReplay, ...]


class SlaReplay(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison: how many tickets were looked at, how many have a clock that changes its
    verdict, its instant of breach or its target, how many clocks become breached and are cured, and
    the first of those tickets.
    """

    tickets: int
    changed: int
    newly_breached: int
    cured: int
    metrics: tuple[MetricReplay, ...]
    examples: tuple[TicketReplay, ...]


class _Count:
    """A tally under way."""

    __slots__ = (
        "breached",
        "by_retarget",
        "cancelled",
        "clocks",
        "met",
        "open",
        "wall",
        "working",
    )

    def __init__(self) -> None:
        self.clocks = self.met = self.breached = self.by_retarget = self.open = self.cancelled = 0
        self.working, self.wall = array("q"), array("q")

    def add(self, clock: Judged) -> None:
        self.clocks += 1
        if clock.verdict == "breached":
            self.breached += 1
            self.by_retarget += clock.by_retarget
        elif clock.verdict == "met":
            self.met += 1
        if clock.state == "stopped" and clock.stopped is not None:
            self.working.append(clock.used)
            self.wall.append(clock.stopped - clock.started - clock.gap)
        elif clock.state == "cancelled":
            self.cancelled += 1
        else:
            self.open += 1


def _tally(*parts: _Count | None) -> Tally:
    """Several counts as one."""
    counts = [one for one in parts if one is not None]
    return Tally(
        clocks=sum(one.clocks for one in counts),
        met=sum(one.met for one in counts),
        breached=sum(one.breached for one in counts),
        by_retarget=sum(one.by_retarget for one in counts),
        open=sum(one.open for one in counts),
        cancelled=sum(one.cancelled for one in counts),
        working=spread([span for one in counts for span in one.working]),
        wall=spread([span for one in counts for span in one.wall]),
    )


class Comparison:
    """Takes one ticket after the other, and tells what changed."""

    def __init__(self) -> None:
        self._tickets = self._changed = self._breached = self._cured = 0
        self._alike: dict[str, _Count] = {}
        self._before: dict[str, _Count] = {}
        self._after: dict[str, _Count] = {}
        self._examples: list[TicketReplay] = []

    def add(self, ticket: int, before: Sequence[Judged], after: Sequence[Judged]) -> None:
        """A ticket's clocks under both laws; the same list where nothing can have changed."""
        self._tickets += 1
        if before is after:
            _add(self._alike, before)
            return
        _add(self._before, before)
        _add(self._after, after)
        changes = tuple(_changes(before, after))
        if not changes:
            return
        self._changed += 1
        for one in changes:
            was = one.before is not None and one.before.verdict == "breached"
            now = one.after is not None and one.after.verdict == "breached"
            self._breached += now and not was
            self._cured += was and not now
        if len(self._examples) < MOST_TOLD:
            self._examples.append(TicketReplay(ticket=ticket, clocks=changes))

    def result(self) -> SlaReplay:
        """Everything so far."""
        return SlaReplay(
            tickets=self._tickets,
            changed=self._changed,
            newly_breached=self._breached,
            cured=self._cured,
            metrics=tuple(
                MetricReplay(
                    metric=metric,
                    before=_tally(self._alike.get(metric), self._before.get(metric)),
                    after=_tally(self._alike.get(metric), self._after.get(metric)),
                )
                for metric in dict.fromkeys((*self._alike, *self._before, *self._after))
            ),
            examples=tuple(self._examples),
        )


def _add(counts: dict[str, _Count], clocks: Iterable[Judged]) -> None:
    for clock in clocks:
        count = counts.get(clock.metric)
        if count is None:
            count = counts[clock.metric] = _Count()
        count.add(clock)


def _changes(before: Sequence[Judged], after: Sequence[Judged]) -> Iterable[ClockReplay]:
    """Clocks whose verdict, breach or target is another; which version says so does not matter."""
    was = {(one.metric, one.instance): one for one in before}
    now = {(one.metric, one.instance): one for one in after}
    for metric, instance in dict.fromkeys((*was, *now)):
        old, new = was.get((metric, instance)), now.get((metric, instance))
        if _said(old) != _said(new):
            yield ClockReplay(metric=metric, instance=instance, before=old, after=new)


def _said(clock: Judged | None) -> tuple[object, ...] | None:
    if clock is None:
        return None
    return clock.verdict, clock.breached, clock.target, clock.state, clock.used, clock.by_retarget


def spread(values: Sequence[int]) -> Spread:
    if not values:
        return Spread()
    ordered = sorted(values)

    def at(percent: int) -> int:
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]

    return Spread(median=at(_MEDIAN), p90=at(_LATE))
