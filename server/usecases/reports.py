"""Reports (报表): what was kept of what was promised, of a period of days (R22).

Who leads, and the auditor, sees everything. Staff see the figures of their own teams, and of
themselves: colleagues' names are no business of theirs. The figures are reckoned in a thread.
"""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from server.desk import Desk
from server.domain.errors import Invalid
from server.domain.outcomes import Outcome
from server.domain.people import Sight, Staff, sight_of
from server.domain.reports import Attainment, ByLaw, attainment
from server.storage import outcomes

LONGEST: Final = timedelta(days=400)


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """A report on [from_day, to_day], local days of the firm. `whole`: of all teams."""

    from_day: date
    to_day: date
    whole: bool
    attainment: Attainment


async def report(
    desk: Desk, by: Staff, from_day: str | None, to_day: str | None, law: ByLaw
) -> Reported:
    """The clocks that ended in a period of days, both of them included; without days, in this
    month so far. Refuses `Invalid` for what is no day, and for more than `LONGEST`.
    """
    firm = await desk.firm()
    zone = ZoneInfo(firm.profile.zone)
    today = desk.clock.now().astimezone(zone).date()
    first, last = _day("from_day", from_day), _day("to_day", to_day)
    last = last or today
    first = first or last.replace(day=1)
    if first > last:
        raise Invalid(to_day="replay_order")
    if last - first > LONGEST:
        raise Invalid(to_day="replay_too_long")
    with desk.activity.busy():
        found = await outcomes.list_ended(
            desk.database, _morning(first, zone), _morning(last + timedelta(days=1), zone)
        )
        sight = sight_of(by, firm.teams)
        reckoned = await asyncio.to_thread(_reckon, found, sight, law)
    return Reported(from_day=first, to_day=last, whole=sight.everything, attainment=reckoned)


def _reckon(found: list[Outcome], sight: Sight, law: ByLaw) -> Attainment:
    if sight.everything:
        return attainment(found, law)
    seen = [one for one in found if one.team in sight.teams or one.assignee == sight.staff]
    whole = attainment(seen, law)
    own = {staff: some for staff, some in whole.people.items() if staff == sight.staff}
    teams = {team: some for team, some in whole.teams.items() if team in sight.teams}
    return msgspec.structs.replace(whole, people=own, teams=teams)


def _day(field: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(**{field: "day"}) from None


def _morning(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
