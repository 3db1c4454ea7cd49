"""换班: a colleague asks another to work for him, who agrees, and a leader decides. Each step is an
event; the roster follows at once (`duty.follow`).
"""

from datetime import date, datetime
from typing import Literal

from server.desk import Desk
from server.domain import rosters
from server.domain.duty_events import SwapChanged
from server.domain.errors import (
    AlreadyDecided,
    Invalid,
    NotAgreed,
    NotAllowed,
    UnknownRoster,
    UnknownStaff,
    UnknownSwap,
)
from server.domain.events import Actor, Event, Via
from server.domain.firm import Firm
from server.domain.notices import Facts
from server.domain.people import Staff
from server.storage import rosters as rows
from server.storage.rosters import SwapRow, SwapState
from server.usecases.acts import Act, change
from server.usecases.leave import deciders, known, tell
from server.usecases.recording import record_desk

_PENDING = frozenset({"asked", "agreed"})
_LIVING = frozenset({"asked", "agreed", "approved"})


@change
async def ask_swap(  # noqa: PLR0917
    act: Act,
    by: Staff,
    roster: str,
    staff: int,
    day: date,
    other: int,
    other_day: date | None = None,
    note: str = "",
    via: Via = "web",
) -> SwapRow:
    """A colleague asks another to work a day for him, or to exchange two days; entered by
    somebody who decides on both, it is approved at once. Refuses `UnknownRoster`, `UnknownStaff`,
    `NotAllowed`, and `Invalid` for days without a shift or in the past.
    """
    firm, now = await known(act, by)
    found = firm.rosters.get(roster)
    if found is None:
        raise UnknownRoster(roster=roster)
    decides = rosters.leads(firm, now, staff) and rosters.leads(firm, now, other)
    if staff != now.id and not decides:
        raise NotAllowed
    _check_swap(firm, found, act.at, staff, day, other, other_day)
    swap = await rows.add_swap(
        act.unit,
        SwapRow(
            id=0,
            roster=roster,
            staff=staff,
            day=day,
            other=other,
            other_day=other_day,
            last_day=max(day, other_day or day),
            note=note,
            state="asked",
            asked_by=now.id,
            asked_at=act.at,
            decided_by=None,
            decided_at=None,
        ),
    )
    if decides:
        return await _move_swap(act, swap, "approved", now, via)
    event = await _record_swap(act, swap, "asked", now, via)
    await tell(act, event, "swap_asked", other, _swap_facts(firm, swap))
    return swap


def _check_swap(  # noqa: PLR0917
    firm: Firm,
    roster: rosters.Roster,
    at: datetime,
    staff: int,
    day: date,
    other: int,
    other_day: date | None,
) -> None:
    for one in (staff, other):
        person = firm.staff.get(one)
        if person is None or not person.active:
            raise UnknownStaff(staff=one)
    if staff == other:
        raise Invalid(other="oneself")
    today = rosters.local_day(roster, at)
    if day < today:
        raise Invalid(day="too_late")
    if other_day is not None and other_day < today:
        raise Invalid(other_day="too_late")
    if not rosters.shifts_on(firm, roster, staff, day):
        raise Invalid(day="no_shift")
    if other_day is not None and not rosters.shifts_on(firm, roster, other, other_day):
        raise Invalid(other_day="no_shift")


@change
async def agree_swap(act: Act, by: Staff, swap: int, via: Via = "web") -> SwapRow:
    """The other colleague agrees; agreeing again changes nothing. Refuses `UnknownSwap`,
    `NotAllowed`, `AlreadyDecided`.
    """
    firm, now = await known(act, by)
    found = await _swap(act, swap)
    if found.other != now.id:
        raise NotAllowed
    if found.state == "agreed":
        return found
    _check_undecided(firm, found, act.at)
    return await _move_swap(act, found, "agreed", now, via)


@change
async def decide_swap(
    act: Act,
    by: Staff,
    swap: int,
    approve: bool,  # noqa: FBT001
    via: Via = "web",
) -> SwapRow:
    """A leader of both approves what both agreed to, or refuses; the other colleague may refuse
    as well. Refuses `UnknownSwap`, `NotAllowed`, `NotAgreed`, `AlreadyDecided`.
    """
    firm, now = await known(act, by)
    found = await _swap(act, swap)
    leads = _leads_both(firm, now, found)
    if not leads and (approve or found.other != now.id):
        raise NotAllowed
    state: SwapState = "approved" if approve else "refused"
    if found.state == state:
        return found
    _check_undecided(firm, found, act.at)
    if approve and found.state != "agreed":
        raise NotAgreed
    return await _move_swap(act, found, state, now, via)


@change
async def withdraw_swap(act: Act, by: Staff, swap: int, via: Via = "web") -> SwapRow:
    """Whoever asked, or a leader of both, takes it back before its days are over. Refuses
    `UnknownSwap`, `NotAllowed`, `AlreadyDecided`.
    """
    firm, now = await known(act, by)
    found = await _swap(act, swap)
    leads = _leads_both(firm, now, found)
    if found.staff != now.id and not leads:
        raise NotAllowed
    if found.state == "withdrawn":
        return found
    _check_undecided(firm, found, act.at, _LIVING)
    return await _move_swap(act, found, "withdrawn", now, via)


async def list_swaps(desk: Desk, by: Staff, low: date) -> list[SwapRow]:
    """Swaps with a day from this one on: those that hold, one's own, and all for those who
    decide.
    """
    firm = await desk.firm()
    with desk.activity.busy():
        found = await rows.list_swaps(desk.database, low)
    return [
        one
        for one in found
        if one.state == "approved" or by.id in {one.staff, one.other} or _leads_both(firm, by, one)
    ]


Step = Literal["agree", "refuse", "decide", "withdraw"]


def may(firm: Firm, swap: SwapRow, by: Staff, at: datetime) -> tuple[Step, ...]:
    """What somebody may do to a swap now."""
    if swap.state not in _LIVING or _is_over(firm, swap, at):
        return ()
    leads = _leads_both(firm, by, swap)
    steps: tuple[tuple[Step, bool], ...] = (
        ("agree", swap.state == "asked" and swap.other == by.id),
        ("refuse", swap.state in _PENDING and (swap.other == by.id or leads)),
        ("decide", swap.state == "agreed" and leads),
        ("withdraw", swap.staff == by.id or leads),
    )
    return tuple(step for step, fits in steps if fits)


def _leads_both(firm: Firm, by: Staff, swap: SwapRow) -> bool:
    return rosters.leads(firm, by, swap.staff) and rosters.leads(firm, by, swap.other)


def _is_over(firm: Firm, swap: SwapRow, at: datetime) -> bool:
    roster = firm.rosters.get(swap.roster)
    return roster is not None and swap.last_day < rosters.local_day(roster, at)


def _check_undecided(
    firm: Firm, swap: SwapRow, at: datetime, states: frozenset[str] = _PENDING
) -> None:
    if swap.state not in states or _is_over(firm, swap, at):
        raise AlreadyDecided


async def _swap(act: Act, swap: int) -> SwapRow:
    found = await rows.find_swap(act.unit, swap)
    if found is None:
        raise UnknownSwap(swap=swap)
    return found


async def _move_swap(act: Act, swap: SwapRow, state: SwapState, by: Staff, via: Via) -> SwapRow:
    await rows.decide_swap(act.unit, swap.id, state, by.id, act.at)
    event = await _record_swap(act, swap, state, by, via)
    firm = await act.firm()
    readers = {swap.staff, swap.other}
    if state == "agreed":
        readers = set(deciders(firm, swap.staff)) & set(deciders(firm, swap.other))
    for reader in sorted(readers - {by.id}):
        await tell(act, event, f"swap_{state}", reader, _swap_facts(firm, swap))
    return await _swap(act, swap.id)


async def _record_swap(act: Act, swap: SwapRow, state: SwapState, by: Staff, via: Via) -> Event:
    body = SwapChanged(
        swap=swap.id,
        staff=swap.staff,
        other=swap.other,
        state=state,
        day=swap.day,
        other_day=swap.other_day,
    )
    return await record_desk(act, body, Actor("staff", by.id), via)


def _swap_facts(firm: Firm, swap: SwapRow) -> Facts:
    days = [day.isoformat() for day in (swap.day, swap.other_day) if day is not None]
    return {
        "name": firm.name_of(swap.staff),
        "other": firm.name_of(swap.other),
        "day": " ⇄ ".join(days),
    }
