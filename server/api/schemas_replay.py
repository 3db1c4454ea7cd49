"""The wire shapes of replays: what a past would have been under drafts."""

from typing import Annotated, Any, Literal

import msgspec

from server.api.schemas import Asked, Instant


class DraftWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document as it might be; it holds in the whole past that is replayed, and is not saved."""

    kind: Literal["policy", "calendar", "metric", "rules", "roster"]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    doc: dict[str, Any]


class ReplayWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/replay: tickets filed from `from_at` up to `to_at`, 400 days at most, judged as
    it was and with the drafts.
    """

    from_at: Instant
    to_at: Instant
    drafts: Annotated[tuple[DraftWanted, ...], msgspec.Meta(max_length=50)] = ()


class SpreadShown(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: half of the cases took no longer than `median`, nine of ten no longer than `p90`."""

    median: int | None
    p90: int | None


class TallyShown(msgspec.Struct, frozen=True, kw_only=True):
    """All clocks of a metric. Open clocks whose time is up count as breached too."""

    clocks: int
    met: int
    breached: int
    by_retarget: int
    open: int
    cancelled: int
    working: SpreadShown
    wall: SpreadShown


class MetricReplayShown(msgspec.Struct, frozen=True, kw_only=True):
    """A metric as it was and as it would have been."""

    metric: str
    name: str
    before: TallyShown
    after: TallyShown


class ClockJudged(msgspec.Struct, frozen=True, kw_only=True):
    """How a clock stands in a replay: seconds promised and used, and since when it is breached."""

    state: str
    verdict: Literal["none", "met", "breached"]
    target: int
    used: int
    breached_at: Instant | None
    stopped_at: Instant | None
    by_retarget: bool


class ClockReplayShown(msgspec.Struct, frozen=True, kw_only=True):
    """A clock that changes; null where there was, or would be, none."""

    metric: str
    instance: int
    before: ClockJudged | None
    after: ClockJudged | None


class TicketReplayShown(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that changes."""

    ticket: int
    clocks: tuple[ClockReplayShown, ...]


class SlaReplayShown(msgspec.Struct, frozen=True, kw_only=True):
    """Exact: the same events, judged by other rules. `examples` are the first 200 tickets that
    change; `changed` counts all.
    """

    tickets: int
    changed: int
    newly_breached: int
    cured: int
    metrics: tuple[MetricReplayShown, ...]
    examples: tuple[TicketReplayShown, ...]


class ReroutedShown(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that would have gone elsewhere, with the names of teams and colleagues."""

    ticket: int
    sort: Literal["other_team", "other_colleague", "nobody"]
    rule_before: str
    rule_after: str
    team_before: str | None
    team_after: str | None
    assignee_before: str | None
    assignee_after: str | None


class TeamShare(msgspec.Struct, frozen=True, kw_only=True):
    """How many tickets a team got, and would have got."""

    team: str
    before: int
    after: int


class RoutingReplayShown(msgspec.Struct, frozen=True, kw_only=True):
    """Who would have been chosen at first, given the recorded load. Decisions that stay are exact;
    of the others this is a simulation, and `assumed` says in words what it takes for granted.
    """

    decisions: int
    same: int
    other_team: int
    other_colleague: int
    nobody: int
    teams: tuple[TeamShare, ...]
    examples: tuple[ReroutedShown, ...]
    assumed: tuple[str, ...]


class ReplayShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay found, of the tickets as they stand at `until`. `routing` where rules or
    rosters were drafted.
    """

    from_at: Instant
    to_at: Instant
    until: Instant
    sla: SlaReplayShown
    routing: RoutingReplayShown | None


class ReplayProgress(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/replay: how far the replay under way is, 0 to 1; null while there is none."""

    share: float | None
