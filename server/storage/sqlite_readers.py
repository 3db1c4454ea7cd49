"""Reader threads for SQLite: questions go to few of them, answers come back together."""

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Final, TypeVar

from server.storage.binding import Dialect
from server.storage.prepared import Statement
from server.storage.sqlite_lines import connect, read_all, read_one
from server.storage.units import Look, SuspendedInUnit

R = TypeVar("R")
T = TypeVar("T")

_READERS: Final = 3
_COME: Final = "come"
_END: Final = "end"
_QUESTIONS_EACH: Final = 256
_LONG_QUESTION_SECONDS: Final = 0.002
_ANSWERS_SECONDS: Final = 0.004
_READER_PRAGMAS: Final = ("PRAGMA mmap_size = 1073741824", "PRAGMA query_only = ON")
"""What is mapped needs no cache of ours: the first gigabyte costs no memory and no copying."""


class SqliteView:
    """What one reading function sees in a reader thread. Its methods never suspend."""

    dialect: ClassVar[Dialect] = "sqlite"

    __slots__ = ("_execute",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    async def all(self, statement: Statement[R], /, **values: object) -> list[R]:
        """Every row."""
        return read_all(self._execute, statement, values)

    async def one(self, statement: Statement[R], /, **values: object) -> R | None:
        """The first row, or None."""
        return read_one(self._execute, statement, values)


def look(connection: sqlite3.Connection, work: Look[T]) -> T:
    """Run a reading function to its end in one snapshot."""
    connection.execute("BEGIN")
    try:
        coroutine = work(SqliteView(connection))
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # what the coroutine returns
        coroutine.close()
        raise SuspendedInUnit("a look may await nothing but storage")
    finally:
        connection.execute("ROLLBACK")


class _Read:
    """A question on its way to a reader thread."""

    __slots__ = ("ask", "failure", "found", "waiter")

    def __init__(
        self, ask: Callable[[sqlite3.Connection], Any], waiter: "asyncio.Future[Any]"
    ) -> None:
        self.ask = ask
        self.waiter = waiter
        self.found: Any = None
        self.failure: Exception | None = None

    def answer(self, connection: sqlite3.Connection) -> None:
        try:
            self.found = self.ask(connection)
        except Exception as error:  # noqa: BLE001  # it is raised where the question was asked
            self.failure = error

    def settle(self) -> None:
        if self.waiter.done():
            return
        if self.failure is None:
            self.waiter.set_result(self.found)
        else:
            self.waiter.set_exception(self.failure)


def _settle_reads(answered: list[_Read]) -> None:
    for one in answered:
        one.settle()


class Readers:
    """A few threads, each with a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._questions: deque[_Read] = deque()
        self._wanted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._asking = False
        self._watching = False
        self._threads: list[threading.Thread] = []

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the threads; answers are given on `loop`."""
        self._threads = [
            threading.Thread(
                target=self._read, args=(loop,), name=f"paidan-reader-{n}", daemon=True
            )
            for n in range(_READERS)
        ]
        for thread in self._threads:
            thread.start()

    async def end(self) -> None:
        """Let them answer what waits and close their connections."""
        ending, self._threads = self._threads, []
        for _ in ending:
            self._wanted.put(_END)
        loop = asyncio.get_running_loop()
        for thread in ending:
            await loop.run_in_executor(None, thread.join)

    def ask(self, ask: Callable[[sqlite3.Connection], Any]) -> "asyncio.Future[Any]":
        """Hand a question over; it is answered in one of the threads."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Any] = loop.create_future()
        self._questions.append(_Read(ask, waiter))
        if not self._asking:
            self._asking = True
            loop.call_soon(self._wake_readers, loop)
        return waiter

    def _wake_readers(self, loop: asyncio.AbstractEventLoop) -> None:
        """Few readers for many short questions: each thread more costs switches. A look a moment
        later sends all of them if a long question holds up the rest.
        """
        self._asking = False
        for _ in range(min(_READERS, 1 + len(self._questions) // _QUESTIONS_EACH)):
            self._wanted.put(_COME)
        if not self._watching:
            self._watching = True
            loop.call_later(_LONG_QUESTION_SECONDS, self._watch_readers, loop)

    def _watch_readers(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watching = False
        if self._questions and self._threads:
            for _ in range(_READERS):
                self._wanted.put(_COME)
            self._watching = True
            loop.call_later(_LONG_QUESTION_SECONDS, self._watch_readers, loop)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        connection = connect(self._path, _READER_PRAGMAS)
        while self._wanted.get() == _COME:
            self._answer_questions(connection, loop)
        self._answer_questions(connection, loop)
        connection.close()

    def _answer_questions(
        self, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Answer what waits; answers go back together, but none waits for long."""
        answered: list[_Read] = []
        ends_at = perf_counter() + _ANSWERS_SECONDS
        while True:
            try:
                question = self._questions.popleft()
            except IndexError:
                break
            question.answer(connection)
            answered.append(question)
            if perf_counter() > ends_at:
                loop.call_soon_threadsafe(_settle_reads, answered)
                answered = []
                ends_at = perf_counter() + _ANSWERS_SECONDS
        if answered:
            loop.call_soon_threadsafe(_settle_reads, answered)
