"""Answers what is asked of group robots."""

import re
from typing import Final

from server.api import schemas_robots as s
from server.api.calls import Call, Handler
from server.api.reading import Refused
from server.api.schemas_care import GroupShown
from server.usecases import robots

_KEY: Final = re.compile(
    r"(?:https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=)?"
    r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
)


async def add_robot(call: Call, asked: s.RobotWanted) -> GroupShown:
    """The address as it is copied from WeCom, or the key alone. It is never shown again."""
    found = _KEY.fullmatch(asked.address.strip())
    if found is None:
        raise Refused({"address": ("bad_robot", {})})
    group = await robots.add_robot(call.desk, call.by, found.group(1), asked.title, asked.team)
    return GroupShown(
        platform=group.platform,
        conversation_id=group.conversation_id,
        title=group.title,
        team=group.team,
    )


async def remove_robot(call: Call) -> None:
    """With its key."""
    await robots.remove_robot(call.desk, call.by, call.text("number"))


HANDLERS: Final[dict[str, Handler]] = {"addRobot": add_robot, "removeRobot": remove_robot}
