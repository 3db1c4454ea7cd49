"""Jobs on promises (R13, R14), how far they have come, and the tickets that they look at."""

from datetime import datetime
from typing import Literal

import msgspec

from server.storage.database import Reading, Statement, Unit


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job. `doc` is the order, `result` what was done so far, both JSON; `reached` is the last
    ticket that was worked on, `through` the last one that there was when it was ordered.
    """

    id: int
    doc: str
    state: Literal["running", "done"]
    staff: int
    order_seq: int
    as_of: int
    reached: int
    through: int
    result: str
    created_at: datetime
    ended_at: datetime | None = None
    until_at: datetime | None = None


class Place(msgspec.Struct, frozen=True):
    """A ticket that may be concerned, and the team it is in."""

    number: int
    team: str | None


class Stand(msgspec.Struct, frozen=True):
    """The same with its clocks."""

    number: int
    team: str | None
    state: str


_COLUMNS = ", ".join(Job.__struct_fields__)
_ADD = Statement(
    "INSERT INTO law_job (doc, state, staff, order_seq, as_of, reached, through, result,"
    " created_at, until_at) SELECT :doc, 'running', :staff, 0, :as_of, 0, last, :result, :at,"
    " :until FROM counter"
    " WHERE name = 'ticket' RETURNING id",
    int,
)
_ORDERED = Statement[None]("UPDATE law_job SET order_seq = :seq WHERE id = :id")
_READ = Statement(f"SELECT {_COLUMNS} FROM law_job WHERE id = :id", Job)  # noqa: S608
_RUNNING = Statement(
    f"SELECT {_COLUMNS} FROM law_job WHERE state = 'running' ORDER BY id LIMIT 1",  # noqa: S608
    Job,
)
_LASTING = Statement(  # not ordered by id: SQLite would walk every job for it
    f"SELECT {_COLUMNS} FROM law_job WHERE until_at IS NOT NULL AND until_at > :at",  # noqa: S608
    Job,
)
_RECENT = Statement(f"SELECT {_COLUMNS} FROM law_job ORDER BY id DESC LIMIT 50", Job)  # noqa: S608
_REACH = Statement[None](
    "UPDATE law_job SET reached = :reached, result = :result WHERE id = :id AND state = 'running'"
)
_END = Statement[None](
    "UPDATE law_job SET state = 'done', ended_at = :at WHERE id = :id AND state = 'running'"
)
_OPEN = "t.status_category NOT IN ('resolved', 'closed', 'cancelled', 'merged')"
_FROM = " FROM ticket t WHERE t.number > :after AND t.number <= :through AND"
_PLACES = Statement(
    f"SELECT t.number, t.team{_FROM} {_OPEN} ORDER BY t.number LIMIT :limit",
    Place,
)
_PLACES_SINCE = Statement(
    f"SELECT t.number, t.team{_FROM} ({_OPEN} OR t.updated_at >= :since)"
    " ORDER BY t.number LIMIT :limit",
    Place,
)
_JOINED = (
    " FROM ticket t JOIN sla s ON s.ticket = t.number"
    " WHERE t.number > :after AND t.number <= :through AND"
)
_STANDS = Statement(
    f"SELECT t.number, t.team, s.state{_JOINED} {_OPEN} ORDER BY t.number LIMIT :limit",
    Stand,
)
_STANDS_SINCE = Statement(
    f"SELECT t.number, t.team, s.state{_JOINED} ({_OPEN} OR t.updated_at >= :since)"
    " ORDER BY t.number LIMIT :limit",
    Stand,
)
_LAST = Statement("SELECT last FROM counter WHERE name = 'ticket'", int)


async def add(
    unit: Unit,
    *,
    doc: str,
    staff: int,
    as_of: int,
    result: str,
    at: datetime,
    until_at: datetime | None,
) -> int:
    """A new job, running. Time that is excused until an instant ahead also holds for tickets that
    are filed before it.
    """
    found = await unit.one(
        _ADD, doc=doc, staff=staff, as_of=as_of, result=result, at=at, until=until_at
    )
    if found is None:
        msg = "the ticket counter is missing"
        raise LookupError(msg)
    return found


async def ordered(unit: Unit, job: int, seq: int) -> None:
    """The event that ordered a job."""
    await unit.run(_ORDERED, id=job, seq=seq)


async def find(db: Reading, job: int) -> Job | None:
    """One job."""
    return await db.one(_READ, id=job)


async def find_running(db: Reading) -> Job | None:
    """The oldest job that is not done."""
    return await db.one(_RUNNING)


async def list_lasting(db: Reading, at: datetime) -> list[Job]:
    """The jobs whose excused time has not ended yet."""
    return sorted(await db.all(_LASTING, at=at), key=lambda job: job.id)


async def list_recent(db: Reading) -> list[Job]:
    """The fifty newest."""
    return await db.all(_RECENT)


async def reach(unit: Unit, job: int, number: int, result: str) -> None:
    """A ticket has been worked on."""
    await unit.run(_REACH, id=job, reached=number, result=result)


async def end(unit: Unit, job: int, at: datetime) -> None:
    """All tickets have been worked on."""
    await unit.run(_END, id=job, at=at)


async def last_number(db: Reading) -> int:
    """The highest ticket number so far."""
    return await db.one(_LAST) or 0


async def list_places(
    db: Reading, after: int, through: int, since_at: datetime | None, limit: int
) -> list[Place]:
    """The next page of open tickets; with `since_at`, also of those that changed since then."""
    if since_at is None:
        return await db.all(_PLACES, after=after, through=through, limit=limit)
    return await db.all(_PLACES_SINCE, after=after, through=through, since=since_at, limit=limit)


async def list_stands(
    db: Reading, after: int, through: int, since_at: datetime | None, limit: int
) -> list[Stand]:
    """The same with their clocks."""
    if since_at is None:
        return await db.all(_STANDS, after=after, through=through, limit=limit)
    return await db.all(_STANDS_SINCE, after=after, through=through, since=since_at, limit=limit)
