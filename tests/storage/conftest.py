"""A small schema of its own for the tests of units and values."""

from collections.abc import AsyncIterator, Callable

import pytest

from server.storage.database import Database, Unit

SCHEMA = {
    "sqlite": "at TEXT, flag INTEGER, words TEXT, whole INTEGER, broken REAL",
    "postgres": 'at TIMESTAMPTZ, flag BOOLEAN, words TEXT COLLATE "C", whole BIGINT,'
    " broken DOUBLE PRECISION",
}


async def make_tables(unit: Unit) -> None:
    text = "TEXT" if unit.dialect == "sqlite" else 'TEXT COLLATE "C"'
    await unit.execute("CREATE TABLE ledger (id INTEGER PRIMARY KEY, seq BIGINT NOT NULL)")
    await unit.execute("INSERT INTO ledger VALUES (1, 0)")
    await unit.execute(f"CREATE TABLE event (seq BIGINT PRIMARY KEY, body {text} NOT NULL)")
    await unit.execute(
        f"CREATE TABLE thing (id BIGINT PRIMARY KEY, version INTEGER NOT NULL, holder {text})"
    )
    await unit.execute("INSERT INTO thing VALUES (1, 0, NULL)")
    await unit.execute(f"CREATE TABLE value (id BIGINT PRIMARY KEY, {SCHEMA[unit.dialect]})")


@pytest.fixture
async def database(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    opened = Database.from_url(url)
    await opened.open()
    await opened.unit(make_tables)
    yield opened
    await opened.close()


@pytest.fixture
def open_another(url: str) -> Callable[..., Database]:
    """A second instance on the same database."""
    return lambda **options: Database.from_url(url, **options)
