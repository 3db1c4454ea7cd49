"""What the bot remembers of a talk: the last ticket, what was asked, what is quoted."""

from pathlib import Path

import msgspec
import pytest

from server.domain.people import Team
from server.domain.recall import Choice
from server.storage import outbox
from server.usecases import people
from tests.support.chat_table import Table, laid_table

pytestmark = pytest.mark.anyio


@pytest.fixture
async def table(tmp_path: Path):
    async with laid_table(tmp_path) as laid:
        yield laid


async def test_the_last_ticket_counts_for_ten_minutes(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    await table.say("小赵", f"查看 {number}")
    await table.world.restart()
    assert f"你已接单\uff1a#{number}" in await table.say("小赵", "接单")
    await table.world.advance(minutes=9)
    assert f"已备注\uff1a#{number}" in await table.say("小赵", "备注 客户下午不在")
    await table.world.advance(minutes=11)
    assert "要备注哪一单" in await table.say("小赵", "备注 客户下午不在")


async def test_it_counts_for_one_person_in_one_chat(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    await table.say("小赵", f"查看 {number}")
    assert "要接单哪一单" in await table.say("主管", "接单")
    assert "要接单哪一单" in await table.say("小赵", "接单", chat="another")
    assert f"#{number}" in await table.say("小赵", "接单")


async def test_it_never_counts_for_words_that_cannot_be_taken_back(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    await table.say("小赵", f"接单 {number}")
    for text, verb in (("回复 马上到", "回复"), ("关闭 好了", "关闭"), ("取消 误报", "取消")):
        assert f"要{verb}哪一单" in await table.say("小赵", text)
    assert "要解决哪一单" in await table.say("小赵", "解决不了\uff0c要换配件")
    assert (await table.world.ticket(number)).status == "open"


async def test_what_was_refused_is_not_remembered(table: Table) -> None:
    await table.world.file("打印机卡纸")  # the second line's
    await table.say("小赵", "查看 1")
    assert "要接单哪一单" in await table.say("小赵", "接单")


async def test_a_number_alone_completes_what_was_asked(table: Table) -> None:
    first = (await table.world.file("空调不制冷")).number
    second = (await table.world.file("空调漏水")).number
    await table.say("小赵", f"查看 {first}")
    assert "要关闭哪一单" in await table.say("小赵", "关闭 重复了")
    assert f"已关闭\uff1a#{second}" in await table.say("小赵", f"{second}")
    assert f"#{second} 空调漏水" in await table.say("小赵", f"{second}"), "asked no more: shown"
    assert (await table.world.ticket(first)).status == "new"


async def test_several_tickets_at_once_each_have_their_own_result(table: Table) -> None:
    numbers = [(await table.world.file(f"空调 {place}")).number for place in range(3)]
    await table.say("主管", f"接单 {numbers[1]}")
    said = await table.say("小赵", f"接单 {numbers[0]} {numbers[1]}\u3001{numbers[2]} 99")
    assert said.splitlines()[0] == f"你已接单\uff1a#{numbers[0]} 空调 0"
    assert f"#{numbers[1]} 已由主管接单" in said
    assert f"你已接单\uff1a#{numbers[2]} 空调 2" in said
    assert said.splitlines()[-1].startswith("#99 ")
    holders = [(await table.world.ticket(one)).assignee for one in numbers]
    zhao, lead = table.world.staff_ids["小赵"], table.world.staff_ids["主管"]
    assert holders == [zhao, lead, zhao]
    assert "一次最多" in await table.say("小赵", f"退回 {' '.join(map(str, range(1, 30)))}")
    assert "#98" in await table.say("小赵", "退回 98 97")
    assert "一次只说一个" in await table.say("小赵", f"查看 {numbers[0]} {numbers[1]}")


async def test_of_namesakes_one_is_chosen_by_number(table: Table) -> None:
    world = table.world
    by = await world.staff("管理员")
    other = await people.add_staff(
        world.desk,
        by,
        msgspec.structs.replace(await world.staff("李工"), id=0, email="li2@example.com"),
        None,
    )
    firm = await world.desk.firm()
    second = firm.teams["second"]
    members = (*second.members, other.id)
    await world.save("team", "second", msgspec.structs.replace(second, members=members))
    number = (await world.file("打印机卡纸")).number
    asked = await table.say("主管", f"指派 {number} 李工")
    assert asked.splitlines()[1:] == [
        "1. 李工\uff08li@example.com\uff09",
        "2. 李工\uff08li2@example.com\uff09",
    ]
    (kept,) = [
        msgspec.json.decode(msgspec.json.decode(one.body)["choice"], type=Choice)
        for one in await outbox.list_in_state(world.desk.database, "waiting", 50)
        if "choice" in one.body
    ]
    assert [one.staff for one in kept.options] == [world.staff_ids["李工"], other.id]
    assert "我不认识" not in await table.say("主管", "3"), "no such place: a ticket's number"
    assert "已指派" in await table.say("主管", "2")
    assert (await world.ticket(number)).assignee == other.id


async def test_namesakes_are_told_apart_by_their_teams(table: Table) -> None:
    world = table.world
    by = await world.staff("管理员")
    zhao = await world.staff("小赵")
    renamed = msgspec.structs.replace(await world.staff("李工"), name="小赵")
    await people.save_staff(world.desk, by, renamed)
    number = (await world.file("打印机卡纸")).number
    asked = await table.say("主管", f"转派 {number} 小赵 要换主板")
    assert asked.splitlines()[1:] == ["1. 小赵\uff08二线\uff09", "2. 小赵\uff08一线\uff09"]
    assert "已转派" in await table.say("主管", "选 2")
    after = await world.ticket(number)
    assert (after.team, after.assignee) == ("first", zhao.id)


async def test_words_to_a_message_of_ours_are_a_note(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    quoted = f"新单待接\uff1a#{number} 空调不制冷"
    said = await table.say("小赵", "解决不了\uff0c要换压缩机", group=True, quoted_text=quoted)
    assert said == f"已备注\uff1a#{number} 空调不制冷\uff0c只有同事看得到"
    said = await table.say("小赵", "客户下午在", quoted_text=quoted)
    assert said.startswith("已备注")
    assert "要备注什么" in await table.say("小赵", "", quoted_text=quoted)
    assert "你已接单" in await table.say("小赵", "接单", group=True, quoted_text=quoted)
    assert (await table.world.kinds(number)).count("noted") == 2
    assert (await table.world.kinds(number)).count("resolved") == 0


async def test_a_quoted_message_names_the_ticket_also_for_a_reply(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    said = await table.say("小赵", "回复 马上到", quoted_text=f"客户来消息\uff1a#{number} 空调")
    assert "已回复客户" in said
    assert (await table.world.kinds(number)).count("replied") == 1


async def test_what_is_quoted_is_out_of_sight_for_whom_it_was_before(table: Table) -> None:
    number = (await table.world.file("打印机卡纸")).number
    said = await table.say("小赵", "看看", quoted_text=f"#{number} 打印机卡纸")
    assert said.startswith(f"#{number} ")
    assert (await table.world.kinds(number)).count("noted") == 0
    team = Team(id="second", name="二线", members=(table.world.staff_ids["小赵"],), leaders=())
    await table.world.save("team", "second", team)
    assert "已备注" in await table.say("小赵", "看看", quoted_text=f"#{number} 打印机卡纸")
