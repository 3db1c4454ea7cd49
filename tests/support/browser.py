"""A real Chromium in which the people of a story look at the desk, each in a window of their own.

    phone = await windows.open(f"{await world.url()}/portal/", PHONE)
    await expect(phone.get_by_test_id("form")).to_be_visible()

Browser, desk and chat share one event loop. A window remembers whatever must not happen behind a
story's back: errors in the console, errors of scripts, requests to another host. `Windows.close`
fails the test on them, except for what the story said it `expects`.
"""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    async_playwright,
    expect,
)

from server.api.pages import ENTRIES, web_folder
from tests.support.world import SOON

ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Device(msgspec.Struct, frozen=True):
    """What somebody holds in his hands, in CSS pixels."""

    width: int
    height: int
    touch: bool = False


DESKTOP: Final = Device(1440, 900)
PHONE: Final = Device(390, 844, touch=True)
NARROW: Final = Device(360, 740, touch=True)
"""The narrowest phone that is promised to work without scrolling sideways."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The machine's own Chromium, without a screen."""
    program = shutil.which("chromium")
    assert program, "the stories need a browser: python3 dev.py setup"
    missing = [name for name in ENTRIES if not (web_folder() / name / "index.html").is_file()]
    assert not missing, f"the web pages are not built ({missing}): python3 dev.py setup"
    expect.set_options(timeout=SOON * 1000)
    async with async_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test")
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        await browser.close()


class Windows:
    """Every window of one story."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._open: list[BrowserContext] = []
        self._wrong: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    async def open(self, url: str, device: Device = DESKTOP, **more: Any) -> Page:
        """A window of a person's own browser (nobody else's cookies), showing `url`."""
        context = await self._browser.new_context(
            viewport={"width": device.width, "height": device.height},
            has_touch=device.touch,
            is_mobile=device.touch,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            color_scheme="light",
            reduced_motion="reduce",
            **more,
        )
        self._open.append(context)
        context.set_default_timeout(SOON * 1000)
        self._watch(context, urlsplit(url).netloc)
        page = await context.new_page()
        await page.goto(url)
        return page

    def expects(self, words: str) -> None:
        """An error that belongs to the story: a regular expression for what the console says."""
        self._expected.append(re.compile(words))

    async def shut(self, page: Page) -> None:
        """Somebody puts his browser away."""
        self._open.remove(page.context)
        await page.context.close()

    async def close(self) -> None:
        """Shut every window; fails on what no story expected."""
        while self._open:
            await self._open.pop().close()
        wrong = [
            one for one in self._wrong if not any(known.search(one) for known in self._expected)
        ]
        assert not wrong, "\n".join(wrong)

    def _watch(self, context: BrowserContext, host: str) -> None:
        def said(message: ConsoleMessage) -> None:
            if message.type == "error":
                self._wrong.append(f"console: {message.text} ({message.location.get('url')})")

        def failed(error: WebError) -> None:
            self._wrong.append(f"script: {error.error}")

        def asked(request: Request) -> None:
            to = urlsplit(request.url)
            if to.scheme not in {"data", "blob"} and to.netloc != host:
                self._wrong.append(f"another host: {request.url}")

        context.on("console", said)
        context.on("weberror", failed)
        context.on("request", asked)
