"""A short form of `bench fuzz`: what no platform would send does no harm, on every edge."""

import pytest

from tests.bench.fuzz import EDGES, Edge, run_edge

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("edge", EDGES, ids=[one.kind for one in EDGES])
async def test_what_no_platform_would_send_does_no_harm(edge: type[Edge]) -> None:
    found = await run_edge(edge, 200)
    assert found.is_clean, (found.faults, found.poisoned, found.unanswered, found.twice)
