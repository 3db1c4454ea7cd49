"""The card of a hand-over on both platforms: what is left, and how much time each ticket has."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.domain.commands import Claim
from server.usecases import leave
from tests.support.chat_stage import DingTalkStage, WeComStage
from tests.support.shifts import QIAN, ZHAO, a_roster, at, hire, until
from tests.support.world import SUPERVISOR, World

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[DingTalkStage, WeComStage], ids=["dingtalk", "wecom"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DingTalkStage]:
    async with World(tmp_path) as world:
        await world.set_up()
        ready = request.param(world)
        await ready.connect()
        await hire(world)
        await world.save("roster", "first", a_roster(world))
        await world.at_rest()
        yield ready
        await ready.stop()


async def test_the_leader_and_he_who_goes_get_one_card_with_the_time_that_is_left(stage) -> None:
    world = stage.world
    for subject in ("屏幕坏了", "键盘坏了"):
        ticket = await world.file(subject, subject)
        await world.perform(ZHAO, Claim(ticket=ticket.number))
    before = len(stage.told(SUPERVISOR)), len(stage.told(ZHAO))
    await until(world, at("18:00"))
    (card,) = [text for text in stage.told(SUPERVISOR)[before[0] :] if "交接班" in text]
    assert "小赵有 2 单没办完" in card
    for number, subject in ((1, "屏幕坏了"), (2, "键盘坏了")):
        assert f"#{number} {subject}" in card
    assert card.count("首次响应已超时") == 2
    assert "接手 1" in card
    (own,) = [text for text in stage.told(ZHAO)[before[1] :] if "交接班" in text]
    assert "你有 2 单没办完" in own
    assert "你已接手" in await stage.say(SUPERVISOR, "接手 1")
    await until(world, at("18:15"))
    (rest,) = [text for text in stage.told(SUPERVISOR) if "没人接手" in text]
    assert "#2" in rest
    assert not any("派给你：#2" in text for text in stage.told(SUPERVISOR))


async def test_the_leader_hears_of_leave_and_the_colleague_of_the_decision(stage) -> None:
    world = stage.world
    zhao = await world.staff(ZHAO)
    asked = await leave.ask_leave(
        world.desk, zhao, zhao.id, "annual", at("09:00", 18), at("18:00", 18)
    )
    await world.at_rest()
    assert "小赵要请假：03-18 09:00 到 03-18 18:00" in stage.told(SUPERVISOR)[-1]
    await leave.decide_leave(world.desk, await world.staff(SUPERVISOR), asked.id, approve=True)
    await world.at_rest()
    assert "请假批准了" in stage.told(ZHAO)[-1]
    assert QIAN not in stage.told(ZHAO)[-1]
