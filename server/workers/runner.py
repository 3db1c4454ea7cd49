"""Keeps the desk's loops running, and ends them in order. The only place where tasks are made.

A loop is a coroutine function that takes the desk and works until `desk.stopping`. It waits only
by the desk's clock, and holds an activity token while it works. One that crashes is logged with
an incident number and begins again after a pause.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, Final

from server import log
from server.desk import Desk, LoopHealth

PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=5)
STOPPING: Final = timedelta(seconds=1.5)
"""How long loops may go on with what they are at once the desk stops; then they are cancelled."""

Loop = Callable[[Desk], Coroutine[Any, Any, None]]

_log = logging.getLogger(__name__)


async def pause(desk: Desk, span: timedelta) -> None:
    """Wait for this span, or until the desk stops."""
    ends_at = desk.clock.now() + span
    while not desk.stopping and desk.clock.now() < ends_at:
        await desk.clock.wait(desk.bell, desk.bell.rung, ends_at)


async def keep(desk: Desk, name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run this until it returns; after a crash, pause and run it again, pausing longer each time
    that it crashes soon.
    """
    crashes = 0
    span = PAUSE
    while not desk.stopping:
        began_at = desk.clock.now()
        desk.loops[name] = LoopHealth(state="running", since_at=began_at, crashes=crashes)
        try:
            await work()
        except Exception as error:  # noqa: BLE001  # one loop's bug must not stop the desk
            crashes += 1
            number = log.incident(error, name, crashes=crashes)
        else:
            break
        now = desk.clock.now()
        span = min(span * 2, LONGEST_PAUSE) if now - began_at < LONGEST_PAUSE else PAUSE
        desk.loops[name] = LoopHealth(
            state="pausing", since_at=now, crashes=crashes, incident=number
        )
        await pause(desk, span)
    desk.loops[name] = LoopHealth(state="ended", since_at=desk.clock.now(), crashes=crashes)


class Runner:
    """The loops of one desk."""

    def __init__(self, desk: Desk, loops: dict[str, Loop]) -> None:
        self._desk = desk
        self._loops = loops
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start every loop."""
        for name, loop in self._loops.items():
            self._tasks.append(asyncio.create_task(self._keep(name, loop), name=name))

    def health(self) -> dict[str, LoopHealth]:
        """How each loop goes."""
        return dict(self._desk.loops)

    async def stop(self, within: timedelta = STOPPING) -> None:
        """Let the loops finish what they are at, and return when all have ended. Those that have
        not after this span are cancelled; one that does not even end then is left and logged.
        """
        self._desk.stopping = True
        self._desk.bell.ring()
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=within.total_seconds())
        for task in late:
            _log.warning("cancelled", extra=log.facts(loop=task.get_name()))
            task.cancel()
        if late:
            _, stuck = await asyncio.wait(late, timeout=within.total_seconds() / 2)
            for task in stuck:
                _log.error("does not end", extra=log.facts(loop=task.get_name()))

    async def _keep(self, name: str, loop: Loop) -> None:
        await keep(self._desk, name, lambda: loop(self._desk))
