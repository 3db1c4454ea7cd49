"""How fast a platform may be called: so many calls in a span, per API, robot or chat."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol


class Tempo(NamedTuple):
    """At most `calls` in any `span`."""

    calls: int
    span: timedelta


class Clock(Protocol):
    """Tells the time and waits for it."""

    def now(self) -> datetime:
        """The instant it is, aware UTC."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Return when `at` has come, or earlier."""
        ...


class Pace:
    """Remembers the last calls by name. Time is the clock's alone, so a hand can move it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: dict[str, deque[datetime]] = {}

    def ask(self, name: str, tempo: Tempo) -> timedelta | None:
        """Take a place and give None, or say how long none will be free."""
        now = self._clock.now()
        calls = self._calls.setdefault(name, deque())
        while calls and calls[0] + tempo.span <= now:
            calls.popleft()
        if len(calls) >= tempo.calls:
            return calls[0] + tempo.span - now
        calls.append(now)
        return None

    async def take(self, name: str, tempo: Tempo) -> None:
        """Take a place, waiting for one if need be."""
        while (wait := self.ask(name, tempo)) is not None:
            await self._clock.sleep_until(self._clock.now() + wait)


class Turns:
    """Whose turn it is, where more wants to be sent than a tempo allows: each sending is given an
    instant of its own, so that it has to come back only once. Nothing here outlives the process.
    """

    def __init__(self, clock: Clock, tempos: Sequence[Tempo]) -> None:
        self._clock = clock
        self._tempos = tempos
        self._taken: dict[str, deque[datetime]] = {}
        self._given: dict[tuple[str, int], datetime] = {}

    def wait(self, name: str, sending: int) -> timedelta | None:
        """How long this sending has to wait for its turn; None: it is its turn now."""
        now = self._clock.now()
        at = self._given.get((name, sending)) or self._next(name, now)
        if at <= now:
            self._given.pop((name, sending), None)
            return None
        self._given[name, sending] = at
        return at - now

    def _next(self, name: str, now: datetime) -> datetime:
        taken = self._taken.setdefault(name, deque())
        longest = max(tempo.span for tempo in self._tempos)
        while taken and taken[0] + longest <= now:
            taken.popleft()
        free_at = [
            taken[-tempo.calls] + tempo.span for tempo in self._tempos if len(taken) >= tempo.calls
        ]
        earlier = taken[-1] if taken else now
        at = max([now, earlier, *free_at])
        taken.append(at)
        return at
