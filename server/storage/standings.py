"""Standings of colleagues, the waiting queue and the statistics of grabbing; written by `record()`
and by the use cases of routing alone.
"""

import itertools
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from server.domain.standings import Standing
from server.storage.database import Reading, Statement, Unit


class Waiting(msgspec.Struct, frozen=True):
    """A ticket that nobody holds. `need` is alike for tickets that the same people could do, and
    empty when it is not known.
    """

    ticket: int
    automatic: bool
    rank: int
    queued_at: datetime
    need: str


class Grab(msgspec.Struct, frozen=True):
    """How a colleague grabbed from a queue on a day; `spans` are the seconds that each ticket had
    waited.
    """

    day: str
    queue: str
    staff: int
    tries: int
    grabs: int
    spans: tuple[int, ...]


_WHOLE: Final = "'{' || group_concat('\"' || staff || '\":' || doc) || '}'"
_WHOLE_POSTGRES: Final = "'{' || string_agg('\"' || staff || '\":' || doc, ',') || '}'"
_ALL = Statement(
    f"SELECT {_WHOLE} FROM standing",  # noqa: S608
    str,
    postgres=f"SELECT {_WHOLE_POSTGRES} FROM standing",  # noqa: S608
)
"""Hundreds of standings are read for a decision: as one JSON text they cost half."""
_PUT = Statement[None](
    "INSERT INTO standing (staff, doc) VALUES (:staff, :doc)"
    " ON CONFLICT (staff) DO UPDATE SET doc = excluded.doc"
)
_MARK = Statement("SELECT last FROM counter WHERE name = 'standing'", int)
_SET_MARK = Statement[None](
    "INSERT INTO counter (name, last) VALUES ('standing', :mark)"
    " ON CONFLICT (name) DO UPDATE SET last = excluded.last"
)
_marks = itertools.count(secrets.randbits(61))
"""Each change of a standing sets another mark, one that no other change ever sets, in no process
and in no unit that was undone: what was read under a mark is right wherever that mark stands.
"""
_WAIT = Statement[None](
    "INSERT INTO waiting (ticket, automatic, rank, queued_at, need)"
    " VALUES (:ticket, :automatic, :rank, :queued_at, :need)"
    " ON CONFLICT (ticket) DO UPDATE SET automatic = excluded.automatic, rank = excluded.rank,"
    " queued_at = excluded.queued_at, need = excluded.need"
)
_LEAVE = Statement[None]("DELETE FROM waiting WHERE ticket = :ticket")
_ROW: Final = "ticket, automatic, rank, queued_at, need"
_AFTER: Final = "(rank, queued_at, ticket) > (:rank, :queued_at, :ticket)"
_ORDER: Final = "ORDER BY rank, queued_at, ticket LIMIT :limit"
_LIST = Statement(f"SELECT {_ROW} FROM waiting WHERE {_AFTER} {_ORDER}", Waiting)  # noqa: S608
_LIST_AUTOMATIC = Statement(
    f"SELECT {_ROW} FROM waiting WHERE automatic AND {_AFTER} {_ORDER}",  # noqa: S608
    Waiting,
)
_EVERY = Statement(f"SELECT {_ROW} FROM waiting ORDER BY ticket", Waiting)  # noqa: S608
_FIND_WAITING = Statement(f"SELECT {_ROW} FROM waiting WHERE ticket = :ticket", Waiting)  # noqa: S608
_FIND_GRAB = Statement(
    "SELECT day, queue, staff, tries, grabs, spans FROM grab"
    " WHERE day = :day AND queue = :queue AND staff = :staff",
    Grab,
    documents=("spans",),
)
_GRABS = Statement(
    "SELECT day, queue, staff, tries, grabs, spans FROM grab WHERE day >= :first AND day <= :last"
    " ORDER BY day, queue, staff",
    Grab,
    documents=("spans",),
)
_PUT_GRAB = Statement[None](
    "INSERT INTO grab (day, queue, staff, tries, grabs, spans)"
    " VALUES (:day, :queue, :staff, :tries, :grabs, :spans)"
    " ON CONFLICT (day, queue, staff) DO UPDATE SET tries = excluded.tries,"
    " grabs = excluded.grabs, spans = excluded.spans"
)
_LAST_COLLEAGUE = Statement(
    "SELECT assignee FROM ticket WHERE customer = :customer AND number < :number"
    " AND assignee IS NOT NULL ORDER BY number DESC LIMIT 1",
    int,
)

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[int, Standing]).decode


def text_of(standing: Standing) -> str:
    """A standing as it is kept: equal ones give equal texts."""
    return _encode(standing).decode()


async def read_all(db: Reading) -> dict[int, Standing]:
    """Everybody of whom anything is known."""
    text = await db.one(_ALL)
    return _decode(text) if text else {}


async def put(unit: Unit, staff: int, standing: Standing) -> None:
    """Keep a colleague's standing."""
    await unit.run(_PUT, staff=staff, doc=text_of(standing))
    await unit.run(_SET_MARK, mark=next(_marks))


class Remembered:
    """Everybody's standing as units see it, in memory: to read hundreds of them anew for each
    decision costs as much as the decision. The mark in the database says whether what is kept is
    what stands there, also after a unit was undone and when another instance has written.
    """

    def __init__(self) -> None:
        self._kept: tuple[int, dict[int, Standing]] | None = None  # one value: threads share it

    async def read(self, unit: Unit) -> Mapping[int, Standing]:
        """Everybody of whom anything is known."""
        mark, kept = await unit.one(_MARK), self._kept
        if kept is not None and kept[0] == mark:
            return kept[1]
        found = await read_all(unit)
        if mark is not None:
            self._kept = mark, found
        return found

    async def put(self, unit: Unit, changed: Mapping[int, Standing]) -> None:
        """Keep these standings."""
        known = await self.read(unit)
        for staff, standing in changed.items():
            await unit.run(_PUT, staff=staff, doc=text_of(standing))
        mark = next(_marks)
        await unit.run(_SET_MARK, mark=mark)
        self._kept = mark, {**known, **changed}


async def wait(unit: Unit, waiting: Waiting) -> None:
    """The ticket waits for somebody, or waits otherwise than before."""
    await unit.run(_WAIT, **msgspec.structs.asdict(waiting))


async def leave(unit: Unit, ticket: int) -> None:
    """The ticket waits no more."""
    await unit.run(_LEAVE, ticket=ticket)


async def find_waiting(db: Reading, ticket: int) -> Waiting | None:
    """A ticket's place in the waiting queue, or None."""
    return await db.one(_FIND_WAITING, ticket=ticket)


async def list_waiting(
    db: Reading, after: tuple[int, datetime, int], limit: int, *, automatic: bool
) -> list[Waiting]:
    """Waiting tickets after a place in the order, most pressing first; with `automatic` only those
    that the desk hands out itself.
    """
    rank, queued_at, ticket = after
    statement = _LIST_AUTOMATIC if automatic else _LIST
    return await db.all(statement, rank=rank, queued_at=queued_at, ticket=ticket, limit=limit)


async def list_all_waiting(db: Reading) -> list[Waiting]:
    """The whole waiting queue by number, to be compared with the tickets."""
    return await db.all(_EVERY)


async def find_grab(db: Reading, day: str, queue: str, staff: int) -> Grab | None:
    """A colleague's day in a queue, or None."""
    return await db.one(_FIND_GRAB, day=day, queue=queue, staff=staff)


async def list_grabs(db: Reading, first: str, last: str) -> list[Grab]:
    """All that was grabbed from one day to another, both included."""
    return await db.all(_GRABS, first=first, last=last)


async def put_grab(unit: Unit, grab: Grab) -> None:
    """Keep a colleague's day in a queue."""
    values = msgspec.structs.asdict(grab)
    await unit.run(_PUT_GRAB, **(values | {"spans": _encode(grab.spans).decode()}))


async def last_colleague(db: Reading, customer: int, before: int) -> int | None:
    """Who has, or had last, the latest of a customer's earlier tickets."""
    return await db.one(_LAST_COLLEAGUE, customer=customer, number=before)
