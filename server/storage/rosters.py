"""Leave, swaps, and the roster's next turn of each colleague."""

from datetime import date, datetime
from typing import Final, Literal

import msgspec

from server.domain import rosters
from server.domain.people import Duty
from server.storage.database import Reading, Statement, Unit

LeaveState = Literal["asked", "approved", "refused", "withdrawn"]
SwapState = Literal["asked", "agreed", "approved", "refused", "withdrawn"]
LeaveReason = Literal["annual", "personal", "sick", "compensatory", "business", "other"]

KEPT: Final = 5000
"""So many of the latest approved leaves and swaps are part of the firm; older ones are history."""


class LeaveRow(msgspec.Struct, frozen=True, kw_only=True):
    """A leave from asking to its end; `note` is for those who decide."""

    id: int
    staff: int
    reason: LeaveReason
    starts_at: datetime
    ends_at: datetime
    note: str
    state: LeaveState
    asked_by: int
    asked_at: datetime
    decided_by: int | None
    decided_at: datetime | None


class SwapRow(msgspec.Struct, frozen=True, kw_only=True):
    """A swap from asking on; `last_day` is the later one of its days."""

    id: int
    roster: str
    staff: int
    day: date
    other: int
    other_day: date | None
    last_day: date
    note: str
    state: SwapState
    asked_by: int
    asked_at: datetime
    decided_by: int | None
    decided_at: datetime | None


class TurnRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the roster last said of a colleague's duty (None: nothing), and when it changes."""

    staff: int
    duty: Duty | None
    due_at: datetime


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Something of duty falls due: a colleague's turn, a break's end, a hand-over's time."""

    kind: Literal["turn", "break", "handover"]
    id: int
    due_at: datetime


_LEAVE: Final = ", ".join(LeaveRow.__struct_fields__)
_SWAP: Final = ", ".join(SwapRow.__struct_fields__)

_ADD_LEAVE = Statement(
    f"INSERT INTO leave ({_LEAVE.removeprefix('id, ')}) VALUES"  # noqa: S608
    f" ({', '.join(f':{name}' for name in LeaveRow.__struct_fields__[1:])}) RETURNING id",
    int,
)
_READ_LEAVE = Statement(f"SELECT {_LEAVE} FROM leave WHERE id = :id", LeaveRow)  # noqa: S608
_LEAVES = Statement(
    f"SELECT {_LEAVE} FROM leave WHERE ends_at > :low AND starts_at < :high"  # noqa: S608
    " ORDER BY starts_at, id",
    LeaveRow,
)
_APPROVED_LEAVES = Statement(
    "SELECT id, staff, starts_at, ends_at FROM leave WHERE state = 'approved'"  # noqa: S608
    f" ORDER BY ends_at DESC, id DESC LIMIT {KEPT}",
    rosters.Leave,
)
_DECIDE_LEAVE = Statement[None](
    "UPDATE leave SET state = :state, decided_by = :by, decided_at = :at WHERE id = :id"
)
_ADD_SWAP = Statement(
    f"INSERT INTO swap ({_SWAP.removeprefix('id, ')}) VALUES"  # noqa: S608
    f" ({', '.join(f':{name}' for name in SwapRow.__struct_fields__[1:])}) RETURNING id",
    int,
)
_READ_SWAP = Statement(f"SELECT {_SWAP} FROM swap WHERE id = :id", SwapRow)  # noqa: S608
_SWAPS = Statement(
    f"SELECT {_SWAP} FROM swap WHERE last_day >= :low ORDER BY day, id",  # noqa: S608
    SwapRow,
)
_APPROVED_SWAPS = Statement(
    "SELECT id, roster, staff, day, other, other_day FROM swap WHERE state = 'approved'"  # noqa: S608
    f" ORDER BY last_day DESC, id DESC LIMIT {KEPT}",
    rosters.Swap,
)
_DECIDE_SWAP = Statement[None](
    "UPDATE swap SET state = :state, decided_by = :by, decided_at = :at WHERE id = :id"
)
_TURNS = Statement("SELECT staff, duty, due_at FROM shift_turn ORDER BY staff", TurnRow)
_READ_TURN = Statement("SELECT staff, duty, due_at FROM shift_turn WHERE staff = :staff", TurnRow)
_PUT_TURN = Statement[None](
    "INSERT INTO shift_turn (staff, duty, due_at) VALUES (:staff, :duty, :due_at)"
    " ON CONFLICT (staff) DO UPDATE SET duty = excluded.duty, due_at = excluded.due_at"
)
_DROP_TURN = Statement[None]("DELETE FROM shift_turn WHERE staff = :staff")
_POSTPONE = Statement[None](
    "UPDATE shift_turn SET due_at = :until WHERE staff = :staff AND due_at <= :at"
)
_EVERYTHING: Final = (
    "SELECT 'turn' AS kind, staff AS id, due_at FROM shift_turn"
    " UNION ALL SELECT 'break' AS kind, id, break_until AS due_at FROM staff"
    " WHERE break_until IS NOT NULL"
    " UNION ALL SELECT 'handover' AS kind, id, due_at FROM handover WHERE state = 'asked'"
)
_DUE = Statement(
    f"SELECT kind, id, due_at FROM ({_EVERYTHING}) AS due WHERE due_at <= :at"  # noqa: S608
    " ORDER BY due_at, kind, id LIMIT :limit",
    Due,
)
_NEXT = Statement(f"SELECT MIN(due_at) FROM ({_EVERYTHING}) AS due", datetime)  # noqa: S608


async def add_leave(unit: Unit, leave: LeaveRow) -> LeaveRow:
    """Keep a leave; its id is given here."""
    values = msgspec.structs.asdict(leave)
    del values["id"]
    return msgspec.structs.replace(leave, id=await unit.one(_ADD_LEAVE, **values) or 0)


async def find_leave(db: Reading, leave: int) -> LeaveRow | None:
    """One leave, or None."""
    return await db.one(_READ_LEAVE, id=leave)


async def list_leaves(db: Reading, low: datetime, high: datetime) -> list[LeaveRow]:
    """All that touch the span, whatever became of them."""
    return await db.all(_LEAVES, low=low, high=high)


async def decide_leave(unit: Unit, leave: int, state: LeaveState, by: int, at: datetime) -> None:
    """What became of it."""
    await unit.run(_DECIDE_LEAVE, id=leave, state=state, by=by, at=at)


async def list_approved_leaves(db: Reading) -> dict[int, tuple[rosters.Leave, ...]]:
    """Approved leave by colleague."""
    found: dict[int, tuple[rosters.Leave, ...]] = {}
    for one in await db.all(_APPROVED_LEAVES):
        found[one.staff] = (*found.get(one.staff, ()), one)
    return found


async def add_swap(unit: Unit, swap: SwapRow) -> SwapRow:
    """Keep a swap; its id is given here."""
    values = msgspec.structs.asdict(swap)
    del values["id"]
    days = {name: _text(values[name]) for name in ("day", "other_day", "last_day")}
    return msgspec.structs.replace(swap, id=await unit.one(_ADD_SWAP, **values | days) or 0)


async def find_swap(db: Reading, swap: int) -> SwapRow | None:
    """One swap, or None."""
    return await db.one(_READ_SWAP, id=swap)


async def list_swaps(db: Reading, low: date) -> list[SwapRow]:
    """All with a day from this one on, whatever became of them."""
    return await db.all(_SWAPS, low=low.isoformat())


async def decide_swap(unit: Unit, swap: int, state: SwapState, by: int, at: datetime) -> None:
    """What became of it."""
    await unit.run(_DECIDE_SWAP, id=swap, state=state, by=by, at=at)


async def list_approved_swaps(db: Reading) -> dict[int, tuple[rosters.Swap, ...]]:
    """Approved swaps by each of their two colleagues."""
    found: dict[int, tuple[rosters.Swap, ...]] = {}
    for one in await db.all(_APPROVED_SWAPS):
        for staff in (one.staff, one.other):
            found[staff] = (*found.get(staff, ()), one)
    return found


async def list_turns(db: Reading) -> dict[int, TurnRow]:
    """Every colleague's next turn."""
    return {row.staff: row for row in await db.all(_TURNS)}


async def find_turn(db: Reading, staff: int) -> TurnRow | None:
    """A colleague's next turn, or None."""
    return await db.one(_READ_TURN, staff=staff)


async def put_turn(unit: Unit, staff: int, duty: Duty | None, due_at: datetime) -> None:
    """What the roster says of a colleague now, and when that changes."""
    await unit.run(_PUT_TURN, staff=staff, duty=duty, due_at=due_at)


async def drop_turn(unit: Unit, staff: int) -> None:
    """The roster has nothing to say of this colleague."""
    await unit.run(_DROP_TURN, staff=staff)


async def postpone_turn(unit: Unit, staff: int, at: datetime, until: datetime) -> None:
    """Acting on it failed: try again later."""
    await unit.run(_POSTPONE, staff=staff, at=at, until=until)


async def list_due(db: Reading, at: datetime, limit: int) -> list[Due]:
    """What of duty is due, longest due first."""
    return await db.all(_DUE, at=at, limit=limit)


async def next_due_at(db: Reading) -> datetime | None:
    """The earliest instant at which something of duty falls due."""
    return await db.one(_NEXT)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
