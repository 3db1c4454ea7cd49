"""The wire contract of notices and budgets: how people are told, and what a month has left."""

from datetime import date
from typing import Annotated, Literal

import msgspec

from server.api.schemas import Asked, Instant
from server.domain.habits import DAILY, Topic


class WishShown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one topic comes: in chat or not, within how many minutes as one message. Null: as by
    default.
    """

    chat: bool | None = None
    minutes: Annotated[int, msgspec.Meta(ge=0, le=240)] | None = None


class TopicShown(msgspec.Struct, frozen=True, kw_only=True):
    """A topic and how it comes by default; `team`: whether groups hear of it."""

    id: str
    chat: bool
    minutes: int
    team: bool


class HabitsWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PUT /api/v1/habits: how I want to be told. `platform` "": the first chat that reaches me."""

    topics: dict[Topic, WishShown] = msgspec.field(default_factory=dict)
    platform: Annotated[str, msgspec.Meta(max_length=40)] = ""
    always: bool = False
    daily: Annotated[int, msgspec.Meta(ge=5, le=200)] = DAILY


class TeamHabitsWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PUT /api/v1/habits/teams/{id}: what a team's group hears."""

    topics: dict[Topic, WishShown] = msgspec.field(default_factory=dict)


class HabitsShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/habits: mine, those of the teams that I may change, and what there is."""

    mine: HabitsWanted
    teams: dict[str, TeamHabitsWanted]
    topics: tuple[TopicShown, ...]
    platforms: tuple[str, ...]


class MeterShown(msgspec.Struct, frozen=True, kw_only=True):
    """One of a platform's meters this month. `allowance`: calls of one working day with which the
    month lasts; `runs_out`: the day on which it will be empty as things go; `full_at`: when the
    platform said that it is.
    """

    name: Literal["api", "stream"]
    used: int
    limit: int
    today: int
    allowance: int
    runs_out: date | None
    full_at: Instant | None
    corrected_at: Instant | None


class CorrectionWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PUT /api/v1/channels/{kind}/budget: what the platform's own page says was used."""

    name: Literal["api", "stream"]
    used: Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]
