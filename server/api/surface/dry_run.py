"""试运行: what would happen to a ticket."""

from typing import Final

from server.api import schemas_dry_run as s
from server.api.surface.operation import LEADING, Operation

DRY_RUN: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/api/v1/dry-run",
        id="dryRun",
        summary="Try a text or a ticket: which rules match, who would get it, what is promised",
        roles=LEADING,
        body=s.DryRunWanted,
        answer=s.DryRunShown,
    ),
)
