"""SQLite's connections, and the questions that are asked of one (facts: stack 1)."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from server.storage.prepared import Prepared, Statement

R = TypeVar("R")

_COMMON_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
)


def connect(path: Path, pragmas: tuple[str, ...] = ()) -> sqlite3.Connection:
    """A connection for one thread at a time, which begins and ends its transactions itself."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    for pragma in (*_COMMON_PRAGMAS, *pragmas):
        connection.execute(pragma).close()
    return connection


def _decoder(
    statement: Statement[R], prepared: Prepared, cursor: sqlite3.Cursor
) -> Callable[[Any], R]:
    columns = [column[0] for column in cursor.description or ()]
    return statement.decoder(prepared, columns)


Execute = Callable[..., sqlite3.Cursor]
"""`execute(sql, values)` of a connection or a cursor."""


def read_undecoded(execute: Execute, sql: str, values: list[Any]) -> list[dict[str, Any]]:
    """Every row of any SQL, by column."""
    cursor = execute(sql, values)
    columns = [column[0] for column in cursor.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def read_all(execute: Execute, statement: Statement[R], values: dict[str, object]) -> list[R]:
    """Every row of the answer."""
    if statement.packed:
        prepared = statement.sqlite_packed
        return statement.decode_packed(execute(prepared.sql, prepared.bind(values)).fetchone()[0])
    prepared = statement.sqlite
    cursor = execute(prepared.sql, prepared.bind(values))
    rows = cursor.fetchall()
    if not rows:
        return []
    decode = prepared.decode or _decoder(statement, prepared, cursor)
    return [decode(row) for row in rows]


def read_one(execute: Execute, statement: Statement[R], values: dict[str, object]) -> R | None:
    """The first row of the answer, or None."""
    prepared = statement.sqlite
    cursor = execute(prepared.sql, prepared.bind(values))
    row = cursor.fetchone()
    if row is None:
        return None
    found: R = (prepared.decode or _decoder(statement, prepared, cursor))(row)
    return found
