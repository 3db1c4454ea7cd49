"""The firm (公司): everything an administrator sets up, as of one place in the event log.

Parts are immutable versions (decision 10). A `Firm` is a value: caches hold it keyed by `seq`.
"""

import msgspec

from server.domain.people import Staff, Team
from server.domain.routing import Rules
from server.domain.sla import Law
from server.domain.ticket import STATUSES, Status


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """队列: routing and visibility; channels point to one."""

    id: str
    name: str


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The firm's face: its name and what the customer's form offers."""

    name: str = ""
    zone: str = "Asia/Shanghai"
    categories: tuple[str, ...] = ()
    greeting: str = ""
    quiet_close_hours: int = 72


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How colleagues and teams are reached: platform → colleague → account, platform → team →
    group conversation; only platforms that are switched on.
    """

    people: dict[str, dict[int, str]] = {}
    groups: dict[str, dict[str, str]] = {}

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

    def name_of(self, staff: int | None) -> str | None:
        """A colleague's name, or None."""
        person = self.staff.get(staff) if staff is not None else None
        return person.name if person else None

    def leaders_of(self, team: str | None) -> tuple[int, ...]:
        """Who leads a team; without leaders, the active supervisors and administrators."""
        found = self.teams.get(team) if team else None
        if found is not None and found.leaders:
            return found.leaders
        return tuple(
            person.id
            for person in self.staff.values()
            if person.active and person.role in ("supervisor", "administrator")
        )
