"""Reading a long past: what clocks look at, ticket by ticket, in big pages (hindsight.py)."""

from datetime import datetime
from typing import Final

import msgspec

from server.domain.pasts import Past
from server.storage.database import Reading, Statement


def _kinds() -> str:
    body = next(one for one in msgspec.inspect.type_info(Past).fields if one.name == "body")  # type: ignore[attr-defined]
    return ", ".join(sorted(f"'{one.tag}'" for one in body.type.types))


_SOME: Final = (
    f"FROM event WHERE ticket >= :first AND ticket <= :last AND kind IN ({_kinds()})"
    " AND body IS NOT NULL"
)
_PASTS: Final = Statement(
    "SELECT COALESCE(group_concat(one, ','), '') FROM (SELECT '[' || seq || ',' || ticket ||"  # noqa: S608
    " ',\"' || recorded_at || '\",\"' || effective_at || '\",' || body || ']' AS one"
    f" {_SOME} ORDER BY ticket, ticket_seq LIMIT {2**31 - 1})",
    str,
    postgres=(
        "SELECT COALESCE(string_agg(json_build_array(seq, ticket, recorded_at, effective_at,"
        f" body::json)::text, ',' ORDER BY ticket, ticket_seq), '') {_SOME}"
    ),
)
"""All rows in one step, as one JSON text: stepping row by row costs more than the reading, and the
bodies are JSON already. The LIMIT keeps the order.
"""

_OPENED_AT: Final = Statement(
    "SELECT recorded_at FROM event WHERE ticket = :ticket AND ticket_seq = 1", datetime
)
_LAST: Final = Statement("SELECT MAX(number) FROM ticket", int)
_decode: Final = msgspec.json.Decoder(list[Past]).decode


async def read_pasts(db: Reading, first: int, last: int) -> str:
    """The events of these tickets that clocks look at, as they lie there; `decode_pasts` makes
    them out. Erased ones are left out.
    """
    return await db.one(_PASTS, first=first, last=last) or ""


def decode_pasts(text: str) -> list[Past]:
    """Each ticket's events together and in fold order."""
    return _decode(f"[{text}]")


async def last_ticket(db: Reading) -> int:
    """The newest ticket's number; 0 when there is none."""
    return await db.one(_LAST) or 0


async def opened_at(db: Reading, ticket: int) -> datetime | None:
    """When a ticket was recorded first."""
    return await db.one(_OPENED_AT, ticket=ticket)
