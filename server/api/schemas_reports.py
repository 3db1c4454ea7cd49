"""The wire shapes of reports."""

from typing import Annotated, Literal

import msgspec

from server.api.schemas import Asked
from server.api.schemas_replay import SpreadShown

Day = Annotated[str, msgspec.Meta(max_length=10)]


class ReportAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of GET /api/v1/reports/attainment: local days, both included; without them this
    month so far. `law` says by which promise: as finally agreed, or as promised at the start.
    """

    from_day: Day | None = None
    to_day: Day | None = None
    law: Literal["final", "start"] = "final"


class FiguresShown(msgspec.Struct, frozen=True, kw_only=True):
    """What the clocks of one metric came to. `kept` is the share that was met, `waited` the share
    of the time in which they stood still; `working` are seconds of working time.
    """

    metric: str
    metric_name: str
    clocks: int
    met: int
    breached: int
    by_retarget: int
    excused: int
    kept: float
    waited: float
    working: SpreadShown
    wall: SpreadShown


class ReportedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A team, a colleague or a policy, by id and name."""

    id: str
    name: str
    figures: tuple[FiguresShown, ...]


class PausingShown(msgspec.Struct, frozen=True, kw_only=True):
    """What clocks stood still for: how many, and for how many seconds by the wall clock."""

    reason: str
    clocks: int
    seconds: int


class AttainmentShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/reports/attainment: the clocks that ended in the period. `cancelled` and
    `imported` ones are left out and only counted; `excused` ones had time that counts for nobody.
    `whole` false: only the reader's own teams, and of colleagues himself.
    """

    from_day: str
    to_day: str
    law: str
    whole: bool
    metrics: tuple[FiguresShown, ...]
    teams: tuple[ReportedGroup, ...]
    people: tuple[ReportedGroup, ...]
    policies: tuple[ReportedGroup, ...]
    pauses: tuple[PausingShown, ...]
    cancelled: int
    imported: int
    excused: int
    excused_seconds: int
