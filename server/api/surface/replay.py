"""Replay: what a past would have been."""

from typing import Final

from server.api import schemas_replay as s
from server.api.surface.operation import LOOKING, Operation

REPLAY: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/api/v1/replay",
        id="replay",
        summary="What a period would have been under drafts of policies, calendars and rules",
        roles=LOOKING,
        conflicts=True,
        body=s.ReplayWanted,
        answer=s.ReplayShown,
    ),
    Operation(
        method="GET",
        path="/api/v1/replay",
        id="readReplayProgress",
        summary="How far the replay under way is",
        roles=LOOKING,
        answer=s.ReplayProgress,
    ),
)
