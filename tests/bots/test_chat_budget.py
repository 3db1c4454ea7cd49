"""The free edition's budget, in short: what a ticket's life costs, and days whose meters agree."""

from pathlib import Path

import pytest

from tests.bench.chat_budget import MOST_API, MOST_STREAM, START, Month, standard_life
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def test_a_tickets_standard_life_is_cheap(tmp_path: Path) -> None:
    stream, api = await standard_life(tmp_path)
    assert 0 < stream <= MOST_STREAM
    assert 0 < api <= MOST_API


async def test_days_of_work_stay_within_their_share_and_both_meters_agree(tmp_path: Path) -> None:
    async with World(tmp_path, start=START) as world:
        month = Month(world)
        await month.furnish()
        await month.spend(2, tickets=12)
        stream, api = month.spent
        counted = {one.name: one for one in await month.counted()}
        assert stream <= MOST_STREAM * month.filed + 40, "each asks once a day what is his"
        assert api <= MOST_API * month.filed
        assert counted["api"].used == api
        assert 0 <= stream - counted["stream"].used < 5
