"""The loop that works on orders to many clocks."""

import pytest
from msgspec.structs import replace

from server.domain.renewing import Apply
from server.storage.database import Statement
from server.usecases import promises
from tests.support.world import POLICIES, SUPERVISOR, World

pytestmark = pytest.mark.anyio


async def promise(world: World, seconds: int) -> None:
    for policy in POLICIES:
        await world.save("policy", policy.id, replace(policy, targets={"first": {"*": seconds}}))


async def test_a_job_is_worked_on_at_once_and_breaches_are_told(world: World):
    number = (await world.file("打印机卡纸")).number
    await world.advance(minutes=30)
    await promise(world, 600)
    await promises.give_order(world.desk, await world.staff(SUPERVISOR), Apply())
    await world.at_rest()
    kinds = await world.kinds(number)
    assert kinds.count("law_applied") == 1
    assert kinds.index("law_applied") < kinds.index("breached")
    (job,) = await promises.list_jobs(world.desk)
    assert (job.job.state, job.tally.tickets, job.tally.breached) == ("done", 1, 1)


async def test_a_restart_in_the_middle_loses_nothing_and_repeats_nothing(world: World):
    numbers = [(await world.file("打印机卡纸")).number for _ in range(30)]
    await promise(world, 7200)
    given = await promises.give_order(world.desk, await world.staff(SUPERVISOR), Apply())
    await world.restart()
    await world.at_rest()
    job = await promises.find_job(world.desk, given.job.id)
    assert (job.job.state, job.tally.tickets, job.tally.moved) == ("done", 30, 30)
    for number in numbers:
        assert (await world.kinds(number)).count("law_applied") == 1


async def test_a_ticket_that_cannot_be_worked_on_holds_up_no_other(world: World):
    numbers = [(await world.file("打印机卡纸")).number for _ in range(5)]
    world.proven = False
    await promise(world, 7200)
    spoil = Statement[None]("UPDATE sla SET state = :state WHERE ticket = :ticket")

    async def damage(unit):
        await unit.run(spoil, state="{", ticket=numbers[2])

    await world.desk.database.unit(damage)
    given = await promises.give_order(world.desk, await world.staff(SUPERVISOR), Apply())
    await world.at_rest()
    job = await promises.find_job(world.desk, given.job.id)
    assert (job.job.state, job.tally.tickets, job.tally.failed) == ("done", 4, 1)
    assert "law_applied" not in await world.kinds(numbers[2])
    assert (await world.kinds(numbers[4])).count("law_applied") == 1


async def test_two_orders_are_worked_on_one_after_the_other(world: World):
    number = (await world.file("打印机卡纸")).number
    boss = await world.staff(SUPERVISOR)
    for seconds in (1800, 900):
        await promise(world, seconds)
        await promises.give_order(world.desk, boss, Apply())
    await world.at_rest()
    assert [one.job.state for one in await promises.list_jobs(world.desk)] == ["done", "done"]
    assert (await world.kinds(number)).count("law_applied") == 2
