"""Group chats that the bot was spoken to in."""

from server.desk import Desk
from server.storage import policies
from server.storage.policies import ChatGroup


async def list_groups(desk: Desk) -> list[ChatGroup]:
    """All of them, also those without a team."""
    with desk.activity.busy():
        return await policies.list_groups(desk.database)
