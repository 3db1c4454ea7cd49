"""Reading a long past in big pages, ticket by ticket: what clocks look at (hindsight.py), and how
they stand.
"""

from datetime import datetime
from typing import Final

import msgspec

from server.domain.courts import KeptState
from server.domain.events import Opened, Routed
from server.domain.pasts import Ordinary, Past, Rare
from server.domain.standing import SlaState
from server.storage.database import Reading, Statement


def _kinds() -> str:
    body = next(one for one in msgspec.inspect.type_info(Past).fields if one.name == "bodies")  # type: ignore[attr-defined]
    return ", ".join(sorted(f"'{one.tag}'" for one in body.type.item_type.types))


class Page(msgspec.Struct, frozen=True):
    """A ticket's past and its clocks, both from the same moment, as they lie there: each text has
    a column of its events. `decode_past`, `decode_kept` and `decode_state` make them out.
    """

    ticket: int
    seqs: str
    recorded: str
    effective: str
    bodies: str
    state: str | None

    @property
    def opened_at(self) -> datetime:
        """When its first event was recorded."""
        return datetime.fromisoformat(self.recorded.partition(",")[0])


def _pages(table: str, columns: str, order: str = "") -> str:
    """A row for a ticket, and a text for a column: fetching row by row, or making one JSON text of
    the rows, costs more than the reading. SQLite reads in the index's order.
    """
    joined = ", ".join(columns.format(order=order).split("|"))
    return (
        "SELECT past.*, sla.state FROM (SELECT ticket, " + joined + f" FROM {table}"  # noqa: S608
        f" WHERE ticket >= :first AND ticket <= :last AND kind IN ({_kinds()})"
        " AND body IS NOT NULL GROUP BY ticket) AS past LEFT JOIN sla ON sla.ticket = past.ticket"
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


_INSTANT: Final = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00:00')"
_PASTS: Final = Statement(
    _pages(
        "event INDEXED BY event_of_ticket",
        "group_concat(seq) AS seqs|group_concat(recorded_at) AS recorded"
        "|group_concat(effective_at) AS effective|group_concat(body) AS bodies",
    ),
    Page,
    postgres=_pages(
        "event",
        "string_agg(seq::text, ',' {order}) AS seqs"
        f"|string_agg({_INSTANT.format('recorded_at')}, ',' {{order}}) AS recorded"
        f"|string_agg({_INSTANT.format('effective_at')}, ',' {{order}}) AS effective"
        "|string_agg(body, ',' {order}) AS bodies",
        "ORDER BY ticket_seq",
    ),
)
_HANDED_FROM: Final = (
    "FROM event WHERE ticket >= :first AND ticket <= :last AND kind IN ('opened', 'routed')"
    " AND ticket_seq <= 5 AND body IS NOT NULL"
)
_HANDED: Final = Statement(
    "SELECT COALESCE(group_concat(one, ','), '') FROM (SELECT '[' || seq || ',' || ticket ||"  # noqa: S608
    " ',\"' || recorded_at || '\",\"' || effective_at || '\",' || body || ']' AS one"
    f" {_HANDED_FROM} ORDER BY ticket, ticket_seq LIMIT {2**31 - 1})",
    str,
    postgres=(
        "SELECT COALESCE(string_agg(json_build_array(seq, ticket, recorded_at, effective_at,"
        f" body::json)::text, ',' ORDER BY ticket, ticket_seq), '') {_HANDED_FROM}"
    ),
)
_WRITTEN: Final = Statement(
    "SELECT ticket, body FROM message WHERE ticket >= :first AND ticket <= :last AND id ="
    " (SELECT MIN(id) FROM message AS other WHERE other.ticket = message.ticket)",
    Written,
)
_OPENED_AT: Final = Statement(
    "SELECT recorded_at FROM event WHERE ticket = :ticket AND ticket_seq = 1", datetime
)
_LAST: Final = Statement("SELECT MAX(number) FROM ticket", int)
_decode_bodies: Final = msgspec.json.Decoder(list[Ordinary | Rare]).decode
_decode_state: Final = msgspec.json.Decoder(SlaState).decode
_decode_kept: Final = msgspec.json.Decoder(KeptState).decode
_decode_seqs: Final = msgspec.json.Decoder(list[int]).decode
_NONE: Final = KeptState()
_decode_handed: Final = msgspec.json.Decoder(list[Handed]).decode


async def read_pasts(db: Reading, first: int, last: int) -> list[Page]:
    """These tickets' events that clocks look at, and their clocks. Erased events are left out."""
    return await db.all(_PASTS, first=first, last=last)


def decode_past(page: Page) -> Past:
    """A ticket's events."""
    recorded = list(map(datetime.fromisoformat, page.recorded.split(",")))
    effective = recorded
    if page.effective != page.recorded:
        effective = list(map(datetime.fromisoformat, page.effective.split(",")))
    return Past(
        page.ticket,
        _decode_seqs(f"[{page.seqs}]"),
        [int(one.timestamp()) for one in effective],
        recorded,
        _decode_bodies(f"[{page.bodies}]"),
    )


def decode_kept(page: Page) -> KeptState:
    """What hindsight reads of the ticket's clocks."""
    return _NONE if page.state is None else _decode_kept(page.state)


def decode_state(page: Page) -> SlaState:
    """The ticket's clocks whole."""
    return SlaState() if page.state is None else _decode_state(page.state)


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
