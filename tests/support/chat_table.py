"""Colleagues who speak to the desk, on no platform in particular, and what they are told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from bots.conversation import hear
from bots.heard import Heard
from server.domain.events import DESK
from server.storage import inbound, outbox
from server.storage.outbox import Delivery
from server.usecases import administration, chat
from tests.support.world import World, bind_account

ACCOUNTS = {"主管": "u001", "李工": "u002", "小赵": "u003"}


class Table:
    """The desk at which colleagues speak."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lines = 0

    async def hear(self, heard: Heard, key: str = "") -> str:
        """Let the desk hear a line, and give its answer."""
        self.lines += 1
        key = key or f"line-{self.lines}"
        desk = self.world.desk
        await chat.accept(desk, "dingtalk", key, "{}")
        arrival = await inbound.find(desk.database, "dingtalk", key)
        assert arrival is not None
        await hear(desk, arrival, heard)
        settled = await inbound.read(desk.database, arrival.id)
        assert settled is not None
        assert settled.state == "done"
        sent = await outbox.list_in_state(desk.database, "waiting", 100)
        (answer,) = [one for one in sent if one.idempotency_key == f"answer:dingtalk:{key}"]
        return str(msgspec.json.decode(answer.body)["text"])

    async def answers(self) -> list[str]:
        """All that waits to be said."""
        sent = await outbox.list_in_state(self.world.desk.database, "waiting", 100)
        return [str(msgspec.json.decode(one.body)["text"]) for one in sent if one.kind == "answer"]

    async def notices(self, kind: str) -> list[Delivery]:
        """What of this kind waits to be sent."""
        sent = await outbox.list_in_state(self.world.desk.database, "waiting", 100)
        return [one for one in sent if one.kind == kind]

    async def say(
        self,
        name: str,
        text: str,
        *,
        group: bool = False,
        chat: str = "c",
        nick: str = "",
        **more: Any,
    ) -> str:
        """A colleague says something in private, or in a group."""
        account = ACCOUNTS.get(name, name)
        heard = Heard(
            conversation=chat,
            private=not group,
            user_id=account,
            name=nick,
            text=text,
            **more,
        )
        return await self.hear(heard)


@asynccontextmanager
async def laid_table(
    folder: Path, *, loops: bool = False, public_url: str = ""
) -> AsyncIterator[Table]:
    """A small firm whose colleagues have accounts in a chat that nobody rehearses."""
    world = World(folder, loops=loops)
    world.settings = msgspec.structs.replace(world.settings, public_url=public_url)
    async with world:
        await world.set_up()
        await administration.save_channel(world.desk, DESK, "dingtalk", {}, None, enabled=True)
        for name, account in ACCOUNTS.items():
            await bind_account(world.desk, world.staff_ids[name], "dingtalk", account)
        yield Table(world)
