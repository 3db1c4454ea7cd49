"""What proving needs to read: every ticket in pages, and what is kept beside one."""

from typing import Final

from server.storage.database import Reading, Statement

PAGE: Final = 200

_NUMBERS = Statement(
    "SELECT number FROM ticket WHERE number > :after ORDER BY number LIMIT :limit", int
)
_STRAY_TIMERS = Statement(
    "SELECT COUNT(*) FROM timer WHERE ticket IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.number = timer.ticket)",
    int,
)
_UNTOLD = Statement(
    "SELECT DISTINCT ticket FROM event WHERE ticket IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.number = event.ticket) ORDER BY 1 LIMIT 10",
    int,
)


async def list_numbers(db: Reading, after: int) -> list[int]:
    """The next page of ticket numbers."""
    return await db.all(_NUMBERS, after=after, limit=PAGE)


async def count_stray_timers(db: Reading) -> int:
    """Timers of tickets that are not there."""
    return await db.one(_STRAY_TIMERS) or 0


async def list_untold(db: Reading) -> list[int]:
    """Some tickets that the log speaks of and that are not there."""
    return await db.all(_UNTOLD)
