"""值班, 小休 and 下班: said by a colleague, or brought by the roster.

The roster switches duty at the edges of shifts only. In between everybody's own word counts: who
said 下班 stays off until his next shift begins, who says 值班 after his shift stays on until the
next one ends. Turns are rows (`shift_turn`), as are the ends of breaks; after downtime they are
done in order, each recorded with how late it was.

    follow      after every change of configuration: who should be where now, and the next turns
    turn        a colleague's turn has come
    end_break   a break is over
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from server.desk import Desk
from server.domain import rosters
from server.domain.duty_events import DutyChanged
from server.domain.edges import wish
from server.domain.errors import Invalid, NotAllowed, NotOnDuty, UnknownStaff
from server.domain.events import DESK, Actor, Via
from server.domain.firm import Firm
from server.domain.people import Duty, Staff
from server.storage import handovers as handover_rows
from server.storage import people
from server.storage import rosters as rows
from server.storage.rosters import Due
from server.usecases import handovers
from server.usecases.acts import Act, change
from server.usecases.recording import record_desk

LONGEST_BREAK: Final = timedelta(hours=4)
USUAL_BREAK: Final = timedelta(minutes=15)
RETRY_AFTER: Final = timedelta(minutes=1)


@change
async def set_duty(  # noqa: PLR0917
    act: Act,
    by: Staff,
    duty: Duty,
    via: Via = "web",
    span: timedelta | None = None,
    of: int | None = None,
) -> Staff:
    """A colleague says how it is with him, or a leader says it of somebody else (`of`). `span` is
    how long a break lasts. Refuses `UnknownStaff`, `NotAllowed`, `NotOnDuty` for a break of
    somebody who is off duty, and `Invalid(minutes)`.
    """
    return await say_duty(act, by, duty, via, span, of)


async def say_duty(  # noqa: PLR0917
    act: Act,
    by: Staff,
    duty: Duty,
    via: Via,
    span: timedelta | None = None,
    of: int | None = None,
) -> Staff:
    """The same inside another unit."""
    firm = await act.firm()
    now = firm.staff.get(of or by.id)
    asker = firm.staff.get(by.id)
    if now is None or not now.active or asker is None or not asker.active:
        raise UnknownStaff(staff=of or by.id)
    if now.id != asker.id and not rosters.leads(firm, asker, now.id):
        raise NotAllowed
    until = None
    if duty == "break":
        if now.duty == "off_duty":
            raise NotOnDuty(name=now.name)
        length = USUAL_BREAK if span is None else span
        if not timedelta(minutes=1) <= length <= LONGEST_BREAK:
            raise Invalid(minutes="break_span")
        until = act.at + length
    after = await switch(act, now, duty, Actor("staff", by.id), via, until=until)
    if duty == "off_duty" and after is not now and rosters.is_rostered(firm, now.id):
        await handovers.begin(act, now.id, "shift_end", act.at)
    return after


async def switch(
    act: Act,
    person: Staff,
    duty: Duty,
    by: Actor,
    via: Via,
    *,
    until: datetime | None = None,
    at: datetime | None = None,
) -> Staff:
    """Change a colleague's duty; what is so already changes nothing. `at` is the roster's time."""
    if person.duty == duty and person.break_until == until:
        return person
    after = msgspec.structs.replace(person, on_duty=duty == "on_duty", break_until=until)
    await people.save_staff(act.unit, after)
    late = int((act.at - at).total_seconds()) if at is not None else 0
    event = DutyChanged(
        staff=person.id,
        on_duty=after.on_duty,
        until=until,
        by_roster=at is not None,
        late_by=late,
    )
    await record_desk(act, event, by, via, effective_at=at)
    if after.on_duty:
        await handover_rows.call_off(act.unit, person.id)
    return after


# --- what the roster brings


async def list_due(desk: Desk, limit: int = 64) -> list[Due]:
    """What of duty is due, longest due first."""
    with desk.activity.busy():
        return await rows.list_due(desk.database, desk.clock.now(), limit)


async def next_due_at(desk: Desk) -> datetime | None:
    """The earliest instant at which something of duty falls due."""
    with desk.activity.busy():
        return await rows.next_due_at(desk.database)


async def read_plan(desk: Desk) -> tuple[object, ...]:
    """What `follow` looks at: only when it is another than before there is anything to follow."""
    firm = await desk.firm()
    active = frozenset(one.id for one in firm.staff.values() if one.active)
    return firm.rosters, firm.leaves, firm.swaps, firm.calendars, active


async def is_anything_planned(desk: Desk) -> bool:
    """Whether there is a roster or leave, or was one a moment ago."""
    firm = await desk.firm()
    if firm.rosters or firm.leaves or firm.swaps:
        return True
    with desk.activity.busy():
        return bool(await rows.list_turns(desk.database))


@change
async def follow(act: Act) -> int:
    """The firm has changed: whoever's shift began or ended by that is switched now, and
    everybody's next turn is written anew. How many were switched. A turn that is due already
    comes by its own row, in its order.
    """
    firm = await act.firm()
    known = await rows.list_turns(act.unit)
    switched = 0
    for person in firm.staff.values():
        row = known.get(person.id)
        if row is not None and row.due_at <= act.at:
            continue
        duty = rosters.duty_at(firm, person.id, act.at) if person.active else None
        if row is not None or duty is not None:
            was = row.duty if row is not None else None
            switched += await _arrive(act, firm, person, was, duty, act.at)
        await _plan(act, firm, person, duty, act.at, row)
    return switched


@change
async def turn(act: Act, staff: int) -> bool:
    """A colleague's turn has come, if it is not later by now. False: it had not."""
    row = await rows.find_turn(act.unit, staff)
    if row is None or row.due_at > act.at:
        return False
    firm = await act.firm()
    person = firm.staff[staff]
    duty = rosters.duty_at(firm, staff, row.due_at) if person.active else None
    coming = await _plan(act, firm, person, duty, row.due_at, row)
    # Of a shift that ended while the desk was down nobody is asked to take over what its holder
    # has gone on with since.
    overtaken = coming is not None and coming <= act.at
    await _arrive(act, firm, person, row.duty, duty, row.due_at, quiet=overtaken)
    return True


@change
async def end_break(act: Act, staff: int) -> None:
    """A break is over: back on duty."""
    person = (await act.firm()).staff.get(staff)
    if person is None or person.break_until is None or person.break_until > act.at:
        return
    await switch(act, person, "on_duty", DESK, "desk", at=person.break_until)


@change
async def postpone(act: Act, due: Due) -> None:
    """Acting on it failed: try again later."""
    match due.kind:
        case "turn":
            await rows.postpone_turn(act.unit, due.id, act.at, act.at + RETRY_AFTER)
        case "handover":
            await handover_rows.postpone(act.unit, due.id, act.at + RETRY_AFTER)
        case _:
            await people.postpone_break(act.unit, due.id, act.at, act.at + RETRY_AFTER)


async def _plan(  # noqa: PLR0917
    act: Act,
    firm: Firm,
    person: Staff,
    duty: Duty | None,
    at: datetime,
    row: rows.TurnRow | None,
) -> datetime | None:
    """Write a colleague's next turn; when it is, None when there is none."""
    coming = rosters.next_change(firm, person.id, at) if person.active else None
    if coming is None and duty is None:
        if row is not None:
            await rows.drop_turn(act.unit, person.id)
        return None
    due_at = coming.at if coming is not None else at + rosters.LOOK_AHEAD
    if row is None or (row.duty, row.due_at) != (duty, due_at):
        await rows.put_turn(act.unit, person.id, duty, due_at)
    return coming.at if coming is not None else None


async def _arrive(  # noqa: PLR0917
    act: Act,
    firm: Firm,
    person: Staff,
    was: Duty | None,
    duty: Duty | None,
    at: datetime,
    *,
    quiet: bool = False,
) -> bool:
    """Switch a colleague from what the roster said before to what it says from `at` on. Where it
    says the same, his own word counts.
    """
    if duty is None or duty == was:
        return False
    coming = rosters.next_change(firm, person.id, at)
    away = rosters.is_away(firm, person.id, at)
    wanted = wish(
        person,
        was,
        duty,
        at,
        until=coming.at if coming is not None else at + USUAL_BREAK,
        away=away,
    )
    switched = False
    if wanted is not None:
        after = await switch(act, person, wanted.duty, DESK, "desk", until=wanted.until, at=at)
        switched = after is not person
    # Whoever had gone by his own word before has handed over then.
    if duty == "off_duty" and not quiet and (switched or away):
        await handovers.begin(act, person.id, "leave" if away else "shift_end", at)
    return switched
