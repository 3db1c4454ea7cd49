"""Excused time (免责时段): working time that a clock does not count, because of a power cut, a
typhoon, a failure of the desk's own systems (R14). It may lie in the past and in the future.

The arithmetic of worktime.py with such spans taken out.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from server.domain.worktime import Worktable, seconds_of

Hole = tuple[int, int]


class Excuse(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One window, as a clock knows it. `metrics` empty: every clock of the ticket."""

    from_at: datetime
    to_at: datetime
    cause: str
    reason: str
    job: int
    metrics: tuple[str, ...] = ()

    def covers(self, metric: str) -> bool:
        """Whether clocks of this metric are excused."""
        return not self.metrics or metric in self.metrics


def holes_of(excuses: Iterable[Excuse]) -> list[Hole]:
    """The windows as whole seconds, in order, those that touch as one."""
    holes: list[Hole] = []
    for start, end in sorted((seconds_of(one.from_at), seconds_of(one.to_at)) for one in excuses):
        if holes and start <= holes[-1][1]:
            holes[-1] = (holes[-1][0], max(holes[-1][1], end))
        elif start < end:
            holes.append((start, end))
    return holes


def count(table: Worktable, holes: Iterable[Hole], start: int, end: int) -> int:
    """Working seconds in [start, end) that are not excused."""
    lost = sum(table.count(max(start, low), min(end, high)) for low, high in holes)
    return table.count(start, end) - lost


def add(table: Worktable, holes: Iterable[Hole], start: int, seconds: int) -> int:
    """The earliest instant at which so much is used, excused time left out."""
    at, left = start, max(seconds, 0)
    for low, high in holes:
        if high <= at:
            continue
        low = max(low, at)  # noqa: PLW2901 - the part of the hole that lies ahead
        before = table.count(at, low)
        if left <= before:
            break
        at, left = high, left - before
    return table.add(at, left)


def next_open(table: Worktable, holes: Iterable[Hole], at: int) -> int:
    """The instant itself while work goes on and is not excused, else the next such instant."""
    at = table.next_open(at)
    for low, high in holes:
        if low <= at < high:
            at = table.next_open(high)
    return at


def cut(holes: Iterable[Hole], start: int, end: int) -> list[tuple[int, int, bool]]:
    """A stretch as pieces in order: from, to, and whether it is excused."""
    pieces: list[tuple[int, int, bool]] = []
    for low, high in holes:
        low, high = max(low, start), min(high, end)  # noqa: PLW2901 - what lies in the stretch
        if low >= high:
            continue
        if start < low:
            pieces.append((start, low, False))
        pieces.append((low, high, True))
        start = high
    if start < end:
        pieces.append((start, end, False))
    return pieces
