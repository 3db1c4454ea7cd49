"""Routing (派单): ordered rules choose a team and skills; the least loaded colleague on duty who
has the skills gets the ticket; a fallback team catches the rest. The decision explains itself.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from server.domain.errors import Invalid
from server.domain.events import Candidate, Decision
from server.domain.people import Role, Staff, Team


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What rules may look at."""

    subject: str
    text: str
    priority: str
    queue: str
    category: str
    channel: str
    customer_level: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """派单规则. Every condition that is given must hold; of `keywords` one is enough.

    `mode` "automatic" names a colleague, "grab" leaves the ticket to the team (抢单). Refuses
    `Invalid` for conditions on facts that nobody knows.
    """

    id: str
    name: str
    keywords: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = {}
    team: str
    skills: tuple[str, ...] = ()
    mode: Literal["automatic", "grab"] = "automatic"

    def __post_init__(self) -> None:
        if any(field not in Facts.__struct_fields__ for field in self.where):
            raise Invalid(where="unknown")


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The ordered rule set; the first match wins. `fallback_team` is the 兜底处理组."""

    version: int = 0
    rules: tuple[Rule, ...] = ()
    fallback_team: str | None = None
    fallback_mode: Literal["automatic", "grab"] = "automatic"
    most_open: int = 20


def matches(rule: Rule, facts: Facts) -> tuple[str, ...] | None:
    """What matched, as `field=value` and `keyword=…` terms, or None."""
    found: list[str] = []
    for field, values in rule.where.items():
        value = str(getattr(facts, field, ""))
        if value not in values:
            return None
        found.append(f"{field}={value}")
    if rule.keywords:
        text = f"{facts.subject}\n{facts.text}".casefold()
        hits = [word for word in rule.keywords if word.casefold() in text]
        if not hits:
            return None
        found.extend(f"keyword={word}" for word in hits)
    return tuple(found)


def decide(
    facts: Facts,
    rules: Rules,
    teams: Mapping[str, Team],
    staff: Mapping[int, Staff],
    load: Mapping[int, int],
) -> Decision:
    """One routing decision with the reason for it. `load` counts a colleague's tickets whose
    work clock runs (在办数); who is missing from it has none.
    """
    rule, matched = _first_match(rules.rules, facts)
    if rule is not None and rule.team in teams:
        if rule.mode == "grab":
            return _to_team(rules, rule, matched)
        candidates = rank(teams[rule.team], staff, load, rule.skills, rules.most_open)
        chosen = _winner(candidates)
        if chosen is not None:
            return msgspec.structs.replace(
                _to_team(rules, rule, matched),
                assignee=chosen,
                candidates=candidates,
                outcome="assigned",
            )
        skilled = any(one.dropped not in {"skill", "inactive"} for one in candidates)
        if skilled or rules.fallback_team in (None, rule.team):
            return msgspec.structs.replace(_to_team(rules, rule, matched), candidates=candidates)
        return _fall_back(rules, rule, matched, candidates, teams=teams, staff=staff, load=load)
    return _fall_back(rules, rule, matched, (), teams=teams, staff=staff, load=load)


def rank(
    team: Team,
    staff: Mapping[int, Staff],
    load: Mapping[int, int],
    skills: tuple[str, ...],
    most_open: int,
) -> tuple[Candidate, ...]:
    """The team's people, best first: kept ones by load, then by id; dropped ones with why."""
    seen = [
        Candidate(
            staff=number,
            load=load.get(number, 0),
            dropped=_why_not(staff[number], load.get(number, 0), skills, most_open),
        )
        for number in sorted(team.members)
        if number in staff
    ]
    return tuple(sorted(seen, key=lambda one: (one.dropped is not None, one.load, one.staff)))


def _why_not(person: Staff, load: int, skills: tuple[str, ...], most_open: int) -> str | None:
    if not person.active or person.role in (Role.AUDITOR, Role.COLLABORATOR):
        return "inactive"
    if any(person.skills.get(skill, 0) < 1 for skill in skills):
        return "skill"
    if not person.on_duty:
        return "off_duty"
    if load >= most_open:
        return "full"
    return None


def _winner(candidates: Iterable[Candidate]) -> int | None:
    return next((one.staff for one in candidates if one.dropped is None), None)


def _first_match(rules: tuple[Rule, ...], facts: Facts) -> tuple[Rule | None, tuple[str, ...]]:
    for rule in rules:
        matched = matches(rule, facts)
        if matched is not None:
            return rule, matched
    return None, ()


def _to_team(rules: Rules, rule: Rule, matched: tuple[str, ...]) -> Decision:
    return Decision(
        rule=rule.id,
        rule_name=rule.name,
        version=rules.version,
        matched=matched,
        team=rule.team,
        skills=rule.skills,
    )


def _fall_back(
    rules: Rules,
    rule: Rule | None,
    matched: tuple[str, ...],
    earlier: tuple[Candidate, ...],
    *,
    teams: Mapping[str, Team],
    staff: Mapping[int, Staff],
    load: Mapping[int, int],
) -> Decision:
    team = rules.fallback_team
    decision = Decision(
        rule=rule.id if rule else None,
        rule_name=rule.name if rule else "",
        version=rules.version,
        matched=matched,
        team=team,
        skills=rule.skills if rule else (),
        candidates=earlier,
        fallback=True,
        outcome="fallback" if team in teams else "nobody",
    )
    if team is None or team not in teams:
        return msgspec.structs.replace(decision, team=None)
    if rules.fallback_mode == "grab":
        return decision
    candidates = rank(teams[team], staff, load, (), rules.most_open)
    chosen = _winner(candidates)
    return msgspec.structs.replace(decision, assignee=chosen, candidates=(*earlier, *candidates))
