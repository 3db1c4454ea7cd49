"""Reports."""

from typing import Final

from server.api import schemas_reports as s
from server.api.surface.operation import LOOKING, WORKING, Operation

REPORTS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/v1/reports/attainment",
        id="readAttainment",
        summary="What was kept of what was promised, by metric, team, colleague and policy",
        roles=WORKING | LOOKING,
        query=s.ReportAsked,
        answer=s.AttainmentShown,
    ),
)
