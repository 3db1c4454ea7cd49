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
        changes = list(_changes(before, after))
        if not changes:
            return
        self._changed += 1
        for old, new in changes:
            was = old is not None and old.verdict == "breached"
            now = new is not None and new.verdict == "breached"
            self._breached += now and not was
            self._cured += was and not now
        if len(self._examples) < MOST_TOLD:
            clocks = tuple(_told(old, new) for old, new in changes)
            self._examples.append(TicketReplay(ticket=ticket, clocks=clocks))

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


_Pair = tuple[Judged | None, Judged | None]


def _add(counts: dict[str, _Count], clocks: Sequence[Judged]) -> None:
    for clock in clocks:
        count = counts.get(clock.metric)
        if count is None:
            count = counts[clock.metric] = _Count()
        count.clocks += 1
        verdict, state = clock.verdict, clock.state
        if verdict == "breached":
            count.breached += 1
            count.by_retarget += clock.by_retarget
        elif verdict == "met":
            count.met += 1
        if state == "stopped" and clock.stopped is not None:
            count.working.append(clock.used)
            count.wall.append(clock.stopped - clock.started - clock.gap)
        elif state == "cancelled":
            count.cancelled += 1
        else:
            count.open += 1


def _changes(before: Sequence[Judged], after: Sequence[Judged]) -> Iterable[_Pair]:
    """Clocks whose verdict, breach or target is another; which version says so does not matter."""
    if len(before) == len(after) and all(map(_is_same_clock, before, after)):
        pairs: Iterable[_Pair] = zip(before, after, strict=True)
    else:
        was = {(one.metric, one.instance): one for one in before}
        now = {(one.metric, one.instance): one for one in after}
        pairs = [(was.get(key), now.get(key)) for key in dict.fromkeys((*was, *now))]
    for old, new in pairs:
        if old is None or new is None or _says_else(old, new):
            yield old, new


def _told(before: Judged | None, after: Judged | None) -> ClockReplay:
    metric, instance = next((one.metric, one.instance) for one in (before, after) if one)
    return ClockReplay(metric=metric, instance=instance, before=_plain(before), after=_plain(after))


def _plain(clock: Judged | None) -> Judged | None:
    """Without what judging it needed."""
    if clock is None or type(clock) is Judged:
        return clock
    return Judged(**{name: getattr(clock, name) for name in Judged.__struct_fields__})


def _is_same_clock(old: Judged, new: Judged) -> bool:
    return old.metric == new.metric and old.instance == new.instance


def _says_else(old: Judged, new: Judged) -> bool:
    return (
        old.verdict != new.verdict
        or old.used != new.used
        or old.breached != new.breached
        or old.target != new.target
        or old.state != new.state
        or old.by_retarget != new.by_retarget
    )


def spread(values: Sequence[int]) -> Spread:
    if not values:
        return Spread()
    ordered = sorted(values)

    def at(percent: int) -> int:
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]

    return Spread(median=at(_MEDIAN), p90=at(_LATE))
