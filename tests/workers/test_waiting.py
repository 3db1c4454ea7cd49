"""The waiting queue is routed again at once, by the bell and the clock, and by a start."""

import msgspec
import pytest

from server.domain import commands as c
from server.domain.queues import Caps, Queue
from server.storage import ledger
from server.usecases import people, waiting
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def on_duty(world: World, name: str, on: bool) -> None:  # noqa: FBT001
    await people.set_duty(world.desk, await world.staff(name), on)
    await world.at_rest()


async def a_queue(world: World, **fields) -> None:
    await world.save("queue", "default", Queue(id="default", name="默认", **fields))
    await world.at_rest()


async def holder(world: World, number: int) -> int | None:
    return (await world.ticket(number)).assignee


async def test_who_comes_on_duty_gets_what_waits(world: World) -> None:
    await on_duty(world, "小赵", False)  # noqa: FBT003
    number = (await world.file("断网了")).number
    assert await holder(world, number) is None
    await on_duty(world, "小赵", True)  # noqa: FBT003
    assert await holder(world, number) == world.staff_ids["小赵"]


async def test_a_solved_ticket_brings_the_next_one(world: World) -> None:
    await a_queue(world, caps=Caps(open=1))
    first, second = [(await world.file("断网了")).number for _ in range(2)]
    assert await holder(world, second) is None
    await world.perform("小赵", c.Resolve(ticket=first, solution="好了"))
    assert await holder(world, second) == world.staff_ids["小赵"]
    assert (await world.kinds(second)).count("routed") == 2


async def test_an_hour_that_is_over_brings_the_next_one(world: World) -> None:
    await a_queue(world, caps=Caps(hourly=1))
    await world.file("断网了")
    second = (await world.file("断网了")).number
    await world.advance(minutes=59)
    assert await holder(world, second) is None
    await world.advance(minutes=1)
    assert await holder(world, second) == world.staff_ids["小赵"]


async def test_what_is_not_accepted_goes_on_by_itself(world: World) -> None:
    await a_queue(world, accept_within=10)
    number = (await world.file("断网了")).number
    assert await holder(world, number) == world.staff_ids["小赵"]
    await world.advance(minutes=10)
    assert await holder(world, number) == world.staff_ids["主管"]
    await world.advance(hours=2)
    assert await holder(world, number) == world.staff_ids["主管"]


async def test_a_queue_that_is_switched_to_automatic_is_handed_out_at_once(world: World) -> None:
    await a_queue(world, team="first", mode="grab")
    number = (await world.file("咨询发票")).number
    assert await holder(world, number) is None
    await a_queue(world, team="first", mode="automatic")
    assert await holder(world, number) == world.staff_ids["小赵"]
    await a_queue(world, team="first", mode="manual")
    later = (await world.file("咨询发票")).number
    assert await holder(world, later) is None


async def test_a_start_goes_through_all_that_waits(empty_world: World) -> None:
    world = empty_world
    await world.set_up()
    await on_duty(world, "小赵", False)  # noqa: FBT003
    number = (await world.file("断网了")).number
    await world.stop()
    # Somebody came on duty while no loop ran: another instance, say.
    world._loops = False  # noqa: SLF001
    await world.start()
    zhao = msgspec.structs.replace(await world.staff("小赵"), on_duty=False)
    await people.set_duty(world.desk, zhao, True)  # noqa: FBT003
    assert await holder(world, number) is None
    await world.stop()
    world._loops = True  # noqa: SLF001
    await world.start()
    await world.at_rest()
    assert await holder(world, number) == world.staff_ids["小赵"]


async def test_nothing_is_written_when_nobody_is_free(world: World) -> None:
    await on_duty(world, "小赵", False)  # noqa: FBT003
    numbers = [(await world.file("断网了")).number for _ in range(3)]
    before = (await ledger.read_head(world.desk.database)).seq
    await on_duty(world, "李工", False)  # noqa: FBT003
    await on_duty(world, "李工", True)  # noqa: FBT003
    assert (await ledger.read_head(world.desk.database)).seq == before + 2
    assert await waiting.route_waiting(world.desk, everything=True) == 0
    assert [await world.kinds(number) for number in numbers] == [["opened", "routed"]] * 3
