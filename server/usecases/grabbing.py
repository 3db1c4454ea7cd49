"""抢单: how many open tickets one may hold, who came too late, and how grabbing goes."""

from datetime import timedelta
from statistics import median_low
from typing import Final

import msgspec

from server.desk import Desk
from server.domain.errors import HoldsTooMany, NotAllowed
from server.domain.people import LEADING, Role, Staff
from server.domain.standings import NOTHING
from server.domain.ticket import Ticket
from server.storage import standings, tickets
from server.storage.standings import Grab
from server.usecases.acts import Act, change
from server.usecases.keeping import count_try, day_of

MOST_DAYS: Final = 366
_READERS: Final = LEADING | {Role.AUDITOR}


class Grabbing(msgspec.Struct, frozen=True, kw_only=True):
    """How grabbing went, of a queue or of a colleague in it: tries, those that won, and the
    seconds that a ticket had waited when it was won, half of them less; None without any.
    """

    queue: str
    staff: int | None = None
    tries: int = 0
    grabs: int = 0
    median: int | None = None


async def need_room(act: Act, ticket: Ticket, by: Staff) -> None:
    """Refuse `HoldsTooMany` to whoever holds as many open tickets as the queue allows (囤单上限);
    waiting ones count, so that nobody makes room by holding.
    """
    queue = (await act.firm()).queue_of(ticket.queue)
    if not queue.hoard or ticket.assignee is not None:
        return
    known = await act.desk.standings.read(act.unit)
    held = known.get(by.id, NOTHING).held
    if held >= queue.hoard:
        raise HoldsTooMany(ticket=ticket.number, held=held, most=queue.hoard, queue=queue.name)


@change
async def came_too_late(act: Act, number: int, staff: int) -> None:
    """Count a try to grab a ticket that another had by then."""
    ticket = await tickets.find(act.unit, number)
    if ticket is not None:
        await count_try(act, ticket.queue, staff, None)


async def list_grabbing(desk: Desk, by: Staff, days: int) -> list[Grabbing]:
    """The last so many days: each queue, then each colleague in it. Refuses `NotAllowed` to those
    who may not look at others' figures.
    """
    if by.role not in _READERS:
        raise NotAllowed
    firm = await desk.firm()
    now = desk.clock.now()
    first = day_of(now - timedelta(days=min(days, MOST_DAYS) - 1), firm)
    with desk.activity.busy():
        rows = await standings.list_grabs(desk.database, first, day_of(now, firm))
    of: dict[tuple[str, int | None], list[Grab]] = {}
    for row in rows:
        of.setdefault((row.queue, None), []).append(row)
        of.setdefault((row.queue, row.staff), []).append(row)
    return [_sum(queue, staff, of[queue, staff]) for queue, staff in sorted(of, key=_place)]


def _place(key: tuple[str, int | None]) -> tuple[str, int]:
    return key[0], key[1] or 0


def _sum(queue: str, staff: int | None, rows: list[Grab]) -> Grabbing:
    spans = [span for row in rows for span in row.spans]
    return Grabbing(
        queue=queue,
        staff=staff,
        tries=sum(row.tries for row in rows),
        grabs=sum(row.grabs for row in rows),
        median=median_low(spans) if spans else None,
    )
