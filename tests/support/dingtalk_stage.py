"""A rehearsed DingTalk with one application, three people and a group, and a client for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bots.dingtalk.stream import ChatLine, Event, Receiver
from bots.rehearsal.dingtalk import DingTalkRehearsal, Person, Urls
from bots.rehearsal.dingtalk_world import App, Group
from server.activity import Activity
from server.clients.dingtalk import DingTalk
from server.clients.http import Http
from server.clock import HandClock

START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SOON = 10


@dataclass
class Stage:
    activity: Activity
    clock: HandClock
    sim: DingTalkRehearsal
    urls: Urls
    app: App
    li: Person
    zhao: Person
    group: Group
    http: Http
    client: DingTalk
    metered: list[tuple[str, int]] = field(default_factory=list)

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON):
            await self.sim.until(reached)

    @asynccontextmanager
    async def receiving(
        self,
        accept,
        *,
        hear=None,
        accept_press=None,
        secret="secret",  # noqa: S107
    ) -> AsyncIterator[Receiver]:
        receiver = Receiver(
            self.http,
            self.clock,
            self.activity,
            accept,
            client_id="dingapp",
            client_secret=secret,
            api_url=self.urls.api_url,
            hear=hear,
            accept_press=accept_press,
            metered=lambda kind, calls: self.metered.append((kind, calls)),
            backoff=timedelta(milliseconds=1),
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(receiver.run())
            try:
                if secret == "secret":
                    await self.until(lambda: len(self.sim.connections) > 0)
                yield receiver
            finally:
                await receiver.stop()
                async with asyncio.timeout(SOON):
                    await running


class Ledger:
    """Keeps what was accepted; `refuses` of the first lines raise."""

    def __init__(self, refuses: int = 0) -> None:
        self.lines: list[ChatLine] = []
        self.events: list[Event] = []
        self.refuses = refuses

    async def accept(self, line: ChatLine) -> None:
        self.lines.append(line)
        if self.refuses > 0:
            self.refuses -= 1
            raise RuntimeError("the disk is full")

    async def hear(self, event: Event) -> None:
        self.events.append(event)


@asynccontextmanager
async def staged(silence: timedelta = timedelta(seconds=SOON)) -> AsyncIterator[Stage]:
    activity = Activity()
    clock = HandClock(START, activity)
    sim = DingTalkRehearsal(clock, activity, silence=silence)
    urls = await sim.start()
    app = sim.add_app("dingapp", "secret")
    li, zhao = sim.person("u001", "李工"), sim.person("u002", "小赵")
    sim.person("u009", "客户", outside=True)
    http = Http(activity, allowed=[(urls.host, urls.port)])
    metered: list[tuple[str, int]] = []
    client = DingTalk(
        http,
        clock,
        client_id="dingapp",
        client_secret="secret",
        api_url=urls.api_url,
        oapi_url=urls.oapi_url,
        metered=lambda kind, calls: metered.append((kind, calls)),
    )
    group = sim.group("二线", members=[li, zhao])
    stage = Stage(activity, clock, sim, urls, app, li, zhao, group, http, client, metered)
    try:
        yield stage
    finally:
        await http.close()
        await sim.stop()
