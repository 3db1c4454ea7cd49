"""统计: today's and this week's figures of a colleague and of his teams."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from server.desk import Desk
from server.domain.people import Staff
from server.domain.ticket import OPEN_CATEGORIES
from server.storage import figures, tickets
from server.storage.figures import Solved
from server.storage.tickets import TallyCell


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Solved today and this week, open and overdue now, and the week's mean rating, if any.
    `team` None: of the colleague himself.
    """

    team: str | None
    today: int
    week: int
    open: int
    overdue: int
    rating: float | None


async def read_figures(desk: Desk, by: Staff) -> list[Figures]:
    """His own, then those of each of his teams."""
    firm = await desk.firm()
    zone = ZoneInfo(firm.profile.zone)
    today = desk.clock.now().astimezone(zone).date()
    day = datetime.combine(today, time(), zone)
    week = datetime.combine(today - timedelta(days=today.weekday()), time(), zone)
    with desk.activity.busy():
        solved = await figures.solved_since(desk.database, day, week)
        cells = await tickets.read_tally(desk.database)
    mine = sorted(team.id for team in firm.teams.values() if by.id in team.people)
    own = _sum(
        None,
        [one for one in solved if one.assignee == by.id],
        [one for one in cells if one.assignee == by.id],
    )
    return [
        own,
        *(
            _sum(
                team,
                [one for one in solved if one.team == team],
                [one for one in cells if one.team == team],
            )
            for team in mine
        ),
    ]


def _sum(team: str | None, solved: list[Solved], cells: list[TallyCell]) -> Figures:
    points, rated = sum(one.points for one in solved), sum(one.rated for one in solved)
    in_work = [one for one in cells if one.status_category in OPEN_CATEGORIES]
    return Figures(
        team=team,
        today=sum(one.today for one in solved),
        week=sum(one.week for one in solved),
        open=sum(one.tickets for one in in_work),
        overdue=sum(one.tickets for one in in_work if one.breached),
        rating=points / rated if rated else None,
    )
