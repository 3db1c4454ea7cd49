"""What was solved lately, by team and colleague: read from the index of solved tickets, a week at
most.
"""

from datetime import datetime

import msgspec

from server.storage.database import Reading, Statement


class Solved(msgspec.Struct, frozen=True, kw_only=True):
    """How many tickets were solved since a day began and since a week began, and the ratings that
    those of the week got.
    """

    team: str | None
    assignee: int | None
    today: int
    week: int
    points: int
    rated: int


_SOLVED = Statement(
    "SELECT team, assignee,"
    " SUM(CASE WHEN resolved_at >= :day THEN 1 ELSE 0 END) AS today,"
    " SUM(1) AS week, SUM(COALESCE(rating, 0)) AS points,"
    " SUM(CASE WHEN rating IS NULL THEN 0 ELSE 1 END) AS rated"
    " FROM ticket WHERE resolved_at >= :week GROUP BY team, assignee",
    Solved,
)


async def solved_since(db: Reading, day: datetime, week: datetime) -> list[Solved]:
    """By team and colleague; only what was solved since the week began is read."""
    return await db.all(_SOLVED, day=day, week=week)
