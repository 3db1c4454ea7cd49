"""SQLite: reader threads, and one writer thread whose units share commits (facts: stack 1 and 2).

The writer runs what waits in one IMMEDIATE transaction (with savepoints once a unit needs one),
commits once, and only then lets the callers go on: FULL durability costs one fsync for many units.
Nothing runs inline on the event loop.
"""

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Final, Literal, TypeVar

from server.storage.lanes import Job, Lanes, nested
from server.storage.prepared import Dialect, Prepared, Statement
from server.storage.units import CommitFailed, Lane, Look, SuspendedInUnit, Work

R = TypeVar("R")
T = TypeVar("T")

BATCH_SECONDS: Final = 0.005
"""A batch ends after this much work: longer ones make the loop wait (decision 3: 2 to 5 ms)."""

_READERS: Final = 3
_COME: Final = "come"
_END: Final = "end"
_QUESTIONS_EACH: Final = 256
_LONG_QUESTION_SECONDS: Final = 0.002
_ANSWERS_SECONDS: Final = 0.004
_COMMON_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
)
_READER_PRAGMAS: Final = ("PRAGMA mmap_size = 1073741824", "PRAGMA query_only = ON")
"""What is mapped needs no cache of ours: the first gigabyte costs no memory and no copying."""


def _connect(path: Path, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    for pragma in (*_COMMON_PRAGMAS, *pragmas):
        connection.execute(pragma).close()
    return connection


def _rows_as_dicts(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    columns = [column[0] for column in cursor.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _columns(prepared: Prepared, cursor: sqlite3.Cursor) -> tuple[str, ...]:
    """The names of the columns; a statement names them itself, so they never change."""
    if not prepared.columns:
        prepared.columns = tuple(column[0] for column in cursor.description or ())
    return prepared.columns


_Execute = Callable[[str, Any], sqlite3.Cursor]


def _read_all(execute: _Execute, statement: Statement[R], values: dict[str, object]) -> list[R]:
    if statement.packed:
        prepared = statement.sqlite_packed
        return statement.decode_packed(execute(prepared.sql, prepared.bind(values)).fetchone()[0])
    prepared = statement.sqlite
    cursor = execute(prepared.sql, prepared.bind(values))
    rows = cursor.fetchall()
    return statement.decode_all(rows, _columns(prepared, cursor)) if rows else []


def _read_one(execute: _Execute, statement: Statement[R], values: dict[str, object]) -> R | None:
    prepared = statement.sqlite
    cursor = execute(prepared.sql, prepared.bind(values))
    row = cursor.fetchone()
    if row is None:
        return None
    return statement.decode(row, prepared.columns or _columns(prepared, cursor))


class SqliteUnit:
    """A unit in the writer thread. Its methods never suspend."""

    dialect: ClassVar[Dialect] = "sqlite"

    __slots__ = ("_callbacks", "_connection", "_execute", "_writing", "changed_schema")

    def __init__(
        self,
        connection: sqlite3.Connection,
        writing: sqlite3.Cursor,
        callbacks: list[Callable[[], None]],
    ) -> None:
        self._connection = connection
        self._writing = writing
        self._execute = writing.execute
        self._callbacks = callbacks
        self.changed_schema = False

    async def all(self, statement: Statement[R], /, **values: object) -> list[R]:
        """Every row."""
        return _read_all(self._execute, statement, values)

    async def one(self, statement: Statement[R], /, **values: object) -> R | None:
        """The first row, or None."""
        return _read_one(self._execute, statement, values)

    async def run(self, statement: Statement[Any], /, **values: object) -> int:
        """Change rows; how many were touched."""
        prepared = statement.sqlite
        self._execute(prepared.sql, prepared.bind(values))
        return self._writing.rowcount

    async def execute(self, sql: str) -> None:
        """One statement of a migration."""
        self.changed_schema = True
        self._connection.execute(sql).close()

    async def rows(self, sql: str, values: list[Any]) -> list[dict[str, Any]]:
        """Run any SQL; its rows, undecoded."""
        self.changed_schema = True  # for all we know
        return _rows_as_dicts(self._connection.execute(sql, values))

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call this on the loop's thread after the commit."""
        self._callbacks.append(callback)


class SqliteView:
    """What one reading function sees in a reader thread. Its methods never suspend."""

    dialect: ClassVar[Dialect] = "sqlite"

    __slots__ = ("_execute",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    async def all(self, statement: Statement[R], /, **values: object) -> list[R]:
        """Every row."""
        return _read_all(self._execute, statement, values)

    async def one(self, statement: Statement[R], /, **values: object) -> R | None:
        """The first row, or None."""
        return _read_one(self._execute, statement, values)


def _look(connection: sqlite3.Connection, work: Look[T]) -> T:
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


class SqliteEngine:
    """One file. See `Database` for what is promised."""

    dialect: Dialect = "sqlite"

    def __init__(
        self, path: Path, synchronous: Literal["FULL", "NORMAL"], queue_limit: int
    ) -> None:
        self.commits = 0
        self.units = 0
        self.on_commit: Callable[[int], None] | None = None
        self._path = path
        self._synchronous = synchronous
        self._lanes = Lanes(queue_limit)
        self._work_waits: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._closing = False
        self._handing_over = False
        self._questions: deque[_Read] = deque()
        self._readers_wanted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._asking = False
        self._watching = False
        self._threads: list[threading.Thread] = []
        self._writer: sqlite3.Connection | None = None
        self._writer_thread = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Connect; the file is made if it is missing."""
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._closing = False
        writer = await loop.run_in_executor(None, self._open_writer)
        self._writer = writer
        self._threads = [
            threading.Thread(target=self._write, args=(writer, loop), name="paidan-writer"),
            *(
                threading.Thread(target=self._read, args=(loop,), name=f"paidan-reader-{n}")
                for n in range(_READERS)
            ),
        ]
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def _open_writer(self) -> sqlite3.Connection:
        return _connect(
            self._path,
            (
                "PRAGMA journal_mode = WAL",
                f"PRAGMA synchronous = {self._synchronous}",
            ),
        )

    async def close(self) -> None:
        """Finish what is queued, then close every connection."""
        if not self._threads:
            return
        threads, self._threads = self._threads, []
        self._closing = True
        self._work_waits.put(None)
        for _ in range(_READERS):
            self._readers_wanted.put(_END)
        loop = asyncio.get_running_loop()
        for thread in threads:
            await loop.run_in_executor(None, thread.join)
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    # Reading

    def _ask(self, ask: Callable[[sqlite3.Connection], Any]) -> "asyncio.Future[Any]":
        if threading.get_ident() == self._writer_thread:
            raise nested()
        if not self._threads:
            msg = "the database is not open"
            raise RuntimeError(msg)
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
            self._readers_wanted.put(_COME)
        if not self._watching:
            self._watching = True
            loop.call_later(_LONG_QUESTION_SECONDS, self._watch_readers, loop)

    def _watch_readers(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watching = False
        if self._questions and self._threads:
            for _ in range(_READERS):
                self._readers_wanted.put(_COME)
            self._watching = True
            loop.call_later(_LONG_QUESTION_SECONDS, self._watch_readers, loop)

    async def all(self, statement: Statement[R], values: dict[str, object]) -> list[R]:
        """Every row."""
        found: list[R] = await self._ask(
            lambda connection: _read_all(connection.execute, statement, values)
        )
        return found

    async def one(self, statement: Statement[R], values: dict[str, object]) -> R | None:
        """The first row, or None."""
        found: R | None = await self._ask(
            lambda connection: _read_one(connection.execute, statement, values)
        )
        return found

    async def look(self, work: Look[T]) -> T:
        """Several questions in one snapshot, for the price of one turn of a reader."""
        found: T = await self._ask(lambda connection: _look(connection, work))
        return found

    async def rows(self, sql: str, values: list[Any]) -> list[dict[str, Any]]:
        """Rows of any SQL, undecoded."""
        found: list[dict[str, Any]] = await self._ask(
            lambda connection: _rows_as_dicts(connection.execute(sql, values))
        )
        return found

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        connection = _connect(self._path, _READER_PRAGMAS)
        while self._readers_wanted.get() == _COME:
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

    async def copy_to(self, path: Path) -> None:
        """Copy the whole database into a new file, beside the readers and the writer."""

        def copy() -> None:
            connection = _connect(self._path, ())
            try:
                connection.execute("VACUUM INTO ?", (str(path),))
            finally:
                connection.close()

        await asyncio.get_running_loop().run_in_executor(None, copy)

    async def tidy(self) -> None:
        """Look after the planner's statistics, and take the write-ahead log in."""

        def look_after() -> None:
            connection = _connect(self._path, ())
            try:
                for pragma in ("PRAGMA optimize", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    connection.execute(pragma).close()
            finally:
                connection.close()

        await asyncio.get_running_loop().run_in_executor(None, look_after)

    # Writing

    async def unit(self, work: Work[T], lane: Lane) -> T:
        """Queue a unit and wait for its commit."""
        if threading.get_ident() == self._writer_thread:
            raise nested()
        if not self._threads:
            msg = "the database is not open"
            raise RuntimeError(msg)
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        self._lanes.add(Job(work, waiter), lane)
        if not self._handing_over:
            self._handing_over = True
            loop.call_soon(self._hand_over)
        return await waiter

    def _hand_over(self) -> None:
        self._handing_over = False
        self._work_waits.put(None)

    def _write(self, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._writer_thread = threading.get_ident()
        while True:
            job = self._lanes.take()
            if job is not None:
                batch = self._run_batch(connection, job)
                loop.call_soon_threadsafe(_settle_all, batch, loop)
            elif self._closing:
                self._writer_thread = 0
                return
            else:
                self._work_waits.get()

    def _run_batch(self, connection: sqlite3.Connection, first: Job) -> list[Job]:
        """Run what waits in one transaction. Never raises: every failure belongs to a job.

        Savepoints cost a quarter of a small change, and nearly every unit that fails has changed
        nothing yet. So a batch runs without them; when a unit fails that has changed something,
        all is undone, and run once more with them.
        """
        batch: list[Job] = []
        careful = False
        job: Job | None = first
        ends_at = perf_counter() + BATCH_SECONDS
        writing = connection.cursor()
        try:
            writing.execute("BEGIN IMMEDIATE")
            while job is not None:
                batch.append(job)
                if careful:
                    self._run_guarded(connection, writing, job)
                elif not self._run_job(connection, writing, job):
                    careful = True
                    self._run_again(connection, writing, batch)
                job = self._lanes.take() if perf_counter() < ends_at else None
            writing.execute("COMMIT")
        except (sqlite3.Error, CommitFailed) as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for lost in batch or [first]:
                lost.fail(CommitFailed(str(error)))
            return batch or [first]
        self.commits += 1
        self.units += sum(1 for done in batch if done.failure is None)
        return batch

    def _run_job(self, connection: sqlite3.Connection, writing: sqlite3.Cursor, job: Job) -> bool:
        """Run a unit; False when it failed and left something that has to be undone."""
        changed = connection.total_changes
        unit = SqliteUnit(connection, writing, job.callbacks)
        coroutine = job.work(unit)
        try:
            coroutine.send(None)
        except StopIteration as end:
            job.result = end.value
            return True
        except BaseException as error:  # noqa: BLE001  # it is raised where the unit was begun
            job.fail(error)
        else:
            coroutine.close()
            job.fail(SuspendedInUnit("a unit may await nothing but storage"))
        return (
            connection.in_transaction
            and connection.total_changes == changed
            and not unit.changed_schema
        )

    def _run_again(
        self, connection: sqlite3.Connection, writing: sqlite3.Cursor, batch: list[Job]
    ) -> None:
        """Undo a batch and run it from the start, with savepoints."""
        if connection.in_transaction:
            writing.execute("ROLLBACK")
        writing.execute("BEGIN IMMEDIATE")
        for job in batch:
            job.again()
            self._run_guarded(connection, writing, job)

    def _run_guarded(
        self, connection: sqlite3.Connection, writing: sqlite3.Cursor, job: Job
    ) -> None:
        """Run a unit in a savepoint of its own."""
        writing.execute("SAVEPOINT unit")
        self._run_job(connection, writing, job)
        if not connection.in_transaction:
            # A full disk or a broken file makes SQLite undo the whole transaction.
            raise CommitFailed(str(job.failure)) from job.failure
        if job.failure is not None:
            writing.execute("ROLLBACK TO unit")
        writing.execute("RELEASE unit")


def _settle_all(batch: list[Job], loop: asyncio.AbstractEventLoop) -> None:
    for job in batch:
        job.settle(loop)
