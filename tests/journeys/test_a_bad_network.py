"""A customer where the network is bad: nothing is lost, and nothing arrives twice."""

import pytest
from playwright.async_api import Route, expect

from tests.journeys.people import Customer
from tests.support.browser import Windows
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def test_a_form_waits_for_the_desk_and_files_one_ticket(
    world: World, windows: Windows
) -> None:
    windows.expects("net::ERR_")
    customer = await Customer.comes(world, windows)
    page = customer.page
    for field, words in (("text", "打印机卡纸"), ("name", "王女士"), ("phone", "13800000001")):
        await page.get_by_test_id(field).fill(words)
    await world.stop()
    await page.get_by_test_id("submit").click()
    await customer.sees("网络断开了，还没有提交")
    await expect(page.get_by_test_id("waiting")).to_be_in_viewport()
    await expect(page.get_by_test_id("text")).to_have_value("打印机卡纸")

    # The desk is back, but its answer is lost on the way; the phone asks again with the same key.
    await world.start()
    await world.url()

    async def loses_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/api/v1/portal/tickets", loses_the_answer, times=1)
    await page.get_by_test_id("retry").click()
    await expect(page.get_by_test_id("submit")).to_be_disabled()
    await page.get_by_test_id("retry").click()
    await expect(page.get_by_test_id("number")).to_have_text("#1")
    await world.at_rest()
    assert await world.kinds(1) == ["opened", "routed"]
    assert await world.kinds(2) == []


async def test_what_was_written_is_there_when_the_customer_comes_back(
    world: World, windows: Windows
) -> None:
    customer = await Customer.comes(world, windows)
    page = customer.page
    await page.get_by_test_id("text").fill("空调滴水")
    await page.reload()
    await customer.sees("上次没有提交的内容还在")
    number = await customer.files("空调滴水，三楼会议室")
    await customer.follows()
    await page.get_by_test_id("reply").fill("下午三点后有人")
    await page.reload()
    await expect(page.get_by_test_id("reply")).to_have_value("下午三点后有人")
    await page.get_by_test_id("send").click()
    await customer.sees("下午三点后有人")

    # From the form's page he finds his ticket again, without an account.
    await page.get_by_test_id("firm").click()
    earlier = page.get_by_test_id("earlier")
    await expect(earlier).to_contain_text(f"#{number}")
    await earlier.get_by_role("link").click()
    await expect(page.get_by_test_id("subject")).to_contain_text("空调滴水，三楼会议室")
    assert (await world.kinds(number)).count("customer_wrote") == 1
