"""Routing (派单): rules say which team, skills and mode; ranking says who of the team; a ladder
catches what nobody can do: no skill → the general team → a supervisor; not accepted → the next
candidate → a supervisor. The decision explains itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from server.domain.commands import Claim
from server.domain.events import Candidate, Decision
from server.domain.people import Staff, Team
from server.domain.permissions import MAY
from server.domain.queues import Mode, Queue
from server.domain.ranking import Field, Need, Ranked, rank
from server.domain.rules import Verdict
from server.domain.standings import NOTHING

MOST_TOLD: Final = 8
"""How many who were kept, and how many who were dropped, a decision names; it counts the rest."""


Cause = Literal["opened", "unaccepted", "untouched", "ladder", "released", "waiting", "changed"]


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """All that a decision looks at besides the rules' verdict: the ticket's queue and needs, the
    teams, the colleagues. `general` is the 兜底处理组. `sent_to` is the team that a colleague sent
    the ticket to, `nearest` that of the store nearest to the customer. `leaders` tells by team who
    leads it. `exhausted`: enough colleagues did not accept it.
    """

    queue: Queue
    need: Need
    field: Field
    teams: Mapping[str, Team]
    general: str | None = None
    sent_to: str | None = None
    nearest: str | None = None
    leaders: Mapping[str, tuple[int, ...]] = {}
    cause: Cause = "opened"
    exhausted: bool = False


def decide(verdict: Verdict, pool: Pool) -> Decision:
    """One routing decision with the reason for it."""
    team = team_of(verdict, pool)
    mode = _mode_of(verdict, pool, team)
    start = Decision(
        rule=verdict.rule,
        rule_name=verdict.rule_name,
        version=verdict.version,
        matched=verdict.matched,
        team=team,
        skills=tuple(verdict.skills),
        levels=verdict.skills,
        queue=pool.queue.id,
        mode=mode,
        cause=pool.cause,
        left_out=tuple(sorted(pool.need.left_out)),
        by_hand=pool.sent_to is not None,
        also=tuple(one.name or one.rule for one in verdict.rules if one.rule != verdict.rule),
    )
    if start.team is None:
        return _to_general(start, pool, Ranked())
    return _to_team(start, start.team, pool) if mode == "automatic" else start


def _mode_of(verdict: Verdict, pool: Pool, team: str | None) -> Mode:
    """The rule's mode, else the queue's. Where no rule matches, the rule set says how the general
    team gets it, unless the queue is not handed out automatically at all.
    """
    queue = pool.queue.mode
    if verdict.rule is None and (queue != "automatic" or (team and pool.sent_to is None)):
        return queue
    return verdict.mode or queue


def team_of(verdict: Verdict, pool: Pool) -> str | None:
    """The team that a ticket is for, before anybody looked who is there: where a colleague sent
    it, else the rule's, else that of the nearest store, else the queue's; None where none of them
    is there.
    """
    near = pool.nearest if pool.queue.by_store else None
    wanted = (pool.sent_to, verdict.team, near, pool.queue.team)
    return next((team for team in wanted if team is not None and team in pool.teams), None)


def teams_asked(verdict: Verdict, pool: Pool) -> tuple[Team, ...]:
    """All teams that a decision may have to look at."""
    names = (team_of(verdict, pool), pool.general, *pool.queue.shed.teams)
    wanted = dict.fromkeys(name for name in names if name is not None)
    return tuple(pool.teams[name] for name in wanted if name in pool.teams)


def _to_team(start: Decision, team: str, pool: Pool) -> Decision:
    if pool.exhausted:
        return _to_supervisor(start, team, pool, Ranked())
    relief = _relief(team, pool) if pool.sent_to is None else None
    ranked = rank(
        pool.teams[relief or team].members, pool.field, pool.need, pool.queue, most=MOST_TOLD
    )
    decision = _told(replace(start, team=relief or team), ranked)
    if relief is not None:
        decision = replace(decision, shed_from=team)
    if ranked.winner is not None:
        return replace(decision, assignee=ranked.winner, outcome="assigned")
    if pool.cause == "unaccepted":
        return _to_supervisor(start, team, pool, ranked)
    if ranked.able or pool.need.left_out:
        # Somebody can do it, now or another hour, or gave it back: it waits for a colleague.
        return decision
    if pool.general not in {None, team}:
        return _to_general(start, pool, ranked)
    return _to_supervisor(start, team, pool, ranked)


def _to_general(start: Decision, pool: Pool, earlier: Ranked) -> Decision:
    """The 兜底处理组 takes what no rule sent elsewhere, and what nobody has the skill for."""
    team = pool.general
    if team is None or team not in pool.teams:
        return _told(replace(start, team=None, fallback=True, outcome="nobody"), earlier)
    start = replace(start, team=team, fallback=True, outcome="fallback")
    if start.mode != "automatic":
        return _told(start, earlier)
    ranked = rank(
        pool.teams[team].members,
        pool.field,
        replace(pool.need, skills={}),
        pool.queue,
        most=MOST_TOLD,
    )
    both = Ranked(
        kept=ranked.kept,
        dropped=(*earlier.dropped, *ranked.dropped),
        looked=earlier.looked + ranked.looked,
        counts=dict(Counter(earlier.counts) + Counter(ranked.counts)),
    )
    if ranked.winner is None and not ranked.able and not pool.need.left_out:
        return _to_supervisor(start, team, pool, both)
    return _told(replace(start, assignee=ranked.winner), both)


def _to_supervisor(start: Decision, team: str, pool: Pool, looked: Ranked) -> Decision:
    """The last rung: the leader on duty with the least to do. Where none is on duty the ticket
    waits with the team.
    """
    decision = _told(replace(start, team=team), looked)
    staff, standings = pool.field.staff, pool.field.standings
    ready = [
        number
        for number in pool.leaders.get(team, ())
        if _works(staff.get(number)) and number not in pool.need.left_out
    ]
    if not ready:
        return decision
    chosen = min(ready, key=lambda number: (standings.get(number, NOTHING).weight, number))
    return replace(decision, assignee=chosen, outcome="supervisor")


def _relief(team: str, pool: Pool) -> str | None:
    """The team that helps out (溢出): this one has too much, that one is below and has somebody."""
    shed = pool.queue.shed
    if not shed.above or shed.is_core(pool.need.category, pool.need.priority):
        return None
    if _average(pool.teams[team].members, pool.field) < shed.above:
        return None
    for other in shed.teams:
        if other == team or other not in pool.teams:
            continue
        members = pool.teams[other].members
        if _average(members, pool.field) < shed.above:
            ranked = rank(members, pool.field, pool.need, pool.queue, most=MOST_TOLD)
            if ranked.winner is not None:
                return other
    return None


def _average(people: Iterable[int], field: Field) -> float:
    """Tickets in work by colleague on duty; nobody on duty: nothing to take over."""
    there = [number for number in people if _works(field.staff.get(number))]
    if not there:
        return 0.0
    return sum(field.standings.get(number, NOTHING).load for number in there) / len(there)


def _works(person: Staff | None) -> bool:
    return person is not None and person.active and person.on_duty and person.role in MAY[Claim]


def _told(decision: Decision, ranked: Ranked) -> Decision:
    """The decision with whom it looked at: few by name, all by number."""
    return replace(
        decision,
        candidates=(*ranked.kept, *ranked.dropped[:MOST_TOLD]),
        pool=ranked.looked,
        counts=ranked.counts,
    )


def need_of(decision: Decision, category: str | None, priority: str) -> str:
    """Tickets with the same need find the same colleagues free: where nobody was for one of them,
    nobody is for the others, until somebody becomes free.
    """
    parts = (
        decision.queue,
        decision.shed_from or decision.team,
        sorted(decision.levels.items()),
        category,
        priority,
        decision.left_out,
        decision.by_hand,
    )
    return msgspec.json.encode(parts).decode()


def winner_of(decision: Decision) -> Candidate | None:
    """The candidate who got it, where it was one of the ranked."""
    return next((one for one in decision.candidates if one.staff == decision.assignee), None)
