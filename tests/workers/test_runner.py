import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from server.app import LOOPS
from server.desk import Desk
from server.workers.runner import Runner
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio


async def test_every_loop_of_a_desk_runs_and_waits_at_rest(world: World) -> None:
    await world.at_rest()
    states = {name: health.state for name, health in world.runner.health().items()}
    assert states == dict.fromkeys(LOOPS, "running")
    assert {"deadlines", "waiting", "deliveries"} <= set(states)


async def test_a_loop_that_crashes_begins_again_after_a_longer_pause_each_time(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    runs = []

    async def crash(desk: Desk) -> None:
        runs.append(desk.clock.now())
        raise RuntimeError("a bug")

    runner = Runner(world.desk, {"rough": crash})
    runner.start()
    await world.advance(seconds=80)
    spans = [(b - a).total_seconds() for a, b in pairwise(runs)]
    assert spans == [10, 20, 40]
    health = world.desk.loops["rough"]
    assert (health.state, health.crashes) == ("pausing", 4)
    assert health.incident in {record.desk_facts["incident"] for record in caplog.records}
    assert {record.desk_facts["where"] for record in caplog.records} == {"rough"}
    await runner.stop()
    assert world.desk.loops["rough"].state == "ended"


async def test_stopping_lets_a_loop_finish_what_it_is_at(world: World) -> None:
    done = []

    async def work(desk: Desk) -> None:
        while not desk.stopping:
            await desk.clock.wait(desk.bell, desk.bell.rung, None)
        await asyncio.sleep(0)
        done.append("finished")

    runner = Runner(world.desk, {"work": work})
    runner.start()
    await world.at_rest()
    await runner.stop()
    assert done == ["finished"]


async def test_a_loop_that_does_not_listen_is_cancelled_in_time(world: World) -> None:
    async def deaf(_desk: Desk) -> None:
        await asyncio.Event().wait()

    runner = Runner(world.desk, {"deaf": deaf})
    runner.start()
    await world.at_rest()
    async with asyncio.timeout(SOON):
        await runner.stop(within=timedelta(milliseconds=20))
    assert world.desk.stopping
