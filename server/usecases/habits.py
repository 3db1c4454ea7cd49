"""Everybody says how he wants to be told; whoever leads a team says it for the team's group."""

from server.domain.errors import Invalid, NotAllowed, UnknownTeam
from server.domain.events import Actor
from server.domain.firm import Firm
from server.domain.habits import OF_TEAMS, Habits, TeamHabits
from server.domain.people import LEADING, Staff
from server.usecases.acts import Act, change
from server.usecases.administration import save_document


@change
async def save_own(act: Act, by: Staff, habits: Habits) -> None:
    """How this colleague wants to be told from now on. Refuses `Invalid(platform)` for one that is
    not switched on.
    """
    firm = await act.firm()
    if habits.platform and habits.platform not in firm.reach.people:
        raise Invalid(platform="choice")
    await save_document(act, "habits", str(by.id), habits, Actor("staff", by.id))


@change
async def save_teams(act: Act, by: Staff, team: str, habits: TeamHabits) -> None:
    """What a team's group hears from now on. Refuses `UnknownTeam`, `NotAllowed` for whoever does
    not lead it, and `Invalid(topics)` for what no group hears of.
    """
    firm = await act.firm()
    if team not in firm.teams:
        raise UnknownTeam(team=team)
    if not may_save(firm, by, team):
        raise NotAllowed
    if not OF_TEAMS.issuperset(habits.topics):
        raise Invalid(topics="choice")
    await save_document(act, "team_habits", team, habits, Actor("staff", by.id))


def may_save(firm: Firm, by: Staff, team: str) -> bool:
    """Whether somebody says what a team's group hears: its leaders, and who leads the firm."""
    return by.role in LEADING or by.id in firm.teams[team].leaders
