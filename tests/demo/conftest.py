"""One demo for all of its tests: living four weeks takes seconds."""

from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from server import demo
from server.demo.surface import Theatre
from server.settings import Settings

OPENED = datetime(2026, 3, 18, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
SMALL = demo.Size(tickets=12, today=6)


@pytest.fixture(scope="package")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="package")
async def theatre(tmp_path_factory, anyio_backend) -> AsyncIterator[Theatre]:
    """The whole firm."""
    async with demo.staged(settings_for(tmp_path_factory.mktemp("demo")), at=OPENED) as one:
        yield one


@pytest.fixture(scope="package")
async def address(theatre) -> AsyncIterator[str]:
    async with demo.serving(theatre) as url:
        yield url


@pytest.fixture
async def visitor(address) -> AsyncIterator[httpx.AsyncClient]:
    """The visitor's browser."""
    headers = {"accept-language": "zh-CN", "origin": address}
    async with httpx.AsyncClient(
        base_url=address, headers=headers, timeout=60, trust_env=False
    ) as client:
        yield client


def settings_for(folder) -> Settings:
    return Settings(listen="127.0.0.1:0", data=folder, synchronous="NORMAL")
