"""The database: open it, read from it, and change it one unit of work at a time.

    async def rename(unit: Unit) -> bool:
        return await unit.run(RENAME, id=3, name="二线") == 1

    await database.unit(rename)

A unit awaits only storage. Units of one moment share a commit; each is all or nothing by itself,
and `unit()` returns after the commit. There is one ordered stream of writes on both engines
(decisions 1 to 4 of ARCHITECTURE.md).
"""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal, TypeVar

from server.storage.binding import Dialect
from server.storage.prepared import Statement
from server.storage.sqlite import SqliteEngine
from server.storage.units import (
    CommitFailed,
    Engine,
    Lane,
    Look,
    NestedUnit,
    Overloaded,
    ReadFailed,
    Reading,
    StorageTrouble,
    SuspendedInUnit,
    Unit,
    Work,
    WriterLost,
)

__all__ = [
    "CommitFailed",
    "Database",
    "Dialect",
    "Lane",
    "NestedUnit",
    "Overloaded",
    "ReadFailed",
    "Reading",
    "Statement",
    "StorageTrouble",
    "SuspendedInUnit",
    "Unit",
    "WriterLost",
]

R = TypeVar("R")
T = TypeVar("T")
_SQLITE = "sqlite:///"


class Database:
    """One SQLite file or one PostgreSQL database."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._engine = engine
        self.url = url
        self.dialect: Dialect = engine.dialect

    @staticmethod
    def from_url(
        url: str,
        *,
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        queue_limit: int = 1000,
    ) -> "Database":
        """`sqlite:////path/desk.db` or `postgresql://…`. `synchronous` is SQLite's: NORMAL may lose
        the last commits in a power cut. Other schemes are refused with ValueError.
        """
        if url.startswith(_SQLITE):
            path = Path(url.removeprefix(_SQLITE))
            return Database(SqliteEngine(path, synchronous, queue_limit), url)
        if url.startswith(("postgresql://", "postgres://")):
            # Here and not above: a desk on SQLite need not load PostgreSQL's driver.
            from server.storage.postgres import PostgresEngine  # noqa: PLC0415

            return Database(PostgresEngine(url, queue_limit), url)
        msg = "a database URL begins with sqlite:/// or postgresql://"
        raise ValueError(msg)

    @property
    def path(self) -> Path | None:
        """The file, on SQLite."""
        return Path(self.url.removeprefix(_SQLITE)) if self.dialect == "sqlite" else None

    @property
    def commits(self) -> int:
        """Commits since it was opened."""
        return self._engine.commits

    @property
    def units(self) -> int:
        """Units committed since it was opened."""
        return self._engine.units

    def on_commit(self, callback: Callable[[int], None] | None) -> None:
        """Call this on the loop with the log's last seq when another instance has committed, and
        after the line to PostgreSQL was lost and found again. Never called on SQLite: there is
        one server per data folder.
        """
        self._engine.on_commit = callback

    async def open(self) -> None:
        """Connect. Makes the file, on SQLite."""
        await self._engine.open()

    async def close(self) -> None:
        """Finish the units that wait, and disconnect. It may be opened again."""
        await self._engine.close()

    def all(self, statement: Statement[R], /, **values: object) -> Coroutine[Any, Any, list[R]]:
        """Every row, as of the last commit."""
        return self._engine.all(statement, values)

    def one(self, statement: Statement[R], /, **values: object) -> Coroutine[Any, Any, R | None]:
        """The first row, as of the last commit, or None."""
        return self._engine.one(statement, values)

    def rows(self, sql: str, values: list[Any]) -> Coroutine[Any, Any, list[dict[str, Any]]]:
        """Rows of SQL in the engine's own dialect, undecoded: for rare, ad-hoc reading."""
        return self._engine.rows(sql, values)

    def look(self, work: Look[T]) -> Coroutine[Any, Any, T]:
        """Run a reading function in one snapshot: what it finds belongs together. It awaits
        nothing but the questions that it asks of what it is given.
        """
        return self._engine.look(work)

    async def copy_to(self, path: Path) -> None:
        """A consistent copy of the SQLite file while the desk runs; `path` must not exist yet.
        Refused with LookupError on PostgreSQL, which has tools of its own.
        """
        await self._engine.copy_to(path)

    async def tidy(self) -> None:
        """Nightly care: the planner's statistics, and the write-ahead log's size on SQLite."""
        await self._engine.tidy()

    def unit(self, work: Work[T], *, lane: Lane = "interactive") -> Coroutine[Any, Any, T]:
        """Run one unit of work; returns what it returned, once it is durable. What it raises is
        raised here and undoes it alone. A full queue is refused with `Overloaded`.
        """
        return self._engine.unit(work, lane)
