"""Colleagues, as an administrator looks after them."""

from typing import Final

import msgspec

from server.api import render
from server.api import schemas as s
from server.api.calls import Answer, Call, Handler
from server.api.reading import Refused, email_of, needed
from server.api.schemas_care import ColleagueWanted
from server.domain.errors import UnknownStaff
from server.domain.people import Staff
from server.usecases import people, reading


async def add_staff(call: Call, asked: ColleagueWanted) -> Answer:
    """A new colleague; without a password he can be bound to a chat account only."""
    password_hash = await _checked(call, asked)
    fresh = Staff(
        id=0,
        name=asked.name.strip(),
        email=email_of(asked.email),
        role=asked.role,
        skills=asked.skills,
        active=asked.active,
        language=asked.language,
        store=asked.store or None,
        region=asked.region.strip(),
    )
    staff = await people.add_staff(call.desk, call.by, fresh, password_hash)
    return Answer(body=await _shown(call, staff), location=f"/api/v1/staff/{staff.id}")


async def save_staff(call: Call, asked: ColleagueWanted) -> s.ColleagueShown:
    """A colleague as he should be; a new password ends his sessions."""
    number = call.number("id")
    firm = await call.desk.firm()
    known = firm.staff.get(number)
    if known is None:
        raise UnknownStaff(staff=number)
    password_hash = await _checked(call, asked)
    email = email_of(asked.email)
    if any(one.email == email and one.id != number for one in firm.staff.values()):
        raise Refused({"email": ("taken", {})})
    after = msgspec.structs.replace(
        known,
        name=asked.name.strip(),
        email=email,
        role=asked.role,
        skills=asked.skills,
        active=asked.active,
        language=asked.language,
        store=asked.store or None,
        region=asked.region.strip(),
    )
    staff = await people.save_staff(call.desk, call.by, after, password_hash)
    return await _shown(call, staff)


async def _checked(call: Call, asked: ColleagueWanted) -> str | None:
    """Refuse empty names; the hash of the password, if there is one."""
    needed(name=asked.name, email=asked.email)
    if any(not skill.strip() for skill in asked.skills):
        raise Refused({"skills": ("missing", {})})
    if asked.password is None:
        return None
    with call.desk.activity.busy():
        return await call.desk.passwords.hash(asked.password)


async def _shown(call: Call, staff: Staff) -> s.ColleagueShown:
    load = await reading.list_load(call.desk)
    return render.colleague(staff, await call.desk.firm(), load, call.by)


HANDLERS: Final[dict[str, Handler]] = {"addStaff": add_staff, "saveStaff": save_staff}
