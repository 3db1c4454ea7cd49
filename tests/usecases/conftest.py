"""A desk with its people, on both engines."""

from collections.abc import AsyncIterator

import pytest

from tests.support.builders import Office, an_office


@pytest.fixture
async def office(desk_url: str, anyio_backend: str) -> AsyncIterator[Office]:
    async with an_office(desk_url) as opened:
        yield opened


@pytest.fixture
async def sqlite_office(sqlite_url: str, anyio_backend: str) -> AsyncIterator[Office]:
    async with an_office(sqlite_url) as opened:
        yield opened
