"""The card of a hand-over on both platforms: what is left, and how much time each ticket has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
    async with _staged(request.param, tmp_path, cards=request.param is WeComStage) as ready:
        yield ready


@pytest.fixture(params=[DingTalkStage, WeComStage], ids=["dingtalk", "wecom"])
async def stage_with_cards(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[DingTalkStage]:
    async with _staged(request.param, tmp_path, cards=True) as ready:
        yield ready


@asynccontextmanager
async def _staged(kind, folder: Path, *, cards: bool) -> AsyncIterator[DingTalkStage]:
    async with World(folder) as world:
        await world.set_up()
        ready = kind(world)
        await ready.connect(cards=cards)
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


async def test_what_was_left_is_taken_over_by_a_press(stage_with_cards) -> None:
    stage, world = stage_with_cards, stage_with_cards.world
    for subject in ("屏幕坏了", "键盘坏了"):
        ticket = await world.file(subject, subject)
        await world.perform(ZHAO, Claim(ticket=ticket.number))
    await until(world, at("18:00"))
    card = stage.card(SUPERVISOR)
    assert "[接手 1]" in stage.sees(SUPERVISOR, card)
    told = await stage.presses(SUPERVISOR, card, "接手 1")
    assert (await world.ticket(1)).assignee == world.staff_ids[SUPERVISOR]
    assert "[接手 1]" not in told
    assert "[接手 2]" in told
    assert "已由主管接手" in told
    assert "截至 今天 18:00" in told
    await until(world, at("18:15"))
    before = await world.kinds(2)
    assert "#2" in await stage.presses(SUPERVISOR, card, "接手 2"), "its time is up: it says so"
    assert await world.kinds(2) == before
