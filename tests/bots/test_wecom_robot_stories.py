"""WeCom's group robots: a team's notices by webhook, the platform rehearsed."""

from datetime import timedelta
from pathlib import Path

import pytest

from server.domain.commands import Assign
from server.domain.events import Actor
from server.domain.habits import TeamHabits, Wish
from server.domain.ladders import Ladder, OfTarget, Rung
from server.usecases import administration, intake, reading
from tests.support.chat_stage import WeComAppStage
from tests.support.world import ADMINISTRATOR, World, bind_account

pytestmark = pytest.mark.anyio

EACH = TeamHabits(topics={"queue": Wish(minutes=0), "customer": Wish(minutes=0)})
"""Every ticket and every word is told by itself."""


class RobotStage:
    """A desk with a robot in the group of the second line."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sim = WeComAppStage(world).sim

    async def connect(self) -> None:
        """The administrator pastes the address of a new robot."""
        url = await self.sim.start()
        self.robot = self.sim.robot("二线")
        by = Actor("staff", self.world.staff_ids[ADMINISTRATOR])
        doc = {"url": url}
        await administration.save_channel(
            self.world.desk, by, "wecom_robot", doc, None, enabled=False
        )
        self.admin = await self.world.signed_in(ADMINISTRATOR)
        added = await self.admin.post("/api/v1/robots", json=self.wanted())
        assert added.status_code == 200, added.text
        self.number = added.json()["conversation_id"]
        await self.world.at_rest()

    def wanted(self, **changed: str) -> dict[str, str]:
        address = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={self.robot.key}"
        return {"address": address, "title": "二线群", "team": "second"} | changed

    async def trouble(self) -> str:
        """What the console shows of the channel."""
        shown = (await self.admin.get("/api/v1/channels")).json()
        return next(one["trouble"] for one in shown if one["kind"] == "wecom_robot")


@pytest.fixture
async def stage(tmp_path: Path):
    async with World(tmp_path) as world:
        await world.set_up()
        ready = RobotStage(world)
        await ready.connect()
        yield ready
    await ready.sim.stop()


async def test_a_teams_notices_go_into_its_group(stage: RobotStage) -> None:
    number = (await stage.world.file("打印机卡纸", "三楼")).number
    await stage.world.at_rest()
    (told,) = stage.robot.messages
    assert f"#{number} 打印机卡纸" in told.text
    assert told.kind == "markdown"


async def test_who_has_the_ticket_is_woken_by_his_account(stage: RobotStage) -> None:
    desk, li = stage.world.desk, stage.world.staff_ids["李工"]
    by = Actor("staff", stage.world.staff_ids[ADMINISTRATOR])
    await administration.save_channel(desk, by, "wecom", {"bot_id": ""}, None, enabled=True)
    await bind_account(desk, li, "wecom", "lisi")
    rung = Rung(id="half", on="resolve", at=OfTarget(80), tell=("group",))
    await stage.world.save("ladder", "default", Ladder(rungs=(rung,)))
    number = (await stage.world.file("打印机卡纸", "三楼")).number
    await stage.world.perform(ADMINISTRATOR, Assign(ticket=number, staff=li))
    await stage.world.clock.advance(timedelta(days=14))
    woken = [one.text for one in stage.robot.messages if "<@lisi>" in one.text]
    assert len(woken) == 1
    assert woken[0].endswith("\n<@lisi>")


async def test_the_key_is_kept_encrypted_and_never_shown(stage: RobotStage) -> None:
    channel = (await administration.list_channels(stage.world.desk))["wecom_robot"]
    assert stage.robot.key not in (channel.secret or "") + channel.doc
    shown = (await stage.admin.get("/api/v1/groups")).text + (
        await stage.admin.get("/api/v1/channels")
    ).text
    assert stage.robot.key not in shown
    assert stage.number in shown


async def test_an_address_that_is_no_robots_is_refused(stage: RobotStage) -> None:
    for address in (
        "",
        "https://example.com/?key=1",
        stage.robot.key + "0",
        "https://oapi.dingtalk.com",
    ):
        refused = await stage.admin.post("/api/v1/robots", json=stage.wanted(address=address))
        assert refused.status_code == 422, address
        assert "webhook/send" in refused.json()["fields"]["address"]
    unknown = await stage.admin.post("/api/v1/robots", json=stage.wanted(team="nobody"))
    assert unknown.status_code == 404


async def test_more_than_a_robot_takes_waits_its_turn(stage: RobotStage) -> None:
    await stage.world.save("team_habits", "second", EACH)
    for turn in range(23):
        await stage.world.file(f"打印机卡纸 {turn}", "三楼")
    await stage.world.at_rest()
    assert len(stage.robot.messages) == 20
    await stage.world.clock.advance(timedelta(minutes=2))
    assert len(stage.robot.messages) == 23


async def test_a_message_is_cut_to_what_a_robot_may_say(stage: RobotStage) -> None:
    await stage.world.save("team_habits", "second", EACH)
    ticket = await stage.world.file("打印机" + "很长" * 90, "三楼" * 400)
    await intake.customer_writes(stage.world.desk, ticket.number, "k1", "急" * 4000, "portal")
    await stage.world.at_rest()
    assert all(len(one.text.encode()) <= 4096 for one in stage.robot.messages)
    assert len(stage.robot.messages) == 2


async def test_a_robot_that_was_removed_from_its_group_is_told_of(stage: RobotStage) -> None:
    stage.robot.removed = True
    await stage.world.file("打印机卡纸", "三楼")
    await stage.world.at_rest()
    (lost,) = await reading.list_deliveries(stage.world.desk, "given_up", 10)
    assert (lost.channel, lost.error) == ("wecom_robot", "93000")
    assert await stage.trouble() == "wecom_robot_removed"
    fresh = stage.sim.robot("二线")
    stage.robot = fresh
    assert (await stage.admin.post("/api/v1/robots", json=stage.wanted())).status_code == 200
    await stage.world.at_rest()
    await stage.world.file("打印机又卡纸", "三楼")
    await stage.world.at_rest()
    assert len(fresh.messages) == 1


async def test_a_robot_is_forgotten_with_its_key(stage: RobotStage) -> None:
    gone = await stage.admin.delete(f"/api/v1/robots/{stage.number}")
    assert gone.status_code == 204
    assert (await stage.admin.delete(f"/api/v1/robots/{stage.number}")).status_code == 404
    assert (await stage.admin.get("/api/v1/groups")).json() == []
    channel = (await administration.list_channels(stage.world.desk))["wecom_robot"]
    assert not channel.enabled
