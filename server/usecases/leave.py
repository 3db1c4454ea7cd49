"""请假: asked for, decided on by a leader, withdrawn. Each step is an event; the roster follows at
once (`duty.follow`), and what somebody holds is handed over when he goes.
"""

from datetime import datetime, timedelta
from typing import Final

from server.desk import Desk
from server.domain import rosters
from server.domain.duty_events import LeaveChanged
from server.domain.errors import (
    AlreadyDecided,
    Invalid,
    NotAllowed,
    UnknownLeave,
    UnknownStaff,
)
from server.domain.events import Actor, Event, Via
from server.domain.firm import Firm
from server.domain.notices import Facts, Notice
from server.domain.people import Staff
from server.storage import rosters as rows
from server.storage.rosters import LeaveReason, LeaveRow, LeaveState
from server.usecases import handovers
from server.usecases.acts import Act, change
from server.usecases.announcing import announce
from server.usecases.recording import record_desk

LONGEST_LEAVE: Final = timedelta(days=366)
_LIVING: Final = frozenset({"asked", "approved"})


@change
async def ask_leave(  # noqa: PLR0917
    act: Act,
    by: Staff,
    staff: int,
    reason: LeaveReason,
    starts_at: datetime,
    ends_at: datetime,
    note: str = "",
    via: Via = "web",
) -> LeaveRow:
    """A colleague asks for leave; entered by somebody who decides on it, it is approved at once.
    Refuses `UnknownStaff`, `NotAllowed`, `Invalid(ends_at)`.
    """
    return await ask(act, by, staff, reason, starts_at, ends_at, note, via)


async def ask(  # noqa: PLR0917
    act: Act,
    by: Staff,
    staff: int,
    reason: LeaveReason,
    starts_at: datetime,
    ends_at: datetime,
    note: str,
    via: Via,
) -> LeaveRow:
    """The same inside another unit."""
    firm, now = await known(act, by)
    person = firm.staff.get(staff)
    if person is None or not person.active:
        raise UnknownStaff(staff=staff)
    decides = rosters.leads(firm, now, staff)
    if staff != now.id and not decides:
        raise NotAllowed
    if not starts_at < ends_at <= starts_at + LONGEST_LEAVE:
        raise Invalid(ends_at="span_backwards")
    if ends_at <= act.at:
        raise Invalid(ends_at="too_late")
    leave = await rows.add_leave(
        act.unit,
        LeaveRow(
            id=0,
            staff=staff,
            reason=reason,
            starts_at=starts_at,
            ends_at=ends_at,
            note=note,
            state="asked",
            asked_by=now.id,
            asked_at=act.at,
            decided_by=None,
            decided_at=None,
        ),
    )
    if decides:
        return await _move_leave(act, leave, "approved", now, via)
    event = await _record_leave(act, leave, "asked", now, via)
    for leader in deciders(firm, staff):
        await tell(act, event, "leave_asked", leader, _leave_facts(firm, leave))
    return leave


@change
async def decide_leave(
    act: Act,
    by: Staff,
    leave: int,
    approve: bool,  # noqa: FBT001
    via: Via = "web",
) -> LeaveRow:
    """A leader approves or refuses. Deciding the same again changes nothing. Refuses
    `UnknownLeave`, `NotAllowed`, `AlreadyDecided`.
    """
    firm, now = await known(act, by)
    found = await rows.find_leave(act.unit, leave)
    if found is None:
        raise UnknownLeave(leave=leave)
    if not rosters.leads(firm, now, found.staff):
        raise NotAllowed
    state: LeaveState = "approved" if approve else "refused"
    if found.state == state:
        return found
    if found.state != "asked" or found.ends_at <= act.at:
        raise AlreadyDecided
    return await _move_leave(act, found, state, now, via)


@change
async def withdraw_leave(act: Act, by: Staff, leave: int, via: Via = "web") -> LeaveRow:
    """Whoever asked, or somebody who decides, takes it back; approved leave that goes on ends
    now. Refuses `UnknownLeave`, `NotAllowed`, `AlreadyDecided`.
    """
    firm, now = await known(act, by)
    found = await rows.find_leave(act.unit, leave)
    if found is None:
        raise UnknownLeave(leave=leave)
    if found.staff != now.id and not rosters.leads(firm, now, found.staff):
        raise NotAllowed
    if found.state == "withdrawn":
        return found
    if found.state not in _LIVING or found.ends_at <= act.at:
        raise AlreadyDecided
    return await _move_leave(act, found, "withdrawn", now, via)


async def list_leaves(desk: Desk, by: Staff, low: datetime, high: datetime) -> list[LeaveRow]:
    """What touches a span: one's own with why, of others who is away; notes and reasons of
    others, and what was refused or withdrawn, for those who decide.
    """
    firm = await desk.firm()
    with desk.activity.busy():
        found = await rows.list_leaves(desk.database, low, high)
    shown = []
    for one in found:
        if one.staff == by.id or rosters.leads(firm, by, one.staff):
            shown.append(one)
        elif one.state == "approved":
            shown.append(_without_why(one))
    return shown


def _without_why(leave: LeaveRow) -> LeaveRow:
    fields = {name: getattr(leave, name) for name in LeaveRow.__struct_fields__}
    return LeaveRow(**(fields | {"reason": "other", "note": ""}))


async def _move_leave(
    act: Act, leave: LeaveRow, state: LeaveState, by: Staff, via: Via
) -> LeaveRow:
    before = await act.firm()
    was = rosters.duty_at(before, leave.staff, act.at)
    back_at = rosters.back_at(before, leave.staff, act.at)
    await rows.decide_leave(act.unit, leave.id, state, by.id, act.at)
    event = await _record_leave(act, leave, state, by, via)
    firm = await act.firm()
    facts = _leave_facts(firm, leave)
    if by.id != leave.staff:
        await tell(act, event, f"leave_{state}", leave.staff, facts)
    elif state == "withdrawn" and leave.state == "approved":
        for leader in deciders(firm, leave.staff):
            await tell(act, event, "leave_withdrawn", leader, facts)
    goes_on = rosters.duty_at(firm, leave.staff, act.at) == was
    later = rosters.back_at(firm, leave.staff, act.at)
    if state == "approved" and goes_on and was == "off_duty" and later != back_at:
        # His shift is over, and he will not be there when the next one begins.
        await handovers.begin(act, leave.staff, "leave", act.at)
    kept = await rows.find_leave(act.unit, leave.id)
    return kept if kept is not None else leave


async def _record_leave(act: Act, leave: LeaveRow, state: LeaveState, by: Staff, via: Via) -> Event:
    body = LeaveChanged(
        leave=leave.id,
        staff=leave.staff,
        state=state,
        starts_at=leave.starts_at,
        ends_at=leave.ends_at,
    )
    return await record_desk(act, body, Actor("staff", by.id), via)


def _leave_facts(firm: Firm, leave: LeaveRow) -> Facts:
    return {
        "name": firm.name_of(leave.staff),
        "starts_at": leave.starts_at.isoformat(),
        "ends_at": leave.ends_at.isoformat(),
    }


async def known(act: Act, by: Staff) -> tuple[Firm, Staff]:
    """The firm, and the colleague as it knows him now."""
    firm = await act.firm()
    now = firm.staff.get(by.id)
    if now is None or not now.active:
        raise UnknownStaff(staff=by.id)
    return firm, now


def deciders(firm: Firm, staff: int) -> tuple[int, ...]:
    """Whose word it needs: the leaders of his teams; without a team, whoever leads the desk."""
    teams = [team.id for team in firm.teams.values() if staff in team.people]
    found = dict.fromkeys(one for team in (teams or (None,)) for one in firm.leaders_of(team))
    return tuple(
        one for one in found if one != staff and rosters.leads(firm, firm.staff[one], staff)
    )


async def tell(act: Act, event: Event, kind: str, reader: int, facts: Facts) -> None:
    notice = Notice(kind=kind, staff=reader, facts=facts)
    await announce(act, event, (notice,), await act.firm())
