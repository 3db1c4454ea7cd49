"""What a unit of work is to those who write and run it, whatever engine lies below.

StorageTrouble
├── Overloaded        the queue is full: come again later
├── SuspendedInUnit   a unit awaited something that is not storage
├── NestedUnit        a unit was begun inside another
├── ReadFailed        the database did not answer a question; asking again later may help
└── CommitFailed      the batch could not be committed; nothing of it remains
    └── WriterLost    the connection broke on the way; whether it was committed is unknown
"""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from server.storage.binding import Dialect
from server.storage.prepared import Statement

R = TypeVar("R")
T = TypeVar("T")
Lane = Literal["interactive", "background"]


class StorageTrouble(Exception):
    """The database could not do what was asked; not the fault of a rule."""


class Overloaded(StorageTrouble):
    """Too many units are waiting (decision 3). `retry_after` is a guess, not a promise."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__(f"too many changes are waiting; try again in {retry_after}")
        self.retry_after = retry_after


class SuspendedInUnit(StorageTrouble):
    """A unit may await nothing but its own storage (decision 1)."""


class NestedUnit(StorageTrouble):
    """Units never nest (decision 9)."""


class ReadFailed(StorageTrouble):
    """PostgreSQL did not answer a question: it is away, ending, or took too long."""


class CommitFailed(StorageTrouble):
    """The database refused the commit, for instance because the disk is full."""


class WriterLost(CommitFailed):
    """The connection to PostgreSQL broke. Later units get a new one."""


class Reading(Protocol):
    """What every reading function of storage takes first: the database, or a unit."""

    @property
    def dialect(self) -> Dialect:
        """Which SQL is spoken."""
        ...

    def all(self, statement: Statement[R], /, **values: object) -> Coroutine[Any, Any, list[R]]:
        """Every row."""
        ...

    def one(self, statement: Statement[R], /, **values: object) -> Coroutine[Any, Any, R | None]:
        """The first row, or None."""
        ...


class Unit(Reading, Protocol):
    """One unit of work: lives for one `database.unit()`, all or nothing."""

    def run(self, statement: Statement[Any], /, **values: object) -> Coroutine[Any, Any, int]:
        """Change rows; how many were touched."""
        ...

    def execute(self, sql: str) -> Coroutine[Any, Any, None]:
        """One statement of a migration: no values, no rows."""
        ...

    def rows(self, sql: str, values: list[Any]) -> Coroutine[Any, Any, list[dict[str, Any]]]:
        """Run SQL in the engine's own dialect; its rows, undecoded."""
        ...

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call this on the loop's thread once the unit is committed, and only then."""
        ...


Work = Callable[[Unit], Coroutine[Any, Any, T]]
"""What is run as a unit. It may be run once more from the start when a neighbour in its batch had
to be undone, so it changes nothing but the database and reads nothing that its first run changed.
"""

Look = Callable[[Reading], Coroutine[Any, Any, T]]
"""What is run as a look: it asks several questions of one moment and awaits nothing else."""


class Engine(Protocol):
    """What `Database` needs of SQLite and of PostgreSQL."""

    dialect: Dialect
    on_commit: Callable[[int], None] | None

    @property
    def commits(self) -> int:
        """Commits since it was made."""
        ...

    @property
    def units(self) -> int:
        """Units committed since it was made."""
        ...

    async def open(self) -> None:
        """Connect."""
        ...

    async def close(self) -> None:
        """Finish what is queued and disconnect."""
        ...

    def all(
        self, statement: Statement[R], values: dict[str, object]
    ) -> Coroutine[Any, Any, list[R]]:
        """Every row."""
        ...

    def one(
        self, statement: Statement[R], values: dict[str, object]
    ) -> Coroutine[Any, Any, R | None]:
        """The first row, or None."""
        ...

    def rows(self, sql: str, values: list[Any]) -> Coroutine[Any, Any, list[dict[str, Any]]]:
        """Rows of SQL in the engine's own dialect, undecoded."""
        ...

    def look(self, work: Look[T]) -> Coroutine[Any, Any, T]:
        """Several questions in one snapshot."""
        ...

    async def copy_to(self, path: Path) -> None:
        """Copy the whole database into a new file."""
        ...

    async def tidy(self) -> None:
        """Nightly care that the database does not take of itself."""
        ...

    def unit(self, work: Work[T], lane: Lane) -> Coroutine[Any, Any, T]:
        """Run a unit."""
        ...
