"""Units that wait for the writer, and what becomes of them. Both engines use it.

Submissions of one step of the loop are handed over together at the end of that step: the tasks that
one commit has woken all join the next one, without a timer.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from server.storage.units import Lane, NestedUnit, Overloaded, Work

_RETRY_AFTER = timedelta(seconds=1)


class Job:
    """A unit on its way: what to run, who waits for it, what became of it."""

    __slots__ = ("callbacks", "failure", "result", "waiter", "work")

    def __init__(self, work: Work[Any], waiter: "asyncio.Future[Any]") -> None:
        self.work = work
        self.waiter = waiter
        self.result: Any = None
        self.failure: BaseException | None = None
        self.callbacks: list[Callable[[], None]] = []

    def fail(self, failure: BaseException) -> None:
        """It is undone; its callbacks are never called."""
        self.failure = failure
        self.callbacks.clear()

    def again(self) -> None:
        """It was undone and will be run once more, from the start."""
        self.result = self.failure = None
        self.callbacks.clear()

    def settle(self, loop: asyncio.AbstractEventLoop) -> None:
        """On the loop, after the commit: callbacks first, then whoever waits."""
        for callback in self.callbacks:
            try:
                callback()
            except Exception as error:  # noqa: BLE001  # one bad callback must not stop a batch
                loop.call_exception_handler(
                    {"message": "an after-commit callback failed", "exception": error}
                )
        waiter = self.waiter
        if waiter.done():
            return
        if self.failure is None:
            waiter.set_result(self.result)
        else:
            waiter.set_exception(self.failure)


class Lanes:
    """Two bounded queues; interactive units go first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._interactive: deque[Job] = deque()
        self._background: deque[Job] = deque()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._interactive) + len(self._background)

    def add(self, job: Job, lane: Lane) -> None:
        """Queue a unit; `Overloaded` when the queue is full."""
        if len(self._interactive) + len(self._background) >= self._limit:
            raise Overloaded(_RETRY_AFTER)
        (self._interactive if lane == "interactive" else self._background).append(job)

    def take(self) -> Job | None:
        """The next unit whose caller still waits for it."""
        for lane in (self._interactive, self._background):
            while lane:  # the writer alone takes jobs away
                job = lane.popleft()
                if not job.waiter.cancelled():
                    return job
        return None


def nested() -> NestedUnit:
    """The refusal, in words."""
    return NestedUnit("a unit was begun inside a unit; pass the unit on instead")
