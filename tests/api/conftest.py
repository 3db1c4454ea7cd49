"""A small firm that answers HTTP, for every test here."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.world import World


@pytest.fixture
async def world(tmp_path: Path, anyio_backend: str) -> AsyncIterator[World]:
    async with World(tmp_path, loops=False) as world:
        await world.set_up()
        yield world
