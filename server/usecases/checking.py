"""Whether what an administrator set up can work: findings as codes, words are `[cli.finding]`."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from server import vault
from server.desk import Desk
from server.domain.calendars import Calendar, Closed
from server.domain.conditions import Is, Open, walk
from server.domain.coverage import find_dead, find_overlaps
from server.domain.firm import Firm
from server.domain.ladders import DEFAULT, CallWebhook, MoveQueue, Rung, unreachable
from server.domain.law import Law, Policy
from server.domain.people import Role
from server.domain.rules import Rule, Rules
from server.domain.ticket import OPEN_CATEGORIES
from server.storage import tickets
from server.storage.policies import Channel
from server.storage.tickets import TallyCell
from server.usecases.administration import list_channels

SOON: Final = timedelta(days=60)
"""So long before the last known year of a calendar ends it is told."""


class Finding(msgspec.Struct, frozen=True):
    """Something that an administrator should look at. An `error` keeps the desk from working as
    it was meant to; `advice` does not.
    """

    level: Literal["error", "advice"]
    code: str
    facts: dict[str, object] = {}


async def check(desk: Desk) -> list[Finding]:
    """Everything that is found, worst first."""
    firm = await desk.firm()
    cells = await tickets.read_tally(desk.database)
    channels = await list_channels(desk)
    found = [
        *_people(firm),
        *_routing(firm, firm.rules),
        *_rules(firm, firm.rules),
        *_law(firm.law, frozenset(one.then.policy or "" for one in firm.rules.rules)),
        *_ladders(firm),
        *_calendars(firm.law, desk.clock.now()),
        *_rosters(firm),
        *_channels(desk, firm, channels),
        *_unpromised(cells),
    ]
    return sorted(found, key=lambda one: one.level != "error")


def _unpromised(cells: list[TallyCell]) -> Iterator[Finding]:
    """Open tickets that no policy holds for (R11)."""
    open_ = [one for one in cells if one.status_category in OPEN_CATEGORIES and not one.promised]
    count = sum(one.tickets for one in open_)
    if count:
        yield Finding("advice", "tickets_without_sla", {"count": count})


def _people(firm: Firm) -> Iterator[Finding]:
    active = {person.id for person in firm.staff.values() if person.active}
    if not any(one.active and one.role is Role.ADMINISTRATOR for one in firm.staff.values()):
        yield Finding("error", "no_administrator")
        return
    if not firm.teams:
        yield Finding("error", "no_team")
    for team in firm.teams.values():
        if not team.people & active:
            yield Finding("error", "empty_team", {"team": team.name})
        for stranger in sorted(team.people - set(firm.staff)):
            yield Finding("error", "unknown_member", {"team": team.name, "staff": stranger})


def _routing(firm: Firm, rules: Rules) -> Iterator[Finding]:
    if rules.fallback_team is None:
        if firm.teams:
            yield Finding("advice", "no_fallback")
    elif rules.fallback_team not in firm.teams:
        yield Finding("error", "unknown_fallback", {"team": rules.fallback_team})
    yield from _queues(firm)
    yield from _stores(firm)
    highest: dict[str, int] = {}
    for person in firm.staff.values():
        for skill, level in person.skills.items() if person.active else ():
            highest[skill] = max(level, highest.get(skill, 0))
    for rule in rules.rules:
        yield from _asked_of_people(rule, firm, highest)
        yield from _named(rule, firm)


def _asked_of_people(rule: Rule, firm: Firm, highest: dict[str, int]) -> Iterator[Finding]:
    """The team that a rule sends to, and the skills that it asks for, of people who are there."""
    if rule.then.team not in {None, *firm.teams}:
        facts: dict[str, object] = {"rule": rule.name, "team": rule.then.team}
        yield Finding("error", "rule_without_team", facts)
    for skill, level in sorted(rule.then.skills.items()):
        facts = {"rule": rule.name, "skill": skill}
        if skill not in highest:
            yield Finding("advice", "rule_without_skill", facts)
        elif level > highest[skill]:
            facts |= {"level": level, "most": highest[skill]}
            yield Finding("advice", "rule_without_level", facts)


def _named(rule: Rule, firm: Firm) -> Iterator[Finding]:
    """What a rule's action and conditions name and nothing has: a ticket never looks like that."""
    epoch = firm.law.epoch()
    known: dict[str, Collection[str]] = {
        "queue": {*firm.queues, "default"},
        "team": firm.teams,
        "store": firm.stores,
    }
    if firm.profile.categories:
        known["category"] = firm.profile.categories
    named = [("queue", rule.then.queue or "")]
    for _, one in walk(rule.when) if rule.when is not None else ():
        if isinstance(one, Is):
            named += [(one.field, value) for value in one.values]
        elif isinstance(one, Open) and one.calendar not in epoch.calendars:
            named.append(("calendar", one.calendar))
    known["calendar"] = epoch.calendars
    for what, value in dict.fromkeys(named):
        if value and what in known and value not in known[what]:
            yield Finding("error", f"rule_names_no_{what}", {"rule": rule.name, "value": value})


def _queues(firm: Firm) -> Iterator[Finding]:
    active = {person.id for person in firm.staff.values() if person.active}
    for queue in firm.queues.values():
        named: dict[str, object] = {"queue": queue.name or queue.id}
        for team in sorted({queue.team or "", *queue.shed.teams} - {"", *firm.teams}):
            yield Finding("error", "queue_without_team", named | {"team": team})
        categories = {*queue.shed.core, *queue.caps.by_category}
        for category in sorted(categories - {*firm.profile.categories}):
            yield Finding("advice", "queue_without_category", named | {"category": category})
        for staff in sorted(queue.caps.people.keys() - active):
            name = firm.name_of(staff) or str(staff)
            yield Finding("advice", "queue_with_who_left", named | {"staff": name})


def _stores(firm: Firm) -> Iterator[Finding]:
    for store in firm.stores.values():
        if store.team is not None and store.team not in firm.teams:
            yield Finding("error", "store_without_team", {"store": store.name, "team": store.team})
        if store.hours is not None and store.hours not in firm.calendars:
            facts: dict[str, object] = {"store": store.name, "calendar": store.hours}
            yield Finding("error", "store_without_calendar", facts)


def _rules(firm: Firm, rules: Rules) -> Iterator[Finding]:
    """Rules that are never read, and policies that went away; what can be seen when they are saved
    is refused there (documents.py).
    """
    policies = {one.id for one in firm.law.epoch().policies}
    above: Rule | None = None
    for rule in rules.rules:
        if not rule.active:
            continue
        facts: dict[str, object] = {"rule": rule.name}
        if above is not None:
            yield Finding("error", "rule_never_read", facts | {"above": above.name})
        if rule.then.policy not in {None, *policies}:
            yield Finding("error", "rule_without_policy", facts | {"policy": rule.then.policy})
        if rules.mode == "first" and rule.when is None:
            above = above or rule


def _law(law: Law, named: frozenset[str]) -> Iterator[Finding]:
    epoch = law.epoch()
    if not epoch.policies:
        yield Finding("advice", "no_policy")
    for policy in epoch.policies:
        if policy.calendar not in epoch.calendars:
            facts: dict[str, object] = {"policy": _name(policy), "calendar": policy.calendar}
            yield Finding("error", "policy_without_calendar", facts)
        if not policy.targets:
            yield Finding("advice", "policy_without_target", {"policy": _name(policy)})
        for metric in sorted(set(policy.targets) - set(law.metrics)):
            facts = {"policy": _name(policy), "metric": metric}
            yield Finding("error", "policy_without_metric", facts)
    for dead in find_dead(epoch.policies, named):
        by = "、".join(_name(one) for one in dead.taken_by)
        yield Finding("error", "dead_policy", {"policy": _name(dead.policy), "by": by})
    for pair in find_overlaps(epoch.policies):
        facts = {"earlier": _name(pair.earlier), "later": _name(pair.later)}
        yield Finding("advice", "overlapping_policies", facts)


def _ladders(firm: Firm) -> Iterator[Finding]:
    """Rungs that are never reached, of the ladders that policies name."""
    policies = firm.law.epoch().policies
    known = {DEFAULT.id: DEFAULT} | firm.ladders
    for policy in policies:
        if policy.ladder not in known:
            facts: dict[str, object] = {"policy": _name(policy), "ladder": policy.ladder}
            yield Finding("error", "policy_without_ladder", facts)
    for ladder in firm.ladders.values():
        for dead in unreachable(ladder, policies, firm.law.metrics):
            facts = {"ladder": ladder.name or ladder.id, "rung": dead.rung.name or dead.rung.id}
            code = f"unreachable_rung_{dead.why}"
            yield Finding("advice", code, facts | {"on": dead.rung.on})
        for rung in ladder.rungs:
            for one in _unknown(rung, firm):
                facts = {"ladder": ladder.name or ladder.id, "rung": rung.name or rung.id}
                yield Finding("error", "rung_without", facts | {"what": one})


def _unknown(rung: Rung, firm: Firm) -> Iterator[str]:
    for action in rung.act:
        if isinstance(action, MoveQueue) and action.queue not in firm.queues:
            yield action.queue
        if isinstance(action, CallWebhook) and action.webhook not in firm.webhooks:
            yield action.webhook
    for staff in rung.people:
        if staff not in firm.staff or not firm.staff[staff].active:
            yield str(staff)


def _name(one: Policy | Calendar) -> str:
    return one.name or one.id


def _calendars(law: Law, now: datetime) -> Iterator[Finding]:
    for calendar in law.epoch().calendars.values():
        if calendar.known_through is None:
            continue
        facts: dict[str, object] = {"calendar": _name(calendar), "year": calendar.known_through}
        if calendar.is_provisional(now):
            yield Finding("advice", "calendar_ends", facts)
        elif calendar.is_provisional(now + SOON):
            yield Finding("advice", "calendar_ends_soon", facts)
        free = {day.year for day, one in calendar.overrides.items() if isinstance(one, Closed)}
        for year in range(now.year, calendar.known_through + 1):
            if year not in free:
                facts = {"calendar": _name(calendar), "year": year}
                yield Finding("advice", "calendar_without_year", facts)


def _rosters(firm: Firm) -> Iterator[Finding]:
    active = {person.id for person in firm.staff.values() if person.active}
    for roster in firm.rosters.values():
        named: dict[str, object] = {"roster": roster.name or roster.id}
        for team in sorted(set(roster.teams) - set(firm.teams)):
            yield Finding("error", "roster_without_team", named | {"team": team})
        if roster.calendar and roster.calendar not in firm.calendars:
            yield Finding("error", "roster_without_calendar", named | {"calendar": roster.calendar})
        called = set(roster.on_call.staff) if roster.on_call is not None else set()
        if called and not called & active:
            yield Finding("error", "roster_without_on_call", named)
        for staff in sorted((roster.people | called) - active):
            name = firm.name_of(staff) or str(staff)
            yield Finding("advice", "roster_with_who_left", named | {"staff": name})


def _channels(desk: Desk, firm: Firm, channels: dict[str, Channel]) -> Iterator[Finding]:
    enabled = [one for one in channels.values() if one.enabled]
    for channel in enabled:
        try:
            vault.decrypt(desk.secret, channel.secret or "")
        except vault.WrongKey:
            code = "wrong_key" if channel.secret else "no_secret"
            yield Finding("error", code, {"channel": channel.kind})
        for team in firm.teams.values():
            if team.id not in firm.reach.groups.get(channel.kind, {}):
                facts: dict[str, object] = {"team": team.name, "channel": channel.kind}
                yield Finding("advice", "team_without_group", facts)
    if enabled and not desk.settings.public_url:
        yield Finding("advice", "no_public_url")
