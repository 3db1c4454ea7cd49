"""The same stories on every chat platform: real workers, real wire, the platform rehearsed.

A platform is staged by a function of `STAGES`; the last test demands one for every entry of BOTS.
"""

import asyncio
from pathlib import Path

import pytest

from bots import BOTS
from server import vault
from server.domain.commands import Assign, Claim, Reply, Transfer
from server.domain.events import DESK
from server.domain.people import Team
from server.storage import inbound, outbox, policies
from server.usecases import administration, chat, deliveries, intake, people, reading
from tests.support.chat_stage import ALONE, STAGES
from tests.support.world import SOON, World, bind_account

pytestmark = pytest.mark.anyio


@pytest.fixture(params=sorted(STAGES))
async def stage(request, tmp_path: Path):
    async with World(tmp_path) as world:
        await world.set_up()
        ready = STAGES[request.param](world)
        await ready.connect()
        yield ready
    await ready.stop()


def test_every_platform_is_told_the_stories() -> None:
    assert set(STAGES) | ALONE == set(BOTS)


# A ticket's life


async def test_a_ticket_lives_its_life_in_chat(stage) -> None:
    number = (await stage.world.file("打印机卡纸", "三楼")).number
    (card,) = stage.told_group("二线")
    assert "新单待接" in card
    assert f"#{number} 打印机卡纸" in card
    assert "王女士" in card
    assert "首次响应剩 1小时" in card
    assert "按规则「打印机」派单" in card
    assert f"接单 {number}" in card
    assert stage.told_group("一线") == []
    assert f"#{number} 打印机卡纸" in await stage.say("李工", "待接单", "二线")
    assert f"你已接单\uff1a#{number}" in await stage.say("李工", f"接单 {number}", "二线")
    assert "已回复客户" in await stage.say("李工", f"回复 {number} 马上到\n李工")
    await intake.customer_writes(stage.world.desk, number, "k1", "还没来", "portal")
    await stage.world.advance(minutes=2)
    assert "客户来消息" in stage.told("李工")[-1]
    assert "> 还没来" in stage.told("李工")[-1]
    assert "等客户确认" in await stage.say("李工", f"解决 {number} 换了搓纸轮")
    assert (await stage.world.ticket(number)).status == "resolved"
    said = await intake.customer_writes(stage.world.desk, number, "k2", "又卡了", "portal")
    assert said.status == "open"


async def test_one_of_many_wins_and_the_others_hear_who(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    people_ = tuple(stage.world.staff_ids[one] for one in ("李工", "小赵"))
    leaders = (stage.world.staff_ids["主管"],)
    team = Team(id="second", name="二线", members=people_, leaders=leaders)
    await stage.world.save("team", "second", team)
    lines = {name: stage.begin(name, f"接单 {number}", "二线") for name in ("主管", "李工", "小赵")}
    private = stage.begin("小赵", f"抢{number}")
    await stage.settled(*lines.values(), private)
    winner = (await stage.world.ticket(number)).assignee
    name = next(one for one, staff in stage.world.staff_ids.items() if staff == winner)
    said = stage.told_group("二线")[1:]
    assert len(said) == 3
    assert sum("你已接单" in one for one in said) == 1
    assert sum(f"#{number} 已由{name}接单" in one for one in said) == 2
    assert (await stage.world.kinds(number)).count("claimed") == 1


async def test_private_and_group_answers_stay_where_they_were_asked(stage) -> None:
    number = (await stage.world.file("打印机卡纸", phone="13912345678")).number
    group = await stage.say("李工", f"查看 {number}", "二线")
    private = await stage.say("李工", f"查看 {number}")
    assert "139****5678" in group
    assert "13912345678" in private


async def test_in_a_group_nothing_is_done_unless_it_is_a_command(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    assert "帮助" in await stage.say("李工", f"这个 {number} 是谁的", "二线")
    assert await stage.world.kinds(number) == ["opened", "routed"]


async def test_a_quoted_message_of_ours_names_the_ticket(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    card = stage.last(team="二线")
    said = await stage.say("李工", "要换搓纸轮", "二线", quoting=card)
    assert said.startswith(f"已备注\uff1a#{number} 打印机卡纸")
    assert f"你已接单\uff1a#{number}" in await stage.say("李工", "接单", "二线", quoting=card)
    assert f"已挂起\uff1a#{number}" in await stage.say("李工", "挂起 等配件 2天", "二线")
    assert "要挂起哪一单" in await stage.say("李工", "挂起 等配件 2天"), "another chat"


async def test_words_to_the_customers_words_reach_him_unless_they_are_withdrawn(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    await stage.say("李工", f"接单 {number}")
    await intake.customer_writes(stage.world.desk, number, "k1", "还没来", "portal")
    await stage.world.advance(minutes=2)
    notice = stage.last("李工")
    assert f"已发给王女士\uff08网页表单\uff09\uff1a#{number}" in await stage.say(
        "李工", "马上到", quoting=notice
    )
    assert f"已撤回\uff1a#{number}" in await stage.say("李工", "撤回")
    await stage.say("李工", "下午三点到", quoting=notice)
    await stage.world.advance(seconds=10)
    page = await reading.progress(stage.world.desk, number)
    assert [one.body for one in page.messages if one.direction == "out"] == ["下午三点到"]


async def test_tickets_are_filed_for_customers_and_by_people_without_a_binding(stage) -> None:
    said = await stage.say("李工", "我是王芳 13912345678\uff0c三楼打印机从早上开始卡纸")
    assert "电话\uff1a13912345678" in said
    assert "#1" in await stage.say("李工", "建单")
    await stage.arrives("新人", "u077")
    assert "要报修什么" in await stage.say("新人", "报修")
    assert "在哪里" in await stage.say("新人", "鼠标坏了")
    assert "已建单\uff1a#2 鼠标坏了" in await stage.say("新人", "财务室")
    assert (await stage.world.ticket(2)).channel == stage.kind


async def test_pictures_come_with_replies_notes_and_filing(stage) -> None:
    world = stage.world
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
    number = (await world.file("打印机卡纸")).number
    for text in (f"接单 {number}", f"备注 {number} 拍了照", f"回复 {number} 换这个零件"):
        line = stage.sends("李工", picture, text)
        await stage.settled(line)
    assert "没有收到" not in stage.last("李工").text
    page = await reading.ticket_page(world.desk, await world.staff("李工"), number)
    assert [one.type for one in page.attachments] == ["image/png", "image/png"]
    assert len({one.digest for one in page.attachments}) == 1, "the same file is kept once"
    said = {page.messages[one.message].body: one for one in page.attachments}
    customer, link = await world.customer(), vault.link_token(world.desk.secret, number)
    base = f"/api/v1/portal/tickets/{link}/attachments"
    got = await customer.get(f"{base}/{said['换这个零件'].id}")
    assert (got.status_code, got.content) == (200, picture)
    assert (await customer.get(f"{base}/{said['拍了照'].id}")).status_code == 404, "a note"
    await stage.settled(stage.sends("小赵", picture))
    assert "附件 1 个" in stage.last("小赵").text
    assert "已建单" in await stage.say("小赵", "建单")


async def test_an_unbound_person_binds_with_a_code(stage) -> None:
    await stage.arrives("新人", "u077")
    assert "绑定" in await stage.say("新人", "我的")
    by = await stage.world.staff("管理员")
    await people.offer_binding(stage.world.desk, by, vault.digest("ABCD2345"))
    assert "绑定成功" in await stage.say("新人", "绑定 abcd2345")
    assert "没有在办" in await stage.say("新人", "我的")
    await stage.world.perform("主管", Claim(ticket=(await stage.world.file("空调")).number))


async def test_a_group_that_speaks_is_known_from_then_on(stage) -> None:
    group = stage.opens_group("夜班")
    await stage.say("小赵", "帮助", "夜班")
    seq = (await stage.world.desk.firm()).seq
    await stage.say("小赵", "帮助", "夜班")
    assert (await stage.world.desk.firm()).seq == seq  # it was known already
    known = await policies.list_groups(stage.world.desk.database)
    assert [one.team for one in known if one.conversation_id == group] == [None]


# Notices


async def test_notices_reach_people_and_groups_and_nobody_hears_of_his_own(stage) -> None:
    number = (await stage.world.file("断网了")).number  # named by the rules: 小赵
    assert len(stage.told("小赵")) == 1
    assert "派给你" in stage.told("小赵")[0]
    assert "解决" in stage.told("小赵")[0]
    assert stage.told_group("一线") == []
    li = stage.world.staff_ids["李工"]
    await stage.say("李工", "下班")  # else the desk would give it to him at once
    await stage.say("小赵", f"转派 {number} 二线 要换交换机")
    assert "转来待接" in stage.told_group("二线")[-1]
    assert "小赵\uff1a要换交换机" in stage.told_group("二线")[-1]
    await stage.world.perform("主管", Assign(ticket=number, staff=li))
    assert "派给你" in stage.told("李工")[-1]
    assert "主管操作" in stage.told("李工")[-1]
    before = len(stage.told("主管"))
    await stage.say("主管", f"升级 {number} 试试")
    assert len(stage.told("主管")) == before + 1  # the answer, and no notice of his own
    assert await stage.world.kinds(number) != []


async def test_a_claim_in_the_console_is_told_to_the_group_that_waits(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    await stage.world.perform("李工", Claim(ticket=number))
    assert f"李工已接单\uff1a#{number}" in stage.told_group("二线")[-1]


async def test_warning_and_breach_come_when_the_hand_moves(stage) -> None:
    number = (await stage.world.file("断网了")).number
    await stage.world.advance(minutes=29)
    assert len(stage.told("小赵")) == 1
    await stage.world.advance(minutes=18)
    assert len(stage.told("小赵")) == 1, "half of a target stands in the console"
    await stage.world.advance(minutes=2)
    assert "快超时" in stage.told("小赵")[-1]
    assert "首次响应已用 80%" in stage.told("小赵")[-1]
    assert stage.told("主管") == []
    await stage.world.advance(minutes=12)
    for name in ("小赵", "主管"):
        assert "已超时" in stage.told(name)[-1]
        assert f"#{number}" in stage.told(name)[-1]
    await stage.world.advance(minutes=90)
    assert len(stage.told("小赵")) == 3
    assert len(stage.told("主管")) == 2
    assert "首次响应已用 150%" in stage.told("主管")[-1]


async def test_what_many_are_late_with_is_one_message_with_the_worst_and_the_numbers(stage) -> None:
    for number in range(14):
        await stage.world.file(f"打印机卡纸 {number}")
    await stage.world.advance(minutes=60)
    await stage.world.advance(seconds=6)
    told = [text for text in stage.told("主管") if "已超时" in text]
    assert len(told) == 1
    assert "14 单：14 单已超时" in told[0]
    assert "最急的是 #1 打印机卡纸 0" in told[0]
    assert "等 14 单" in told[0]


async def test_customers_words_cannot_dress_up_as_ours(stage) -> None:
    subject = "[点我](http://evil.example) ![x](http://evil.example/x.png) <b>打印机"
    await stage.world.file(subject)
    (card,) = stage.told_group("二线")
    assert "](http" not in card
    assert "<b>" not in card


# What goes wrong


async def test_a_line_pushed_again_and_again_does_nothing_twice(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    stage.sim.faults.duplicate_next = 1
    line = stage.begin("李工", f"备注 {number} 已联系")
    await stage.settled(line)
    assert (await stage.world.kinds(number)).count("noted") == 1
    assert len(stage.answers(line)) == 1


async def test_a_line_kept_but_not_worked_on_is_worked_on_after_a_restart(stage) -> None:
    number = (await stage.world.file("打印机卡纸")).number
    connection = stage.world.desk.connections[stage.kind]
    kept: list[str] = []

    async def deaf(_desk, arrival) -> None:
        kept.append(arrival.key)
        raise RuntimeError("killed before it was worked on")

    connection._reader = deaf  # noqa: SLF001 - as if the process died there
    line = stage.begin("李工", f"备注 {number} 已联系")
    await stage.settled(line)
    assert kept == [line.seen.id]
    await stage.world.restart()
    await stage.world.advance(seconds=30)
    assert (await stage.world.kinds(number)).count("noted") == 1
    assert stage.answers(line)[0].text.startswith("已备注")


async def test_a_lost_answer_is_sent_again_and_marked(stage) -> None:
    stage.loses_next_answer()
    line = stage.begin("李工", "待接单")
    await stage.settled(line)
    assert len(stage.answers(line)) == 1
    await stage.recovers()
    await stage.world.advance(seconds=10)
    first, second = (one.text for one in stage.answers(line))
    assert second == f"【重发】{first}"
    await stage.world.advance(hours=1)
    assert len(stage.answers(line)) == 2


async def test_a_lost_notice_is_sent_again_and_marked(stage) -> None:
    stage.loses_next_group_notice()
    await stage.world.file("打印机卡纸")
    await stage.recovers()
    await stage.world.advance(seconds=10)
    first, second = stage.told_group("二线")
    assert "重发" not in first
    assert "重发" in second


async def test_a_notice_that_reached_nobody_goes_out_once_he_is_bound(stage) -> None:
    administrator = stage.world.staff_ids["管理员"]
    await stage.world.save(
        "team", "first", Team(id="first", name="一线", members=(administrator,), leaders=())
    )
    await stage.world.file("断网了")
    (lost,) = await outbox.list_in_state(stage.world.desk.database, "given_up", 10)
    await stage.arrives("管理员", "u000")
    await bind_account(stage.world.desk, administrator, stage.kind, "u000")
    await deliveries.retry(stage.world.desk, lost.id)
    await stage.world.at_rest()
    assert "派给你" in stage.told("管理员")[-1]


async def test_poison_is_set_aside_and_holds_nobody_up(stage) -> None:
    await chat.accept(stage.world.desk, stage.kind, "poison", "{not json")
    assert "待接" in await stage.say("李工", "待接单")
    await stage.world.advance(minutes=10)
    (poison,) = await inbound.list_in_state(stage.world.desk.database, "poison", 10)
    assert poison.key == "poison"


async def test_switched_off_a_platform_frees_what_it_opened(stage) -> None:
    connection = stage.world.desk.connections[stage.kind]
    channel = (await administration.list_channels(stage.world.desk))[stage.kind]
    assert channel.enabled
    await administration.save_channel(
        stage.world.desk, DESK, stage.kind, stage.doc, None, enabled=False
    )
    async with asyncio.timeout(SOON):
        await stage.sim.until(lambda: not stage.sim.connections)
    await stage.world.at_rest()
    assert stage.world.desk.connections == {}
    assert connection.state != "trouble"
    await stage.world.file("打印机卡纸")
    assert stage.told_group("二线") == []


async def test_a_reply_from_the_console_is_silent_in_chat(stage) -> None:
    number = (await stage.world.file("断网了")).number
    before = len(stage.told("小赵")), len(stage.told_group("一线"))
    await stage.world.perform("小赵", Reply(ticket=number, text="马上到"))
    await stage.world.perform("小赵", Transfer(ticket=number, team="second"))
    assert (len(stage.told("小赵")), len(stage.told_group("一线"))) == before
