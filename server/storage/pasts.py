"""Reading a long past: what clocks look at, ticket by ticket, in big pages (hindsight.py)."""

from datetime import datetime
from typing import Final

import msgspec

from server.domain.events import Opened, Routed
from server.domain.pasts import Past
from server.storage.database import Reading, Statement


def _kinds() -> str:
    body = next(one for one in msgspec.inspect.type_info(Past).fields if one.name == "body")  # type: ignore[attr-defined]
    return ", ".join(sorted(f"'{one.tag}'" for one in body.type.types))


def _page(kinds: str, more: str = "") -> Statement[str]:
    """All rows in one step, as one JSON text: stepping row by row costs more than the reading, and
    the bodies are JSON already. The LIMIT keeps the order.
    """
    some = (
        f"FROM event WHERE ticket >= :first AND ticket <= :last AND kind IN ({kinds}){more}"
        " AND body IS NOT NULL"
    )
    return Statement(
        "SELECT COALESCE(group_concat(one, ','), '') FROM (SELECT '[' || seq || ',' || ticket ||"  # noqa: S608
        " ',\"' || recorded_at || '\",\"' || effective_at || '\",' || body || ']' AS one"
        f" {some} ORDER BY ticket, ticket_seq LIMIT {2**31 - 1})",
        str,
        postgres=(
            "SELECT COALESCE(string_agg(json_build_array(seq, ticket, recorded_at, effective_at,"
            f" body::json)::text, ',' ORDER BY ticket, ticket_seq), '') {some}"
        ),
    )


class Handed(msgspec.Struct, frozen=True, array_like=True):
    """How a ticket began, or how it was routed then."""

    seq: int
    ticket: int
    recorded_at: datetime
    effective_at: datetime
    body: Opened | Routed


class Written(msgspec.Struct, frozen=True):
    """What a customer wrote first."""

    ticket: int
    body: str


_PASTS: Final = _page(_kinds())
_HANDED: Final = _page("'opened', 'routed'", " AND ticket_seq <= 5")
_WRITTEN: Final = Statement(
    "SELECT ticket, body FROM message WHERE ticket >= :first AND ticket <= :last AND id ="
    " (SELECT MIN(id) FROM message AS other WHERE other.ticket = message.ticket)",
    Written,
)
_OPENED_AT: Final = Statement(
    "SELECT recorded_at FROM event WHERE ticket = :ticket AND ticket_seq = 1", datetime
)
_LAST: Final = Statement("SELECT MAX(number) FROM ticket", int)
_decode: Final = msgspec.json.Decoder(list[Past]).decode
_decode_handed: Final = msgspec.json.Decoder(list[Handed]).decode


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


async def read_handed(db: Reading, first: int, last: int) -> list[Handed]:
    """How these tickets began and were routed at first, in the order of time."""
    text: str | None = await db.one(_HANDED, first=first, last=last)
    found = _decode_handed(f"[{text or ''}]")
    return sorted(found, key=lambda one: one.seq)


async def read_written(db: Reading, first: int, last: int) -> dict[int, str]:
    """What these tickets' customers wrote first."""
    return {one.ticket: one.body for one in await db.all(_WRITTEN, first=first, last=last)}
