"""The schema, step by step: numbered steps, listed here by import, applied in order at start.

Each step runs in its own transaction, together with its row in `schema_step`. Before the first
pending step of a database that has content, SQLite's file is copied beside itself. A database that
is newer than this program is refused, never guessed at. One truth: a fresh database runs the same
steps.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from server.storage.database import Database, Statement, Unit
from server.storage.migrations import (
    s0001_first_schema,
    s0002_law,
    s0003_ladders,
    s0004_rules,
    s0005_routing,
    s0006_duty,
    s0008_merging,
    s0009_chat,
    s0010_held_replies,
    s0011_cards,
    s0012_search,
    s0013_reports,
    s0014_meters,
    s0015_attachments,
)


class Step(msgspec.Struct, frozen=True):
    """One change of the schema; append only."""

    number: int
    name: str
    up: Callable[[Unit], Awaitable[None]]


STEPS: Final = (
    Step(1, "first_schema", s0001_first_schema.up),
    Step(2, "law", s0002_law.up),
    Step(3, "ladders", s0003_ladders.up),
    Step(4, "rules", s0004_rules.up),
    Step(5, "routing", s0005_routing.up),
    Step(6, "duty", s0006_duty.up),
    Step(8, "merging", s0008_merging.up),
    Step(9, "chat", s0009_chat.up),
    Step(10, "held_replies", s0010_held_replies.up),
    Step(11, "cards", s0011_cards.up),
    Step(12, "search", s0012_search.up),
    Step(13, "reports", s0013_reports.up),
    Step(14, "meters", s0014_meters.up),
    Step(15, "attachments", s0015_attachments.up),
)

_LOCK: Final = 7_240_001
"""Key of the advisory lock that two instances starting at once compete for."""


class DatabaseIsNewer(Exception):
    """The database was made by a newer Paidan; start that one, or restore a backup."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(f"the database is at step {found}, this program knows {known}")
        self.found = found
        self.known = known


_NEWEST = Statement("SELECT COALESCE(MAX(number), 0) FROM schema_step", int)
_HAS_STEPS = Statement(
    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_step'",
    int,
    postgres="SELECT COUNT(*) FROM pg_tables"
    " WHERE schemaname = current_schema() AND tablename = 'schema_step'",
)
_MADE = Statement[None](
    "INSERT INTO schema_step (number, name, applied_at) VALUES (:number, :name, :at)"
)
_ALONE = Statement("SELECT 1", int, postgres=f"SELECT 1 FROM pg_advisory_xact_lock({_LOCK})")  # noqa: S608
_TABLE: Final = {
    "sqlite": "CREATE TABLE IF NOT EXISTS schema_step"
    " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)",
    "postgres": "CREATE TABLE IF NOT EXISTS schema_step"
    ' (number INTEGER PRIMARY KEY, name TEXT COLLATE "C" NOT NULL,'
    " applied_at TIMESTAMPTZ NOT NULL)",
}


async def read_version(database: Database) -> int:
    """The last step applied; 0 for a database without any."""
    if not await database.one(_HAS_STEPS):
        return 0
    return await database.one(_NEWEST) or 0


async def migrate(
    database: Database, at: datetime, steps: tuple[Step, ...] = STEPS
) -> tuple[int, ...]:
    """Apply what is pending; returns the applied numbers. `DatabaseIsNewer` changes nothing."""
    found, known = await read_version(database), steps[-1].number
    if found > known:
        raise DatabaseIsNewer(found, known)
    pending = [step for step in steps if step.number > found]
    if pending and found > 0:
        await _back_up(database, pending[0].number)
    applied = [step.number for step in pending if await _apply(database, step, at)]
    return tuple(applied)


async def _apply(database: Database, step: Step, at: datetime) -> bool:
    async def up(unit: Unit) -> bool:
        await unit.one(_ALONE)
        await unit.execute(_TABLE[unit.dialect])
        if (await unit.one(_NEWEST) or 0) >= step.number:
            return False  # Another instance was quicker.
        await step.up(unit)
        await unit.run(_MADE, number=step.number, name=step.name, at=at)
        return True

    return await database.unit(up)


def backup_path(database: Path, step: int) -> Path:
    """Where the copy from before a step lies."""
    return database.with_name(f"{database.name}.before-step-{step}.bak")


async def _back_up(database: Database, step: int) -> None:
    if database.path is None:
        return
    copy = backup_path(database.path, step)
    copy.unlink(missing_ok=True)  # left by a start that failed in this very step
    await database.copy_to(copy)
