"""The same story on both engines, and two instances on one PostgreSQL."""

import asyncio
from pathlib import Path

import pytest

from server.domain import commands
from server.domain.people import Team
from server.usecases import verification
from tests.support import databases
from tests.support.postbox import Postbox, connect
from tests.support.world import FIRST, SOON, World

pytestmark = pytest.mark.anyio


async def test_a_tickets_life_goes_the_same_way_on_both_engines(
    desk_url: str, tmp_path: Path
) -> None:
    async with World(tmp_path, url=desk_url) as world:
        await world.set_up()
        box = Postbox()
        await connect(world, "post", box)
        ticket = await world.file("打印机卡纸")
        await world.advance(minutes=48)
        await world.perform("李工", commands.Claim(ticket=ticket.number))
        await world.perform("李工", commands.Resolve(ticket=ticket.number, solution="换了进纸轮"))
        await world.restart()
        await world.advance(days=4)
        assert (await world.ticket(ticket.number)).status_category == "closed"
        assert box.kinds == ["routed", "warned", "claimed"]
        proof = await verification.verify(world.desk)
        assert proof.flaw is None
        assert [one async for one in verification.differences(world.desk)] == [None]
        assert await verification.count_stray_timers(world.desk) == 0


async def test_an_instance_hears_what_another_one_changed(
    migrated_postgres: str, tmp_path: Path
) -> None:
    await databases.delete_everything(migrated_postgres)
    async with World(tmp_path / "one", url=migrated_postgres) as one:
        await one.set_up()
        async with World(tmp_path / "two", url=migrated_postgres, loops=False) as two:
            assert (await two.desk.firm()).teams[FIRST].name == "一线"
            seen = two.desk.bell.rung
            await one.save("team", FIRST, Team(id=FIRST, name="前台", members=()))
            async with asyncio.timeout(SOON):
                while (await two.desk.firm()).teams[FIRST].name != "前台":
                    await two.desk.bell.wait(seen)
                    seen = two.desk.bell.rung
