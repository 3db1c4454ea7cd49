"""Whether what an administrator set up can work: findings as codes, words are `[cli.finding]`."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from server import vault
from server.desk import Desk
from server.domain.firm import Firm
from server.domain.people import Role
from server.domain.routing import Rules
from server.storage.policies import Channel
from server.usecases.administration import list_channels


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
    channels = await list_channels(desk)
    found = [
        *_people(firm),
        *_routing(firm, firm.rules),
        *_law(firm, desk.clock.now().year),
        *_channels(desk, firm, channels),
    ]
    return sorted(found, key=lambda one: one.level != "error")


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
    skills = {skill for person in firm.staff.values() for skill in person.skills}
    for rule in rules.rules:
        if rule.team not in firm.teams:
            yield Finding("error", "rule_without_team", {"rule": rule.name, "team": rule.team})
        for skill in sorted(set(rule.skills) - skills):
            yield Finding("advice", "rule_without_skill", {"rule": rule.name, "skill": skill})


def _law(firm: Firm, year: int) -> Iterator[Finding]:
    epoch = firm.law.epoch()
    if not epoch.policies:
        yield Finding("advice", "no_policy")
    for policy in epoch.policies:
        if policy.calendar not in epoch.calendars:
            facts: dict[str, object] = {"policy": policy.name, "calendar": policy.calendar}
            yield Finding("error", "policy_without_calendar", facts)
    for calendar in epoch.calendars.values():
        if calendar.known_through is not None and calendar.known_through < year:
            facts = {"calendar": calendar.name or calendar.id, "year": calendar.known_through}
            yield Finding("advice", "calendar_ends", facts)


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
