"""Reader threads for SQLite: questions go to few of them, answers come back together."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Final, TypeVar

from server.storage.binding import Dialect
from server.storage.prepared import Statement
from server.storage.sqlite_lines import Execute, connect, read_all, read_one
from server.storage.units import Look, SuspendedInUnit
from server.storage.wakes import LoopWake, ThreadWake

R = TypeVar("R")
T = TypeVar("T")

_READERS: Final = 3
_QUESTIONS_EACH: Final = 256
_LONG_QUESTION_SECONDS: Final = 0.002
_ANSWERS_SECONDS: Final = 0.004
_READER_PRAGMAS: Final = ("PRAGMA mmap_size = 1073741824", "PRAGMA query_only = ON")
"""What is mapped needs no cache of ours: the first gigabyte costs no memory and no copying."""


class SqliteView:
    """What one reading function sees in a reader thread. Its methods never suspend."""

    dialect: ClassVar[Dialect] = "sqlite"

    __slots__ = ("_execute",)

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    async def all(self, statement: Statement[R], /, **values: object) -> list[R]:
        """Every row."""
        return read_all(self._execute, statement, values)

    async def one(self, statement: Statement[R], /, **values: object) -> R | None:
        """The first row, or None."""
        return read_one(self._execute, statement, values)


def look(execute: Execute, work: Look[T], _values: object) -> T:
    """Run a reading function to its end in one snapshot."""
    execute("BEGIN")
    try:
        coroutine = work(SqliteView(execute))
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # what the coroutine returns
        coroutine.close()
        raise SuspendedInUnit("a look may await nothing but storage")
    finally:
        execute("ROLLBACK")


Ask = Callable[[Execute, Any, Any], Any]


class _Question:
    """On its way to a reader thread and back."""

    __slots__ = ("ask", "failure", "found", "values", "waiter", "what")

    def __init__(
        self,
        ask: Ask,
        what: Any,  # noqa: ANN401  # a statement, a look, SQL
        values: Any,  # noqa: ANN401
        waiter: "asyncio.Future[Any]",
    ) -> None:
        self.ask = ask
        self.what = what
        self.values = values
        self.waiter = waiter
        self.found: Any = None
        self.failure: Exception | None = None


class Readers:
    """A few threads, each with a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._questions: deque[_Question] = deque()
        self._answered: deque[_Question] = deque()
        self._asking = False
        self._watching = False
        self._ending = False
        self._alone = False
        self._threads: list[threading.Thread] = []

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the threads; answers are given on `loop`."""
        self._loop = loop
        self._ending = False
        self._wanted = ThreadWake()
        self._answers = LoopWake(loop, self._settle)
        self._threads = [
            threading.Thread(target=self._read, name=f"paidan-reader-{n}", daemon=True)
            for n in range(_READERS)
        ]
        for thread in self._threads:
            thread.start()

    async def end(self) -> None:
        """Let them answer what waits and close their connections."""
        ending, self._threads = self._threads, []
        self._ending = True
        self._wanted.ring(_READERS)
        for thread in ending:
            await self._loop.run_in_executor(None, thread.join)
        self._answers.close()
        self._wanted.close()

    def ask(self, ask: Ask, what: Any, values: Any) -> "asyncio.Future[Any]":  # noqa: ANN401
        """Have `ask(execute, what, values)` called in one of the threads."""
        waiter: asyncio.Future[Any] = self._loop.create_future()
        self._questions.append(_Question(ask, what, values, waiter))
        if self._alone:
            self._alone = False
            self._wake_readers()
        elif not self._asking:
            self._asking = True
            self._loop.call_soon(self._wake_readers)
        return waiter

    def _wake_readers(self) -> None:
        """Few readers for many short questions: each thread more costs switches. A look a moment
        later sends all of them if a long question holds up the rest.
        """
        self._asking = False
        if self._ending:
            return
        self._wanted.ring(min(_READERS, 1 + len(self._questions) // _QUESTIONS_EACH))
        if not self._watching:
            self._watching = True
            self._loop.call_later(_LONG_QUESTION_SECONDS, self._watch_readers)

    def _watch_readers(self) -> None:
        self._watching = False
        if self._questions and not self._ending:
            self._wanted.ring(_READERS)
            self._watching = True
            self._loop.call_later(_LONG_QUESTION_SECONDS, self._watch_readers)

    def _settle(self) -> None:
        """On the loop: whoever waits for an answer goes on."""
        answered = self._answered
        self._alone = len(answered) == 1
        while answered:
            one = answered.popleft()
            if one.waiter.done():
                continue
            if one.failure is None:
                one.waiter.set_result(one.found)
            else:
                one.waiter.set_exception(one.failure)

    def _read(self) -> None:
        connection = connect(self._path, _READER_PRAGMAS)
        while True:
            self._wanted.wait_one()
            # Looked at after the answers, not before: what was asked just before the end would
            # wait for ever if it came while every reader was on its way to sleep.
            self._answer_questions(connection.execute)
            if self._ending:
                break
        connection.close()

    def _answer_questions(self, execute: Execute) -> None:
        """Answer what waits; answers go back together, but none waits for long."""
        ends_at = perf_counter() + _ANSWERS_SECONDS
        while True:
            try:
                question = self._questions.popleft()
            except IndexError:
                break
            try:
                question.found = question.ask(execute, question.what, question.values)
            except Exception as error:  # noqa: BLE001  # it is raised where the question was asked
                question.failure = error
            self._answered.append(question)
            if perf_counter() > ends_at:
                self._answers.ring()
                ends_at = perf_counter() + _ANSWERS_SECONDS
        if self._answered:
            self._answers.ring()
