"""Reports (报表) on promises: what was kept, by metric, team, colleague and policy (R22).

A report counts the clocks that ended in a period and says by which law: as finally agreed, or as
promised at the start. Cancelled and imported ones are left out and counted apart; excused time
counts for nobody, and how many clocks had some is told.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, Literal, TypeVar

import msgspec

from server.domain.outcomes import Outcome, Verdict
from server.domain.replay import Spread, spread

ByLaw = Literal["final", "start"]
K = TypeVar("K", bound=Hashable)

MOST_REASONS: Final = 10


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the clocks of one metric came to. `paused` and `wall_sum` are seconds by the wall clock:
    their share tells how much of the time we waited for others.
    """

    metric: str
    clocks: int
    met: int
    breached: int
    by_retarget: int
    excused: int
    working: Spread
    wall: Spread
    paused: int
    wall_sum: int


class Pausing(msgspec.Struct, frozen=True):
    """What clocks stood still for: how many, and for how many seconds by the wall clock."""

    reason: str
    clocks: int
    seconds: int


class Attainment(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report. Of the three breakdowns the keys are ids; a ticket without team or
    colleague is in none.
    """

    law: ByLaw
    metrics: tuple[Figures, ...]
    teams: dict[str, tuple[Figures, ...]]
    people: dict[int, tuple[Figures, ...]]
    policies: dict[str, tuple[Figures, ...]]
    pauses: tuple[Pausing, ...]
    cancelled: int
    imported: int
    excused: int
    excused_seconds: int


def attainment(outcomes: Sequence[Outcome], law: ByLaw) -> Attainment:
    """What the clocks came to."""
    verdict: Callable[[Outcome], Verdict] = (
        (lambda one: one.verdict) if law == "final" else (lambda one: one.promised)
    )
    imported = [one for one in outcomes if one.imported]
    own = [one for one in outcomes if not one.imported]
    judged = [one for one in own if verdict(one) != "cancelled"]
    return Attainment(
        law=law,
        metrics=_figures(judged, verdict),
        teams=_by(judged, verdict, lambda one: one.team),
        people=_by(judged, verdict, lambda one: one.assignee),
        policies=_by(judged, verdict, lambda one: one.policy),
        pauses=_pauses(judged),
        cancelled=len(own) - len(judged),
        imported=len(imported),
        excused=sum(1 for one in judged if one.excused),
        excused_seconds=sum(one.excused for one in judged),
    )


def _by(
    outcomes: Iterable[Outcome],
    verdict: Callable[[Outcome], Verdict],
    key: Callable[[Outcome], K | None],
) -> dict[K, tuple[Figures, ...]]:
    found: defaultdict[K, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        group = key(one)
        if group is not None:
            found[group].append(one)
    return {group: _figures(some, verdict) for group, some in found.items()}


def _figures(
    outcomes: Iterable[Outcome], verdict: Callable[[Outcome], Verdict]
) -> tuple[Figures, ...]:
    by_metric: defaultdict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        by_metric[one.metric].append(one)
    return tuple(_of_metric(metric, some, verdict) for metric, some in sorted(by_metric.items()))


def _of_metric(
    metric: str, some: Sequence[Outcome], verdict: Callable[[Outcome], Verdict]
) -> Figures:
    breached = sum(1 for one in some if verdict(one) == "breached")
    return Figures(
        metric=metric,
        clocks=len(some),
        met=len(some) - breached,
        breached=breached,
        by_retarget=sum(1 for one in some if one.by_retarget),
        excused=sum(1 for one in some if one.excused),
        working=spread([one.used for one in some]),
        wall=spread([one.wall for one in some]),
        paused=sum(one.paused for one in some),
        wall_sum=sum(one.wall for one in some),
    )


def _pauses(outcomes: Iterable[Outcome]) -> tuple[Pausing, ...]:
    clocks: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for one in outcomes:
        for reason, span in one.pauses.items():
            clocks[reason] += 1
            seconds[reason] += span
    most = sorted(seconds.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_REASONS]
    return tuple(Pausing(reason, clocks[reason], span) for reason, span in most)
