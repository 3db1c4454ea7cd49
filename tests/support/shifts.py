"""A world with a roster: 小赵 works by day and 老钱 by night, both in 一线."""

from datetime import date, datetime
from typing import Any

from server.domain.people import Role, Staff, Team
from server.domain.rosters import Cycle, Line, Roster, Shift
from server.storage import ledger
from server.usecases import people
from tests.support.world import ADMINISTRATOR, FIRST, SUPERVISOR, TEAM_NAMES, World

MONDAY = date(2026, 3, 16)
DAY = Shift(id="day", name="白班", hours=("09:00", "18:00"), breaks=(("12:00", "13:30"),))
NIGHT = Shift(id="night", name="夜班", hours=("18:00", "02:00"))
ZHAO, QIAN = "小赵", "老钱"


def weekly(shift: str) -> Cycle:
    """Monday to Friday."""
    return Cycle(id=shift, days=(shift,) * 5 + ("", ""), first_day=MONDAY)


def at(text: str, day: int = 16) -> datetime:
    """An instant of March 2026 in Shanghai."""
    return datetime.fromisoformat(f"2026-03-{day:02}T{text}:00+08:00")


def a_roster(world: World, **fields: Any) -> Roster:
    """小赵 by day, 老钱 by night, Monday to Friday."""
    given = {
        "name": "一线",
        "teams": (FIRST,),
        "shifts": (DAY, NIGHT),
        "cycles": (weekly("day"), weekly("night")),
        "lines": (
            Line(staff=world.staff_ids[ZHAO], cycle="day"),
            Line(staff=world.staff_ids[QIAN], cycle="night"),
        ),
    }
    return Roster(**(given | fields))


async def hire(world: World, name: str = QIAN, *, on_duty: bool = False) -> None:
    """Another colleague for 一线."""
    by = await world.staff(ADMINISTRATOR)
    fresh = Staff(
        id=0, name=name, email=f"{len(world.staff_ids)}@x.cn", role=Role.STAFF, on_duty=on_duty
    )
    world.staff_ids[name] = (await people.add_staff(world.desk, by, fresh, None)).id
    team = (await world.desk.firm()).teams[FIRST]
    await world.save(
        "team",
        FIRST,
        Team(
            id=FIRST,
            name=TEAM_NAMES[FIRST],
            members=(*team.members, world.staff_ids[name]),
            leaders=(world.staff_ids[SUPERVISOR],),
        ),
    )


async def with_shifts(world: World, **fields: Any) -> World:
    """Set the firm and its roster up; it is Monday, 09:00."""
    await world.set_up()
    await hire(world)
    await world.save("roster", "first", a_roster(world, **fields))
    await world.at_rest()
    return world


async def until(world: World, instant: datetime) -> None:
    """Let everything happen until then."""
    await world.clock.advance_to(instant)
    await world.at_rest()


async def desk_events(world: World, kind: type[Any]) -> list[Any]:
    """What of one kind happened to the desk itself, in order."""
    rows = await ledger.list_rows_since(world.desk.database, 0, 10_000)
    return [event for event in (row.event() for row in rows) if isinstance(event.body, kind)]
