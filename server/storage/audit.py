"""What proving needs to read: every ticket in pages, and what is kept beside one."""

from typing import Final

import msgspec

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


class Held(msgspec.Struct, frozen=True):
    """How many open tickets of a priority and category a colleague has, in work or waiting."""

    assignee: int
    priority: str
    category: str
    works: bool
    tickets: int


_HELD = Statement(
    "SELECT assignee, priority, COALESCE(category, '') AS category,"
    " status_category IN ('new', 'open') AS works, COUNT(*) AS tickets FROM ticket"
    " WHERE assignee IS NOT NULL AND status_category NOT IN"
    " ('resolved', 'closed', 'cancelled', 'merged') GROUP BY 1, 2, 3, 4",
    Held,
)
_UNHELD = Statement(
    "SELECT number FROM ticket WHERE assignee IS NULL AND status_category IN ('new', 'open')"
    " ORDER BY number",
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


async def list_held(db: Reading) -> list[Held]:
    """Who has how many open tickets, counted."""
    return await db.all(_HELD)


async def list_unheld(db: Reading) -> list[int]:
    """Tickets that nobody has and somebody should."""
    return await db.all(_UNHELD)
