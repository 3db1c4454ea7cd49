"""The only place that reads the system's time."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import Protocol

from server.activity import Activity, Bell

LONGEST_SLEEP = timedelta(seconds=30)
"""The wall clock is read again at least this often: laptops sleep and clocks jump (decision 9)."""


class Clock(Protocol):
    """Tells the time and waits for it. Instants are aware UTC."""

    def now(self) -> datetime:
        """The present instant."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Return when `at` has come, or earlier: callers look at the clock again."""
        ...

    async def wait(self, bell: Bell, seen: int, until: datetime | None) -> None:
        """Return when the bell rang since `seen`, when `until` has come, or earlier."""
        ...


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)

    async def sleep_until(self, at: datetime) -> None:
        """Sleep at most `LONGEST_SLEEP`."""
        span = min(at - self.now(), LONGEST_SLEEP)
        await asyncio.sleep(max(span.total_seconds(), 0.0))

    async def wait(self, bell: Bell, seen: int, until: datetime | None) -> None:
        """Wait for the bell or the instant, at most `LONGEST_SLEEP`."""
        if bell.rung != seen:
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        span = LONGEST_SLEEP if until is None else min(until - self.now(), LONGEST_SLEEP)
        alarm = loop.call_later(max(span.total_seconds(), 0.0), _wake, waiter)
        bell.join(waiter)
        try:
            await waiter
        finally:
            alarm.cancel()
            bell.leave(waiter)


class HandClock:
    """A clock that is moved by hand: tests and the demo's fast-forward lever.

    `advance` stops at every instant that somebody waits for, wakes them one after the other, and
    lets the desk come to rest before it goes on: the same story gives the same log every time.
    """

    def __init__(self, start: datetime, activity: Activity) -> None:
        if start.tzinfo is None:
            msg = "a clock starts at an aware instant"
            raise ValueError(msg)
        self._now = start.astimezone(UTC)
        self._activity = activity
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """The instant that the hand shows."""
        return self._now

    async def sleep_until(self, at: datetime) -> None:
        """Wait until the hand reaches `at`."""
        if at <= self._now:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (at, next(self._order), woken))
        await woken

    async def wait(self, bell: Bell, seen: int, until: datetime | None) -> None:
        """Wait for the bell or for the hand to reach `until`."""
        if bell.rung != seen or (until is not None and until <= self._now):
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if until is not None:
            heapq.heappush(self._sleepers, (until, next(self._order), woken))
        bell.join(woken)
        try:
            await woken
        finally:
            bell.leave(woken)
            if not woken.done():
                woken.cancel()

    def next_wake_at(self) -> datetime | None:
        """The earliest instant that somebody waits for."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def advance(self, span: timedelta) -> None:
        """Move the hand by `span`, instant by instant, and return when the desk is at rest."""
        await self.advance_to(self._now + span)

    async def advance_to(self, at: datetime) -> None:
        """Move the hand to `at`. An instant in the past only waits for rest."""
        await self._activity.at_rest()
        while True:
            wake_at = self.next_wake_at()
            if wake_at is None or wake_at > at:
                break
            self._now = max(self._now, wake_at.astimezone(UTC))
            # One at a time: who waits for the same instant acts in the order in which they came.
            _, _, woken = heapq.heappop(self._sleepers)
            _wake(woken)
            await self._activity.at_rest()
        self._now = max(self._now, at.astimezone(UTC))
        await self._activity.at_rest()
