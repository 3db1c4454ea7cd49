"""One event loop for all stories, so that they share one Chromium; each has windows of its own."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.support.browser import Windows, chromium


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest.fixture
async def windows(browser: Browser) -> AsyncIterator[Windows]:
    """Name it after the world: windows are shut before the desk stops."""
    opened = Windows(browser)
    yield opened
    await opened.close()
