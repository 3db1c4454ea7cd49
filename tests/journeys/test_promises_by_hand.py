"""What people do to promises by hand: set one, excuse time, tell a plan, be there, take over."""

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from server.domain import commands as c
from server.domain.rosters import Line
from tests.journeys.people import Colleague
from tests.journeys.test_configuring import CONFIG
from tests.journeys.test_pages_are_sound import faults_of, is_narrow
from tests.support.browser import PHONE, Windows
from tests.support.shifts import a_roster, at, hire, until
from tests.support.world import FIRST, SUPERVISOR, World

pytestmark = pytest.mark.anyio


async def test_a_due_instant_and_a_priority_are_set_by_hand_and_time_is_excused(
    world: World, windows: Windows
) -> None:
    await world.file("三楼断网", "整层都上不了网")
    await world.advance(minutes=40)
    boss = await Colleague.comes(world, windows, SUPERVISOR, "/console/tickets/1")
    page = boss.page

    # The due instant, and the priority: both are marked, here and in the list.
    await page.get_by_test_id("clock-more-resolve").click()
    await page.get_by_test_id("set-due-resolve").click()
    await page.get_by_test_id("due-at").fill("2026-03-16T09:50")
    await page.get_by_test_id("due-reason").fill("和客户约好了")
    assert await faults_of(page, "due") == []
    await page.get_by_test_id("due-save").click()
    await boss.sees("manual-due", "和客户约好了")
    await boss.picks("priority", "high")
    await boss.sees("mark-priority", "手动")
    await boss.sees("mark-due", "指定")
    await page.goto(f"{boss.url}/console/tickets?view=all")
    await boss.sees_row(1, "高", "手动", "指定")
    await expect(page.get_by_test_id("mark-due")).to_have_attribute(
        "title", "期限由同事指定，不再跟着时效策略变"
    )
    assert await faults_of(page, "marks") == []

    # Half an hour without power counts for nobody: seen before it is given.
    await page.goto(f"{boss.url}{CONFIG}/jobs")
    await page.get_by_test_id("excuse").click()
    await page.get_by_test_id("excuse-from").fill("2026-03-16T09:00")
    await page.get_by_test_id("excuse-to").fill("2026-03-16T09:30")
    await page.get_by_test_id("excuse-reason").fill("整栋楼停电")
    await page.get_by_test_id("excuse-look").click()
    await expect(page.get_by_test_id("law-preview")).to_be_visible()
    assert await faults_of(page, "excuse") == []
    await page.get_by_test_id("excuse-give").click()
    await world.at_rest()
    await boss.sees("job-1", "已完成")
    await page.goto(f"{boss.url}/console/tickets/1")
    await page.get_by_test_id("clock-more-first").click()
    await boss.sees("clock-details-first", "整栋楼停电")


async def test_a_plan_is_told_a_visit_is_noted_and_a_shift_is_taken_over_by_phone(
    world: World, windows: Windows
) -> None:
    await hire(world)
    zhao, li = world.staff_ids["小赵"], world.staff_ids["李工"]
    lines = (Line(staff=zhao, cycle="day"), Line(staff=li, cycle="night"))
    await world.save("roster", "first", a_roster(world, lines=lines))
    team = (await world.desk.firm()).teams[FIRST]
    await world.save("team", FIRST, replace(team, members=(*team.members, li)))
    await world.file("屏幕坏了")
    await world.perform(SUPERVISOR, c.Transfer(ticket=1, team=FIRST, staff=None))
    await world.perform("小赵", c.Claim(ticket=1))

    his = await Colleague.comes(world, windows, "小赵", "/console/tickets/1", PHONE)
    await his.does("plan")
    await his.page.get_by_test_id("reason").fill("下午换屏")
    assert await faults_of(his.page, "plan") == []
    await his.page.get_by_test_id("confirm").click()
    await his.is_told("方案已记下")
    await his.sees("timeline", "下午换屏")
    here = his.page.context
    await here.grant_permissions(["geolocation"])
    await here.set_geolocation({"latitude": 31.23, "longitude": 121.47})
    await his.does("check_in")
    await his.is_told("已签到")
    there = (await world.events(1))[-1].body
    assert (there.latitude, there.longitude) == (31.23, 121.47)
    assert await is_narrow(his.page)

    # His shift ends: whoever comes on takes what is left, with one touch.
    await until(world, at("18:00"))
    lis = await Colleague.comes(world, windows, "李工", CONFIG, PHONE)
    card = lis.page.get_by_test_id("handover-1")
    await expect(card).to_contain_text("屏幕坏了")
    assert await faults_of(lis.page, "handover") == []
    assert await is_narrow(lis.page)
    await card.get_by_role("button", name="我来接", exact=True).click()
    await lis.is_told("已接手 1 张")
    assert (await world.ticket(1)).assignee == li
