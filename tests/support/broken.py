"""A database whose units fail at a chosen statement, and a picture of everything in it."""

from collections.abc import Callable
from typing import Any

from server.storage.database import Database, Lane, Unit
from server.storage.tables import TABLES
from server.storage.units import Work


class Crash(Exception):
    """The unit was interrupted here."""


class _Counted:
    """A unit that counts its statements and is interrupted before the n-th one."""

    def __init__(self, unit: Unit, before: Callable[[], None]) -> None:
        self._unit = unit
        self._before = before
        self.dialect = unit.dialect
        self.after_commit = unit.after_commit

    def __getattr__(self, name: str) -> Any:
        wanted = getattr(self._unit, name)

        async def asked(*args: Any, **values: Any) -> Any:
            self._before()
            return await wanted(*args, **values)

        return asked


class BrokenDatabase:
    """Stands where the desk's database stands. `crash_at` None: nothing is interrupted; one more
    than the number of statements: interrupted when all are done, before the commit.
    """

    def __init__(self, database: Database) -> None:
        self.real = database
        self.crash_at: int | None = None
        self.statements = 0
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def all(self, *args: Any, **values: Any) -> Any:
        """A statement outside a unit."""
        self.reads += 1
        return self.real.all(*args, **values)

    def one(self, *args: Any, **values: Any) -> Any:
        """A statement outside a unit."""
        self.reads += 1
        return self.real.one(*args, **values)

    def _count(self) -> None:
        self.statements += 1
        if self.statements == self.crash_at:
            raise Crash

    async def unit(self, work: Work[Any], *, lane: Lane = "interactive") -> Any:
        """Run a unit that may be interrupted."""

        async def watched(unit: Unit) -> Any:
            self.statements = 0  # a unit may be run again, when another in its batch failed
            found = await work(_Counted(unit, self._count))
            self._count()
            return found

        return await self.real.unit(watched, lane=lane)


async def picture(database: Database) -> dict[str, list[str]]:
    """Every row of every table."""
    shown: dict[str, list[str]] = {}
    for table in TABLES:
        name = table._meta.tablename  # noqa: SLF001
        rows = await database.rows(f"SELECT * FROM {name}", [])
        shown[name] = sorted(repr(row) for row in rows)
    return shown
