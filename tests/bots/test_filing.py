"""Tickets filed in chat: for a customer, step by step, and by people the desk does not know."""

from pathlib import Path

import pytest

from server.storage import messages, people
from tests.support.chat_table import Table, laid_table

pytestmark = pytest.mark.anyio


@pytest.fixture
async def table(tmp_path: Path):
    async with laid_table(tmp_path) as laid:
        yield laid


async def _customer(table: Table, number: int):
    ticket = await table.world.ticket(number)
    return await people.find_customer(table.world.desk.database, ticket.customer)


async def test_what_is_forwarded_becomes_one_ticket_of_the_customers(table: Table) -> None:
    said = await table.say("小赵", "您好\uff0c我家空调从昨晚开始不制冷\uff0c麻烦尽快来看看")
    assert "代客建单" in said
    assert "姓名\uff1a没找到" in said
    said = await table.say("小赵", "我是王芳 13912345678")
    assert "我家空调从昨晚开始不制冷" in said
    assert "姓名\uff1a王芳 · 电话\uff1a13912345678" in said
    await table.say("小赵", "改 地址 徐汇区漕溪北路88号")
    assert "例如" in await table.say("小赵", "改")
    await table.world.restart()
    said = await table.say("小赵", "建单")
    assert said.startswith("已建单\uff1a#1 我家空调从昨晚开始不制冷")
    assert "把下面这段发给客户" in said
    assert "工单号 1" in said
    customer = await _customer(table, 1)
    assert (customer.name, customer.phone) == ("王芳", "13912345678")
    text = await messages.first_words(table.world.desk.database, 1)
    assert text.splitlines() == [
        "您好\uff0c我家空调从昨晚开始不制冷\uff0c麻烦尽快来看看",
        "我是王芳 13912345678",
        "地点\uff1a徐汇区漕溪北路88号",
    ]
    event = (await table.world.events(1))[0]
    assert event.actor.kind == "staff", "who filed it stands in the history"
    assert "要报修什么" in await table.say("小赵", "建单"), "there is no sketch any more"


async def test_with_an_address_of_its_own_the_desk_gives_a_link_to_paste(tmp_path: Path) -> None:
    async with laid_table(tmp_path, public_url="https://desk.example.com") as table:
        await table.say("小赵", "客户王女士13912345678说三楼的打印机坏了")
        said = await table.say("小赵", "建单")
        assert "https://desk.example.com/portal/t/" in said.splitlines()[-1]


async def test_a_sketch_is_dropped_forgotten_and_never_begun_in_a_group(table: Table) -> None:
    long = "客户家里的空调从昨天晚上开始就不制冷了"
    await table.say("小赵", long)
    assert "没有建单" in await table.say("小赵", "取消")
    assert "要取消哪一单" in await table.say("小赵", "取消")
    assert "帮助" in await table.say("小赵", long, group=True)
    await table.say("小赵", long)
    await table.world.advance(minutes=31)
    assert "要报修什么" in await table.say("小赵", "建单"), "too long ago: asked anew"
    assert "逐条转发" in await table.say("主管", "[聊天记录]")
    assert "逐条转发" in await table.say("主管", "x", cut=True)


async def test_a_command_is_still_a_command_between_forwarded_texts(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    await table.say("小赵", "客户王女士13912345678说打印机坏了")
    assert f"你已接单\uff1a#{number}" in await table.say("小赵", f"接单 {number}")
    said = await table.say("小赵", "解决不了就换一台吧")
    assert "代客建单\uff082 条\uff0c附件 0 个\uff09" in said


async def test_a_ticket_is_asked_for_step_by_step(table: Table) -> None:
    assert "要报修什么" in await table.say("小赵", "报修")
    assert "在哪里" in await table.say("小赵", "打印机卡纸")
    said = await table.say("小赵", "3")
    assert "已建单\uff1a#1 打印机卡纸" in said
    assert await messages.first_words(table.world.desk.database, 1) == "打印机卡纸\n地点\uff1a3"
    await table.say("小赵", "报修")
    assert "没有建单" in await table.say("小赵", "取消")
    await table.say("小赵", "权限申请")
    await table.say("小赵", "财务系统只读权限")
    assert "已建单\uff1a#2 财务系统只读权限" in await table.say("小赵", "跳过")


async def test_a_stranger_may_file_and_do_nothing_else(table: Table) -> None:
    refused = await table.say("u900", "我的", nick="周会计")
    assert "只能提单" in refused
    assert "绑定" in refused
    said = await table.say("u900", "报修 三楼投影仪不亮", nick="周会计")
    assert "已建单\uff1a#1 三楼投影仪不亮" in said
    assert (await _customer(table, 1)).name == "周会计"
    assert "要报修什么" in await table.say("u900", "报修", nick="周会计")
    assert "在哪里" in await table.say("u900", "鼠标坏了", nick="周会计")
    assert "已建单\uff1a#2 鼠标坏了" in await table.say("u900", "财务室", nick="周会计")
    assert (await table.world.ticket(1)).customer == (await table.world.ticket(2)).customer
    assert "只能提单" in await table.say("u900", "接单 1", nick="周会计")
    assert (await table.world.ticket(1)).assignee is None


async def test_a_stranger_who_files_on_and_on_is_slowed_down(table: Table) -> None:
    said = [await table.say("u900", f"报修 第 {place} 次") for place in range(6)]
    assert all("已建单" in one for one in said[:5])
    assert "秒后再试" in said[5]
    assert "已建单" in await table.say("u901", "报修 别人的")
