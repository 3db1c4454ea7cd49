"""Waking a thread from the loop, and the loop from a thread: one byte in a pipe each.

A queue wakes the thread while the loop still holds the interpreter, so the thread sleeps again at
once, and `call_soon_threadsafe` does the same the other way: nearly four switches for a question
and its answer. Writing a byte gives the interpreter away in passing. Measured: 15 us of CPU there
and back instead of 38.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Final

_ALL: Final = 4096


class ThreadWake:
    """Wakes threads that wait. A ring is kept until somebody waits for it."""

    def __init__(self) -> None:
        self._hear, self._ring = os.pipe()
        os.set_blocking(self._ring, False)

    def ring(self, times: int = 1) -> None:
        """Wake one thread, or several."""
        try:  # noqa: SIM105  # this is called for each question
            os.write(self._ring, b"." * times)
        except BlockingIOError:
            pass  # a full pipe wakes everybody anyhow

    def wait_one(self) -> None:
        """Sleep until a ring that no other thread has heard."""
        os.read(self._hear, 1)

    def wait_all(self) -> None:
        """Sleep until there are rings, and forget them: for a thread that waits alone."""
        os.read(self._hear, _ALL)

    def close(self) -> None:
        """Only when no thread waits any more."""
        os.close(self._hear)
        os.close(self._ring)


class LoopWake:
    """Has the loop call a function. Rings that come before it is called are one."""

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
        self._hear, self._ring = os.pipe()
        os.set_blocking(self._hear, False)
        os.set_blocking(self._ring, False)
        self._loop = loop
        self._call = call
        loop.add_reader(self._hear, self._heard)

    def ring(self) -> None:
        """From any thread."""
        try:  # noqa: SIM105
            os.write(self._ring, b".")
        except BlockingIOError:
            pass

    def _heard(self) -> None:
        try:  # noqa: SIM105
            os.read(self._hear, _ALL)
        except BlockingIOError:
            pass
        self._call()

    def close(self) -> None:
        """On the loop, when nobody rings any more. What rang just before is called for now."""
        self._loop.remove_reader(self._hear)
        os.close(self._hear)
        os.close(self._ring)
        self._call()
