"""Group robots: they write a team's notices into its group."""

from typing import Final

from server.api.schemas_care import GroupShown
from server.api.schemas_robots import RobotWanted
from server.api.surface.operation import ADMINISTRATORS, Operation

ROBOTS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/api/v1/robots",
        id="addRobot",
        summary="Have a WeCom group robot tell a team's notices in its group",
        roles=ADMINISTRATORS,
        in_person=True,
        body=RobotWanted,
        answer=GroupShown,
    ),
    Operation(
        method="DELETE",
        path="/api/v1/robots/{number:str}",
        id="removeRobot",
        summary="Forget a group robot and its key",
        roles=ADMINISTRATORS,
        in_person=True,
    ),
)
