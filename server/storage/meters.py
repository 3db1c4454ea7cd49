"""What a chat platform counts by month, one row a meter."""

from datetime import datetime

from server.domain.quota import Meter
from server.storage.database import Reading, Statement, Unit

_COLUMNS = "month, name, used, day, before, full_at, corrected_at, corrected_by"
_ADD = Statement[None](
    "INSERT INTO meter (month, name, used, day, before) VALUES (:month, :name, :calls, :day, 0)"
    " ON CONFLICT (month, name) DO UPDATE SET used = meter.used + excluded.used,"
    " before = CASE WHEN meter.day = excluded.day THEN meter.before ELSE meter.used END,"
    " day = excluded.day"
)
_FIND = Statement(
    f"SELECT {_COLUMNS} FROM meter WHERE month = :month AND name = :name",  # noqa: S608
    Meter,
)
_FILL = Statement[None](
    "INSERT INTO meter (month, name, used, day, before, full_at)"
    " VALUES (:month, :name, :least, :day, 0, :at)"
    " ON CONFLICT (month, name) DO UPDATE SET full_at = excluded.full_at,"
    " used = CASE WHEN meter.used > excluded.used THEN meter.used ELSE excluded.used END"
)
_CORRECT = Statement[None](
    "INSERT INTO meter (month, name, used, day, before, corrected_at, corrected_by)"
    " VALUES (:month, :name, :used, :day, :used, :at, :by)"
    " ON CONFLICT (month, name) DO UPDATE SET used = excluded.used, before = excluded.before,"
    " day = excluded.day, full_at = NULL, corrected_at = excluded.corrected_at,"
    " corrected_by = excluded.corrected_by"
)


async def add(unit: Unit, month: str, name: str, calls: int, day: str) -> None:
    """So many calls more on this day."""
    await unit.run(_ADD, month=month, name=name, calls=calls, day=day)


async def find(db: Reading, month: str, name: str) -> Meter | None:
    """A meter in a month, or None: nothing was counted."""
    return await db.one(_FIND, month=month, name=name)


async def fill(  # noqa: PLR0917
    unit: Unit, month: str, name: str, least: int, day: str, at: datetime
) -> None:
    """The platform says that nothing is left: it has counted at least the limit."""
    await unit.run(_FILL, month=month, name=name, least=least, day=day, at=at)


async def correct(  # noqa: PLR0917
    unit: Unit, month: str, name: str, used: int, day: str, at: datetime, by: int
) -> None:
    """Somebody knows better how many calls there were."""
    await unit.run(_CORRECT, month=month, name=name, used=used, day=day, at=at, by=by)
