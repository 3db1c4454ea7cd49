"""The runner of the numbered steps, and the schema they make."""
# ruff: noqa: SLF001  # what Piccolo knows of a table stands in `_meta`

import asyncio
from datetime import UTC, datetime

import pytest
from piccolo.columns import Boolean, Timestamptz

from server.storage import tables
from server.storage.database import Database, Statement, Unit
from server.storage.migrate import STEPS, DatabaseIsNewer, Step, backup_path, migrate, read_version
from server.storage.piccolo_engine import DeskEngine, TransactionRefused

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


async def _first(unit: Unit) -> None:
    await unit.execute("CREATE TABLE one (id INTEGER PRIMARY KEY)")


async def _second(unit: Unit) -> None:
    await unit.execute("ALTER TABLE one ADD COLUMN name TEXT")


async def _breaks(unit: Unit) -> None:
    await unit.execute("CREATE TABLE two (id INTEGER PRIMARY KEY)")
    raise LookupError("half way")


ONE, TWO = Step(1, "first", _first), Step(2, "second", _second)


@pytest.fixture
async def empty(url: str, anyio_backend: str):
    database = Database.from_url(url)
    await database.open()
    yield database
    await database.close()


async def test_steps_run_once_in_order(empty: Database):
    assert await read_version(empty) == 0
    assert await migrate(empty, AT, (ONE,)) == (1,)
    assert await migrate(empty, AT, (ONE, TWO)) == (2,)
    assert await migrate(empty, AT, (ONE, TWO)) == ()
    made = Statement("SELECT applied_at FROM schema_step ORDER BY number", datetime)
    assert await empty.all(made) == [AT, AT]


async def test_a_step_that_breaks_leaves_nothing(empty: Database):
    await migrate(empty, AT, (ONE,))
    with pytest.raises(LookupError):
        await migrate(empty, AT, (ONE, Step(2, "breaks", _breaks)))
    assert await read_version(empty) == 1
    assert await migrate(empty, AT, (ONE, TWO)) == (2,)


async def test_a_newer_database_is_refused_with_both_versions(empty: Database):
    await migrate(empty, AT, (ONE, TWO))
    with pytest.raises(DatabaseIsNewer, match="step 2, this program knows 1"):
        await migrate(empty, AT, (ONE,))


async def test_two_instances_at_once_apply_a_step_once(empty: Database, open_another):
    other = open_another()
    await other.open()
    done = await asyncio.gather(*(migrate(one, AT, (ONE, TWO)) for one in (empty, other)))
    await other.close()
    assert sorted(done[0] + done[1]) == [1, 2]


async def test_the_file_is_copied_before_a_step(empty: Database):
    await migrate(empty, AT, (ONE,))
    await empty.unit(_add_row)
    await migrate(empty, AT, (ONE, TWO))
    if empty.path is None:
        return  # PostgreSQL has its own tools for backups.
    copy = backup_path(empty.path, 2)
    before = Database.from_url(f"sqlite:///{copy}")
    await before.open()
    assert await before.all(Statement("SELECT id FROM one", int)) == [7]
    assert await read_version(before) == 1
    await before.close()
    assert not backup_path(empty.path, 1).exists()


async def _add_row(unit: Unit) -> None:
    await unit.execute("INSERT INTO one (id) VALUES (7)")


_COLUMNS = {
    "sqlite": "SELECT m.name AS tab, p.name AS col, p.type AS kind FROM sqlite_master m"
    " JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
    "postgres": "SELECT table_name AS tab, column_name AS col, data_type AS kind"
    " FROM information_schema.columns WHERE table_schema = 'public'",
}
_KINDS = {
    "TEXT": {"text"},
    "INTEGER": {"integer", "bigint", "boolean"},
    "BIGINT": {"bigint"},
    "BOOLEAN": {"boolean", "integer"},
    "TIMESTAMPTZ": {"timestamp with time zone", "text"},
    "SERIAL": {"integer", "bigint"},
    "BIGSERIAL": {"bigint", "integer"},
}


async def test_the_migrated_schema_agrees_with_tables(empty: Database):
    await migrate(empty, AT)
    numbers = [step.number for step in STEPS]
    assert numbers == sorted(set(numbers))
    rows = await empty.rows(_COLUMNS[empty.dialect], [])
    made: dict[str, dict[str, str]] = {}
    for row in rows:
        made.setdefault(row["tab"], {})[row["col"]] = row["kind"].lower()
    made.pop("schema_step")
    declared = {table._meta.tablename: table for table in tables.TABLES}
    assert set(made) == set(declared)
    for name, table in declared.items():
        columns = {column._meta.name: column for column in table._meta.columns}
        assert set(made[name]) == set(columns), name
        for column_name, column in columns.items():
            kind = made[name][column_name]
            if empty.dialect == "postgres":
                assert isinstance(column, Boolean) == (kind == "boolean"), (name, column_name)
            assert isinstance(column, Timestamptz) <= (kind in _KINDS["TIMESTAMPTZ"])


async def test_plain_piccolo_queries_run_on_the_same_connections(empty: Database):
    await migrate(empty, AT)
    engine = DeskEngine(empty)
    table = tables.Counter
    before = table._meta._db
    table._meta.db = engine
    try:
        assert await table.select(table.last).where(table.name == "ticket") == [{"last": 0}]
        await table.insert(table(name="other", last=5))
        await table.update({table.last: 6}).where(table.name == "other")
        assert await table.count() == 2
        assert await table.select(table.last).where(table.name == "other") == [{"last": 6}]
        with pytest.raises(TransactionRefused):
            engine.transaction()
    finally:
        table._meta._db = before
