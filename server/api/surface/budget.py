"""How people are told, and what a chat platform's month has left."""

from typing import Final

from server.api import schemas_budget as s
from server.api.surface.operation import ADMINISTRATORS, EVERYBODY, Operation

BUDGET: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/v1/habits",
        id="readHabits",
        summary="How I want to be told, and the teams whose groups I lead",
        roles=EVERYBODY,
        answer=s.HabitsShown,
    ),
    Operation(
        method="PUT",
        path="/api/v1/habits",
        id="saveHabits",
        summary="Say how I want to be told",
        roles=EVERYBODY,
        body=s.HabitsWanted,
    ),
    Operation(
        method="PUT",
        path="/api/v1/habits/teams/{id:str}",
        id="saveTeamHabits",
        summary="Say what a team's group hears",
        roles=EVERYBODY,
        body=s.TeamHabitsWanted,
    ),
    Operation(
        method="GET",
        path="/api/v1/channels/{kind:str}/budget",
        id="readBudget",
        summary="What a chat platform counted this month, and how long it lasts",
        roles=ADMINISTRATORS,
        answer=tuple[s.MeterShown, ...],
    ),
    Operation(
        method="PUT",
        path="/api/v1/channels/{kind:str}/budget",
        id="correctBudget",
        summary="Correct a meter by what the platform's own page says",
        roles=ADMINISTRATORS,
        body=s.CorrectionWanted,
    ),
)
