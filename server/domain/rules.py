"""Routing rules (派单规则): in their order, over whatever is known of a ticket, they say where it
goes, how pressing it is and what it takes. routing.py finds the colleague.

One rule may set what another one looks at. In mode "all" the rules are therefore read again after
each round that changed a fact, those that have not matched yet; each matches once at most, so that
rules that call one another come to an end (回环保护).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec.structs import replace

from server.domain.conditions import (
    DEEPEST,
    Condition,
    Facts,
    Is,
    LooksLike,
    Open,
    Says,
    Within,
    depth,
    fields_of,
    walk,
)
from server.domain.events import Priority
from server.domain.faults import Fault
from server.domain.matching import (
    BadPattern,
    Miss,
    Test,
    View,
    check_pattern,
    compiled,
    explain,
    folded,
)
from server.domain.queues import Mode

Level = Annotated[int, msgspec.Meta(ge=1, le=5)]
Name = Annotated[str, msgspec.Meta(max_length=120)]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class Then(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What a rule does. What is not given stays as it is. `skills` maps a skill to the least
    level. `mode` has the last word over the queue's. `move` also takes the ticket from a colleague
    who holds it already, when a later change makes the rule match. `pin` puts it on top of lists.
    """

    queue: str | None = None
    team: str | None = None
    priority: Priority | None = None
    skills: dict[str, Level] = {}
    tags: tuple[Tag, ...] = ()
    policy: str | None = None
    mode: Mode | None = None
    move: bool = False
    pin: bool = False


class Rule(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """派单规则. Without `when` it holds for every ticket."""

    id: Id
    name: Name
    when: Condition | None = None
    then: Then
    active: bool = True


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ordered rule set. `mode` "first": the first rule that matches decides. "all": every rule
    that matches adds to it; of two that say different things, the earlier one has its way.
    `fallback_team` is the 兜底处理组, for what no rule and no queue sends anywhere;
    `fallback_mode` says how it gets it; without it the queue does.
    """

    id: str = "default"
    version: int = 0
    mode: Literal["first", "all"] = "first"
    rules: Annotated[tuple[Rule, ...], msgspec.Meta(max_length=2000)] = ()
    fallback_team: str | None = None
    fallback_mode: Mode | None = None


class Matched(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule that matched, and by which terms; `round` 2 and later: because of what others set."""

    rule: str
    name: str = ""
    terms: tuple[str, ...] = ()
    round: int = 1


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules say of a ticket. `rule` is the one that decides where it goes, or else the
    first that matched, with its terms; `rules` are all that matched. Without a `team` the queue's
    or the general team is meant; without a `mode` the queue's. `move`: also from a colleague who
    holds it. `rounds` tells how often the rules were read.
    """

    rule: str | None = None
    rule_name: str = ""
    version: int = 0
    matched: tuple[str, ...] = ()
    rules: tuple[Matched, ...] = ()
    queue: str | None = None
    team: str | None = None
    priority: Priority | None = None
    priority_rule: str = ""
    skills: dict[str, int] = {}
    tags: tuple[str, ...] = ()
    policy: str | None = None
    mode: Mode | None = None
    move: bool = False
    pin: bool = False
    rounds: int = 1


def read(rules: Rules, facts: Facts) -> Verdict:
    """What the rules say."""
    verdict = Verdict(version=rules.version)
    for rule, round_, view in _matching(rules, facts):
        verdict = _joined(verdict, rule, round_, view)
    if verdict.rule is None:
        return replace(verdict, mode=rules.fallback_mode)
    return verdict


def _matching(rules: Rules, facts: Facts) -> Iterator[tuple[Rule, int, View]]:
    """The rules that match, in the order in which they do."""
    view = View(facts)
    ready = prepared(rules)
    if rules.mode == "first":
        for rule, test, _ in ready.rules:
            if test(view):
                yield rule, 1, view
                return
        return
    left = ready.rules
    said = Then()
    round_ = 0
    fresh: tuple[Ready, ...] = left
    while fresh:
        round_ += 1
        matched = [rule for rule, test, _ in fresh if test(view)]
        for rule in matched:
            yield rule, round_, view
            said = _added(said, rule.then)
        gone = {rule.id for rule in matched}
        left = tuple(one for one in left if one[0].id not in gone)
        now = _with(facts, said)
        changed = _changed(view.facts, now)
        fresh = tuple(one for one in left if changed & one[2])
        view = View(now)


_SET: Final = ("queue", "team", "priority", "tags")
"""Facts that rules set for one another."""


def _with(facts: Facts, said: Then) -> Facts:
    return replace(
        facts,
        queue=said.queue or facts.queue,
        team=said.team or facts.team,
        priority=said.priority or facts.priority,
        tags=tuple(dict.fromkeys((*facts.tags, *said.tags))),
    )


def _changed(before: Facts, after: Facts) -> frozenset[str]:
    return frozenset(name for name in _SET if getattr(before, name) != getattr(after, name))


def _added(one: Then, later: Then) -> Then:
    """Both together: the earlier one has its way, of a skill the higher level counts."""
    return Then(
        queue=one.queue or later.queue,
        team=one.team or later.team,
        priority=one.priority or later.priority,
        skills=_higher(one.skills, later.skills),
        tags=tuple(dict.fromkeys((*one.tags, *later.tags))),
        policy=one.policy or later.policy,
        mode=one.mode or later.mode,
        move=one.move or later.move,
        pin=one.pin or later.pin,
    )


def _higher(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return one | {skill: max(level, one.get(skill, 0)) for skill, level in other.items()}


def _joined(verdict: Verdict, rule: Rule, round_: int, view: View) -> Verdict:
    found = explain(rule.when, view) if rule.when is not None else ()
    terms = () if isinstance(found, Miss) else found
    both = _added(
        Then(
            queue=verdict.queue,
            team=verdict.team,
            priority=verdict.priority,
            skills=verdict.skills,
            tags=verdict.tags,
            policy=verdict.policy,
            mode=verdict.mode,
            move=verdict.move,
            pin=verdict.pin,
        ),
        rule.then,
    )
    sends = rule.then.team is not None or rule.then.queue is not None
    decides = verdict.rule is None or (sends and verdict.team is None and verdict.queue is None)
    return Verdict(
        rule=rule.id if decides else verdict.rule,
        rule_name=rule.name if decides else verdict.rule_name,
        version=verdict.version,
        matched=terms if decides else verdict.matched,
        rules=(*verdict.rules, Matched(rule=rule.id, name=rule.name, terms=terms, round=round_)),
        queue=both.queue,
        team=both.team,
        priority=both.priority,
        priority_rule=verdict.priority_rule
        or (rule.name or rule.id if rule.then.priority is not None else ""),
        skills=both.skills,
        tags=both.tags,
        policy=both.policy,
        mode=both.mode,
        move=both.move,
        pin=both.pin,
        rounds=round_,
    )


def fields_read(rules: Rules) -> frozenset[str]:
    """The facts that any rule looks at."""
    return prepared(rules).fields


def calendars_read(rules: Rules) -> frozenset[str]:
    """The calendars that any rule looks at; an empty name stands for the ticket's store's."""
    return prepared(rules).calendars


# Made ready

Ready = tuple[Rule, Test, frozenset[str]]
"""A rule, its condition as a function, and the facts that it looks at."""


class Prepared:
    """A rule set made ready to be read for many tickets: the active rules in their order."""

    __slots__ = ("calendars", "fields", "of", "rules")

    def __init__(self, rules: Rules) -> None:
        self.of = rules
        self.rules: tuple[Ready, ...] = tuple(
            (
                rule,
                compiled(rule.when) if rule.when is not None else _always,
                fields_of(rule.when),
            )
            for rule in rules.rules
            if rule.active
        )
        self.fields: frozenset[str] = frozenset().union(*(one[2] for one in self.rules))
        self.calendars = frozenset(
            one.calendar
            for rule, _, _ in self.rules
            if rule.when is not None
            for _, one in walk(rule.when)
            if isinstance(one, Open)
        )


_MOST_PREPARED: Final = 4
_kept: dict[int, Prepared] = {}


def prepared(rules: Rules) -> Prepared:
    """The rule set made ready; the last few are kept, each with the very value that it was made
    of, which therefore stays alive as long as its identity is looked for.
    """
    found = _kept.get(id(rules))
    if found is None or found.of is not rules:
        found = Prepared(rules)
        while len(_kept) >= _MOST_PREPARED:
            _kept.pop(next(iter(_kept)), None)
        _kept[id(rules)] = found
    return found


def _always(_view: View) -> bool:
    return True


# What is wrong with a rule set


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule set may refer to."""

    teams: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    calendars: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()


def faults(rules: Rules, known: Known | None = None) -> tuple[Fault, ...]:
    """Everything that is wrong with it, in its order. `known` None: references are not checked."""
    found: list[Fault] = []
    seen: set[str] = set()
    for place, rule in enumerate(rules.rules):
        path = f"rules[{place}]"
        if rule.id in seen:
            found.append(Fault(path=f"{path}.id", code="twice", facts={"value": rule.id}))
        seen.add(rule.id)
        found += _condition_faults(rule.when, f"{path}.when", known)
        found += _then_faults(rule.then, f"{path}.then", known)
    if known is not None and rules.fallback_team not in {None, *known.teams}:
        facts = {"value": rules.fallback_team or ""}
        found.append(Fault(path="fallback_team", code="no_team", facts=facts))
    return tuple(found)


def _condition_faults(when: Condition | None, path: str, known: Known | None) -> Iterator[Fault]:
    if when is None:
        return
    if depth(when) > DEEPEST:
        yield Fault(path=path, code="too_deep", facts={"most": str(DEEPEST)})
        return
    for inside, one in walk(when, path):
        match one:
            case LooksLike():
                yield from _pattern_faults(one, inside)
            case Within():
                yield from _bound_faults(one, inside)
            case Says():
                yield from _word_faults(one, inside)
            case _ if known is not None:
                yield from _reference_faults(one, inside, known)


def _reference_faults(one: Condition, path: str, known: Known) -> Iterator[Fault]:
    if isinstance(one, Is):
        yield from _value_faults(one, path, known)
    elif isinstance(one, Open) and one.calendar and one.calendar not in known.calendars:
        facts = {"value": one.calendar}
        yield Fault(path=f"{path}.calendar", code="no_calendar", facts=facts)


def _word_faults(one: Says, path: str) -> Iterator[Fault]:
    for place, word in enumerate(one.words):
        if not folded(word).strip():
            yield Fault(path=f"{path}.words[{place}]", code="missing")


def _pattern_faults(one: LooksLike, path: str) -> Iterator[Fault]:
    try:
        check_pattern(one.pattern)
    except BadPattern as error:
        yield Fault(path=f"{path}.pattern", code="pattern", facts={"why": str(error)})


def _bound_faults(one: Within, path: str) -> Iterator[Fault]:
    """Instants with their zone for what is an instant, numbers for everything else."""
    if one.least is None and one.most is None:
        yield Fault(path=path, code="does_nothing")
    instants = one.field in {"created_at", "at"}
    for name in ("least", "most"):
        bound = getattr(one, name)
        is_instant = isinstance(bound, datetime)
        if bound is None or (is_instant is instants and not (instants and bound.tzinfo is None)):
            continue
        yield Fault(path=f"{path}.{name}", code="instant" if instants else "kind_float")


def _value_faults(one: Is, path: str, known: Known) -> Iterator[Fault]:
    closed: dict[str, frozenset[str]] = {
        "priority": frozenset(Priority),
        "urgency": frozenset(Priority),
        "team": known.teams,
        "store": known.stores,
    }
    allowed = closed.get(one.field)
    for place, value in enumerate(one.values):
        if allowed is not None and value and value not in allowed:
            facts = {"value": value}
            yield Fault(path=f"{path}.values[{place}]", code="no_such_value", facts=facts)


def _then_faults(then: Then, path: str, known: Known | None) -> Iterator[Fault]:
    if then == Then():
        yield Fault(path=path, code="does_nothing")
    if known is None:
        return
    for name, there in (("queue", known.queues), ("team", known.teams), ("policy", known.policies)):
        value = getattr(then, name)
        if value is not None and value not in there:
            yield Fault(path=f"{path}.{name}", code=f"no_{name}", facts={"value": value})
