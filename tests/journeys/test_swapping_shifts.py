"""Colleagues look at their roster, swap a shift among themselves, and ask for leave from it."""

import re

import pytest
from playwright.async_api import expect

from server.domain.rosters import Line
from tests.journeys.people import Colleague
from tests.journeys.test_configuring import CONFIG
from tests.journeys.test_pages_are_sound import faults_of, is_narrow
from tests.support.browser import PHONE, Windows
from tests.support.shifts import a_roster, hire
from tests.support.world import SUPERVISOR, World

pytestmark = pytest.mark.anyio


async def test_a_shift_is_swapped_from_the_grid_agreed_to_and_approved(
    world: World, windows: Windows
) -> None:
    await hire(world)
    zhao, li = world.staff_ids["小赵"], world.staff_ids["李工"]
    lines = (Line(staff=li, cycle="night"), Line(staff=zhao, cycle="day"))
    await world.save("roster", "first", a_roster(world, lines=lines))
    await world.at_rest()

    # On his phone: the roster to read, his own shifts first and marked, nobody else's to touch.
    his = await Colleague.comes(world, windows, "小赵", CONFIG, PHONE)
    own = his.page.get_by_test_id("own-roster-first")
    await expect(own.locator("tbody th").first).to_have_text("小赵（我）")
    tuesday, others = (
        own.get_by_test_id(f"cell-{zhao}-2026-03-17"),
        own.get_by_test_id(f"cell-{li}-2026-03-17"),
    )
    await expect(others).to_be_disabled()
    await tuesday.click()
    await his.page.get_by_test_id("ask-swap-here").click()
    await his.page.get_by_test_id("swap-other").select_option(label="李工")
    assert await faults_of(his.page, "swap") == []
    assert await is_narrow(his.page)
    await his.page.get_by_test_id("swap-save").click()
    await his.is_told("已发给李工，等对方同意")
    await his.sees("swap-1", "等批准")

    # The other agrees, the leader approves; the grid follows before his eyes.
    lis = await Colleague.comes(world, windows, "李工", CONFIG)
    await lis.sees("swap-1", "小赵", "李工来上")
    await lis.page.get_by_test_id("agree").click()
    await lis.sees("swap-1", "对方已同意")
    assert await faults_of(lis.page, "rosters") == []
    boss = await Colleague.comes(world, windows, SUPERVISOR, f"{CONFIG}/rosters")
    await boss.page.get_by_test_id("approve").click()
    await boss.sees("swap-1", "已批准")
    await expect(tuesday).to_have_text("·")
    await expect(others).to_have_text(re.compile("白.*夜|夜.*白"))

    # Leave begins with the shift that was clicked.
    await own.get_by_test_id(f"cell-{zhao}-2026-03-19").click()
    await his.page.get_by_test_id("ask-leave-here").click()
    await expect(his.page.get_by_test_id("leave-from")).to_have_value("2026-03-19T09:00")
    await expect(his.page.get_by_test_id("leave-to")).to_have_value("2026-03-19T18:00")
    await his.page.get_by_test_id("leave-save").click()
    await his.is_told("已提交，等组长批准")
    await boss.page.get_by_test_id("approve").click()
    await expect(own.get_by_test_id(f"cell-{zhao}-2026-03-19")).to_have_text("假")
    await his.has_not_reloaded()
