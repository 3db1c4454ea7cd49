"""The surface of the HTTP API: every operation, who may call it, what it takes and gives.

One table, a file a subject. The routes, the check of who may, the OpenAPI document and the tests
are made of it; what an operation does stands in the module named after its subject.
"""

from typing import Final

from server.api.surface.attachments import ATTACHMENTS
from server.api.surface.budget import BUDGET
from server.api.surface.calendars import CALENDARS
from server.api.surface.care import CARE
from server.api.surface.dry_run import DRY_RUN
from server.api.surface.duty import DUTY
from server.api.surface.law import LAW
from server.api.surface.operation import Operation
from server.api.surface.portal import PORTAL
from server.api.surface.replay import REPLAY
from server.api.surface.reports import REPORTS
from server.api.surface.robots import ROBOTS
from server.api.surface.routing import ROUTING
from server.api.surface.session import SESSION
from server.api.surface.tickets import TICKETS
from server.api.surface.versions import VERSIONS
from server.api.surface.webhooks import WEBHOOKS

__all__ = ["OPERATIONS", "Operation"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    *SESSION,
    *TICKETS,
    *ATTACHMENTS,
    *CARE,
    *BUDGET,
    *DUTY,
    *CALENDARS,
    *ROUTING,
    *DRY_RUN,
    *LAW,
    *REPLAY,
    *REPORTS,
    *VERSIONS,
    *WEBHOOKS,
    *ROBOTS,
    *PORTAL,
)
