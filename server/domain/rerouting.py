"""Routing in hindsight (派单回放): who would have been chosen under other rules or rosters, given
the load that stored decisions tell of.

A ticket that asks for the same as it did then (team, way, skills, and the same colleagues on duty)
keeps its decision: that is exact. Of another one the ranking is asked again with what was written
down: each colleague's load and duty in the decision itself, else in the latest one before it. That
is a simulation; `ASSUMED` says what it takes for granted.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from server.domain.conditions import Facts
from server.domain.events import Decision
from server.domain.people import Duty, Staff
from server.domain.ranking import AWAY, Field
from server.domain.routing import Pool, decide
from server.domain.rules import Rules, Verdict, read
from server.domain.standings import Standing

MOST_TOLD: Final = 200

ASSUMED: Final = (
    "first_decisions",
    "load_as_written",
    "pace_left_out",
    "facts_as_now",
    "customer_left_out",
    "no_consequences",
)
"""Codes of `[assumed]`: only how a ticket was routed first is asked again; loads are those last
written down; how fast somebody is, where he works and how many he got this hour is not counted;
what was edited later counts as it is now; rules find nothing in a customer's name, company and
addresses; who gets a ticket changes no later load.
"""

Sort = Literal["same", "other_team", "other_colleague", "nobody"]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A routing decision as it was stored, and what the rules may look at."""

    ticket: int
    at: datetime
    decision: Decision
    facts: Facts


class Rerouted(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that would have gone elsewhere: team, colleague and rule before and after."""

    ticket: int
    sort: Sort
    rule_before: str
    rule_after: str
    team_before: str | None
    team_after: str | None
    assignee_before: int | None
    assignee_after: int | None


class RoutingReplay(msgspec.Struct, frozen=True, kw_only=True):
    """How many decisions stay, and what the others become; tickets by team before and after."""

    decisions: int
    same: int
    other_team: int
    other_colleague: int
    nobody: int
    teams: dict[str, tuple[int, int]]
    examples: tuple[Rerouted, ...]
    assumed: tuple[str, ...] = ASSUMED


class Memory:
    """What decisions have told of colleagues so far."""

    def __init__(self) -> None:
        self._loads: dict[int, int] = {}
        self._duty: dict[int, bool] = {}

    def learn(self, decision: Decision) -> None:
        """Take down what a decision says of those whom it names."""
        for one in decision.candidates:
            self._loads[one.staff] = one.load
            self._duty[one.staff] = one.dropped not in AWAY

    def standings(self) -> dict[int, Standing]:
        """Loads as they were written down last."""
        return {
            staff: Standing(load=load, weight=2 * load, held=load)
            for staff, load in self._loads.items()
        }

    def staff(
        self, known: Mapping[int, Staff], duty: Callable[[int], Duty | None]
    ) -> dict[int, Staff]:
        """Colleagues with the duty that a drafted roster says, else as it was written down."""
        found: dict[int, Staff] = {}
        for number, person in known.items():
            said = duty(number)
            on_duty = self._duty.get(number, person.on_duty) if said is None else said == "on_duty"
            found[number] = (
                person if person.on_duty == on_duty else replace(person, on_duty=on_duty)
            )
        return found


class Rerouting:
    """Takes decisions in the order of time and asks again. `versions` are the rule sets by version,
    `duty` what a drafted roster says of a colleague at an instant: None says nothing.
    """

    def __init__(
        self,
        drafted: Rules,
        versions: Mapping[int, Rules],
        duty: Callable[[int, datetime], Duty | None] | None,
    ) -> None:
        self._drafted = drafted
        self._versions = versions
        self._duty = duty
        self._memory = Memory()
        self._sorts: dict[str, int] = dict.fromkeys(
            ("same", "other_team", "other_colleague", "nobody"), 0
        )
        self._teams: dict[str, list[int]] = {}
        self._examples: list[Rerouted] = []

    def add(
        self, one: Recorded, staff: Mapping[int, Staff], pool_of: Callable[[Verdict, Field], Pool]
    ) -> None:
        """The next decision. `pool_of` makes the pool of a verdict from a field of colleagues."""
        before = one.decision
        self._memory.learn(before)
        after = before
        verdict = read(self._drafted, one.facts)
        if self._asks_otherwise(one, verdict):
            field = Field(
                staff=self._memory.staff(staff, self._said_at(one.at)),
                standings=self._memory.standings(),
                at=one.at,
            )
            after = decide(verdict, pool_of(verdict, field))
        self._count(one.ticket, before, after)

    def result(self) -> RoutingReplay:
        """Everything so far."""
        return RoutingReplay(
            decisions=sum(self._sorts.values()),
            same=self._sorts["same"],
            other_team=self._sorts["other_team"],
            other_colleague=self._sorts["other_colleague"],
            nobody=self._sorts["nobody"],
            teams={team: (was, now) for team, (was, now) in sorted(self._teams.items())},
            examples=tuple(self._examples),
        )

    def _asks_otherwise(self, one: Recorded, verdict: Verdict) -> bool:
        known = self._versions.get(one.decision.version, Rules())
        if _asked(read(known, one.facts), known) != _asked(verdict, self._drafted):
            return True
        said = self._said_at(one.at)
        return any(
            (duty := said(candidate.staff)) is not None
            and (duty == "on_duty") == (candidate.dropped in AWAY)
            for candidate in one.decision.candidates
        )

    def _said_at(self, at: datetime) -> Callable[[int], Duty | None]:
        duty = self._duty
        if duty is None:
            return lambda _staff: None
        return lambda staff: duty(staff, at)

    def _count(self, ticket: int, before: Decision, after: Decision) -> None:
        for place, team in enumerate((before.team, after.team)):
            if team is not None:
                self._teams.setdefault(team, [0, 0])[place] += 1
        sort = _sort(before, after)
        self._sorts[sort] += 1
        if sort != "same" and len(self._examples) < MOST_TOLD:
            self._examples.append(
                Rerouted(
                    ticket=ticket,
                    sort=sort,
                    rule_before=before.rule_name,
                    rule_after=after.rule_name,
                    team_before=before.team,
                    team_after=after.team,
                    assignee_before=before.assignee,
                    assignee_after=after.assignee,
                )
            )


def _asked(verdict: Verdict, rules: Rules) -> tuple[object, ...]:
    """What a verdict asks for; of what no rule sends anywhere, the general team."""
    asked = (verdict.team, verdict.queue, verdict.mode, verdict.skills)
    return (*asked, rules.fallback_team) if verdict.team is None else asked


def _sort(before: Decision, after: Decision) -> Sort:
    if (before.team, before.assignee) == (after.team, after.assignee):
        return "same"
    if after.team is None:
        return "nobody"
    return "other_team" if before.team != after.team else "other_colleague"


def first_of(found: Iterable[Recorded]) -> Iterable[Recorded]:
    """The first decision of each ticket: later ones follow from what people did."""
    seen: set[int] = set()
    for one in found:
        if one.ticket not in seen and one.decision.cause == "opened" and not one.decision.by_hand:
            seen.add(one.ticket)
            yield one
