"""When a notice is told, and with what: at once, together with others, at the start of a shift.

Outside his shift a colleague hears of nothing; what came meanwhile is in the digest with which his
shift begins. Of an urgent ticket whoever is on call hears at once instead (where nobody is, the
colleague himself). A group hears while its team works. The same is never said in private and in
the group: what somebody of a team hears by himself, its group does not hear.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from server.domain import habits, rosters
from server.domain.events import Priority
from server.domain.firm import Firm
from server.domain.notices import Notice
from server.domain.ticket import Ticket
from server.domain.worktime import next_open, spans

SHIFT: Final = "shift"
"""The name of the messages with which shifts begin."""
_DAY: Final = timedelta(days=1)


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """A notice on its way: with all of one `stream` to the same audience it comes in one message,
    `span` after the one before at the earliest; `waits` makes it wait that long for others. An
    empty stream: by itself. Not before `after`.
    """

    notice: Notice
    stream: str = ""
    span: timedelta = timedelta()
    waits: bool = False
    after: datetime | None = None


def tellings_of(
    notices: Iterable[Notice], ticket: Ticket | None, firm: Firm, at: datetime
) -> Iterator[Telling]:
    """How the notices of one event are told; those that nobody wants in chat are left out."""
    given = tuple(notices)
    told = {one.staff for one in given if one.staff is not None}
    for notice in given:
        if notice.team in firm.teams and told & firm.teams[notice.team].people:
            continue
        topic = habits.topic_of(notice.kind)
        wanted = firm.habits.get(notice.staff or 0)
        manner = habits.manner_of(
            topic, wanted if notice.staff is not None else firm.team_habits.get(notice.team or "")
        )
        if notice.webhook is not None:
            yield Telling(notice=notice)
        elif manner.chat:
            stream = topic if topic in habits.LISTED and manner.span else ""
            one = Telling(
                notice=notice,
                stream=stream,
                span=manner.span,
                waits=topic in habits.COLLECTED,
                after=notice.after,
            )
            yield from _timed(one, ticket, firm, at, told)


def _timed(
    one: Telling, ticket: Ticket | None, firm: Firm, at: datetime, told: set[int]
) -> Iterator[Telling]:
    """The telling, put off until somebody hears it; the urgent goes to who is on call."""
    notice = one.notice
    if ticket is None:  # hand-overs and leave are about shifts: they keep their time
        yield one
        return
    from_at = _hears_at(notice, ticket.team, firm, at)
    if from_at <= at:
        yield one
        return
    if ticket.priority is Priority.URGENT:
        called = rosters.on_call(firm, ticket.team, at)
        if notice.staff in called or not called:
            yield one
            return
        for staff in called:
            if staff not in told:
                told.add(staff)
                yield msgspec.structs.replace(
                    one, notice=msgspec.structs.replace(notice, staff=staff, team=None)
                )
    after = max(from_at, one.after or from_at)
    yield msgspec.structs.replace(one, stream=SHIFT, span=timedelta(), waits=False, after=after)


def _hears_at(notice: Notice, team: str | None, firm: Firm, at: datetime) -> datetime:
    if notice.staff is None:
        return group_hears_at(firm, notice.team or team or "", at)
    wanted = firm.habits.get(notice.staff)
    return at if wanted is not None and wanted.always else hears_at(firm, notice.staff, at)


def hears_at(firm: Firm, staff: int, at: datetime) -> datetime:
    """When a colleague may be told: the instant itself in his shift, breaks included, else when
    his next one begins. By whom no roster says anything, the firm's working day, lunch included,
    is his shift too: not everybody says 值班. At once where nobody knows a day.
    """
    person = firm.staff.get(staff)
    if person is None or person.duty != "off_duty":
        return at
    if rosters.is_rostered(firm, staff) or rosters.is_away(firm, staff, at):
        back_at = rosters.back_at(firm, staff, at)
        return at if back_at is None else back_at
    return _opens_at(firm, at)


def group_hears_at(firm: Firm, team: str, at: datetime) -> datetime:
    """When a team's group may be told: while anybody of it is on duty, else when the next of them
    begins, or the firm's day.
    """
    found = firm.teams.get(team)
    people = [firm.staff[one] for one in sorted(found.people) if one in firm.staff] if found else []
    people = [one for one in people if one.active]
    if not people or any(one.duty != "off_duty" for one in people):
        return at
    return min(hears_at(firm, one.id, at) for one in people)


def day_of(firm: Firm, at: datetime) -> tuple[datetime, datetime] | None:
    """When the firm's working day of this date begins and ends; None on a day without work."""
    calendar = firm.calendars.get("default") or next(iter(firm.calendars.values()), None)
    if calendar is None:
        return None
    here = at.astimezone(ZoneInfo(calendar.zone))
    begins = here.replace(hour=0, minute=0, second=0, microsecond=0)
    found = spans(calendar, begins, begins + _DAY)
    return (found[0][0], found[-1][1]) if found else None


def _opens_at(firm: Firm, at: datetime) -> datetime:
    """The instant itself in the firm's working day, else its next opening."""
    calendar = firm.calendars.get("default") or next(iter(firm.calendars.values()), None)
    day = day_of(firm, at)
    if calendar is None or (day is not None and day[0] <= at < day[1]):
        return at
    return next_open(calendar, at)
