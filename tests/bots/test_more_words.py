"""The words for what happens beside tickets: helping, searching, figures, who is there, leave."""

from datetime import timedelta
from pathlib import Path

import pytest

from server.domain.commands import AskHelp, Claim
from server.domain.errors import Invalid, UnknownStaff, UnknownTeam
from server.domain.law import Policy
from server.storage import rosters as roster_rows
from tests.support.chat_table import Table, laid_table

pytestmark = pytest.mark.anyio


@pytest.fixture
async def table(tmp_path: Path):
    async with laid_table(tmp_path) as laid:
        yield laid


async def test_the_holder_is_urged_and_not_too_often(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    await table.say("小赵", f"接单 {number}")
    said = await table.say("主管", f"催办 {number}")
    assert f"已催办\uff1a#{number} 空调不制冷\uff08一线 · 小赵\uff09" in said
    (notice,) = await table.notices("urged")
    assert '"person":"u003"' in notice.recipient
    assert "秒后再试" in await table.say("主管", f"催办 {number}")
    assert (await table.world.kinds(number)).count("urged") == 1
    await table.say("主管", f"关闭 {number}")
    assert "关闭" in await table.say("主管", f"催办 {number}")


async def test_another_team_is_asked_for_help_with_a_clock_of_its_own(table: Table) -> None:
    world = table.world
    helped = {"help": {"*": 1800}, "resolve": {"*": 48 * 3600}}
    await world.save(
        "policy", "normal", Policy(id="normal", name="一般", position=2, targets=helped)
    )
    number = (await world.file("空调不制冷")).number
    await table.say("小赵", f"接单 {number}")
    assert "要向谁求助" in await table.say("小赵", f"求助 {number}")
    assert "不认识" in await table.say("小赵", f"求助 {number} 三线 起不来")
    assert "要请人帮什么" in await table.say("小赵", f"求助 {number} 二线")
    said = await table.say("小赵", f"求助 {number} 二线 网关起不来")
    assert f"已求助\uff1a#{number} 空调不制冷\uff0c单子还在一线 · 小赵" in said
    assert "协助剩 30分" in await table.say("小赵", f"时效 {number}")
    assert "没有找到" in await table.say("李工", f"查看 {number}"), "it is not his"
    assert "已答复求助" in await table.say("李工", f"协助 {number} 重启网关就好")
    assert "协助\uff1a按时完成" in await table.say("小赵", f"时效 {number}")
    (notice,) = await table.notices("helped")
    assert '"person":"u003"' in notice.recipient
    after = await world.ticket(number)
    assert (after.team, after.assignee) == ("first", world.staff_ids["小赵"])


async def test_who_was_not_asked_cannot_answer_and_nothing_is_asked_of_nobody(
    table: Table,
) -> None:
    world = table.world
    number = (await world.file("空调不制冷")).number
    assert "没有找到" in await table.say("李工", f"协助 {number} 我来试试")
    await table.say("小赵", f"求助 {number} 李工 来看看")
    (notice,) = await table.notices("help_asked")
    assert '"person":"u002"' in notice.recipient
    assert "要答复什么" in await table.say("李工", f"协助 {number}")
    quoted = f"请你协助\uff1a#{number} 空调不制冷"
    assert "已答复求助" in await table.say("李工", "先断电", quoted_text=quoted)
    for asked, refusal in (
        (AskHelp(ticket=number, question="?"), Invalid),
        (AskHelp(ticket=number, question="?", team="none"), UnknownTeam),
        (AskHelp(ticket=number, question="?", staff=999), UnknownStaff),
    ):
        with pytest.raises(refusal):
            await world.perform("小赵", asked)


async def test_tickets_are_found_by_number_telephone_and_name(table: Table) -> None:
    world = table.world
    first = (await world.file("空调不制冷")).number
    other = (await world.file("打印机卡纸", name="刘先生", phone="13912345678")).number
    said = await table.say("主管", "搜索 王女")
    assert said.splitlines() == ["找到「王女」\uff1a", f"#{first} 空调不制冷 · 待处理 · 还没有人"]
    assert f"#{other} 打印机卡纸" in await table.say("主管", "搜索 1391234")
    assert f"#{other} 打印机卡纸" in await table.say("主管", f"搜索 #{other}")
    assert f"#{other} 打印机卡纸" in await table.say("主管", f"搜索 {other}")
    assert "没有找到「刘」" in await table.say("小赵", "搜索 刘"), "the second line's"
    assert "没有找到" in await table.say("主管", "搜索 139%")
    for place in range(6):
        await world.file(f"第 {place} 次")
    assert "还有更多" in await table.say("主管", "find 王女士")


async def test_figures_tell_today_and_this_week_of_oneself_and_the_team(table: Table) -> None:
    world = table.world
    for place in range(3):
        await world.file(f"空调 {place}")
    await table.say("小赵", "解决 1 好了")
    await world.advance(days=1)
    await table.say("小赵", "解决 2 好了")
    await world.perform("主管", Claim(ticket=3))
    said = (await table.say("小赵", "统计")).splitlines()
    assert said[0].startswith("我\uff1a今天解决 1 单\uff0c本周 2 单\uff1b在办 0 单")
    assert said[1].startswith("一线\uff1a今天解决 1 单\uff0c本周 2 单\uff1b在办 1 单")
    await world.advance(days=7)
    assert "本周 0 单" in (await table.say("小赵", "统计")).splitlines()[0]


async def test_who_is_there_is_told_by_team(table: Table) -> None:
    await table.say("李工", "下班")
    await table.say("小赵", "小休 15分钟")
    lines = (await table.say("主管", "谁在班")).splitlines()
    assert any(
        line.startswith("一线\uff1a") and "小赵\uff08小休到 今天 09:15\uff09" in line
        for line in lines
    )
    assert not any("李工" in line for line in lines)


async def test_leave_is_asked_for_and_goes_to_the_leader(table: Table) -> None:
    assert "要请哪天的假" in await table.say("小赵", "请假")
    said = await table.say("小赵", "请假 明天下午 看病")
    assert "已申请请假\uff1a明天 12:00 到 03-18 00:00" in said
    assert "主管" in said
    (notice,) = await table.notices("leave_asked")
    assert '"person":"u001"' in notice.recipient
    now = table.world.clock.now()
    found = await roster_rows.list_leaves(table.world.desk.database, now, now + timedelta(days=9))
    assert [(one.reason, one.note, one.state) for one in found] == [("sick", "看病", "asked")]
    assert "已申请请假" in await table.say("主管", "请假 明天")


async def test_what_is_held_is_handed_over_on_request(table: Table) -> None:
    assert "没有要交接的单" in await table.say("小赵", "交接")
    await table.world.file("屏幕坏了")
    await table.say("小赵", "接单 1")
    said = await table.say("小赵", "交接")
    assert "已请" in said
    assert "主管" in said
    assert "你已接手" in await table.say("主管", "接手 1")
