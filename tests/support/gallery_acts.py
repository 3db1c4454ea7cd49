"""What is done to a page before its picture is taken: press, fill, cut the network."""

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, Route

Act = Callable[[Page], Awaitable[None]]


def mark(name: str) -> str:
    return f'[data-test="{name}"]'


def press(selector: str) -> Act:
    async def act(page: Page) -> None:
        await page.locator(selector).filter(visible=True).first.click()

    return act


def key(chord: str) -> Act:
    async def act(page: Page) -> None:
        await page.keyboard.press(chord)

    return act


def fill(selector: str, text: str) -> Act:
    async def act(page: Page) -> None:
        await page.locator(selector).filter(visible=True).first.fill(text)

    return act


def see(selector: str) -> Act:
    async def act(page: Page) -> None:
        await page.locator(selector).first.wait_for()

    return act


def command(name: str) -> Act:
    """Press a command of the ticket's page, wherever it is offered."""

    async def act(page: Page) -> None:
        await page.get_by_role("toolbar").wait_for()
        button = page.locator(mark(name))
        if not await button.is_visible():
            await page.locator(mark("more")).click()
            button = page.locator(mark(f"more-{name}"))
        await button.click()

    return act


async def drawn(page: Page) -> None:
    """On a phone the views are behind a button."""
    button = page.locator(mark("open-nav"))
    if await button.is_visible():
        await button.click()


async def lived(page: Page) -> None:
    """In the demo: a customer files, 小李 accepts and answers in chat, then sits at the console."""
    phone = page.frame_locator(mark("phone"))
    await page.locator(mark("fill")).click()
    await phone.locator(mark("submit")).click()
    number = (await phone.locator(mark("number")).inner_text()).removeprefix("#")
    await phone.locator(mark("follow")).click()
    await phone.locator(mark("progress")).wait_for()
    viewport = page.viewport_size
    if viewport is None or viewport["width"] < 900:
        return  # one window at a time
    for line in (f"接单 {number}", f"回复 {number} 您好，我明天下午两点前到，请保持电话畅通"):
        await page.locator(mark("composer")).fill(line)
        await page.locator(mark("send")).click()
        await page.locator(mark("said"), has_text=f"@派单 {line}").first.wait_for()
    await phone.get_by_text("请保持电话畅通").wait_for()
    await page.locator(mark("seat-liwei")).click()
    desk = page.frame_locator(mark("console"))
    await desk.locator(mark("view-mine")).wait_for(state="attached")
    inside = next(one for one in page.frames if "/console/" in one.url)
    await inside.evaluate(f"location.assign('/console/tickets/{number}')")
    await desk.locator(mark("timeline")).wait_for()


async def slow(page: Page) -> None:
    """No answer ever comes, except who is signed in."""

    async def never(_route: Route) -> None:
        return None

    await page.route(re.compile(r"/api/v1/(?!session|live)"), never)


async def broken(page: Page) -> None:
    """The desk has a fault."""
    body = '{"error":"fault","message":"服务台出了点问题，请再试一次。","incident":"7F3K-2Q9D"}'

    async def fault(route: Route) -> None:
        await route.fulfill(status=500, content_type="application/json", body=body)

    await page.route(re.compile(r"/api/v1/(?!session|live)"), fault)


async def cut(page: Page) -> None:
    """The network goes."""
    await page.context.set_offline(True)


async def away(page: Page) -> None:
    """The desk cannot be reached at all."""

    async def abort(route: Route) -> None:
        await route.abort("connectionrefused")

    await page.route("**/api/v1/**", abort)
