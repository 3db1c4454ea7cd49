"""What routing knows of a colleague (近况): the tickets in work, what was given lately, and how
long solving takes. A fold over the ticket's changes: `record()` keeps it, and it can be made again
from the tickets and the event log.

In work (在办) are tickets that one holds whose status is new or open: their work clock runs. A
ticket that waits for somebody else is held, but it is no load.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from server.domain.events import (
    AnyBody,
    Assigned,
    Claimed,
    Opened,
    Priority,
    PriorityChanged,
    Resolved,
    Routed,
    StatusChanged,
    Transferred,
)
from server.domain.ticket import OPEN_CATEGORIES, Ticket

IN_WORK: Final = frozenset({"new", "open"})
WORTH: Final[dict[str, int]] = {
    Priority.URGENT: 6,
    Priority.HIGH: 3,
    Priority.NORMAL: 2,
    Priority.LOW: 1,
}
"""What a ticket in work weighs by its priority, in halves of a normal one."""
REMEMBERED: Final = timedelta(hours=8)
"""How long ago a ticket was given and still counts for fairness."""
LONGEST_RUN: Final = 20
"""How many urgent tickets in a row are remembered: no rule may ask for more."""
HOUR: Final = 3600
_MOST_GIVEN: Final = 200
_SHARE: Final = 4
"""A solved ticket moves the pace by a quarter of what it differs."""


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """近况. `load` is 在办数, `weight` the same weighted by priority, in halves of a normal ticket;
    `categories` counts tickets in work by category, `held` all open tickets in hand. `given` are
    the instants of the tickets given within `REMEMBERED` before the last one, `run` those of the
    urgent ones in a row. `pace` is for how many seconds tickets were in work from taking to
    solving, the latest weighing most; None before the first.

    Instants are written one after the other, ten digits each: hundreds of standings are read for a
    decision, of which few look at them.
    """

    load: int = 0
    weight: int = 0
    held: int = 0
    categories: dict[str, int] = {}
    given: str = ""
    run: str = ""
    pace: int | None = None

    def given_since(self, seconds: int) -> int:
        """How many tickets were given after this instant (epoch seconds)."""
        return count_after(self.given, written(seconds))

    @property
    def last_given(self) -> str:
        """The instant at which the last ticket was given, or nothing."""
        return self.given[-DIGITS:]


DIGITS: Final = 10
"""How many digits an instant has: epoch seconds, good until the year 2286."""


def written(seconds: int) -> str:
    """An instant as it is kept: texts of one length compare as their numbers do."""
    return f"{seconds:0{DIGITS}d}"


def instants(text: str) -> list[int]:
    """Kept instants, oldest first."""
    return [int(text[place : place + DIGITS]) for place in range(0, len(text), DIGITS)]


def count_after(text: str, since: str) -> int:
    """How many of the kept instants come after this one."""
    first, beyond = 0, len(text) // DIGITS
    if text[:DIGITS] > since:
        return beyond
    while first < beyond:
        middle = (first + beyond) // 2
        if text[middle * DIGITS : (middle + 1) * DIGITS] > since:
            beyond = middle
        else:
            first = middle + 1
    return len(text) // DIGITS - first


NOTHING: Final = Standing()


class Cell(msgspec.Struct, frozen=True):
    """Where a ticket counts: with whom, as what, and whether it is in work."""

    staff: int
    priority: str
    category: str
    works: bool


def cell_of(ticket: Ticket | None) -> Cell | None:
    """The cell that a ticket is counted in; None when nobody has it or it is over."""
    if ticket is None or ticket.assignee is None or ticket.status_category not in OPEN_CATEGORIES:
        return None
    works = ticket.status_category in IN_WORK
    return Cell(ticket.assignee, ticket.priority, ticket.category or "", works)


Move = tuple[Cell | None, Cell | None, tuple[tuple[AnyBody, str], ...]]
"""The cell that a ticket leaves, the cell that it comes to, and the events that concern a
colleague, each with the priority that the ticket had then.
"""


def moves(before: Ticket | None, after: Ticket, events: Iterable[AnyBody]) -> dict[int, Move]:
    """Whose standing a change moves, and how."""
    old, new = cell_of(before), cell_of(after)
    priority: str = before.priority if before is not None else after.priority
    told: dict[int, list[tuple[AnyBody, str]]] = {}
    for body in events:
        priority = _priority_after(body, priority)
        whom = _concerns(body)
        if whom is not None:
            told.setdefault(whom, []).append((body, priority))
    if old != new:
        for cell in (old, new):
            if cell is not None:
                told.setdefault(cell.staff, [])
    return {
        staff: (
            old if old is not None and old != new and old.staff == staff else None,
            new if new is not None and old != new and new.staff == staff else None,
            tuple(bodies),
        )
        for staff, bodies in sorted(told.items())
    }


def _priority_after(body: AnyBody, priority: str) -> str:
    match body:
        case Opened(priority=now) | PriorityChanged(new=now):
            return now
        case _:
            return priority


def _concerns(body: AnyBody) -> int | None:
    match body:
        case Routed(assignee=staff) | Transferred(assignee=staff):
            return staff
        case Assigned(assignee=staff) | Claimed(assignee=staff):
            return staff
        case Resolved(by=staff):
            return staff
        case _:
            return None


def counted(standing: Standing, old: Cell | None, new: Cell | None) -> Standing:
    """The standing without the one cell and with the other."""
    for cell, by in ((old, -1), (new, 1)):
        if cell is None:
            continue
        standing = replace(standing, held=standing.held + by)
        if cell.works:
            standing = replace(
                standing,
                load=standing.load + by,
                weight=standing.weight + by * WORTH[cell.priority],
                categories=_added(standing.categories, cell.category, by),
            )
    return standing


def _added(counts: dict[str, int], key: str, by: int) -> dict[str, int]:
    count = counts.get(key, 0) + by
    rest = {name: number for name, number in counts.items() if name != key}
    return rest if count == 0 else rest | {key: count}


def told(
    standing: Standing,
    body: AnyBody,
    priority: str,
    *,
    at: datetime,
    took: int = 0,
) -> Standing:
    """The standing after an event that concerns this colleague: a ticket of this priority was
    given at this instant, or one that `took` so many seconds of work is solved.
    """
    now = int(at.timestamp())
    if isinstance(body, Resolved):
        if took <= 0:
            return standing  # taken in the same breath: that says nothing of the pace
        pace = took if standing.pace is None else standing.pace + (took - standing.pace) // _SHARE
        return replace(standing, pace=pace)
    recent = count_after(standing.given, written(now - int(REMEMBERED.total_seconds())))
    kept = min(recent, _MOST_GIVEN - 1) * DIGITS
    run = (standing.run + written(now))[-LONGEST_RUN * DIGITS :]
    return replace(
        standing,
        given=standing.given[len(standing.given) - kept :] + written(now),
        run=run if priority == Priority.URGENT else "",
    )


Moved = tuple[datetime, StatusChanged]
"""A change of status, and when it was."""


def seconds_in_work(ticket: Ticket, changes: Sequence[Moved], until: datetime) -> int:
    """How long a ticket was in work since its colleague took it, by the wall clock: what waited
    for a customer or for others, or was solved for a while, is not his time. `changes` of its
    status in their order; those before he took it do not matter. 0 for a ticket that nobody has.
    """
    since = ticket.held_at
    if since is None:
        return 0
    changes = [one for one in changes if since <= one[0] <= until]
    category: str = changes[0][1].old_category if changes else ticket.status_category
    worked = timedelta()
    for at, change in changes:
        if category in IN_WORK:
            worked += at - since
        since, category = at, change.new_category
    if category in IN_WORK:
        worked += until - since
    return int(worked.total_seconds())


def rests_until(standing: Standing, after: int, rest: int) -> int:
    """Until when (epoch seconds) a colleague rests who rests so many seconds after so many urgent
    tickets in a row; the instant may have passed. 0: there is nothing to rest from.
    """
    if not after or len(standing.run) < after * DIGITS:
        return 0
    count, last = 0, 0
    for instant in instants(standing.run):
        if count >= after and instant >= last + rest:
            count = 0
        count, last = count + 1, instant
    return last + rest if count >= after else 0


def free_again_at(standing: Standing, hourly: int) -> int:
    """When (epoch seconds) a colleague who was given `hourly` tickets within the hour may get the
    next one; 0: there was no such hour.
    """
    if not hourly or len(standing.given) < hourly * DIGITS:
        return 0
    place = len(standing.given) - hourly * DIGITS
    return int(standing.given[place : place + DIGITS]) + HOUR
