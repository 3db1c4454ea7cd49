"""Staff (员工), teams (处理组), customers, and who sees what."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

import msgspec


class Role(StrEnum):
    """Roles of decision 12, most powerful first."""

    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    STAFF = "staff"
    COLLABORATOR = "collaborator"
    AUDITOR = "auditor"


Duty = Literal["on_duty", "break", "off_duty"]
"""值班 (gets tickets), 小休 (ends by itself), 下班."""

LEADING: Final = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
"""Who leads where a team has no leaders."""


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """A colleague. `skills` maps a skill's name to a level 1–5. `on_duty` means: gets tickets; who
    is off duty only until `break_until` is on a break. `store` (a store's id) and `region`
    (省/市/区) say where they work, where that matters.
    """

    id: int
    name: str
    email: str
    role: Role = Role.STAFF
    skills: dict[str, int] = {}
    on_duty: bool = False
    active: bool = True
    language: str = "zh"
    break_until: datetime | None = None
    store: str | None = None
    region: str = ""

    @property
    def duty(self) -> Duty:
        """值班, 小休 or 下班: one of them, always."""
        if self.on_duty:
            return "on_duty"
        return "off_duty" if self.break_until is None else "break"


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """处理组: people, not routing. Leaders hear of breaches; who leads the `parent` team is the
    leader's leader.
    """

    id: str
    name: str
    members: tuple[int, ...] = ()
    leaders: tuple[int, ...] = ()
    parent: str | None = None

    @property
    def people(self) -> frozenset[int]:
        """Members and leaders."""
        return frozenset(self.members) | frozenset(self.leaders)


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """客户. `level` is what policies and rules read ("normal", "vip", …)."""

    id: int
    name: str
    level: str = "normal"
    language: str = "zh"
    company: str = ""
    email: str = ""
    phone: str = ""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A chat account that speaks for a colleague."""

    platform: str
    user_id: str
    staff: int


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What one person may see, compiled to SQL by every reading function (decision 11).

    A ticket is in sight when `everything`, when its team is in `teams`, when it has no team yet
    and `unrouted`, or when `staff` is its assignee.
    """

    everything: bool = False
    teams: frozenset[str] = frozenset()
    unrouted: bool = False
    staff: int = 0

    def sees(self, team: str | None, assignee: int | None) -> bool:
        """The same rule, for one ticket in hand."""
        if self.everything or (self.staff and assignee == self.staff):
            return True
        if team is None:
            return self.unrouted
        return team in self.teams


_APART: Final = re.compile(r"[\s()（）.\-–—]+")
_CHINA: Final = re.compile(r"(?:\+|00)86(?=1\d{10}$)")


def plain_email(text: str) -> str:
    """An e-mail address as it is compared: however it was typed, the same person."""
    return text.strip().casefold()


def plain_phone(text: str) -> str:
    """A phone number as it is compared: without blanks, dashes and China's prefix before a
    mobile number.
    """
    return _CHINA.sub("", _APART.sub("", text))


def sight_of(staff: Staff, teams: dict[str, Team]) -> Sight:
    """Administrators, supervisors and auditors see all; staff see their teams; collaborators
    only what is assigned to them.
    """
    if staff.role in (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR):
        return Sight(everything=True, staff=staff.id)
    if staff.role is Role.COLLABORATOR:
        return Sight(staff=staff.id)
    mine = frozenset(team.id for team in teams.values() if staff.id in team.people)
    return Sight(teams=mine, unrouted=True, staff=staff.id)
