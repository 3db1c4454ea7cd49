"""What colleagues say and what they are told, on no platform in particular."""

from pathlib import Path

import msgspec
import pytest

from bots.conversation import hear
from bots.heard import Attached, Heard
from server import vault
from server.domain.commands import Claim, Reply, Resolve
from server.domain.events import Priority
from server.storage import inbound
from server.usecases import chat, handovers, people
from server.usecases.acts import change
from tests.support.chat_table import Table, laid_table

pytestmark = pytest.mark.anyio

begin = change(handovers.begin)


@pytest.fixture
async def table(tmp_path: Path):
    async with laid_table(tmp_path) as laid:
        yield laid


async def test_help_is_short_in_a_group_and_whole_in_private(table: Table) -> None:
    whole, short = await table.say("小赵", "帮助"), await table.say("小赵", "帮助", group=True)
    assert "转派 12" in whole
    assert "@我" in short
    assert len(short) < len(whole)


async def test_a_claim_tells_whom_to_call_and_by_when(table: Table) -> None:
    ticket = await table.world.file("空调不制冷")
    said = await table.say("小赵", f"接单{ticket.number}")
    assert f"#{ticket.number} 空调不制冷" in said
    assert "王女士 13800000001" in said
    assert "首次响应最晚 今天 10:00" in said
    after = await table.world.ticket(ticket.number)
    assert after.assignee == table.world.staff_ids["小赵"]


async def test_a_claimed_ticket_names_its_winner(table: Table) -> None:
    ticket = await table.world.file("空调不制冷")
    await table.world.perform("主管", Claim(ticket=ticket.number))
    said = await table.say("小赵", f"接单 {ticket.number}")
    assert said == f"#{ticket.number} 已由主管接单。"


async def test_what_is_out_of_sight_is_refused_with_its_number(table: Table) -> None:
    ticket = await table.world.file("打印机卡纸")  # the second line's
    for text in (f"接单 {ticket.number}", f"查看 {ticket.number}", "解决 999"):
        said = await table.say("小赵", text)
        assert said.startswith("#")
        assert "没有找到" in said


async def test_a_reply_keeps_its_lines_and_reaches_the_customer(table: Table) -> None:
    ticket = await table.world.file("空调不制冷")
    said = await table.say("小赵", f"回复 {ticket.number}:您好,\n\n  下午到。\n小赵")
    assert f"#{ticket.number}" in said
    page = await chat.read_brief(table.world.desk, ticket, await _seq(table, "replied"))
    assert page.said == "您好,\n\n  下午到。\n小赵"


async def _seq(table: Table, kind: str) -> int:
    events = await table.world.events(1)
    return next(one.seq for one in events if one.body.__struct_config__.tag == kind)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("接单", "工单号"),
        ("回复", "工单号"),
        ("查看 1 2 3", "一次只说一个"),
        ("回复 1", "回复客户什么"),
        ("备注 1", "备注什么"),
        ("升级 1", "理由"),
        ("取消 1", "理由"),
        ("挂起 1", "多久"),
        ("挂起 1 等配件", "多久"),
        ("优先级 1", "紧急、高、普通、低"),
        ("优先级 1 马上", "紧急、高、普通、低"),
        ("转派 1", "一线、二线"),
        ("转派 1 三线", "不认识"),
        ("指派 1 老王", "指派给谁"),
    ],
)
async def test_what_is_missing_is_asked_and_nothing_is_done(
    table: Table, text: str, asked: str
) -> None:
    ticket = await table.world.file("空调不制冷")
    said = await table.say("小赵", text)
    assert asked in said
    assert await table.world.ticket(ticket.number) == ticket


async def test_the_rest_of_a_day_s_work_goes_by_chat(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    for text, told in [
        (f"优先级 {number} 紧急 客户停产", "优先级改为紧急"),
        (f"接单 {number}", "你已接单"),
        (f"备注 {number} 等电容", "只有同事看得到"),
        (f"挂起 {number} 等配件 2天", "待第三方"),
        (f"恢复 {number}", "处理中"),
        (f"升级 {number} 客户停产", "已升级"),
        (f"解决 {number} 换了电容", "已解决"),
        (f"重开 {number} 又坏了", "已重开"),
        (f"转派 {number} 二线 要换主机", "二线"),
    ]:
        said = await table.say("小赵", text)
        assert told in said
        assert f"#{number}" in said
    ticket = await table.world.ticket(number)
    assert (ticket.priority, ticket.team, ticket.reopen_count) == (Priority.URGENT, "second", 1)
    kinds = await table.world.kinds(number)
    assert kinds.count("transferred") == 1


async def test_a_colleague_is_found_by_mention_by_name_and_by_team(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    assert "二线 · 李工" in await table.say("主管", f"转给 {number} 李工 他熟")
    assert "一线 · 小赵" in await table.say("主管", f"转派 {number} @赵", named=("u003",))
    said = await table.say("主管", f"指派 {number} @李工")
    assert said.startswith(f"#{number} 李工不在处理组「一线」里")


async def test_lists_show_the_most_pressing_first_and_count_the_rest(table: Table) -> None:
    first = await table.world.file("最早的")
    await table.world.advance(minutes=15)
    for place in range(6):
        await table.world.file(f"空调 {place}")
    said = await table.say("小赵", "待接单")
    lines = said.splitlines()
    assert "待接单 7 单" in lines[0]
    assert len(lines) == 8
    assert lines[1].startswith(f"#{first.number} 最早的 · 王女士 · 普通 · 首次响应剩 45分")
    assert "还有 2 单" in lines[6]
    number = int(lines[1].split()[0].lstrip("#"))
    await table.say("小赵", f"接单 {number}")
    assert f"#{number}" in await table.say("小赵", "我的")


async def test_empty_lists_say_so(table: Table) -> None:
    assert await table.say("小赵", "待接单") == "现在没有待接的单。"
    assert await table.say("小赵", "我的") == "你手上没有在办的单。"


async def test_a_ticket_is_shown_with_its_clock_and_its_reason(table: Table) -> None:
    number = (await table.world.file("断网了", "三楼全断了")).number
    shown = await table.say("小赵", f"查看 {number}")
    assert "首次响应剩 1小时" in shown
    assert "客户说:三楼全断了".replace(":", "\uff1a") in shown
    assert "解决剩 48小时" in await table.say("小赵", f"时效 {number}")
    assert "规则「网络」" in await table.say("小赵", f"为什么 {number}")


async def test_clocks_are_told_whole_with_why_they_stood_still(table: Table) -> None:
    world = table.world
    number = (await world.file("断网了")).number
    await world.advance(minutes=20)
    await table.say("小赵", f"接单 {number}")
    ask = Reply(ticket=number, text="请发照片", then="waiting_customer")
    await world.perform("小赵", ask)
    await world.advance(hours=3)
    await table.say("小赵", f"恢复 {number}")
    await world.advance(minutes=5)
    told = await table.say("小赵", f"时效 {number}")
    assert "按「一般」第 1 版计时" in told
    assert "首次响应：按时完成，用了 20分，时限 1小时" in told
    assert "解决剩 47小时40分" in told
    assert "09:20 到 今天 12:20：停表 2小时40分（钟面 3小时），待客户回复（已回复客户）" in told


async def test_telephone_numbers_stay_out_of_groups(table: Table) -> None:
    number = (await table.world.file("请回电 13912345678")).number
    private = await table.say("小赵", f"{number}")
    group = await table.say("小赵", f"{number}", group=True)
    assert "13800000001" in private
    assert "13912345678" in private
    assert "138****0001" in group
    assert "139****5678" in group
    claimed = await table.say("小赵", f"接单 {number}", group=True)
    assert "138****0001" in claimed


async def test_what_is_not_understood_does_nothing_and_is_helped(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    assert f"接单 {number}" in await table.say("小赵", f"接丹 {number}")
    assert "帮助" in await table.say("小赵", "今天真冷")
    assert "帮助" in await table.say("小赵", "今天真冷", group=True)
    assert "帮助" in await table.say("小赵", "")
    assert await table.world.kinds(number) == ["opened", "routed"]


async def test_pictures_that_cannot_be_taken_are_said(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    picture = (Attached(kind="picture", code="x"),)
    assert "没有收到" in await table.say("小赵", "", attached=picture)
    assert "图片" in await table.say("小赵", "", attached=picture, group=True)
    said = await table.say("小赵", f"回复 {number} 见图", attached=picture)
    assert "已回复" in said
    assert "1 个图片或文件没有收到" in said


async def test_a_stranger_is_told_how_to_bind_and_can_do_nothing_else(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    assert "绑定" in await table.say("u999", f"接单 {number}")
    nameless = Heard(conversation="c", private=True, user_id=None, text=f"接单 {number}")
    assert "身份" in await table.hear(nameless)
    assert (await table.world.ticket(number)).assignee is None


async def test_a_code_binds_once_however_it_is_typed(table: Table) -> None:
    by = await table.world.staff("管理员")
    await people.offer_binding(table.world.desk, by, vault.digest("K7Q2XMAB"))
    assert "不对" in await table.say("u777", "绑定 WRONG")
    assert "管理员" in await table.say("u777", "绑定 k7q2 xmab")
    assert "不对" in await table.say("u888", "绑定 K7Q2XMAB")
    firm = await table.world.desk.firm()
    assert firm.reach.staff_of("dingtalk", "u777") == by.id
    assert firm.reach.staff_of("dingtalk", "u888") is None


async def test_a_colleague_who_left_is_a_stranger(table: Table) -> None:
    by, zhao = await table.world.staff("管理员"), await table.world.staff("小赵")
    await people.save_staff(table.world.desk, by, msgspec.structs.replace(zhao, active=False))
    assert "绑定" in await table.say("小赵", "我的")


async def test_duty_is_taken_and_left(table: Table) -> None:
    await table.say("小赵", "下班")
    assert not (await table.world.staff("小赵")).on_duty
    await table.say("小赵", "值班")
    assert (await table.world.staff("小赵")).on_duty


async def test_a_break_says_when_it_ends(table: Table) -> None:
    said = await table.say("小赵", "小休 15分钟")
    assert "今天 09:15" in said
    assert (await table.world.staff("小赵")).duty == "break"
    await table.say("小赵", "下班")
    assert "不在值班" in await table.say("小赵", "小休")
    assert (await table.world.staff("小赵")).duty == "off_duty"


async def test_a_colleague_takes_over_what_another_left_and_the_next_learns_who(
    table: Table,
) -> None:
    world = table.world
    await world.file("屏幕坏了", "屏幕坏了")
    await world.perform("小赵", Claim(ticket=1))
    await begin(world.desk, world.staff_ids["小赵"], "shift_end", world.clock.now())
    said = await table.say("主管", "接手 1")
    assert "你已接手：#1 屏幕坏了" in said
    assert (await world.ticket(1)).assignee == world.staff_ids["主管"]
    assert "没有在等人接手" in await table.say("主管", "接手 1")


async def test_a_colleague_files_a_ticket_and_is_told_where_it_went(table: Table) -> None:
    said = await table.say("小赵", "新建 二楼打印机卡纸\n已经重启过")
    assert "#1 二楼打印机卡纸" in said
    assert "二线" in said
    ticket = await table.world.ticket(1)
    assert (ticket.channel, ticket.subject) == ("dingtalk", "二楼打印机卡纸")


async def test_a_line_is_done_once_however_often_it_is_worked_on(table: Table) -> None:
    desk = table.world.desk
    number = (await table.world.file("空调不制冷")).number
    heard = Heard(conversation="c", private=True, user_id="u003", text=f"备注 {number} 一次")
    said = await table.hear(heard, key="same")
    arrival = await inbound.find(desk.database, "dingtalk", "same")
    assert arrival is not None
    await hear(desk, msgspec.structs.replace(arrival, state="waiting"), heard)
    filed = Heard(conversation="c", private=True, user_id="u003", text="新建 打印机坏了")
    await table.hear(filed, key="filing")
    arrival = await inbound.find(desk.database, "dingtalk", "filing")
    assert arrival is not None
    await hear(desk, msgspec.structs.replace(arrival, state="waiting"), filed)
    assert said.startswith("已备注")
    assert (await table.world.kinds(number)).count("noted") == 1
    assert (await table.say("李工", "待接单")).count("打印机坏了") == 1


async def test_a_line_whose_content_was_withheld_is_not_guessed(table: Table) -> None:
    said = await table.say("小赵", "", withheld=True)
    assert "额度" in said


async def test_a_finished_ticket_refuses_and_says_how_to_go_on(table: Table) -> None:
    number = (await table.world.file("空调不制冷")).number
    await table.world.perform("小赵", Resolve(ticket=number, solution="好了"))
    said = await table.say("小赵", f"解决 {number} 又好了")
    assert said.startswith(f"#{number} 工单已经解决")


async def test_everybody_reads_his_own_language(table: Table) -> None:
    by, zhao = await table.world.staff("管理员"), await table.world.staff("小赵")
    await people.save_staff(table.world.desk, by, msgspec.structs.replace(zhao, language="en"))
    number = (await table.world.file("空调不制冷")).number
    said = await table.say("小赵", f"claim {number}")
    assert said.startswith(f"You have claimed #{number}")


async def test_an_account_that_guesses_binding_codes_is_slowed_down(table: Table):
    world = table.world
    li = await world.staff("李工")
    await people.offer_binding(world.desk, li, vault.digest("ABCD2345"))
    answers = [await table.say("u-stranger", f"绑定 WRONG{n}") for n in range(6)]
    assert len(set(answers[:5])) == 1
    assert "秒后再试" in answers[5]
    assert "秒后再试" in await table.say("u-stranger", "绑定 ABCD2345"), "also with the right one"
    assert "李工" in await table.say("u-other", "绑定 ABCD2345"), "others are not slowed down"
