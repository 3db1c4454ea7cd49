"""Hand-overs: which half-done tickets a colleague left, who was asked, and who took them."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from server.storage.database import Reading, Statement, Unit

Why = Literal["shift_end", "leave"]
State = Literal["asked", "settled"]


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """`staff` went; until `due_at` his colleagues may take what he left, `told` were asked.
    `back_at` is when he works again, None: nobody knows.
    """

    id: int
    staff: int
    why: Why
    state: State
    asked_at: datetime
    due_at: datetime
    back_at: datetime | None
    told: tuple[int, ...]


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that was left; `pressing`: it falls due before he is back."""

    handover: int
    ticket: int
    pressing: bool
    taken_by: int | None = None
    taken_at: datetime | None = None


_FIELDS: Final = ", ".join(Handover.__struct_fields__)
_LEFT: Final = ", ".join(Left.__struct_fields__)

_ADD = Statement(
    "INSERT INTO handover (staff, why, state, asked_at, due_at, back_at, told)"
    " VALUES (:staff, :why, 'asked', :asked_at, :due_at, :back_at, :told) RETURNING id",
    int,
)
_ADD_LEFT = Statement[None](
    "INSERT INTO handover_ticket (handover, ticket, pressing)"
    " VALUES (:handover, :ticket, :pressing)"
)
_READ = Statement(
    f"SELECT {_FIELDS} FROM handover WHERE id = :id",  # noqa: S608
    Handover,
    documents=("told",),
)
_OPEN = Statement(
    f"SELECT {_FIELDS} FROM handover WHERE state = 'asked' ORDER BY due_at, id",  # noqa: S608
    Handover,
    documents=("told",),
)
_LEFT_IN = Statement(
    f"SELECT {_LEFT} FROM handover_ticket WHERE handover = :handover ORDER BY ticket",  # noqa: S608
    Left,
)
_TAKE = Statement[None](
    "UPDATE handover_ticket SET taken_by = :by, taken_at = :at"
    " WHERE handover = :handover AND ticket = :ticket AND taken_by IS NULL"
)
_SETTLE = Statement[None]("UPDATE handover SET state = 'settled' WHERE id = :id")
_CALL_OFF = Statement[None](
    "UPDATE handover SET state = 'settled' WHERE staff = :staff AND state = 'asked'"
)
_POSTPONE = Statement[None]("UPDATE handover SET due_at = :until WHERE id = :id")
_OF_TICKET = Statement(
    "SELECT h.id FROM handover_ticket t JOIN handover h ON h.id = t.handover"
    " WHERE t.ticket = :ticket AND t.taken_by IS NULL AND h.state = 'asked'"
    " ORDER BY h.id DESC LIMIT 1",
    int,
)
_HELD = Statement(
    "SELECT number FROM ticket WHERE assignee = :staff AND status_category NOT IN"
    " ('resolved', 'closed', 'cancelled', 'merged') ORDER BY number",
    int,
)


async def add(unit: Unit, handover: Handover, left: tuple[Left, ...]) -> Handover:
    """Keep a hand-over that begins; its id is given here."""
    number = await unit.one(
        _ADD,
        staff=handover.staff,
        why=handover.why,
        asked_at=handover.asked_at,
        due_at=handover.due_at,
        back_at=handover.back_at,
        told=msgspec.json.encode(handover.told).decode(),
    )
    for one in left:
        await unit.run(_ADD_LEFT, handover=number, ticket=one.ticket, pressing=one.pressing)
    return msgspec.structs.replace(handover, id=number or 0)


async def find(db: Reading, handover: int) -> Handover | None:
    """One hand-over, or None."""
    return await db.one(_READ, id=handover)


async def list_open(db: Reading) -> list[Handover]:
    """Those that still ask for takers; there is one a colleague who went a moment ago."""
    return await db.all(_OPEN)


async def list_left(db: Reading, handover: int) -> list[Left]:
    """What was left in it."""
    return await db.all(_LEFT_IN, handover=handover)


async def find_of_ticket(db: Reading, ticket: int) -> int | None:
    """The hand-over that asks for a taker of this ticket, or None."""
    return await db.one(_OF_TICKET, ticket=ticket)


async def take(unit: Unit, handover: int, ticket: int, by: int, at: datetime) -> bool:
    """Somebody takes a ticket; False: it is taken."""
    return await unit.run(_TAKE, handover=handover, ticket=ticket, by=by, at=at) == 1


async def settle(unit: Unit, handover: int) -> None:
    """Nobody is asked any more."""
    await unit.run(_SETTLE, id=handover)


async def call_off(unit: Unit, staff: int) -> None:
    """Nobody is asked any more for what this colleague left: he is back, or it is asked anew."""
    await unit.run(_CALL_OFF, staff=staff)


async def postpone(unit: Unit, handover: int, until: datetime) -> None:
    """Acting on its time failed: try again later."""
    await unit.run(_POSTPONE, id=handover, until=until)


async def list_held(db: Reading, staff: int) -> list[int]:
    """The open tickets that a colleague holds."""
    return await db.all(_HELD, staff=staff)
