"""How clocks ended: written by `record()`, read by reports."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from server.domain.outcomes import Key, Outcome
from server.storage.database import Reading, Statement, Unit

_FIELDS: Final = Outcome.__struct_fields__
_KEY: Final = ("ticket", "metric", "instance")
_COLUMNS: Final = ", ".join(_FIELDS)
_PUT = Statement[None](
    f"INSERT INTO outcome ({_COLUMNS}) VALUES ({', '.join(f':{one}' for one in _FIELDS)})"  # noqa: S608
    " ON CONFLICT (ticket, metric, instance) DO UPDATE SET "
    + ", ".join(f"{one} = excluded.{one}" for one in _FIELDS if one not in _KEY)
)
_REMOVE = Statement[None](
    "DELETE FROM outcome WHERE ticket = :ticket AND metric = :metric AND instance = :instance"
)
_CLEAR = Statement[None]("DELETE FROM outcome WHERE ticket = :ticket")
_OF_TICKET = Statement(
    f"SELECT {_COLUMNS} FROM outcome WHERE ticket = :ticket",  # noqa: S608
    Outcome,
    documents=("pauses",),
)
_ENDED = Statement(
    f"SELECT {_COLUMNS} FROM outcome"  # noqa: S608
    " WHERE ended_at >= :from_at AND ended_at < :to_at ORDER BY ended_at, ticket",
    Outcome,
    documents=("pauses",),
)

_encode = msgspec.json.Encoder(order="sorted").encode


async def put(unit: Unit, outcomes: Sequence[Outcome]) -> None:
    """Write how clocks ended."""
    for one in outcomes:
        row = msgspec.structs.asdict(one)
        await unit.run(_PUT, **row | {"pauses": _encode(one.pauses).decode()})


async def remove(unit: Unit, ticket: int, keys: Iterable[Key]) -> None:
    """These clocks go on."""
    for metric, instance in keys:
        await unit.run(_REMOVE, ticket=ticket, metric=metric, instance=instance)


async def clear(unit: Unit, ticket: int) -> None:
    """Forget all of a ticket's, before they are written anew."""
    await unit.run(_CLEAR, ticket=ticket)


async def list_of_ticket(db: Reading, ticket: int) -> list[Outcome]:
    """All of a ticket's."""
    return await db.all(_OF_TICKET, ticket=ticket)


async def list_ended(db: Reading, from_at: datetime, to_at: datetime) -> list[Outcome]:
    """Those that ended in [from_at, to_at)."""
    return await db.all(_ENDED, from_at=from_at, to_at=to_at)
