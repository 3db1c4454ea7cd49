"""Group robots, on the wire."""

from typing import Annotated

import msgspec

from server.api.schemas import Asked, Name


class RobotWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/robots: `address` is the webhook as WeCom shows it, `title` the group's name,
    `team` whose notices go there.
    """

    address: Annotated[str, msgspec.Meta(max_length=300)]
    title: Name
    team: str
