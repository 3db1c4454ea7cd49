"""An administrator gives statuses the firm's words, and lets another system know of escalations."""

import re

import msgspec
import pytest
from playwright.async_api import expect

from tests.journeys.people import Colleague
from tests.journeys.test_configuring import CONFIG, document, save
from tests.journeys.test_pages_are_sound import faults_of, is_narrow
from tests.support.browser import PHONE, Windows
from tests.support.world import ADMINISTRATOR, World
from tests.workers.test_webhooks import listening

pytestmark = pytest.mark.anyio


async def test_a_new_status_is_ordered_and_then_held_in(world: World, windows: Windows) -> None:
    await world.file("打印机卡纸")
    boss = await Colleague.comes(world, windows, ADMINISTRATOR, f"{CONFIG}/statuses")
    page = boss.page
    await page.get_by_test_id("add-document").click()
    await page.get_by_test_id("status-name").fill("待配件")
    await page.get_by_test_id("status-category-waiting_third").click()
    assert await faults_of(page, "status") == []
    await save(page)
    await page.get_by_role("link", name="状态", exact=True).last.click()

    # It stands behind its category's own one; one step up it stands before it.
    rows = page.get_by_test_id(re.compile("^status-link-"))
    await expect(rows).to_have_count(10)
    await expect(rows.nth(4)).to_contain_text("待配件")
    await page.get_by_role("button", name="把「待配件」上移").click()
    await expect(rows.nth(3)).to_contain_text("待配件")
    assert await faults_of(page, "statuses") == []

    # The desk's own one is renamed, and menus follow both.
    await page.get_by_test_id("status-link-waiting_third").click()
    await page.get_by_test_id("status-name").fill("等厂家")
    await save(page)
    assert (await document(world, "status", "waiting_third"))["label"] == {"zh": "等厂家"}
    await page.goto(f"{boss.url}/console/tickets/1")
    await boss.does("hold")
    choices = page.get_by_test_id("dialog-hold").locator("input[name=hold-status]")
    await expect(choices).to_have_count(4)
    await page.get_by_role("radio", name="待配件").check()
    await page.get_by_role("button", name="明天 9:00").click()
    await boss.gives_reason("搓纸轮缺货")
    await boss.sees("status", "待配件")
    await boss.sees("timeline", "待配件")


async def test_another_system_is_told_and_what_failed_is_seen_and_told_again(
    world: World, windows: Windows
) -> None:
    async with listening() as system:
        hosts = f"127.0.0.1:{system.port}"
        world.settings = msgspec.structs.replace(world.settings, webhook_hosts=hosts)
        await world.restart()
        boss = await Colleague.comes(world, windows, ADMINISTRATOR, f"{CONFIG}/webhooks", PHONE)
        page = boss.page
        await page.get_by_test_id("add-document").click()
        await page.get_by_test_id("webhook-name").fill("客户系统")
        await page.get_by_test_id("webhook-url").fill("crm")
        await page.get_by_test_id("save-document").click()
        await expect(page.get_by_test_id("webhook-url")).to_have_attribute("aria-invalid", "true")
        await page.get_by_test_id("webhook-url").fill(f"http://{hosts}/hook")
        await save(page)

        # Without a secret nothing is sent; it is shown once.
        await expect(page.get_by_test_id("try-webhook")).to_be_disabled()
        await page.get_by_test_id("make-secret").click()
        secret = await page.get_by_test_id("secret").inner_text()
        assert len(secret) >= 40
        await page.reload()
        await boss.sees("secret-state", "已经设好")
        await expect(page.get_by_text(secret)).to_have_count(0)

        # The first try is refused by the other side, and why is said; the second arrives.
        system.answers = [404]
        await page.get_by_test_id("try-webhook").click()
        told = page.get_by_test_id("told")
        await expect(told).to_contain_text("对方回答 404")
        assert await faults_of(page, "webhook") == []
        assert await is_narrow(page)
        await page.get_by_test_id("tell-again").click()
        await expect(told).to_contain_text("已送达")
        assert len(system.heard) == 2
        await page.goto(f"{boss.url}{CONFIG}/webhooks")
        await expect(page.get_by_text("已启用")).to_be_visible()
        assert await is_narrow(page)
