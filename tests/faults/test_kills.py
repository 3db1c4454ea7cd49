"""The short form of `python3 dev.py bench kills`."""

from pathlib import Path

import pytest

from tests.faults import kills

pytestmark = pytest.mark.anyio


async def test_kill_9_loses_and_repeats_nothing(tmp_path: Path):
    outcome = await kills.run(tmp_path, kills=3, seed=4)
    assert outcome.kills == 3
    assert min(outcome.tickets, outcome.messages, outcome.commands) > 0
