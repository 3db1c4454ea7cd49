"""Every page can be used by everybody: axe finds nothing serious, nothing has to be scrolled
sideways on a narrow phone, and no page is heavier than web.md allows.
"""

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, expect

from server import app, vault
from server.api.pages import web_folder
from server.domain.commands import Claim, Note, Reply, Resolve
from server.usecases import intake
from tests.journeys.people import Colleague
from tests.support.browser import DESKTOP, NARROW, PHONE, Windows
from tests.support.world import ADMINISTRATOR, SUPERVISOR, World

pytestmark = pytest.mark.anyio

AXE_FILE: Final = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
AXE: Final = AXE_FILE.read_text("utf-8")
STANDS_STILL: Final = """async () => {
  for (let still = 0; still < 3; still++) {
    await new Promise(requestAnimationFrame)
    if (document.getAnimations().length > 0) still = 0
  }
}"""
"""Colours change in a transition, even if in a short one: wait for its end."""
KIBIBYTE: Final = 1024
HEAVIEST: Final = {"list": 260, "form": 190, "progress": 190}
"""KiB that a page may transfer when it is opened for the first time (web.md)."""

DEVICES: Final = {"desktop": DESKTOP, "phone": PHONE}

INSIDE: Final = {
    "/console/tickets?view=all": "ticket-1",
    "/console/tickets?view=closed": "empty",
    "/console/tickets/1": "page-1",
    "/console/new": "file",
    "/console/people": "team-first",
    "/console/config/policies": "policy-vip",
    "/console/config/policies/vip": "policy-name",
    "/console/config/calendars": "calendar-default",
    "/console/config/calendars/default": "calendar-name",
    "/console/config/profile": "firm-name",
    "/console/settings/dingtalk": "dingtalk-form",
    "/console/settings/tokens": "add-token",
    "/console/nothing/here": "",
}
"""Pages of the console and what shows that they are there."""


@pytest.fixture
async def busy_world(world: World) -> World:
    """With one ticket of each kind that looks different."""
    await world.file("三楼打印机卡纸", "换过纸也不行")
    await world.perform("李工", Claim(ticket=1))
    await world.perform("李工", Reply(ticket=1, text="马上到"))
    await world.perform("李工", Note(ticket=1, text="可能是搓纸轮"))
    await world.file("断网了", phone="13900000002", name="赵先生", level="vip")
    await world.file("打印机漏粉", phone="13900000003", name="周先生")
    await world.perform("李工", Resolve(ticket=3, solution="换了粉盒"))
    await world.file("网络慢", phone="13900000004", name="吴女士")
    await world.advance(minutes=50)
    return world


@pytest.mark.parametrize("device", DEVICES)
async def test_the_console_can_be_used_by_everybody(
    busy_world: World, windows: Windows, device: str
) -> None:
    here = await Colleague.comes(
        busy_world, windows, ADMINISTRATOR, "/console/tickets?view=all", DEVICES[device]
    )
    found: list[str] = []
    for path, shown in INSIDE.items():
        await here.page.goto(f"{here.url}{path}")
        await is_there(here.page, shown)
        found += await faults_of(here.page, path)
    await here.page.goto(f"{here.url}/console/tickets/1")
    for command in ("transfer", "resolve"):
        await here.does(command)
        await expect(here.page.get_by_test_id(f"dialog-{command}")).to_be_visible()
        found += await faults_of(here.page, command)
        await here.page.keyboard.press("Escape")
        await expect(here.page.get_by_test_id(f"dialog-{command}")).to_be_hidden()
    for key, shown in (("Control+k", "palette-text"), ("?", "keys-help")):
        await here.page.keyboard.press(key)
        await expect(here.page.get_by_test_id(shown)).to_be_visible()
        found += await faults_of(here.page, shown)
        await here.page.keyboard.press("Escape")
        await expect(here.page.get_by_test_id(shown)).to_be_hidden()
    assert found == []


@pytest.mark.parametrize("device", DEVICES)
async def test_the_doors_and_the_customers_pages_can_be_used_by_everybody(
    busy_world: World, windows: Windows, device: str
) -> None:
    url = await busy_world.url()
    found: list[str] = []
    page = await windows.open(f"{url}/console/sign-in", DEVICES[device])
    await is_there(page, "sign-in")
    found += await faults_of(page, "sign-in")
    windows.expects("status of 404")
    for name, (path, shown) in customers_pages(busy_world).items():
        await page.goto(f"{url}{path}")
        await is_there(page, shown)
        found += await faults_of(page, name)
    await page.goto(f"{url}/portal/")
    await page.get_by_test_id("submit").click()
    await is_there(page, "error-text")
    found += await faults_of(page, "form with errors")
    assert found == []


@pytest.mark.parametrize("device", DEVICES)
async def test_the_manual_can_be_used_by_everybody(
    world: World, windows: Windows, device: str
) -> None:
    url = await world.url()
    page = await windows.open(f"{url}/help", DEVICES[device])
    found = await faults_of(page, "/help", dark_class=False)
    for path in ("/help/daily-work", "/help/install-and-start", "/api/docs"):
        await page.goto(f"{url}{path}")
        await is_there(page, "")
        assert await is_narrow(page), path
        found += await faults_of(page, path, dark_class=False)
    assert found == []


@pytest.mark.parametrize("device", DEVICES)
async def test_the_first_set_up_can_be_used_by_everybody(
    empty_world: World, windows: Windows, device: str
) -> None:
    link = await app.offer_set_up(empty_world.desk, await empty_world.url())
    page = await windows.open(str(link), DEVICES[device])
    await is_there(page, "set-up")
    assert await faults_of(page, "set-up") == []


async def test_nothing_is_scrolled_sideways_on_a_narrow_phone(
    busy_world: World, windows: Windows
) -> None:
    url = await busy_world.url()
    words = "W" * 120  # a customer who pastes something without a blank
    await busy_world.perform("李工", Reply(ticket=1, text=f"https://example.com/{words}"))
    windows.expects("status of 404")
    page = await windows.open(f"{url}/portal/", NARROW)
    for name, (path, shown) in customers_pages(busy_world).items():
        await page.goto(f"{url}{path}")
        await is_there(page, shown)
        assert await is_narrow(page), name
    here = await Colleague.comes(busy_world, windows, ADMINISTRATOR, "/console/", NARROW)
    for path, shown in INSIDE.items():
        await here.page.goto(f"{url}{path}")
        await is_there(here.page, shown)
        assert await is_narrow(here.page), path
    await intake.confirm(busy_world.desk, 3, "portal")  # a long line among the records
    await here.page.goto(f"{here.url}/console/tickets/3")
    await is_there(here.page, "timeline")
    assert await is_narrow(here.page), "records of a closed ticket"


async def test_no_page_is_heavier_than_allowed(busy_world: World, windows: Windows) -> None:
    url = await busy_world.url()
    session = await busy_world.signed_in(SUPERVISOR)
    cookies = [
        {"name": one.name, "value": one.value, "domain": "127.0.0.1", "path": "/"}
        for one in session.cookies.jar
    ]
    pages = customers_pages(busy_world)
    openings = {"list": ("/console/tickets?view=all", "ticket-1"), **pages}
    for name in HEAVIEST:
        path, shown = openings[name]
        page = await windows.open(f"{url}{path}", storage_state={"cookies": cookies, "origins": []})
        await is_there(page, shown)
        await page.wait_for_load_state("load")
        weight = await weight_of(page)
        assert weight <= HEAVIEST[name] * KIBIBYTE, f"{name}: {weight / KIBIBYTE:.0f} KiB"


def customers_pages(world: World) -> dict[str, tuple[str, str]]:
    """Name → where it is and what shows that it is there."""

    def link(number: int) -> str:
        return f"/portal/t/{vault.link_token(world.desk.secret, number)}"

    return {
        "form": ("/portal/", "submit"),
        "progress": (link(1), "progress"),
        "solved": (link(3), "verdict"),
        "no such link": ("/portal/t/1-nothing", "missing-link"),
        "no such page": ("/portal/nothing", "missing-page"),
    }


async def is_there(page: Page, test: str) -> None:
    """The page is drawn, with this on it."""
    await expect(page.get_by_role("heading").first).to_be_attached()
    if test:
        await expect(page.get_by_test_id(test).first).to_be_attached()


async def is_narrow(page: Page) -> bool:
    """Nothing sticks out at the right."""
    return await page.evaluate(
        "document.scrollingElement.scrollWidth <= document.documentElement.clientWidth"
    )


async def faults_of(page: Page, name: str, *, dark_class: bool = True) -> list[str]:
    """What axe calls serious or critical, a line each; in the dark only contrasts differ."""
    await page.evaluate(AXE)
    answer = await page.evaluate("axe.run({preload: false, resultTypes: ['violations']})")
    await page.emulate_media(color_scheme="dark")
    if dark_class:
        await expect(page.locator("html")).to_have_class(re.compile("dark"))
    await page.evaluate(STANDS_STILL)
    dark = await page.evaluate("axe.run({preload: false, runOnly: ['color-contrast']})")
    await page.emulate_media(color_scheme="light")
    return [
        f"{name}: {one['impact']} {one['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for one in answer["violations"] + dark["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


async def weight_of(page: Page) -> int:
    """Bytes that came for this page, files as gzip makes them (this browser may take brotli)."""
    came: list[tuple[str, int]] = await page.evaluate(
        """[...performance.getEntriesByType('navigation'),
            ...performance.getEntriesByType('resource')]
            .map((one) => [new URL(one.name).pathname, one.transferSize])"""
    )
    assert len(came) > 3
    weight = 0
    for path, size in came:
        twin = web_folder() / f"{path.strip('/')}.gz"
        weight += twin.stat().st_size if twin.is_file() else size
    return weight
