"""At rest: a counter of what is under way, touched only on the loop's thread (decision 18).

Whoever starts something that will come back later (a unit, an HTTP call, a frame) holds a token;
loops hold one while they work and give it back while they wait. When no token is out, nothing
will happen until somebody outside acts or the clock moves.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

_SETTLING_STEPS = 12
"""Loop steps that must pass without a token: callbacks run, woken tasks take their tokens."""


class Activity:
    """Counts tokens; `at_rest` waits until there are none and none appear."""

    def __init__(self) -> None:
        self._tokens = 0
        self._changes = 0
        self._rest = asyncio.Event()
        self._rest.set()

    @property
    def tokens(self) -> int:
        """How many are out now."""
        return self._tokens

    def begin(self) -> None:
        """Take a token."""
        self._tokens += 1
        self._changes += 1
        self._rest.clear()

    def end(self) -> None:
        """Give it back."""
        self._tokens -= 1
        if self._tokens == 0:
            self._rest.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Hold a token for the length of a block."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    async def at_rest(self) -> None:
        """Return when nothing is under way."""
        while True:
            await self._rest.wait()
            seen = self._changes
            for _ in range(_SETTLING_STEPS):
                await asyncio.sleep(0)
            if self._tokens == 0 and seen == self._changes:
                return


class Bell:
    """Rings when something was committed; loops that wait for it wake up. Loop thread only.

    Most commits change tickets and nothing else. Loops that have nothing to do then wait for the
    bell's `office`, which such a commit does not ring: to wake each of them for every ticket costs
    a sixth of what filing it does.
    """

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._rung: int = 0
        self._office: Bell | None = None

    @property
    def office(self) -> "Bell":
        """The bell of those who need not hear of changes of tickets."""
        if self._office is None:
            self._office = Bell()
        return self._office

    @property
    def rung(self) -> int:
        """How often it has rung; a loop compares to know whether it missed one."""
        return self._rung

    def ring(self) -> None:
        """Wake all who wait, here and in the office."""
        self.ring_for_tickets()
        if self._office is not None:
            self._office.ring()

    def ring_for_tickets(self) -> None:
        """Wake all who wait here: tickets were changed, with their timers, and nothing else."""
        self._rung += 1
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def join(self, waiter: "asyncio.Future[None]") -> None:
        """Set this future at the next ring."""
        self._waiting.add(waiter)

    def leave(self, waiter: "asyncio.Future[None]") -> None:
        """Forget this future."""
        self._waiting.discard(waiter)

    async def wait(self, seen: int) -> None:
        """Return at once if it rang since `seen`, else at the next ring."""
        if self._rung != seen:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.join(waiter)
        try:
            await waiter
        finally:
            self.leave(waiter)
