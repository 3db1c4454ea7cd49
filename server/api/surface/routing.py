"""Handing out: statistics of grabbing, and the standing of colleagues."""

from typing import Final

from server.api import schemas_routing as s
from server.api.surface.operation import LOOKING, Operation

ROUTING: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/v1/grabs",
        id="listGrabs",
        summary="How grabbing goes: tries, wins and time to grab, by queue and by colleague",
        roles=LOOKING,
        query=s.GrabsAsked,
        answer=tuple[s.GrabbingShown, ...],
    ),
    Operation(
        method="GET",
        path="/api/v1/standings",
        id="listStandings",
        summary="What routing knows of each colleague: load, tickets given lately, pace",
        roles=LOOKING,
        answer=tuple[s.StandingShown, ...],
    ),
)
