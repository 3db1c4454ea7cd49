"""PostgreSQL: a pool for reading, one writer connection per instance, one ear for other instances.

A batch takes `LOCK TABLE ledger IN EXCLUSIVE MODE` under READ COMMITTED, so that all instances
write one after the other and `event.seq` follows the order of commits (decision 2). Each unit has a
savepoint; one NOTIFY and one COMMIT end the batch. The unit is driven by hand: whatever it awaits
besides its own statements makes it fail.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeVar

import asyncpg

from server.storage.binding import Dialect
from server.storage.lanes import Job, Lanes, nested
from server.storage.prepared import Statement
from server.storage.units import (
    CommitFailed,
    Lane,
    Look,
    ReadFailed,
    SuspendedInUnit,
    Work,
    WriterLost,
)

R = TypeVar("R")
T = TypeVar("T")

BATCH_SECONDS: Final = 0.020
"""A batch ends after this long. Its statements wait for the server, not for the loop."""

_LOST: Final = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)
_AWAY: Final = (
    *_LOST,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # and its child, a lock that did not come
)
"""What a question meets while the server is gone, starting, ending, or has its hands full."""
_POOL: Final = 8
_RECONNECT_SECONDS: Final = 1.0
_SETTINGS: Final = {
    "lock_timeout": "5s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "5s",
    "timezone": "UTC",
    "application_name": "paidan",
}
_CHANNEL: Final = "paidan"

Line = Any  # a connection, or the pool, which has the same methods
Ask = Callable[[asyncpg.Connection], Coroutine[Any, Any, Any]]


class _Asked:
    """What a unit suspends on: a statement for its driver to run. Nothing else is let through."""

    __slots__ = ("ask",)

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def __await__(self) -> Generator["_Asked", Any, Any]:
        return (yield self)


def _closed() -> RuntimeError:
    return RuntimeError("the database is not open")


@contextmanager
def _asking() -> Iterator[None]:
    """Name the trouble of a question. Raises `ReadFailed`."""
    try:
        yield
    except _AWAY as error:
        raise ReadFailed(str(error) or type(error).__name__) from error


async def _read_all(
    connection: Line, statement: Statement[R], values: dict[str, object]
) -> list[R]:
    prepared = statement.postgres
    rows = await connection.fetch(prepared.sql, *prepared.bind(values))
    if not rows:
        return []
    decode = prepared.decode or statement.decoder(prepared, tuple(rows[0].keys()))
    return [decode(row) for row in rows]


async def _read_one(
    connection: Line, statement: Statement[R], values: dict[str, object]
) -> R | None:
    prepared = statement.postgres
    row = await connection.fetchrow(prepared.sql, *prepared.bind(values))
    if row is None:
        return None
    found: R = (prepared.decode or statement.decoder(prepared, tuple(row.keys())))(row)
    return found


async def _run(connection: Line, statement: Statement[Any], values: dict[str, object]) -> int:
    prepared = statement.postgres
    status = await connection.execute(prepared.sql, *prepared.bind(values))
    last = str(status).rpartition(" ")[2]
    return int(last) if last.isdecimal() else -1


class PostgresUnit:
    """A unit on the writer connection."""

    dialect: Dialect = "postgres"

    def __init__(self, job: Job) -> None:
        self._job = job

    async def all(self, statement: Statement[R], /, **values: object) -> list[R]:
        """Every row."""
        found: list[R] = await _Asked(lambda line: _read_all(line, statement, values))
        return found

    async def one(self, statement: Statement[R], /, **values: object) -> R | None:
        """The first row, or None."""
        found: R | None = await _Asked(lambda line: _read_one(line, statement, values))
        return found

    async def run(self, statement: Statement[Any], /, **values: object) -> int:
        """Change rows; how many were touched."""
        touched: int = await _Asked(lambda line: _run(line, statement, values))
        return touched

    async def execute(self, sql: str) -> None:
        """One statement of a migration."""
        await _Asked(lambda line: line.execute(sql))

    async def rows(self, sql: str, values: list[Any]) -> list[dict[str, Any]]:
        """Run any SQL; its rows, undecoded."""
        found = await _Asked(lambda line: line.fetch(sql, *values))
        return [dict(row) for row in found]

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call this on the loop's thread after the commit."""
        self._job.callbacks.append(callback)


class PostgresView:
    """What one reading function sees on a connection of its own."""

    dialect: Dialect = "postgres"

    def __init__(self, connection: Line) -> None:
        self._connection = connection

    async def all(self, statement: Statement[R], /, **values: object) -> list[R]:
        """Every row."""
        return await _read_all(self._connection, statement, values)

    async def one(self, statement: Statement[R], /, **values: object) -> R | None:
        """The first row, or None."""
        return await _read_one(self._connection, statement, values)


class PostgresEngine:
    """One database, perhaps shared with other instances. See `Database` for what is promised."""

    dialect: Dialect = "postgres"

    def __init__(self, url: str, queue_limit: int) -> None:
        self.commits = 0
        self.units = 0
        self.on_commit: Callable[[int], None] | None = None
        self._url = url
        self._lanes = Lanes(queue_limit)
        self._work_waits = asyncio.Event()
        self._closing = False
        self._driving = False
        self._has_ledger = False
        self._pool: asyncpg.Pool | None = None
        self._writer: asyncpg.Connection | None = None
        self._loops: list[asyncio.Future[None]] = []

    async def open(self) -> None:
        """Connect."""
        self._closing = False
        self._work_waits = asyncio.Event()
        self._pool = await asyncpg.create_pool(
            self._url, min_size=1, max_size=_POOL, server_settings=_SETTINGS
        )
        self._writer = await self._connect()
        ear = await self._listen()
        self._loops = [
            asyncio.ensure_future(self._write()),
            asyncio.ensure_future(self._keep_listening(ear)),
        ]

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self._url, server_settings=_SETTINGS)

    async def close(self) -> None:
        """Finish what is queued, then close every connection."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        self._closing = True
        self._work_waits.set()
        writing, listening = self._loops
        await writing
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        if self._writer is not None:
            await self._writer.close()
            self._writer = None
        await pool.close()

    # Reading

    def _readers(self) -> asyncpg.Pool:
        if self._driving:
            raise nested()
        if self._pool is None:
            raise _closed()
        return self._pool

    async def all(self, statement: Statement[R], values: dict[str, object]) -> list[R]:
        """Every row."""
        readers = self._readers()
        with _asking():
            return await _read_all(readers, statement, values)

    async def one(self, statement: Statement[R], values: dict[str, object]) -> R | None:
        """The first row, or None."""
        readers = self._readers()
        with _asking():
            return await _read_one(readers, statement, values)

    async def look(self, work: Look[T]) -> T:
        """Several questions in one snapshot."""
        readers = self._readers()
        with _asking():
            async with (
                readers.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                return await work(PostgresView(connection))

    async def rows(self, sql: str, values: list[Any]) -> list[dict[str, Any]]:
        """Rows of any SQL, undecoded."""
        readers = self._readers()
        with _asking():
            return [dict(row) for row in await readers.fetch(sql, *values)]

    async def copy_to(self, path: Path) -> None:
        """Refused."""
        msg = f"only SQLite copies itself to a file such as {path}"
        raise LookupError(msg)

    async def tidy(self) -> None:
        """PostgreSQL looks after itself."""

    # Listening

    async def _listen(self) -> asyncpg.Connection:
        ear = await self._connect()
        await ear.add_listener(_CHANNEL, self._heard)
        return ear

    def _heard(self, _line: object, sender: int, _channel: str, payload: object) -> None:
        own = self._writer.get_server_pid() if self._writer is not None else 0
        if sender != own and self.on_commit is not None:
            self.on_commit(int(str(payload)))

    async def _keep_listening(self, ear: asyncpg.Connection) -> None:
        try:
            while True:
                lost = asyncio.Event()
                ear.add_termination_listener(lambda _line, lost=lost: lost.set())
                if not ear.is_closed():
                    await lost.wait()
                ear = await self._listen_again()
        finally:
            await ear.close()

    async def _listen_again(self) -> asyncpg.Connection:
        while True:
            try:
                ear = await self._listen()
                head = await ear.fetchval("SELECT seq FROM ledger")
            except (asyncpg.PostgresError, *_LOST):
                await asyncio.sleep(_RECONNECT_SECONDS)
                continue
            if self.on_commit is not None and head is not None:
                self.on_commit(head)
            return ear

    # Writing

    async def unit(self, work: Work[T], lane: Lane) -> T:
        """Queue a unit and wait for its commit."""
        if self._driving:
            raise nested()
        if self._pool is None:
            raise _closed()
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._lanes.add(Job(work, waiter), lane)
        self._work_waits.set()
        return await waiter

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            job = self._lanes.take()
            if job is not None:
                for done in await self._run_batch(job):
                    done.settle(loop)
            elif self._closing:
                return
            else:
                await self._work_waits.wait()
                self._work_waits.clear()

    async def _run_batch(self, first: Job) -> list[Job]:
        """Run what waits in one transaction. Never raises: every failure belongs to a job."""
        batch: list[Job] = [first]
        line: asyncpg.Connection | None = None
        try:
            if self._writer is None or self._writer.is_closed():
                self._writer = await self._connect()
            line = self._writer
            await self._begin(line)
            job: Job | None = first
            ends_at = perf_counter() + BATCH_SECONDS
            while job is not None:
                await self._run_job(line, job)
                job = self._lanes.take() if perf_counter() < ends_at else None
                if job is not None:
                    batch.append(job)
            await self._commit(line)
        except (asyncpg.PostgresError, *_LOST) as error:
            await self._undo(batch, line, error)
            return batch
        self.commits += 1
        self.units += sum(1 for done in batch if done.failure is None)
        return batch

    async def _undo(
        self, batch: list[Job], line: asyncpg.Connection | None, error: Exception
    ) -> None:
        lost = line is None or line.is_closed() or isinstance(error, _LOST)
        if line is not None and not line.is_closed():
            try:
                await line.execute("ROLLBACK")
            except (asyncpg.PostgresError, *_LOST):
                lost = True
        if lost and line is not None:
            line.terminate()
            self._writer = None
        trouble = WriterLost if lost else CommitFailed
        for job in batch:
            job.fail(trouble(str(error)))

    async def _begin(self, line: asyncpg.Connection) -> None:
        await line.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        if not self._has_ledger:
            self._has_ledger = await line.fetchval("SELECT to_regclass('ledger') IS NOT NULL")
        if self._has_ledger:
            await line.execute("LOCK TABLE ledger IN EXCLUSIVE MODE")

    async def _commit(self, line: asyncpg.Connection) -> None:
        if self._has_ledger:
            await line.execute(f"SELECT pg_notify('{_CHANNEL}', seq::text) FROM ledger")  # noqa: S608
        await line.execute("COMMIT")

    async def _run_job(self, line: asyncpg.Connection, job: Job) -> None:
        await line.execute("SAVEPOINT unit")
        try:
            job.result = await self._drive(line, job.work(PostgresUnit(job)))
            await line.execute("RELEASE unit")
        except BaseException as error:
            job.fail(error)
            if line.is_closed():
                msg = "the connection broke inside a unit"
                raise asyncpg.PostgresConnectionError(msg) from error
            await line.execute("ROLLBACK TO unit; RELEASE unit")
            if isinstance(error, asyncio.CancelledError):
                raise

    async def _drive(self, line: asyncpg.Connection, coroutine: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
        answer: Any = None
        failure: Exception | None = None
        while True:
            self._driving = True
            try:
                asked = coroutine.send(answer) if failure is None else coroutine.throw(failure)
            except StopIteration as end:
                return end.value
            finally:
                self._driving = False
            if not isinstance(asked, _Asked):
                coroutine.close()
                msg = "a unit may await nothing but storage"
                raise SuspendedInUnit(msg)
            answer, failure = None, None
            try:
                answer = await asked.ask(line)
            except Exception as error:  # noqa: BLE001  # the unit is told, then it is undone
                failure = error
