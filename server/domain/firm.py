"""The firm (公司): everything an administrator sets up, as of one place in the event log.

Parts are immutable versions (decision 10). A `Firm` is a value: caches hold it keyed by `seq`.
"""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from server.domain.calendars import Calendar
from server.domain.errors import Invalid
from server.domain.habits import Habits, TeamHabits
from server.domain.ladders import DEFAULT, Ladder, Webhook
from server.domain.people import LEADING, Role, Staff, Team
from server.domain.priority import Matrix
from server.domain.queues import PLAIN, Queue
from server.domain.rosters import Leave, Roster, Swap
from server.domain.rules import Rules
from server.domain.sla import Law, Pin
from server.domain.statuses import STATUSES, Status
from server.domain.stores import Store


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The firm's face: its name and what the customer's form offers. After `reopen_days` what a
    customer writes to a closed ticket opens another one (R16). Refuses `Invalid(zone)`.
    """

    name: str = ""
    zone: str = "Asia/Shanghai"
    categories: tuple[str, ...] = ()
    greeting: str = ""
    quiet_close_hours: Annotated[int, msgspec.Meta(ge=1, le=366 * 24)] = 72
    reopen_days: Annotated[int, msgspec.Meta(ge=0, le=3660)] = 7

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Invalid(zone="unknown") from None


Way = tuple[str, dict[str, str]]
"""A platform, and the address there."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How colleagues and teams are reached: platform → colleague → account, platform → team →
    group conversation; only platforms that are switched on.
    """

    people: dict[str, dict[int, str]] = {}
    groups: dict[str, dict[str, str]] = {}

    def ways(self, staff: int | None, team: str | None) -> tuple[Way, ...]:
        """How a colleague, or else a team's group, is reached: platform and address."""
        found: list[Way] = []
        for platform in sorted(self.people):
            if staff is not None:
                person = self.people[platform].get(staff)
                found += [(platform, {"person": person})] if person is not None else []
            else:
                group = self.groups.get(platform, {}).get(team or "")
                found += [(platform, {"group": group})] if group is not None else []
        return tuple(found)

    def chosen(self, staff: int | None, team: str | None, wanted: str) -> tuple[Way, ...]:
        """By which ways something is said: a colleague hears it once, by the platform that he
        wants or else the first that reaches him; a team's groups all hear it, since not everybody
        is in each.
        """
        ways = self.ways(staff, team)
        if staff is None:
            return ways
        return tuple(one for one in ways if one[0] == wanted) or ways[:1]

    def staff_of(self, platform: str, user_id: str) -> int | None:
        """The colleague for whom this chat account speaks."""
        accounts = self.people.get(platform, {})
        return next((staff for staff, account in accounts.items() if account == user_id), None)


class Firm(msgspec.Struct, frozen=True, kw_only=True):
    """Everything configured, current versions by id; `law` also holds the older ones that open
    clocks are pinned to.
    """

    seq: int
    profile: Profile
    teams: dict[str, Team]
    staff: dict[int, Staff]
    queues: dict[str, Queue]
    rules: Rules
    law: Law
    reach: Reach = Reach()
    statuses: dict[str, Status] = msgspec.field(default_factory=STATUSES.copy)
    matrix: Matrix = Matrix()
    stores: dict[str, Store] = {}
    rosters: dict[str, Roster] = {}
    leaves: dict[int, tuple[Leave, ...]] = {}
    swaps: dict[int, tuple[Swap, ...]] = {}
    """Leave and swaps that a leader approved, by each colleague that they are about."""
    ladders: dict[str, Ladder] = {}
    webhooks: dict[str, Webhook] = {}
    habits: dict[int, Habits] = {}
    team_habits: dict[str, TeamHabits] = {}
    """How colleagues and teams want to be told, where they want it otherwise than by default."""

    @property
    def calendars(self) -> dict[str, Calendar]:
        """The current version of each calendar."""
        return self.law.epoch().calendars

    def queue_of(self, queue: str) -> Queue:
        """A queue; a plain one of this name where nobody has described it."""
        return self.queues.get(queue) or msgspec.structs.replace(PLAIN, id=queue)

    def name_of(self, staff: int | None) -> str | None:
        """A colleague's name, or None."""
        person = self.staff.get(staff) if staff is not None else None
        return person.name if person else None

    def team_name(self, team: str | None) -> str | None:
        """A team's name, or None."""
        found = self.teams.get(team) if team is not None else None
        return found.name if found else None

    def ladder_of(self, pin: Pin | None) -> Ladder:
        """The ladder that the pinned policy names, as it is now; the default one where there is
        no policy, or no such ladder.
        """
        wanted = self.law.policy_of(pin).ladder if pin is not None else DEFAULT.id
        return self.ladders.get(wanted) or self.ladders.get(DEFAULT.id) or DEFAULT

    @property
    def supervisors(self) -> tuple[int, ...]:
        """The firm's supervisors; without any, its administrators."""
        active = [self.staff[number] for number in sorted(self.staff)]
        active = [person for person in active if person.active]
        supervising = tuple(one.id for one in active if one.role is Role.SUPERVISOR)
        return supervising or tuple(one.id for one in active if one.role is Role.ADMINISTRATOR)

    def leaders_above(self, team: str | None) -> tuple[int, ...]:
        """The leader's leaders: who leads the team above this one; without such, the
        supervisors.
        """
        found = self.teams.get(team) if team else None
        above = self.teams.get(found.parent) if found and found.parent else None
        leaders = self.leaders_of(above.id) if above is not None else ()
        return leaders or self.supervisors

    def leaders_of(self, team: str | None) -> tuple[int, ...]:
        """Who leads a team; without active leaders, the supervisors and administrators."""
        found = self.teams.get(team) if team else None
        active = {number for number, person in self.staff.items() if person.active}
        leaders = tuple(one for one in found.leaders if one in active) if found else ()
        return leaders or tuple(
            number for number in sorted(active) if self.staff[number].role in LEADING
        )
