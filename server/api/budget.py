"""Answers how people are told, and what a chat platform's month has left."""

from datetime import timedelta
from typing import Final

import msgspec

from server.api import schemas_budget as s
from server.api.admin import UnknownChannel
from server.api.calls import Call, Handler
from server.domain.habits import OF_TEAMS, TOPICS, Habits, TeamHabits, manner_of
from server.usecases import budget, habits

_MINUTE: Final = timedelta(minutes=1)
_METERED: Final = frozenset({"dingtalk"})


async def read_habits(call: Call) -> s.HabitsShown:
    """Mine, and those of the teams that I may change."""
    firm = await call.desk.firm()
    teams = [team for team in sorted(firm.teams) if habits.may_save(firm, call.by, team)]
    manners = {topic: manner_of(topic, None) for topic in TOPICS}
    return s.HabitsShown(
        mine=msgspec.convert(
            msgspec.to_builtins(firm.habits.get(call.by.id, Habits())), s.HabitsWanted
        ),
        teams={
            team: msgspec.convert(
                msgspec.to_builtins(firm.team_habits.get(team, TeamHabits())), s.TeamHabitsWanted
            )
            for team in teams
        },
        topics=tuple(
            s.TopicShown(
                id=topic,
                chat=manner.chat,
                minutes=manner.span // _MINUTE,
                team=topic in OF_TEAMS,
            )
            for topic, manner in manners.items()
        ),
        platforms=tuple(sorted(firm.reach.people)),
    )


async def save_habits(call: Call, asked: s.HabitsWanted) -> None:
    """From now on."""
    await habits.save_own(call.desk, call.by, msgspec.convert(msgspec.to_builtins(asked), Habits))


async def save_team_habits(call: Call, asked: s.TeamHabitsWanted) -> None:
    """From now on."""
    wanted = msgspec.convert(msgspec.to_builtins(asked), TeamHabits)
    await habits.save_teams(call.desk, call.by, call.text("id"), wanted)


async def read_budget(call: Call) -> tuple[s.MeterShown, ...]:
    """Both meters. Refuses `UnknownChannel` for a platform that counts nothing."""
    kind = _metered(call)
    return tuple(
        s.MeterShown(
            name=one.name,
            used=one.used,
            limit=one.limit,
            today=one.today,
            allowance=one.allowance,
            runs_out=one.runs_out,
            full_at=one.full_at,
            corrected_at=one.corrected_at,
        )
        for one in await budget.read(call.desk, kind)
    )


async def correct_budget(call: Call, asked: s.CorrectionWanted) -> None:
    """What the platform's own page says counts from now on."""
    await budget.correct(call.desk, call.by, _metered(call), asked.name, asked.used)


def _metered(call: Call) -> str:
    kind = call.text("kind")
    if kind not in _METERED or kind not in call.desk.platforms:
        raise UnknownChannel(kind=kind)
    return kind


HANDLERS: Final[dict[str, Handler]] = {
    "readHabits": read_habits,
    "saveHabits": save_habits,
    "saveTeamHabits": save_team_habits,
    "readBudget": read_budget,
    "correctBudget": correct_budget,
}
