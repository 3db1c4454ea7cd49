"""How many messages each colleague got by himself, by day."""

from server.storage.database import Statement, Unit

_COUNT = Statement(
    "INSERT INTO told (day, staff, messages) VALUES (:day, :staff, 1)"
    " ON CONFLICT (day, staff) DO UPDATE SET messages = told.messages + 1 RETURNING messages",
    int,
)


async def count(unit: Unit, day: str, staff: int) -> int:
    """One more on this day (local, ISO); how many that makes."""
    return await unit.one(_COUNT, day=day, staff=staff) or 0
