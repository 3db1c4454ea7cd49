"""Whom a phrase names: 「二线」, 「@小赵」, 「给小赵 客户指定」. Accounts that the platform vouches
for count before names, which more than one person may have.
"""

import re
from typing import Final

import msgspec

from server.domain.firm import Firm
from server.domain.people import Staff, Team
from server.domain.recall import Option

_TO: Final = re.compile(r"^(?:[转交派]?给|[转派]?到|to\b)\s*", re.IGNORECASE)
_MENTION: Final = re.compile(r"@[^\s@]+")
_EDGE: Final = " \t\n,:;\uff0c\uff1a\uff1b、。"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Who was named, and what stood behind the name. `several`: these colleagues have this name."""

    team: Team | None = None
    staff: Staff | None = None
    several: tuple[Staff, ...] = ()
    rest: str = ""


def find_target(
    text: str,
    firm: Firm,
    platform: str,
    accounts: tuple[str, ...],
    chosen: int | None = None,
) -> Target:
    """The team or the colleague that a text begins with; neither when nobody is known by it.
    `chosen` says which of several who have the name is meant.
    """
    text = _TO.sub("", text.strip(_EDGE)).strip(_EDGE)
    known = [firm.reach.staff_of(platform, account) for account in accounts]
    person = next((firm.staff[one] for one in known if one is not None and one in firm.staff), None)
    team, rest = _team(text, firm)
    if person is not None:
        return Target(team=team, staff=person, rest=_MENTION.sub("", rest).strip(_EDGE))
    found, after = _people(rest, firm)
    if chosen is not None and chosen in firm.staff:
        return Target(team=team, staff=firm.staff[chosen], rest=after)
    if len(found) > 1:
        return Target(team=team, several=tuple(found))
    return Target(team=team, staff=found[0] if found else None, rest=after)


def _team(text: str, firm: Firm) -> tuple[Team | None, str]:
    teams = sorted(firm.teams.values(), key=lambda team: -len(team.name))
    plain = text.lstrip("@").casefold()
    for team in teams:
        if team.name and plain.startswith(team.name.casefold()):
            skipped = len(text) - len(plain) + len(team.name)
            return team, text[skipped:].strip(_EDGE)
    return None, text


def _people(text: str, firm: Firm) -> tuple[list[Staff], str]:
    plain = text.lstrip("@")
    active = [one for one in firm.staff.values() if one.active and one.name]
    begun = [one for one in active if plain.casefold().startswith(one.name.casefold())]
    longest = max((len(one.name) for one in begun), default=0)
    found = [one for one in begun if len(one.name) == longest]
    return found, plain[longest:].strip(_EDGE)


def told_apart(several: tuple[Staff, ...], firm: Firm) -> tuple[Option, ...]:
    """Colleagues of one name: each with his teams, or his e-mail address where that tells more."""
    teams = [
        "、".join(sorted(team.name for team in firm.teams.values() if one.id in team.people))
        for one in several
    ]
    alike = len(set(teams)) < len(teams)
    return tuple(
        Option(f"{one.name}（{one.email if alike or not team else team}）", one.id)
        for one, team in zip(several, teams, strict=True)
    )


def team_for(person: Staff, firm: Firm, present: str | None) -> str | None:
    """The team in which a colleague takes a ticket: the present one if he belongs to it."""
    mine = sorted(team.id for team in firm.teams.values() if person.id in team.people)
    return present if present in mine else next(iter(mine), None)
