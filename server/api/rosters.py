"""Answers what is asked of rosters, leave and swaps."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from server.api import schemas_duty as d
from server.api.calls import Answer, Call, Handler
from server.domain import rosters
from server.domain.errors import UnknownRoster
from server.domain.firm import Firm
from server.domain.grids import grid
from server.domain.people import LEADING, Staff
from server.domain.rosters import Roster
from server.storage.rosters import LeaveRow, SwapRow
from server.usecases import administration, leave, swaps
from server.usecases.documents import fit
from server.words import find


async def read_roster(call: Call) -> d.RosterGrid:
    """A saved roster's grid."""
    asked = call.query(d.GridAsked)
    firm = await call.desk.firm()
    roster = firm.rosters.get(call.text("id"))
    if roster is None:
        raise UnknownRoster(roster=call.text("id"))
    version = await administration.find_configuration(call.desk, "roster", roster.id)
    first = asked.first or rosters.local_day(roster, call.desk.clock.now())
    return _grid(call, firm, roster, first, asked.days, version.version)


async def preview_roster(call: Call, asked: d.RosterPreview) -> d.RosterGrid:
    """The grid of a document that is not saved. Refuses `Invalid(doc)`."""
    firm = await call.desk.firm()
    roster = fit("roster", asked.doc, firm)
    firm = msgspec.structs.replace(firm, rosters=firm.rosters | {roster.id: roster})
    return _grid(call, firm, roster, asked.first, asked.days, 0)


def _grid(  # noqa: PLR0917
    call: Call, firm: Firm, roster: Roster, first: date, days: int, version: int
) -> d.RosterGrid:
    found = grid(firm, roster, first, days)
    return d.RosterGrid(
        id=roster.id,
        version=version,
        name=roster.name,
        zone=roster.zone,
        teams=roster.teams,
        today=rosters.local_day(roster, call.desk.clock.now()),
        shifts=tuple(
            d.ShiftShown(id=one.id, name=one.name, hours=one.hours, breaks=one.breaks)
            for one in roster.shifts
        ),
        days=tuple(
            d.GridDayShown(
                day=one.day,
                weekday=one.day.isoweekday(),
                kind=one.kind,
                name=find(call.language, f"holiday.{one.name}") or one.name,
                on_call=one.on_call,
            )
            for one in found.days
        ),
        rows=tuple(
            d.GridRowShown(
                staff=row.staff,
                name=firm.name_of(row.staff) or "",
                cells=tuple(
                    d.GridCellShown(
                        day=cell.day,
                        shifts=cell.shifts,
                        override=cell.override,
                        swap=cell.swap,
                        leave=cell.leave,
                    )
                    for cell in row.cells
                ),
            )
            for row in found.rows
        ),
        may_save=call.by.role in LEADING,
    )


# --- leave


async def list_leaves(call: Call) -> tuple[d.LeaveShown, ...]:
    """What touches the days, in the firm's zone."""
    asked = call.query(d.SpanAsked)
    firm = await call.desk.firm()
    zone = ZoneInfo(firm.profile.zone)
    first = asked.first or call.desk.clock.now().astimezone(zone).date()
    low = datetime.combine(first, time(), zone).astimezone(UTC)
    found = await leave.list_leaves(call.desk, call.by, low, low + timedelta(days=asked.days))
    return tuple(_leave(firm, one, call.by, call.desk.clock.now()) for one in found)


async def ask_leave(call: Call, asked: d.LeaveWanted) -> Answer:
    """For oneself, or by a leader for a colleague."""
    made = await leave.ask_leave(
        call.desk,
        call.by,
        asked.staff or call.by.id,
        asked.reason,
        asked.starts_at,
        asked.ends_at,
        asked.note,
        call.known.via,
    )
    return Answer(body=await _leave_now(call, made), location="/api/v1/leaves")


async def decide_leave(call: Call, asked: d.Decided) -> d.LeaveShown:
    """Yes or no."""
    made = await leave.decide_leave(
        call.desk, call.by, call.number("id"), asked.approve, call.known.via
    )
    return await _leave_now(call, made)


async def withdraw_leave(call: Call) -> d.LeaveShown:
    """Taken back."""
    made = await leave.withdraw_leave(call.desk, call.by, call.number("id"), call.known.via)
    return await _leave_now(call, made)


async def _leave_now(call: Call, made: LeaveRow) -> d.LeaveShown:
    return _leave(await call.desk.firm(), made, call.by, call.desk.clock.now())


def _leave(firm: Firm, one: LeaveRow, by: Staff, now: datetime) -> d.LeaveShown:
    leads = rosters.leads(firm, by, one.staff)
    live = one.ends_at > now
    may: list[str] = []
    if live and leads and one.state == "asked":
        may.append("decide")
    if live and (leads or one.staff == by.id) and one.state in {"asked", "approved"}:
        may.append("withdraw")
    return d.LeaveShown(
        id=one.id,
        staff=one.staff,
        name=firm.name_of(one.staff) or "",
        reason=one.reason,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        note=one.note,
        state=one.state,
        asked_at=one.asked_at,
        decided_by=firm.name_of(one.decided_by) or "",
        decided_at=one.decided_at,
        may=tuple(may),  # type: ignore[arg-type]  # the literals above
    )


# --- swaps


async def list_swaps(call: Call) -> tuple[d.SwapShown, ...]:
    """Those with a day in the span."""
    asked = call.query(d.SpanAsked)
    firm = await call.desk.firm()
    now = call.desk.clock.now()
    first = asked.first or now.astimezone(ZoneInfo(firm.profile.zone)).date()
    last = first + timedelta(days=asked.days - 1)
    found = await swaps.list_swaps(call.desk, call.by, first)
    return tuple(
        _swap(firm, one, call.by, now)
        for one in found
        if min(one.day, one.other_day or one.day) <= last
    )


async def ask_swap(call: Call, asked: d.SwapWanted) -> Answer:
    """By oneself, or by a leader for a colleague."""
    made = await swaps.ask_swap(
        call.desk,
        call.by,
        asked.roster,
        asked.staff or call.by.id,
        asked.day,
        asked.other,
        asked.other_day,
        asked.note,
        call.known.via,
    )
    return Answer(body=await _swap_now(call, made), location="/api/v1/swaps")


async def agree_swap(call: Call) -> d.SwapShown:
    """The other says yes."""
    made = await swaps.agree_swap(call.desk, call.by, call.number("id"), call.known.via)
    return await _swap_now(call, made)


async def decide_swap(call: Call, asked: d.Decided) -> d.SwapShown:
    """The leader says yes or no, or the other says no."""
    made = await swaps.decide_swap(
        call.desk, call.by, call.number("id"), asked.approve, call.known.via
    )
    return await _swap_now(call, made)


async def withdraw_swap(call: Call) -> d.SwapShown:
    """Taken back."""
    made = await swaps.withdraw_swap(call.desk, call.by, call.number("id"), call.known.via)
    return await _swap_now(call, made)


async def _swap_now(call: Call, made: SwapRow) -> d.SwapShown:
    return _swap(await call.desk.firm(), made, call.by, call.desk.clock.now())


def _swap(firm: Firm, one: SwapRow, by: Staff, now: datetime) -> d.SwapShown:
    return d.SwapShown(
        id=one.id,
        roster=one.roster,
        staff=one.staff,
        name=firm.name_of(one.staff) or "",
        day=one.day,
        other=one.other,
        other_name=firm.name_of(one.other) or "",
        other_day=one.other_day,
        note=one.note,
        state=one.state,
        asked_at=one.asked_at,
        decided_by=firm.name_of(one.decided_by) or "",
        decided_at=one.decided_at,
        may=swaps.may(firm, one, by, now),
    )


HANDLERS: Final[dict[str, Handler]] = {
    "readRoster": read_roster,
    "previewRoster": preview_roster,
    "listLeaves": list_leaves,
    "askLeave": ask_leave,
    "decideLeave": decide_leave,
    "withdrawLeave": withdraw_leave,
    "listSwaps": list_swaps,
    "askSwap": ask_swap,
    "agreeSwap": agree_swap,
    "decideSwap": decide_swap,
    "withdrawSwap": withdraw_swap,
}
