"""An empty desk becomes a firm's desk: the printed link, the first colleague, the first team."""

import pytest
from playwright.async_api import expect

from server import app
from tests.journeys.people import Colleague, Customer
from tests.support.browser import Windows
from tests.support.world import FIRM, PASSWORD, World

pytestmark = pytest.mark.anyio

BOSS = "wang@example.com"
COLLEAGUE = "li@example.com"


async def test_the_printed_link_makes_the_first_administrator_and_he_makes_the_rest(
    empty_world: World, windows: Windows
) -> None:
    url = await empty_world.url()
    link = await app.offer_set_up(empty_world.desk, url)
    assert link is not None

    # Until then customers are asked to come back later.
    early = Customer(await windows.open(f"{url}/portal/"))
    await early.sees("服务台还在准备中")

    boss = await sets_the_firm_up(windows, link)
    page = boss.page
    await expect(page.get_by_role("heading", name="人员与处理组")).to_be_visible()

    # A colleague, who joins the team that every firm starts with.
    await page.get_by_test_id("add-colleague").click()
    await page.get_by_test_id("colleague-name").fill("李工")
    await page.get_by_test_id("colleague-email").fill(COLLEAGUE)
    await page.get_by_test_id("colleague-skills").fill("打印机:3")
    await page.get_by_test_id("colleague-password").fill(PASSWORD)
    await page.get_by_test_id("save-colleague").click()
    await boss.is_told("李工 已保存")
    staff = page.locator("li.person")
    await expect(staff).to_have_count(2)
    await page.get_by_test_id("team-front").get_by_role("button").click()
    await page.get_by_test_id("team-name").fill("维修组")
    li = next(one for one in (await empty_world.desk.firm()).staff.values() if one.name == "李工")
    await boss.picks("team-members", li.id)
    await page.get_by_test_id("save-team").click()
    await boss.is_told("处理组「维修组」已保存")
    await expect(staff.filter(has_text="李工")).to_contain_text("维修组")

    # The door: out, in with a wrong password, in with the right one.
    await boss.signs_out()
    windows.expects("status of 401")
    await boss.signs_in(COLLEAGUE, "not the password")
    await boss.sees("trouble", "邮箱或密码不对")
    await expect(page.get_by_test_id("email")).to_have_value(COLLEAGUE)
    await boss.signs_in(COLLEAGUE, PASSWORD)
    await boss.sees("me", "李工")
    await boss.sees("empty", "你手上没有工单")
    await expect(page.get_by_test_id("add-colleague")).to_have_count(0)

    # And the first ticket arrives, with a promise.
    customer = await Customer.comes(empty_world, windows)
    await customer.sees(FIRM)
    number = await customer.files("水管漏水")
    await customer.sees("10:00 前回复您")
    await boss.looks_at("unclaimed")
    await boss.sees_row(number, "水管漏水", "维修组")


async def test_the_link_works_once(empty_world: World, windows: Windows) -> None:
    link = await app.offer_set_up(empty_world.desk, await empty_world.url())
    assert link is not None
    await sets_the_firm_up(windows, link)
    late = await windows.open(link)
    await expect(late.get_by_test_id("sign-in")).to_be_visible()


async def sets_the_firm_up(windows: Windows, link: str) -> Colleague:
    """Somebody opens the link, fills the form in, and is inside."""
    page = await windows.open(link)
    await expect(page.get_by_test_id("code")).to_have_count(0)
    for field, words in (("firm", FIRM), ("name", "王总"), ("email", BOSS), ("password", PASSWORD)):
        await page.get_by_test_id(field).fill(words)
    await page.get_by_test_id("set-up").click()
    boss = Colleague(page, link.partition("/console/")[0])
    await boss.sees("me", "王总")
    return boss
