"""How a supervisor changes the desk without a developer: promises, rules, queues and rosters."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from server.usecases import administration
from tests.journeys.people import Colleague
from tests.journeys.test_pages_are_sound import faults_of, is_there
from tests.support.browser import DESKTOP, PHONE, Windows
from tests.support.world import ADMINISTRATOR, SUPERVISOR, World

pytestmark = pytest.mark.anyio

CONFIG = "/console/config"


async def save(page: Page) -> None:
    """Press the bar's button, and see the bar go: everything is saved."""
    await page.get_by_test_id("save-document").click()
    await expect(page.get_by_test_id("save-document")).to_be_hidden()


async def document(world: World, kind: str, item: str) -> dict[str, object]:
    """What is saved now."""
    admin = await world.signed_in(ADMINISTRATOR)
    answer = await admin.get(f"/api/v1/configuration/{kind}/{item}")
    doc: dict[str, object] = answer.json()["doc"]
    return doc


async def test_a_shorter_promise_is_previewed_and_applied_to_open_tickets(
    world: World, windows: Windows
) -> None:
    await world.file("三楼断网", "整层都上不了网")
    await world.advance(minutes=40)
    boss = await Colleague.comes(world, windows, SUPERVISOR, f"{CONFIG}/policies")
    page = boss.page
    await page.get_by_test_id("policy-normal").get_by_role("link").click()
    await boss.sees("policy-told", "首次响应 1 小时")

    # What cannot be read is marked where it stands, and nothing is sent.
    target = page.get_by_test_id("target-first-*")
    await target.fill("很快")
    await page.get_by_test_id("save-document").click()
    await boss.sees("trouble", "还没填对")
    await expect(target).to_have_attribute("aria-invalid", "true")

    # Thirty minutes, for the ticket that waits already, too.
    await target.fill("30分")
    await boss.sees("policy-told", "首次响应 30 分钟")
    await save(page)
    dialog = page.get_by_test_id("apply-dialog")
    await expect(dialog.get_by_test_id("tally-breached")).to_have_text("1")
    await expect(dialog).to_contain_text("三楼断网")
    assert await faults_of(page, "apply") == []
    await page.get_by_test_id("apply-now").click()
    await expect(dialog).to_be_hidden()
    await world.at_rest()
    await page.goto(f"{boss.url}{CONFIG}/jobs")
    await boss.sees("job-1", "已完成")
    await page.goto(f"{boss.url}/console/tickets/1")
    await boss.sees("clock-first", "超时")
    await page.get_by_test_id("clock-more-first").click()
    await boss.sees("clock-details-first", "工作时间", "自然时间", "改时限时")


async def test_two_who_edit_at_once_learn_whose_version_stands_in_the_way(
    world: World, windows: Windows
) -> None:
    boss = await Colleague.comes(world, windows, SUPERVISOR, f"{CONFIG}/policies/normal")
    page = boss.page
    await page.get_by_test_id("policy-name").fill("所有人")
    plain = await document(world, "policy", "normal")
    by = await world.staff(ADMINISTRATOR)
    await administration.save_configuration(
        world.desk, by, "policy", "normal", plain | {"bot_reply_counts": True}, 1
    )

    # It is told before anything is sent, and what was typed is kept.
    await boss.sees("conflict", ADMINISTRATOR, "第 2 版", "机器人回复算响应", "名称")
    await expect(page.get_by_test_id("save-document")).to_be_disabled()
    await page.get_by_test_id("take-theirs").click()
    await expect(page.get_by_test_id("policy-name")).to_have_value("一般")

    # Leaving with something unsaved asks first.
    await page.get_by_test_id("policy-name").fill("所有客户")
    await page.get_by_test_id("config-calendars").click()
    await page.get_by_test_id("leave-stay").click()
    await expect(page.get_by_test_id("policy-name")).to_have_value("所有客户")
    await page.get_by_test_id("config-calendars").click()
    await page.get_by_test_id("leave-save").click()
    await expect(page.get_by_test_id("calendar-default")).to_be_visible()
    assert (await document(world, "policy", "normal"))["name"] == "所有客户"


async def test_a_rule_is_written_tried_and_routes_the_next_ticket(
    world: World, windows: Windows
) -> None:
    boss = await Colleague.comes(world, windows, SUPERVISOR, f"{CONFIG}/rules")
    page = boss.page
    await page.get_by_test_id("add-rule").click()
    await page.get_by_test_id("rule-name").fill("漏水归一线")
    await page.get_by_test_id("add-leaf").click()
    words = page.get_by_test_id("leaf-words")
    await words.fill("漏水，跑水")
    await words.press("Enter")
    await boss.picks("then-team", "first")
    await page.get_by_test_id("then-priority").select_option("urgent")

    # Tried before it is saved.
    await page.get_by_test_id("dry-run-open").click()
    await page.get_by_test_id("trial-subject").fill("机房跑水了")
    await page.get_by_test_id("trial-run").click()
    await boss.sees("trial-result", "漏水归一线", "一线", "紧急", "首次响应")
    assert await faults_of(page, "dry run") == []
    await page.keyboard.press("Escape")
    await save(page)

    ticket = await world.file("三楼跑水", "水从天花板下来")
    assert (ticket.team, ticket.priority) == ("first", "urgent")
    await page.goto(f"{boss.url}/console/tickets/{ticket.number}")
    await boss.sees("routing", "漏水归一线")


async def test_a_queue_is_switched_to_grabbing_and_back(world: World, windows: Windows) -> None:
    boss = await Colleague.comes(world, windows, SUPERVISOR, f"{CONFIG}/queues")
    page = boss.page
    await page.get_by_test_id("mode-default-grab").click()
    await boss.is_told("「默认」已改为抢单")
    assert (await document(world, "queue", "default"))["mode"] == "grab"
    await page.get_by_test_id("undo").click()
    await boss.is_told("「默认」已改为自动派单")
    assert (await document(world, "queue", "default"))["mode"] == "automatic"


async def test_a_roster_is_planned_and_leave_is_approved(world: World, windows: Windows) -> None:
    boss = await Colleague.comes(world, windows, SUPERVISOR, f"{CONFIG}/rosters")
    page = boss.page
    await page.get_by_test_id("add-document").click()
    await page.get_by_test_id("roster-name").fill("二线排班")
    await page.get_by_test_id("roster-teams-second").click()
    await page.get_by_test_id("add-everybody").click()
    engineer = world.staff_ids["李工"]
    cell = page.get_by_test_id(f"cell-{engineer}-2026-03-17")
    await expect(cell).to_have_text("早")
    await cell.click()
    await page.get_by_test_id("set-free").click()
    await expect(cell).to_have_text("·")
    assert await faults_of(page, "roster") == []
    await save(page)

    # He asks for leave on his own; the leader says yes.
    his = await Colleague.comes(world, windows, "李工", f"{CONFIG}/rosters")
    await his.page.get_by_test_id("ask-leave").click()
    await his.page.get_by_test_id("leave-from").fill("2026-03-19T09:00")
    await his.page.get_by_test_id("leave-to").fill("2026-03-19T18:00")
    await his.page.get_by_test_id("leave-save").click()
    await his.is_told("已提交，等组长批准")
    await page.goto(f"{boss.url}{CONFIG}/rosters")
    await page.get_by_test_id("approve").click()
    await boss.sees("leave-1", "已批准")


async def test_a_month_is_replayed_under_another_promise(world: World, windows: Windows) -> None:
    await world.file("打印机坏了")
    await world.advance(minutes=30)
    boss = await Colleague.comes(world, windows, SUPERVISOR, f"{CONFIG}/replay")
    page = boss.page
    await page.get_by_test_id("period-this").click()
    await page.get_by_test_id("replay-run").click()
    await boss.sees("replay-result", "和当时完全一样")
    await page.get_by_test_id("add-draft").click()
    await page.get_by_test_id("add-draft-policy:normal").click()
    await page.get_by_test_id("target-first-*").fill("10分钟")
    await page.get_by_test_id("replay-run").click()
    await boss.sees("replay-result", "1 个变成超时", "#1")
    assert await faults_of(page, "replay") == []


SECTIONS = {
    "ladders": "ladder-default",
    "ladders/default": "rung-half",
    "metrics": "metric-first",
    "metrics/update": "metric-name",
    "jobs": "excuse",
    "rules": "add-rule",
    "queues": "queue-default",
    "queues/default": "queue-name",
    "matrix": "cell-*-normal",
    "stores": "add-document",
    "statuses": "status-open",
    "statuses/open": "status-name",
    "webhooks": "empty",
    "rosters": "ask-leave",
    "skills": "new-skill",
    "dryrun": "trial",
    "replay": "replay-run",
}
"""Sections, and what shows that they are there; more of them stand in test_pages_are_sound."""


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_every_section_can_be_used_by_everybody(
    world: World, windows: Windows, device: object
) -> None:
    here = await Colleague.comes(world, windows, ADMINISTRATOR, CONFIG, device)  # type: ignore[arg-type]
    found: list[str] = []
    for path, shown in SECTIONS.items():
        await here.page.goto(f"{here.url}{CONFIG}/{path}")
        await is_there(here.page, shown)
        found += await faults_of(here.page, path)
        wide = "document.scrollingElement.scrollWidth > document.documentElement.clientWidth"
        found += [f"{path} is scrolled sideways"] if await here.page.evaluate(wide) else []
    assert found == []


async def test_staff_see_who_is_there_and_nothing_that_they_may_not_change(
    world: World, windows: Windows
) -> None:
    his = await Colleague.comes(world, windows, "李工", CONFIG)
    await his.sees(f"duty-of-{world.staff_ids['小赵']}", "小赵")
    await expect(his.page.get_by_test_id("config-policies")).to_have_count(0)
    await his.page.goto(f"{his.url}{CONFIG}/rules")
    await his.sees("problem", "没有权限")


async def test_a_break_is_taken_and_ended_from_the_head(world: World, windows: Windows) -> None:
    his = await Colleague.comes(world, windows, "李工")
    await his.sees("duty", "值班")
    await his.page.get_by_test_id("duty").click()
    await his.page.get_by_test_id("duty-break-15").click()
    await his.sees("duty", "小休到 09:15")
    async with asyncio.timeout(10):
        while (await world.staff("李工")).on_duty:
            await world.at_rest()
    await his.page.get_by_test_id("duty").click()
    await his.page.get_by_test_id("duty-on_duty").click()
    await his.sees("duty", "值班")
