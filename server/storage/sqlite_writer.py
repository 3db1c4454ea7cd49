"""SQLite's one writer thread, whose units share commits (facts: stack 2).

It runs what waits in one IMMEDIATE transaction (with savepoints once a unit needs one), commits
once, and only then lets the callers go on: FULL durability costs one fsync for many units.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any, ClassVar, Final, TypeVar

from server.storage.binding import Dialect
from server.storage.lanes import Job, Lanes
from server.storage.prepared import Statement
from server.storage.sqlite_lines import read_all, read_one, read_undecoded
from server.storage.units import CommitFailed, Lane, SuspendedInUnit, Work
from server.storage.wakes import LoopWake, ThreadWake

R = TypeVar("R")
T = TypeVar("T")

BATCH_SECONDS: Final = 0.005
"""A batch ends after this much work: longer ones make the loop wait (decision 3: 2 to 5 ms)."""


class SqliteUnit:
    """A unit in the writer thread. Its methods never suspend."""

    dialect: ClassVar[Dialect] = "sqlite"

    __slots__ = ("_callbacks", "_connection", "_execute", "changed_schema")

    def __init__(
        self,
        connection: sqlite3.Connection,
        writing: sqlite3.Cursor,
        callbacks: list[Callable[[], None]],
    ) -> None:
        self._connection = connection
        self._execute = writing.execute
        self._callbacks = callbacks
        self.changed_schema = False

    async def all(self, statement: Statement[R], /, **values: object) -> list[R]:
        """Every row."""
        return read_all(self._execute, statement, values)

    async def one(self, statement: Statement[R], /, **values: object) -> R | None:
        """The first row, or None."""
        return read_one(self._execute, statement, values)

    async def run(self, statement: Statement[Any], /, **values: object) -> int:
        """Change rows; how many were touched."""
        prepared = statement.sqlite
        return self._execute(prepared.sql, prepared.bind(values)).rowcount

    async def execute(self, sql: str) -> None:
        """One statement of a migration."""
        self.changed_schema = True
        self._connection.execute(sql).close()

    async def rows(self, sql: str, values: list[Any]) -> list[dict[str, Any]]:
        """Run any SQL; its rows, undecoded."""
        self.changed_schema = True  # for all we know
        return read_undecoded(self._connection.execute, sql, values)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call this on the loop's thread after the commit."""
        self._callbacks.append(callback)


class Writer:
    """The thread, its queue and its connection."""

    def __init__(self, queue_limit: int) -> None:
        self.commits = 0
        self.units = 0
        self.ident = 0
        self._lanes = Lanes(queue_limit)
        self._done: deque[list[Job]] = deque()
        self._closing = False
        self._handing_over = False

    def start(self, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Start the thread; its callers are on `loop`."""
        self._loop = loop
        self._closing = False
        self._work_waits = ThreadWake()
        self._answers = LoopWake(loop, self._settle)
        self._thread = threading.Thread(
            target=self._write, args=(connection,), name="paidan-writer", daemon=True
        )
        self._thread.start()

    async def end(self) -> None:
        """Let it run what waits and close its connection."""
        self._closing = True
        self._work_waits.ring()
        await self._loop.run_in_executor(None, self._thread.join)
        self._answers.close()
        self._work_waits.close()

    def add(self, work: Work[T], lane: Lane) -> "asyncio.Future[T]":
        """Queue a unit; the answer comes after its commit. `Overloaded` when the queue is full."""
        waiter: asyncio.Future[T] = self._loop.create_future()
        self._lanes.add(Job(work, waiter), lane)
        if not self._handing_over:
            self._handing_over = True
            self._loop.call_soon(self._hand_over)
        return waiter

    def _hand_over(self) -> None:
        self._handing_over = False
        if not self._closing:
            self._work_waits.ring()

    def _settle(self) -> None:
        """On the loop, after commits: whoever waits goes on."""
        while self._done:
            for job in self._done.popleft():
                job.settle(self._loop)

    def _write(self, connection: sqlite3.Connection) -> None:
        self.ident = threading.get_ident()
        while True:
            job = self._lanes.take()
            if job is not None:
                self._done.append(self._run_batch(connection, job))
                self._answers.ring()
            elif self._closing:
                self.ident = 0
                connection.close()
                return
            else:
                self._work_waits.wait_all()

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
