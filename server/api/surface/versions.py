"""What was saved before: the versions of a configured thing."""

from typing import Final

from server.api import schemas_versions as s
from server.api.surface.operation import LOOKING, Operation

VERSIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/v1/configuration/{kind:str}/{id:str}/versions",
        id="listVersions",
        summary="Who saved a configured thing, when, and as what: the newest versions first",
        roles=LOOKING,
        query=s.VersionsAsked,
        answer=tuple[s.VersionShown, ...],
    ),
)
