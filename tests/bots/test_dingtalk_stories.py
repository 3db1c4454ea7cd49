"""Stories that only DingTalk tells: its meters, its gateway, its session webhooks, its filter."""

import asyncio
from pathlib import Path

import pytest

from bots.dingtalk.render import PUBLIC_TEMPLATE
from server import vault
from server.domain.events import DESK
from server.domain.habits import TeamHabits, Wish
from server.storage import outbox
from server.usecases import administration, budget
from tests.support.chat_stage import DingTalkStage
from tests.support.world import ADMINISTRATOR, SOON, World

EACH = TeamHabits(topics={"queue": Wish(minutes=0)})

pytestmark = pytest.mark.anyio

TO_PEOPLE = "/v1.0/robot/oToMessages/batchSend"
TO_GROUP = "/v1.0/robot/groupMessages/send"
ANSWER = "/robot/sendBySession"


@pytest.fixture
async def stage(tmp_path: Path):
    async with World(tmp_path) as world:
        await world.set_up()
        ready = DingTalkStage(world)
        await ready.connect()
        yield ready


@pytest.fixture
async def world(tmp_path: Path):
    async with World(tmp_path) as ready:
        await ready.set_up()
        yield ready


async def test_an_answer_in_a_group_wakes_him_who_asked(stage) -> None:
    await stage.world.file("打印机卡纸")
    line = stage.begin("李工", "待接单", "二线")
    await stage.settled(line)
    (answer,) = stage.answers(line)
    assert answer.mentions == ["u002"]


async def test_a_crash_between_keeping_and_acknowledging_doubles_nothing(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    receiver = stage.world.desk.connections[stage.kind]._receiver  # noqa: SLF001 - the crash's place
    accept = receiver._accept  # noqa: SLF001

    async def keeps_and_dies(line) -> None:
        await accept(line)
        receiver._accept = accept  # noqa: SLF001
        stage.sim.connections[0].abort()
        raise ConnectionError("dead before the acknowledgement")

    receiver._accept = keeps_and_dies  # noqa: SLF001
    line = stage.begin("李工", f"备注 {number} 已联系")
    async with asyncio.timeout(SOON):
        await stage.sim.until(lambda: not stage.sim.connections)
        await stage.sim.until(lambda: len(stage.sim.connections) == 1)
    await stage.world.at_rest()
    assert not line.acked
    await stage.world.advance(seconds=61)
    await stage.settled(line)
    assert line.pushes[0].tries == 2
    assert (await stage.world.kinds(number)).count("noted") == 1
    assert len(stage.answers(line)) == 1


async def test_a_platform_in_a_hurry_is_obeyed(stage) -> None:
    stage.sim.faults.answer_next(TO_GROUP, 429, {"code": "busy"}, headers={"Retry-After": "40"})
    await stage.world.file("打印机卡纸")
    await stage.world.advance(seconds=39)
    assert stage.told_group("二线") == []
    await stage.world.advance(seconds=1)
    (card,) = stage.told_group("二线")
    assert "重发" not in card


async def test_a_flood_of_notices_keeps_the_platforms_pace(stage) -> None:
    await stage.world.save("team_habits", "second", EACH)
    for _ in range(12):
        await stage.world.file("打印机卡纸")
    assert len(stage.told_group("二线")) == 5
    await stage.world.advance(seconds=1)
    assert len(stage.told_group("二线")) == 10
    await stage.world.advance(seconds=1)
    assert len(stage.told_group("二线")) == 12


async def test_a_slowed_person_is_written_to_later(stage) -> None:
    stage.sim.faults.flow_controlled.add("u003")
    await stage.world.file("断网了")
    stage.sim.faults.flow_controlled.clear()
    assert stage.told("小赵") == []
    await stage.world.advance(seconds=61)
    assert len(stage.told("小赵")) == 1


async def test_somebody_the_platform_does_not_know_is_given_up_visibly(stage) -> None:
    stage.sim.person("u003", "小赵", outside=True)
    number = (await stage.world.file("断网了")).number
    await stage.world.advance(hours=2)
    (given_up,) = [
        one
        for one in await outbox.list_in_state(stage.world.desk.database, "given_up", 10)
        if one.kind == "assigned"
    ]
    assert given_up.tries == 1
    assert "notice_failed" in await stage.world.kinds(number)


async def test_a_spent_quota_is_told_and_no_call_is_wasted(stage) -> None:
    stage.sim.budget.api_limit = 0
    number = (await stage.world.file("打印机卡纸")).number
    connection = stage.world.desk.connections[stage.kind]
    assert (connection.state, connection.trouble) == ("trouble", "quota")
    desk, calls = stage.world.desk, len(stage.sim.calls)
    await stage.world.file("打印机又卡纸")
    await stage.world.advance(minutes=3)
    assert len(stage.sim.calls) == calls, "what is spent is not asked for"
    withheld = await outbox.list_in_state(desk.database, "withheld", 10)
    assert [(one.ticket, one.error) for one in withheld] == [
        (number + 1, "quota"),
        (number, "quota"),
    ]
    (api, _) = await budget.read(desk, stage.kind)
    assert api.is_spent
    assert api.full_at is not None
    stage.sim.budget.api_limit = 5000
    admin = await stage.world.staff(ADMINISTRATOR)
    await budget.correct(desk, admin, stage.kind, "api", 100)
    await stage.world.file("打印机还是卡纸")
    await stage.world.advance(minutes=3)
    assert stage.told_group("二线")
    assert (connection.state, connection.trouble) == ("connected", "")


async def test_without_a_budget_for_answers_the_other_way_is_taken(stage) -> None:
    stage.sim.faults.answer_next(ANSWER, 200, {"errcode": 90020, "errmsg": "用完"})
    assert "待接" in await stage.say("李工", "待接单")
    assert TO_PEOPLE in [call.path for call in stage.sim.calls]


async def test_a_line_without_content_is_answered_by_the_other_way(stage) -> None:
    stage.sim.budget.stream_limit = 0
    assert "额度" in await stage.say("李工", "待接单")


async def test_an_answer_that_comes_too_late_goes_by_the_other_way(stage) -> None:
    stage.sim.faults.answer_next(ANSWER, 200, {"errcode": 300001, "errmsg": "session 不存在"})
    assert "待接" in await stage.say("李工", "待接单", "二线")
    assert TO_GROUP in [call.path for call in stage.sim.calls]


async def test_a_filtered_notice_goes_out_without_the_customers_words(stage) -> None:
    answer = {"code": "contain.notAllowed.text", "message": "x"}
    stage.sim.faults.answer_next(TO_GROUP, 400, answer)
    number = (await stage.world.file("打印机卡纸")).number
    (card,) = stage.told_group("二线")
    assert f"#{number}" in card
    assert "卡纸" not in card


async def test_a_gateway_that_refuses_and_then_works_is_waited_for(stage) -> None:
    connection = stage.world.desk.connections[stage.kind]
    assert connection.state == "connected"
    stage.sim.faults.gateway_refuses = 2
    stage.sim.connections[0].abort()
    async with asyncio.timeout(SOON * 2):
        await stage.sim.until(lambda: not stage.sim.connections)
        await stage.sim.until(lambda: len(stage.sim.connections) == 1)
    assert "待接" in await stage.say("李工", "待接单")
    assert (connection.state, connection.trouble) == ("connected", "")


async def test_wrong_credentials_are_told_in_a_word_that_the_console_knows(stage) -> None:
    channels = await administration.list_channels(stage.world.desk)
    doc = {"client_id": "dingapp", "api_url": stage.chat.urls.api_url}
    wrong = vault.encrypt(stage.world.desk.secret, "wrong")
    asked = len(stage.sim.calls)
    assert channels[stage.kind].enabled
    await administration.save_channel(stage.world.desk, DESK, stage.kind, doc, wrong, enabled=True)
    async with asyncio.timeout(SOON):
        await stage.sim.until(lambda: any(one.status == 401 for one in stage.sim.calls[asked:]))
    await stage.world.at_rest()
    connection = stage.world.desk.connections[stage.kind]
    assert (connection.state, connection.trouble) == ("trouble", "credentials")


async def test_without_a_template_private_notices_have_links_that_say_the_line(stage) -> None:
    await stage.world.file("断网了")
    seen = stage.chat.people["小赵"].private_messages[-1]
    assert seen.card is None
    line = stage.chat.people["小赵"].taps(seen, "退回")
    await stage.settled(line)
    assert "已退回" in stage.answers(line)[-1].text
    await stage.world.file("打印机卡纸")
    assert "dtmd" not in stage.told_group("二线")[-1], "what a group does with them nobody knows"


async def test_a_template_that_is_not_there_is_told_and_costs_one_call(world) -> None:
    chat = await world.connect_dingtalk(card_template="gone.schema")
    await world.file("打印机卡纸")
    await world.file("打印机没墨")
    await world.advance(minutes=3)
    assert [one.kind for one in chat.groups["二线"].messages] == ["sampleMarkdown"] * 2
    made = [one for one in chat.sim.calls if "card/instances" in one.path]
    assert len(made) == 1
    connection = world.desk.connections["dingtalk"]
    assert (connection.state, connection.trouble) == ("trouble", "card_template")


async def test_over_quota_a_card_is_words_where_words_still_go(world) -> None:
    chat = await world.connect_dingtalk(card_template=PUBLIC_TEMPLATE)
    await world.file("打印机卡纸")
    chat.sim.budget.api_limit = chat.sim.budget.api_calls
    line = chat.people["李工"].says("待接单")
    await chat.sim.until(lambda: line.acked)
    await world.at_rest()
    (seen,) = chat.people["李工"].private_messages[1:]
    assert seen.card is None
    assert "#1 打印机卡纸" in seen.text
