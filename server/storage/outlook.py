"""What lists show beside tickets: the customer's name and the folded SLA state, of many tickets
in one query.
"""

from functools import lru_cache
from typing import Final

import msgspec

from server.storage.database import Reading, Statement

_SIZES: Final = (1, 10, 25, 50, 100, 200)


class OutlookRow(msgspec.Struct, frozen=True):
    """One ticket's; `state` is JSON, or None without SLA."""

    number: int
    customer_name: str
    state: str | None


@lru_cache(maxsize=len(_SIZES))
def _statement(size: int) -> Statement[OutlookRow]:
    markers = ", ".join(f":n{place}" for place in range(size))
    return Statement(
        "SELECT t.number, c.name AS customer_name, s.state FROM ticket t"  # noqa: S608
        " JOIN customer c ON c.id = t.customer LEFT JOIN sla s ON s.ticket = t.number"
        f" WHERE t.number IN ({markers})",
        OutlookRow,
    )


async def list_outlooks(db: Reading, numbers: tuple[int, ...]) -> list[OutlookRow]:
    """At most 200 tickets. The list of markers is filled up with the last number, so that few
    statements have to be prepared.
    """
    if not numbers:
        return []
    size = next(size for size in _SIZES if size >= len(numbers))
    filled = numbers + (numbers[-1],) * (size - len(numbers))
    values: dict[str, object] = {f"n{place}": number for place, number in enumerate(filled)}
    return await db.all(_statement(size), **values)
