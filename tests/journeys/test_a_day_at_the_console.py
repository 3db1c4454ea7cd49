"""What colleagues do at the console all day: by mouse, by keyboard, and when things go wrong."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.journeys.people import Colleague
from tests.support.browser import Windows
from tests.support.world import FIRST, SUPERVISOR, World

pytestmark = pytest.mark.anyio


async def test_a_call_becomes_a_ticket_that_is_noted_handed_on_held_and_resumed(
    world: World, windows: Windows
) -> None:
    boss = await Colleague.comes(world, windows, SUPERVISOR)
    page = boss.page

    # 周先生 is on the phone: one key opens the form.
    await page.keyboard.press("n")
    for field, words in (
        ("customer-name", "周先生"),
        ("phone", "021-6543 2100"),
        ("subject", "打印机没墨了"),
        ("text", "黑色的,明天要用"),
    ):
        await page.get_by_test_id(field).fill(words)
    await page.get_by_test_id("new-priority").select_option("high")
    await page.get_by_test_id("file").click()
    await boss.is_told("工单 #1 已建好")
    await boss.sees("team", "二线")
    await boss.sees("said-theirs", "黑色的,明天要用")

    # A note that the customer never sees.
    await page.get_by_test_id("tab-note").click()
    await page.get_by_test_id("note-text").fill("库房还有两支")
    await page.get_by_test_id("send").click()
    await boss.sees("said-note", "库房还有两支")

    # To the other team, with a reason.
    await boss.does("transfer")
    await boss.picks("pick-team", FIRST)
    await boss.gives_reason("墨盒归一线管")
    await boss.sees("team", "一线")
    await boss.sees("timeline", "墨盒归一线管")

    # Put aside until tomorrow, and taken up again today.
    await boss.does("hold")
    await page.get_by_role("button", name="明天 9:00").click()
    await boss.gives_reason("客户去量墨盒型号")
    await boss.sees("status", "待客户回复")
    await boss.sees("timeline", "客户去量墨盒型号")
    await boss.sees("clock-resolve", "已暂停")
    await boss.looks_at("waiting")
    await boss.sees_row(1, "打印机没墨了", "待客户回复")
    await boss.opens(1)
    await boss.does("resume")
    await boss.sees("status", "处理中")
    kinds = await world.kinds(1)
    assert kinds[:4] == ["opened", "routed", "noted", "transferred"]
    await _splits_and_merges(world, boss)


async def _splits_and_merges(world: World, boss: Colleague) -> None:
    """He calls again, and a colleague files it once more: it is the same thing, and another."""
    page = boss.page
    again = await world.file("墨水", "还是那台。另外网络也断了", phone="02165432100")
    await page.goto(f"{boss.url}/console/tickets/{again.number}")
    await boss.does("split")
    await page.get_by_test_id("dialog-split").get_by_role("checkbox").first.check()
    await page.get_by_test_id("split-subject").fill("网络断了")
    await page.get_by_test_id("confirm").click()
    await boss.sees("split-into", "#3")
    await boss.does("merge")
    await page.get_by_test_id("merge-seek").fill("没墨")
    await page.get_by_test_id("merge-found").get_by_role("radio").check()
    await page.get_by_test_id("confirm").click()
    await boss.sees("merged-into", "#1")
    await boss.sees("status", "已合并")
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="打开客户看到的进度页").click()
    progress = await opened.value
    await expect(progress.get_by_test_id("merged")).to_contain_text("#1")
    await progress.get_by_test_id("merged").get_by_role("link").click()
    await expect(progress.get_by_test_id("subject")).to_have_text("打印机没墨了")
    await progress.close()
    await boss.does("unmerge")
    await page.get_by_test_id("confirm").click()
    await boss.sees("status", "待处理")


async def test_hands_stay_on_the_keyboard(world: World, windows: Windows) -> None:
    first, second = (
        await world.file("打印机卡纸"),
        await world.file("打印机漏粉", phone="13900000002"),
    )
    li = await Colleague.comes(world, windows, "李工", "/console/tickets?view=unclaimed")
    page, keys = li.page, li.page.keyboard
    await li.sees_row(first.number, "打印机卡纸")

    # Down the list, into the ticket, claim it: and take that back with one click.
    await keys.press("j")
    await keys.press("Enter")
    await expect(page.get_by_test_id(f"page-{first.number}")).to_be_visible()
    await keys.press("c")
    await li.is_told(f"已接单 #{first.number}")
    await li.sees("assignee", "李工")
    await page.get_by_test_id("undo").click()
    await li.sees("assignee", "无人接单")
    await expect(page.get_by_test_id("claim")).to_be_enabled()  # the desk has taken it back too
    await keys.press("c")
    await li.sees("assignee", "李工")

    # A note and a reply.
    await keys.press("n")
    await keys.type("上周也卡过")
    await keys.press("Control+Enter")
    await li.sees("said-note", "上周也卡过")
    await keys.press("Escape")
    await keys.press("r")
    await keys.type("马上到")
    await keys.press("Control+Enter")
    await li.sees("said-ours", "马上到")
    await keys.press("Escape")

    # The next ticket by its number; what is typed and not sent is still there when he comes back.
    await keys.press("r")
    await keys.type("还差一句")
    await keys.press("Control+k")
    await expect(page.get_by_test_id("palette-text")).to_be_focused()
    await keys.type(str(second.number))
    await keys.press("Enter")
    await expect(page.get_by_test_id(f"page-{second.number}")).to_be_visible()
    await keys.press("Control+k")
    await expect(page.get_by_test_id("palette-text")).to_be_focused()
    await keys.type("转派")
    await keys.press("Enter")
    await expect(page.get_by_test_id("dialog-transfer")).to_be_visible()
    await keys.press("Escape")
    await expect(page.get_by_test_id("dialog-transfer")).to_be_hidden()
    await page.go_back()
    await expect(page.get_by_test_id("reply-text")).to_have_value("还差一句")
    await keys.press("?")
    await expect(page.get_by_test_id("keys-help")).to_be_visible()


async def test_of_a_long_list_only_what_is_near_exists_and_hands_do_not_notice(
    world: World, windows: Windows
) -> None:
    for number in range(1, 91):
        await world.file(f"打印机卡纸 {number}", phone=f"139{number:08d}")
    boss = await Colleague.comes(world, windows, SUPERVISOR, "/console/tickets?view=all")
    page, keys = boss.page, boss.page.keyboard
    table, rows, focus = (
        page.get_by_role("table"),
        page.locator("a[data-row]"),
        page.locator(":focus"),
    )
    await boss.sees_row(90, "打印机卡纸 90")
    await keys.press("j")
    await expect(focus).to_have_text("打印机卡纸 90")

    # To the very end: the list is whole, few of its rows exist, and the focused one is among them.
    # Whoever wants the end goes on scrolling: what is loaded makes the page longer.
    await page.wait_for_function(
        "() => { window.scrollTo(0, document.body.scrollHeight);"
        " return document.querySelector('table.rows')?.dataset.rows === '90' }"
    )
    await page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    await boss.sees_row(1, "打印机卡纸 1")
    assert await rows.count() < 90
    await expect(table).to_have_attribute("aria-rowcount", "91")
    await expect(page.get_by_test_id("ticket-1")).to_have_attribute("aria-rowindex", "91")
    await expect(focus).to_have_text("打印机卡纸 90")
    await keys.press("j")
    await expect(focus).to_have_text("打印机卡纸 89")
    await expect(focus).to_be_in_viewport()

    # Over the edge of what exists, and a row that moves keeps the focus.
    for _ in range(30):
        await keys.press("j")
    await expect(focus).to_have_text("打印机卡纸 59")
    await expect(focus).to_be_in_viewport()
    await world.file("新来的", phone="13800000009")
    await boss.sees_row(91, "新来的")
    await expect(focus).to_have_text("打印机卡纸 59")


async def test_of_two_who_claim_at_once_the_loser_reads_who_won(
    world: World, windows: Windows
) -> None:
    number = (await world.file("打印机卡纸")).number
    path = f"/console/tickets/{number}"
    boss = await Colleague.comes(world, windows, SUPERVISOR, path)
    li = await Colleague.comes(world, windows, "李工", path)
    won = asyncio.Event()

    async def is_slow(route: Route) -> None:
        await won.wait()
        await route.continue_()

    await boss.page.route("**/commands", is_slow)
    await boss.does("claim")
    await boss.sees("assignee", SUPERVISOR)  # he believes that he has it
    await li.does("claim")
    await li.is_told(f"已接单 #{number}")
    windows.expects("status of 409")
    won.set()
    await boss.is_told("已由李工接单")
    await boss.sees("assignee", "李工")
    await expect(boss.page.get_by_test_id("claim")).to_have_count(0)
    assert (await world.kinds(number)).count("claimed") == 1


async def test_when_the_desk_stops_nothing_typed_is_lost_and_it_comes_back_by_itself(
    world: World, windows: Windows
) -> None:
    number = (await world.file("断网了")).number
    zhao = await Colleague.comes(world, windows, "小赵", f"/console/tickets/{number}")
    page = zhao.page
    windows.expects("net::ERR_|status of 50")
    await page.get_by_test_id("reply-text").fill("路由器已重启")
    await world.stop()
    await zhao.sees("offline", "正在重连")
    await page.get_by_test_id("send").click()
    await zhao.is_told("连不上服务台")
    await expect(page.get_by_test_id("reply-text")).to_have_value("路由器已重启")

    await world.start()
    await world.url()
    await expect(page.get_by_test_id("offline")).to_have_count(0)
    await page.get_by_test_id("send").click()
    await zhao.sees("said-ours", "路由器已重启")
    assert (await world.kinds(number)).count("replied") == 1
    await zhao.has_not_reloaded()
