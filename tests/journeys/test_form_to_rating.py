"""One ticket's whole life: a customer's phone, DingTalk, the console, and a clock moved by hand."""

import pytest
from playwright.async_api import expect

from server.domain.people import Team
from server.usecases import verification
from tests.journeys.people import Colleague, Customer
from tests.support.browser import Windows
from tests.support.chat_stage import DingTalkStage
from tests.support.world import SECOND, SUPERVISOR, World

pytestmark = pytest.mark.anyio


async def test_a_ticket_lives_from_the_form_to_the_rating(world: World, windows: Windows) -> None:
    chat = DingTalkStage(world)
    await chat.connect()
    await let_both_work_in_the_second_team(world)
    boss = await Colleague.comes(world, windows, SUPERVISOR, "/console/tickets?view=open")
    await expect(boss.page.get_by_test_id("empty")).to_be_visible()

    # 王女士 files on her phone, and is told a number and by when she is answered.
    customer = await Customer.comes(world, windows)
    number = await customer.files("三楼打印机卡纸\n换过纸也不行")
    await customer.sees("10:00 前回复您")
    await world.at_rest()
    (card,) = chat.told_group("二线")
    assert f"#{number} 三楼打印机卡纸" in card
    assert chat.told_group("一线") == []
    await boss.sees_row(number, "三楼打印机卡纸", "待处理", "二线", "首次响应")

    # 李工 and 小赵 race for it in the group: one wins, the other hears who.
    winner = await race(world, chat, number)
    await boss.sees_row(number, winner, "处理中")
    await customer.follows()
    await customer.sees_step(2)
    await customer.sees(winner)

    # The clock moves through the warning and the breach. Nobody has answered her.
    await let_the_time_run_out(world, chat, number, winner)
    await boss.sees_row(number, "超时")
    await expect(boss.page.get_by_test_id("count-overdue")).to_have_text("1")
    await customer.looks()
    await customer.sees("我们晚了")

    # He answers from the group; she reads it and writes back, and he hears that in DingTalk.
    said = await chat.say(winner, f"回复 {number} 抱歉久等，十分钟后带新搓纸轮来", "二线")
    assert "已回复客户" in said
    await customer.looks()
    await customer.sees("十分钟后带新搓纸轮来")
    await customer.says("好的，我在三楼等")
    await world.at_rest()
    await world.advance(minutes=2)  # what she writes is collected for so long
    assert "> 好的，我在三楼等" in chat.told(winner)[-1]

    # The supervisor opens the ticket and reads the whole story so far.
    await boss.opens(number)
    await boss.sees("timeline", "十分钟后带新搓纸轮来", "好的，我在三楼等", "首次响应超时")
    await boss.sees("clock-first", "首次响应", "超时")
    await boss.sees("routing", "按派单规则「打印机」", "派给处理组「二线」")
    await boss.sees("customer", "王女士", "13800000001")

    # He resolves it there; she confirms and gives five stars, which he sees without reloading.
    await boss.does("resolve")
    await boss.gives_reason("换了搓纸轮，试印十页正常")
    await boss.sees("status", "已解决")
    await customer.looks()
    await customer.sees_step(3)
    await customer.sees("换了搓纸轮，试印十页正常")
    await customer.confirms()
    await customer.sees_step(4)
    await customer.rates(5, "很快")
    await boss.sees("status", "已关闭")
    await boss.sees("timeline", "王女士评价 5 分：很快")
    await boss.has_not_reloaded()

    await read_the_report(boss, winner)
    await prove_the_books(world, number)


async def read_the_report(boss: Colleague, winner: str) -> None:
    """Her first response was late, and the solution in time."""
    await boss.page.get_by_test_id("nav-reports").click()
    whole = boss.page.get_by_test_id("report-metrics")
    await expect(whole.locator("tbody tr", has_text="首次响应")).to_contain_text("0.0%")
    await expect(whole.locator("tbody tr", has_text="解决")).to_contain_text("100.0%")
    await expect(boss.page.get_by_test_id("report-people")).to_contain_text(winner)
    async with boss.page.expect_download() as saved:
        await boss.page.get_by_test_id("report-csv").click()
    assert (await saved.value).suggested_filename == "时效报表-2026-03-01-2026-03-16.csv"


async def let_both_work_in_the_second_team(world: World) -> None:
    people = tuple(world.staff_ids[one] for one in ("李工", "小赵"))
    leaders = (world.staff_ids[SUPERVISOR],)
    team = Team(id=SECOND, name="二线", members=people, leaders=leaders)
    await world.save("team", SECOND, team)


async def race(world: World, chat: DingTalkStage, number: int) -> str:
    """Both write in the same moment; gives who won."""
    lines = {name: chat.begin(name, f"接单 {number}", "二线") for name in ("李工", "小赵")}
    await chat.settled(*lines.values())
    holder = (await world.ticket(number)).assignee
    winner = next(name for name in lines if world.staff_ids[name] == holder)
    said = chat.told_group("二线")[1:]
    assert sorted(f"已由{winner}接单" in one for one in said) == [False, True]
    assert sorted("你已接单" in one for one in said) == [False, True]
    return winner


async def let_the_time_run_out(world: World, chat: DingTalkStage, number: int, holder: str) -> None:
    """The default ladder, in private: the holder at four fifths, at the end he and his leader."""
    before = len(chat.told(holder))
    await world.advance(minutes=49)
    (warning,) = chat.told(holder)[before:]
    assert "快超时" in warning
    assert f"#{number}" in warning
    assert chat.told(SUPERVISOR) == []
    await world.advance(minutes=12)
    for alarm in (chat.told(holder)[-1], *chat.told(SUPERVISOR)):
        assert "已超时" in alarm
        assert f"#{number}" in alarm


async def prove_the_books(world: World, number: int) -> None:
    """The ledger is whole, and what is kept beside it is what it says."""
    proof = await verification.verify(world.desk)
    assert proof.flaw is None
    assert [one async for one in verification.differences(world.desk)] == [None]
    assert await verification.count_stray_timers(world.desk) == 0
    kinds = await world.kinds(number)
    for kind in ("opened", "routed", "claimed", "warned", "breached", "resolved", "rated"):
        assert kinds.count(kind) == 1, kind
