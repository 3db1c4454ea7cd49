"""The demo's clock: the machine's, moved on by a lever."""

import asyncio
import heapq
import itertools
import logging
from datetime import datetime, timedelta
from typing import Final

from server import log
from server.activity import Activity, Bell
from server.clock import LONGEST_SLEEP, SystemClock

RESTING: Final = timedelta(seconds=3)
"""How long the lever waits, in real time, for the desk to come to rest at each stop."""

_log = logging.getLogger(__name__)


class LeverClock:
    """Runs like the machine's clock, `offset` apart from it. The lever moves it forwards only,
    through every instant that somebody waits for, and lets the desk come to rest at each: what
    would have happened in two hours happens in their order.
    """

    def __init__(self, activity: Activity, offset: timedelta = timedelta()) -> None:
        self.offset = offset
        self._machine = SystemClock()
        self._activity = activity
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._pulling = asyncio.Lock()

    def now(self) -> datetime:
        """The machine's instant, moved."""
        return self._machine.now() + self.offset

    async def sleep_until(self, at: datetime) -> None:
        """Return when `at` has come, when the lever was pulled, or after `LONGEST_SLEEP`."""
        if at > self.now():
            await self._wait(at, None)

    async def wait(self, bell: Bell, seen: int, until: datetime | None) -> None:
        """Wait for the bell or the instant; like `sleep_until` it may return earlier."""
        if bell.rung == seen and (until is None or until > self.now()):
            await self._wait(until, bell)

    async def pull(self, span: timedelta) -> None:
        """Move the clock on by `span`, whatever time passes meanwhile, and return when the desk is
        at rest. Pulled twice at once, it moves twice.
        """
        async with self._pulling:
            target = self.offset + span
            while True:
                await self.come_to_rest()
                wake_at = self._next_wake_at()
                offset = target if wake_at is None else wake_at - self._machine.now()
                self._move_to(min(offset, target))
                if offset >= target:
                    break
            self._wake_all()
            await self.come_to_rest()

    async def _wait(self, until: datetime | None, bell: Bell | None) -> None:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        span = LONGEST_SLEEP if until is None else min(until - self.now(), LONGEST_SLEEP)
        alarm = loop.call_later(max(span.total_seconds(), 0.0), _wake, waiter)
        if until is not None:
            heapq.heappush(self._sleepers, (until, next(self._order), waiter))
        if bell is not None:
            bell.join(waiter)
        try:
            await waiter
        finally:
            alarm.cancel()
            if bell is not None:
                bell.leave(waiter)
            if not waiter.done():
                waiter.cancel()

    def _next_wake_at(self) -> datetime | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _move_to(self, offset: timedelta) -> None:
        self.offset = max(offset, self.offset)
        while self._sleepers and self._sleepers[0][0] <= self.now():
            _wake(heapq.heappop(self._sleepers)[2])

    def _wake_all(self) -> None:
        """Alarms were set before the clock moved: everybody looks at it again."""
        sleepers, self._sleepers = self._sleepers, []
        for _, _, waiter in sleepers:
            _wake(waiter)

    async def come_to_rest(self) -> None:
        """Let everything end that is under way, if it does within `RESTING`."""
        try:
            async with asyncio.timeout(RESTING.total_seconds()):
                await self._activity.at_rest()
        except TimeoutError:
            _log.warning("moving on unrested", extra=log.facts(tokens=self._activity.tokens))


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
