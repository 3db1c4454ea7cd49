"""What a month came to, read from the event log alone, as anybody could read it afterwards."""

import statistics
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from server.domain.calendars import Calendar
from server.domain.events import (
    Assigned,
    Breached,
    Claimed,
    Event,
    Opened,
    Released,
    Replied,
    Resolved,
    Routed,
    Transferred,
)
from server.domain.worktime import seconds_of, table_of
from server.storage import ledger
from server.storage.database import Database
from tests.bench.harness import percentile

_PAGE = 2_000


@dataclass
class Life:
    """What is kept of one ticket's history."""

    opened_at: datetime
    given_at: datetime | None = None
    team: str | None = None
    holder: int | None = None
    replied_at: datetime | None = None
    resolved_at: datetime | None = None
    resolver: int | None = None
    hops: int = 0
    breached: set[str] = field(default_factory=set)
    first_team: str | None = None


async def lives_of(database: Database) -> dict[int, Life]:
    """Every ticket's life, from one walk along the log."""
    lives: dict[int, Life] = {}
    seq = 0
    while rows := await ledger.list_rows_since(database, seq, _PAGE):
        for row in rows:
            seq = row.seq
            event = row.event()
            if event is not None and event.ticket is not None:
                _take(lives, event.ticket, event)
    return lives


def _take(lives: dict[int, Life], number: int, event: Event) -> None:
    at = event.effective_at
    if isinstance(event.body, Opened):
        lives[number] = Life(opened_at=at)
        return
    life = lives[number]
    match event.body:
        case Routed(team=team, assignee=assignee) | Transferred(team=team, assignee=assignee):
            _move(life, team, assignee, at)
        case Claimed(assignee=assignee) | Assigned(assignee=assignee):
            _move(life, life.team, assignee, at)
        case Released():
            life.holder = None
        case Replied(human=True):
            life.replied_at = life.replied_at or at
        case Resolved(by=by):
            life.resolved_at, life.resolver = at, by
        case Breached(metric=metric):
            life.breached.add(metric)
        case _:
            pass


def _move(life: Life, team: str | None, assignee: int | None, at: datetime) -> None:
    if assignee is not None and life.given_at is None:
        life.given_at, life.first_team = at, team
    elif life.given_at is not None and (team, assignee) != (life.team, life.holder):
        # The second step of one passing on (a new team, then somebody of it) is one hop.
        life.hops += team != life.team or life.holder is not None
    life.team, life.holder = team, assignee


@dataclass
class Figures:
    """The month in numbers. Times are hours; "working" is by the firm's calendar."""

    tickets: int
    unresolved: int
    dispatch: tuple[float, float]
    dispatch_working: tuple[float, float]
    first: tuple[float, float]
    first_working: tuple[float, float]
    resolve: tuple[float, float]
    resolve_working: tuple[float, float]
    breached: dict[str, float]
    a_day: float
    most_a_day: float
    hops: float
    passed_on: float


def figures_of(lives: dict[int, Life], calendar: Calendar, working_days: int) -> Figures:
    """Medians and ninth deciles, shares of all tickets, and resolved tickets per colleague."""
    every = list(lives.values())
    resolvers = Counter(one.resolver for one in every if one.resolver is not None)
    table = table_of(calendar)

    def spans(name: str, *, working: bool) -> tuple[float, float]:
        ends = [(one.opened_at, getattr(one, name)) for one in every if getattr(one, name)]
        hours = [
            (
                table.count(seconds_of(start), seconds_of(end))
                if working
                else (end - start).total_seconds()
            )
            / 3600
            for start, end in ends
        ]
        return (statistics.median(hours), percentile(hours, 0.9)) if hours else (0.0, 0.0)

    def share(metric: str) -> float:
        return sum(metric in one.breached for one in every) / len(every)

    return Figures(
        tickets=len(every),
        unresolved=sum(one.resolved_at is None for one in every),
        dispatch=spans("given_at", working=False),
        dispatch_working=spans("given_at", working=True),
        first=spans("replied_at", working=False),
        first_working=spans("replied_at", working=True),
        resolve=spans("resolved_at", working=False),
        resolve_working=spans("resolved_at", working=True),
        breached={metric: share(metric) for metric in ("first", "next", "plan", "resolve")},
        a_day=sum(resolvers.values()) / len(resolvers) / working_days if resolvers else 0.0,
        most_a_day=max(resolvers.values(), default=0) / working_days,
        hops=sum(one.hops for one in every) / len(every),
        passed_on=sum(one.hops > 0 for one in every) / len(every),
    )
