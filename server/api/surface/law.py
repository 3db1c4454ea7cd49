"""The law: what is measured, and orders to many clocks at once."""

from typing import Final

from server.api import schemas_law as s
from server.api.surface.operation import EVERYBODY, LEADING, LOOKING, Operation

LAW: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/v1/metrics",
        id="listMetrics",
        summary="What is measured: every metric, and the signals that may start and stop one",
        roles=EVERYBODY,
        answer=s.MetricsShown,
    ),
    Operation(
        method="POST",
        path="/api/v1/law/preview",
        id="previewLawOrder",
        summary="What applying policies and calendars, or excusing time, would do to open clocks",
        roles=LEADING,
        body=s.LawOrder,
        answer=s.LawPreview,
    ),
    Operation(
        method="POST",
        path="/api/v1/law/jobs",
        id="giveLawOrder",
        summary="Apply policies and calendars to open clocks, or excuse time: a job",
        roles=LEADING,
        created=True,
        body=s.LawOrder,
        answer=s.LawJobShown,
    ),
    Operation(
        method="GET",
        path="/api/v1/law/jobs",
        id="listLawJobs",
        summary="The newest jobs on promises, and how they go",
        roles=LOOKING,
        answer=tuple[s.LawJobShown, ...],
    ),
    Operation(
        method="GET",
        path="/api/v1/law/jobs/{id:int}",
        id="readLawJob",
        summary="One job on promises, and how it goes",
        roles=LOOKING,
        answer=s.LawJobShown,
    ),
)
