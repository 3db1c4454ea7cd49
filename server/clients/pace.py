"""How fast a platform may be called: so many calls in a span, per API, robot or chat."""

from collections import deque
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
