from datetime import timedelta

import pytest

from server.domain import commands
from server.domain.events import Breached
from server.domain.ladder_events import RungReached
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def test_a_ticket_is_warned_of_and_breached_as_the_clock_moves(world: World) -> None:
    ticket = await world.file("打印机卡纸")
    await world.advance(minutes=47)
    assert "warned" not in await world.kinds(ticket.number)
    await world.advance(minutes=1)
    assert (await world.kinds(ticket.number))[-2:] == ["warned", "rung_reached"]
    await world.advance(minutes=11, seconds=59)
    assert "breached" not in await world.kinds(ticket.number)
    await world.advance(seconds=1)
    assert (await world.kinds(ticket.number))[-2:] == ["breached", "rung_reached"]
    assert (await world.ticket(ticket.number)).breached


async def test_the_same_story_gives_the_same_log_every_time(tmp_path) -> None:
    logs = []
    for time in range(2):
        async with World(tmp_path / str(time)) as world:
            await world.set_up()
            first, second = await world.file("断网"), await world.file("打印机不动")
            await world.perform("李工", commands.Claim(ticket=second.number))
            await world.advance(hours=30)
            await world.perform("小赵", commands.Resolve(ticket=first.number, solution="好了"))
            await world.advance(days=9)
            logs.append(await world.desk.database.rows("SELECT seq, hash FROM event", []))
    assert logs[0] == logs[1]
    assert len(logs[0]) > 20


async def test_timers_that_fell_due_while_the_desk_was_off_are_acted_on_at_its_start(
    world: World,
) -> None:
    ticket = await world.file("打印机卡纸")
    await world.stop()
    await world.clock.advance(timedelta(hours=2))
    await world.start()
    await world.at_rest()
    told = [event.body for event in await world.events(ticket.number)]
    (breached,) = [body for body in told if isinstance(body, Breached)]
    assert breached.late_by == 3600
    rungs = [body for body in told if isinstance(body, RungReached)]
    assert [(one.rung, one.late_by) for one in rungs] == [
        ("half", 5400),
        ("most", 4320),
        ("due", 3600),
        ("over", 1800),
    ]
    # People hear one message: of how it is now, and all who should have heard.
    assert [bool(one.told) for one in rungs] == [False, False, False, True]


async def test_one_ticket_that_cannot_be_worked_on_holds_up_no_other(world: World) -> None:
    world.proven = False
    tickets = [await world.file("打印机卡纸") for _ in range(5)]
    bad = tickets[2].number
    await world.desk.database.unit(
        lambda unit: unit.rows("UPDATE sla SET state = 'torn' WHERE ticket = ?", [bad])
    )
    await world.advance(minutes=60)
    for ticket in tickets:
        told = (await world.kinds(ticket.number)).count("breached")
        assert told == (ticket.number != bad)
