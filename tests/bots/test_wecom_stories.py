"""Stories that only WeCom tells: a bot that was taken over, chats that never spoke, its pace."""

import asyncio
from pathlib import Path

import pytest

from bots.wecom.render import MOST_BYTES, fitting
from server.domain.habits import TeamHabits, Wish
from server.storage import outbox
from tests.support.chat_stage import WeComStage
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(tmp_path: Path):
    async with World(tmp_path) as world:
        await world.set_up()
        ready = WeComStage(world)
        await ready.connect()
        yield ready
    await ready.stop()


async def test_a_socket_that_ends_in_order_or_without_a_word_is_replaced(stage) -> None:
    stage.sim.connections[0].abort()
    await stage.recovers()
    assert "待接" in await stage.say("李工", "待接单")
    await stage.sim.connections[0].close()
    await stage.recovers()
    assert "待接" in await stage.say("李工", "待接单")


async def test_a_bot_that_was_taken_over_stays_away_and_says_so(stage) -> None:
    connection = stage.world.desk.connections["wecom"]
    twin = World(stage.world.settings.data.parent / "twin")
    async with twin:
        await twin.set_up()
        other = WeComStage(twin)
        other.sim, other.url = stage.sim, stage.url
        subscribed = len(stage.sim.frames)
        await other.save(enabled=True)
        async with asyncio.timeout(SOON):
            await stage.sim.until(lambda: len(stage.sim.frames) > subscribed)
        await stage.world.at_rest()
        await twin.at_rest()
        assert (connection.state, connection.trouble) == ("trouble", "wecom_taken")
        assert [one["cmd"] for one in stage.sim.frames[subscribed:]] == ["aibot_subscribe"]
        assert twin.desk.connections["wecom"].state == "connected"


async def test_a_wrong_secret_is_told_and_not_tried_again(stage) -> None:
    tried = len(stage.sim.frames)
    await stage.save(enabled=True, secret="wrong")
    async with asyncio.timeout(SOON):
        await stage.sim.until(lambda: len(stage.sim.frames) > tried)
    await stage.world.at_rest()
    connection = stage.world.desk.connections["wecom"]
    assert (connection.state, connection.trouble) == ("trouble", "wecom_credentials")
    assert [one["cmd"] for one in stage.sim.frames[tried:]] == ["aibot_subscribe"]


async def test_whoever_never_spoke_to_the_bot_cannot_be_written_to(stage) -> None:
    stage.sim._spoken.discard("u003")  # noqa: SLF001 - as if he never had
    number = (await stage.world.file("断网了")).number
    (given_up,) = await outbox.list_in_state(stage.world.desk.database, "given_up", 10)
    assert (given_up.kind, given_up.error) == ("assigned", "never_spoke")
    assert "notice_failed" in await stage.world.kinds(number)


async def test_a_chat_gets_thirty_messages_a_minute_and_loses_none(stage) -> None:
    await stage.world.advance(minutes=1)  # the first answer in this group is a minute old
    await stage.world.save("team_habits", "second", TeamHabits(topics={"queue": Wish(minutes=0)}))
    before, many = len(stage.told_group("二线")), 280
    for _ in range(many):
        await stage.world.file("打印机卡纸")
    for minutes in range(1, 11):
        told = len(stage.told_group("二线")) - before
        assert told == min(30 * minutes, many), minutes
        await stage.world.advance(minutes=1)
    assert all("重发" not in one for one in stage.told_group("二线"))
    assert await outbox.list_in_state(stage.world.desk.database, "given_up", 10) == []


async def test_an_answer_to_a_line_of_yesterday_is_written_as_a_message(stage) -> None:
    stage.sim.faults.answer_next("aibot_respond_msg", 846608)
    assert "待接" in await stage.say("李工", "待接单")
    assert stage.sim.frames[-1]["cmd"] == "aibot_send_msg"


async def test_a_platform_in_a_hurry_is_obeyed(stage) -> None:
    stage.sim.faults.answer_next("aibot_send_msg", 45009)
    await stage.world.file("打印机卡纸")
    await stage.world.advance(seconds=59)
    assert stage.told_group("二线") == []
    await stage.world.advance(seconds=1)
    assert len(stage.told_group("二线")) == 1


async def test_whoever_opens_the_chat_is_welcomed(stage) -> None:
    stage.chat.people["李工"].enters()
    await stage.world.at_rest()
    assert "帮助" in stage.told("李工")[-1]


async def test_a_voice_is_a_line_and_a_picture_alone_is_answered(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    line = stage.chat.people["李工"].speaks(f"接单{number}")
    await stage.settled(line)
    assert "你已接单" in stage.answers(line)[-1].text
    picture = stage.chat.people["李工"].sends_picture("https://ww.example/p.png")
    await stage.settled(picture)
    assert len(stage.answers(picture)) == 1


async def test_a_line_that_is_lost_on_the_way_is_nowhere(stage) -> None:
    stage.sim.faults.lose_next = 1
    line = stage.begin("李工", "待接单")
    await stage.settled(line)
    assert stage.answers(line) == []


def test_a_long_text_is_cut_between_two_characters() -> None:
    cut = fitting("单" * MOST_BYTES)
    assert len(cut.encode()) <= MOST_BYTES
    assert cut.endswith("单…")
