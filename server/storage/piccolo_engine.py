"""Plain Piccolo queries through the desk's own connections, for rare and administrative paths.

Piccolo's shipped SQLite engine opens a connection and a thread per query and can lock up for good
(facts: stack 1.2), so its public hooks are bound to `Database` instead. Bind a table by hand:
`Ticket._meta.db = DeskEngine(database)`. Reading goes to the readers, all else is one unit each.
Rows are what the driver gives: on SQLite an instant is text and a boolean 0 or 1.
"""

import contextvars
from typing import Any, NoReturn

from piccolo.engine.base import Engine
from piccolo.querystring import QueryString

from server.storage.binding import adapt_for_postgres, adapt_for_sqlite
from server.storage.database import Database, Unit


class TransactionRefused(RuntimeError):
    """Piccolo's transactions do not exist inside the desk: a change is a unit of work."""


class DeskEngine(Engine[Any]):
    """Piccolo's engine over a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.current_transaction = contextvars.ContextVar("no_transaction", default=None)
        super().__init__(engine_type=database.dialect, min_version_number=0)

    async def get_version(self) -> float:
        """Not asked for here: `Database.open` meets the server first."""
        return 0.0

    def get_version_sync(self) -> float:
        """A version in which INSERT … RETURNING exists on both."""
        return 99.0

    async def prep_database(self) -> None:
        """Nothing to prepare: the steps of `migrate` make the schema."""

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> object:  # noqa: ARG002, FBT001, FBT002
        """Run what Piccolo built."""
        sql, given = querystring.compile_string(engine_type=self.engine_type)
        adapt = adapt_for_sqlite if self.engine_type == "sqlite" else adapt_for_postgres
        values = [adapt(value) for value in given]
        if sql.lstrip()[:6].upper() == "SELECT":
            return await self._database.rows(sql, values)

        async def change(unit: Unit) -> list[dict[str, Any]]:
            return await unit.rows(sql, values)

        return await self._database.unit(change)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> object:  # noqa: ARG002, FBT001, FBT002
        """Run a change of the schema."""

        async def change(unit: Unit) -> None:
            await unit.execute(ddl)

        await self._database.unit(change)
        return []

    def _refuse(self) -> NoReturn:
        msg = "use database.unit(): Piccolo's transactions and batches are closed in the desk"
        raise TransactionRefused(msg)

    async def batch(self, *_args: object, **_options: object) -> NoReturn:
        """Refused."""
        self._refuse()

    def transaction(self, *_args: object, **_options: object) -> NoReturn:
        """Refused."""
        self._refuse()

    def atomic(self, *_args: object, **_options: object) -> NoReturn:
        """Refused."""
        self._refuse()
