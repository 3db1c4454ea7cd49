"""SQLite: reader threads, and one writer thread. Nothing runs inline on the event loop."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from server.storage.binding import Dialect
from server.storage.lanes import nested
from server.storage.prepared import Statement
from server.storage.sqlite_lines import connect, read_all, read_one, read_undecoded
from server.storage.sqlite_readers import Readers, look
from server.storage.sqlite_writer import Writer
from server.storage.units import Lane, Look, Work

R = TypeVar("R")
T = TypeVar("T")


class SqliteEngine:
    """One file. See `Database` for what is promised."""

    dialect: Dialect = "sqlite"

    def __init__(
        self, path: Path, synchronous: Literal["FULL", "NORMAL"], queue_limit: int
    ) -> None:
        self.on_commit: Callable[[int], None] | None = None
        self._path = path
        self._synchronous = synchronous
        self._readers = Readers(path)
        self._writer = Writer(queue_limit)
        self._open = False

    @property
    def commits(self) -> int:
        """Commits since it was made."""
        return self._writer.commits

    @property
    def units(self) -> int:
        """Units committed since it was made."""
        return self._writer.units

    async def open(self) -> None:
        """Connect; the file is made if it is missing."""
        loop = asyncio.get_running_loop()
        connection = await loop.run_in_executor(None, self._open_writer)
        self._writer.start(connection, loop)
        self._readers.start(loop)
        self._open = True

    def _open_writer(self) -> sqlite3.Connection:
        return connect(
            self._path,
            (
                "PRAGMA journal_mode = WAL",
                f"PRAGMA synchronous = {self._synchronous}",
            ),
        )

    async def close(self) -> None:
        """Finish what is queued, then close every connection."""
        if not self._open:
            return
        self._open = False
        await self._readers.end()
        await self._writer.end()  # the last to close takes the write-ahead log in

    def _refuse_misuse(self) -> None:
        if threading.get_ident() == self._writer.ident:
            raise nested()
        if not self._open:
            msg = "the database is not open"
            raise RuntimeError(msg)

    # Reading

    async def all(self, statement: Statement[R], values: dict[str, object]) -> list[R]:
        """Every row."""
        self._refuse_misuse()
        found: list[R] = await self._readers.ask(read_all, statement, values)
        return found

    async def one(self, statement: Statement[R], values: dict[str, object]) -> R | None:
        """The first row, or None."""
        self._refuse_misuse()
        found: R | None = await self._readers.ask(read_one, statement, values)
        return found

    async def look(self, work: Look[T]) -> T:
        """Several questions in one snapshot, for the price of one turn of a reader."""
        self._refuse_misuse()
        found: T = await self._readers.ask(look, work, None)
        return found

    async def rows(self, sql: str, values: list[Any]) -> list[dict[str, Any]]:
        """Rows of any SQL, undecoded."""
        self._refuse_misuse()
        found: list[dict[str, Any]] = await self._readers.ask(read_undecoded, sql, values)
        return found

    async def copy_to(self, path: Path) -> None:
        """Copy the whole database into a new file, beside the readers and the writer."""

        def copy() -> None:
            connection = connect(self._path)
            try:
                connection.execute("VACUUM INTO ?", (str(path),))
            finally:
                connection.close()

        await asyncio.get_running_loop().run_in_executor(None, copy)

    async def tidy(self) -> None:
        """Look after the planner's statistics, and take the write-ahead log in."""

        def look_after() -> None:
            connection = connect(self._path)
            try:
                for pragma in ("PRAGMA optimize", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    connection.execute(pragma).close()
            finally:
                connection.close()

        await asyncio.get_running_loop().run_in_executor(None, look_after)

    # Writing

    async def unit(self, work: Work[T], lane: Lane) -> T:
        """Queue a unit and wait for its commit."""
        self._refuse_misuse()
        return await self._writer.add(work, lane)
