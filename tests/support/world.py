"""A world for a story: a desk at work, its clock, its people, its customers and its chat.

    async with World(tmp_path) as world:
        await world.set_up()
        ticket = await world.file("打印机卡纸")
        await world.clock.advance(timedelta(minutes=48))

Everything is real (database, loops, HTTP on loopback, DingTalk's rehearsal); only the clock is
moved by hand. It starts on Monday 2026-03-16 at 09:00 in Shanghai. HTTP and DingTalk start when
a story first asks for them.
"""

import asyncio
import random
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec

from bots.rehearsal.dingtalk import DingTalkRehearsal, Person, Urls
from bots.rehearsal.dingtalk_world import App, Group
from server import app, vault
from server.activity import Activity
from server.clock import HandClock
from server.desk import Connect, Desk
from server.domain import commands
from server.domain.calendars import china_calendar
from server.domain.conditions import Is, Says
from server.domain.events import Actor, Event, Via
from server.domain.law import Policy
from server.domain.people import Role, Staff, Team
from server.domain.queues import Queue
from server.domain.rules import Rules
from server.domain.ticket import Ticket
from server.settings import Settings
from server.storage import ledger, tickets
from server.storage.database import Database
from server.storage.migrate import migrate
from server.usecases import administration, intake, people
from server.usecases.acts import change
from server.usecases.tickets import perform
from server.vault import Passwords
from server.workers.runner import Runner
from tests.support.builders import a_rule
from tests.support.proof import prove

START = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
SOON = 10
"""Seconds of real time within which anything that the world waits for has happened."""

PASSWORD = "一扇窗两把伞晴雨"
FIRM = "云杉科技"
SUPERVISOR, ADMINISTRATOR = "主管", "管理员"
FIRST, SECOND = "first", "second"
TEAM_NAMES = {FIRST: "一线", SECOND: "二线"}
EMAILS = {
    ADMINISTRATOR: "admin@example.com",
    SUPERVISOR: "lead@example.com",
    "李工": "li@example.com",
    "小赵": "zhao@example.com",
}
WEEK = dict.fromkeys(range(1, 6), (("09:00", "12:00"), ("13:30", "18:00")))
HOUR = 3600

RULES = Rules(
    rules=(
        a_rule("vip", "重要客户", Is("customer_level", ("vip",)), team=SECOND),
        a_rule("printer", "打印机", Says(("打印机",)), team=SECOND, mode="grab"),
        a_rule("network", "网络", Says(("网络", "断网")), team=FIRST),
    ),
    fallback_team=FIRST,
    fallback_mode="grab",
)
POLICIES = (
    Policy(
        id="vip",
        name="重要客户",
        position=1,
        match={"customer_level": ("vip",)},
        targets={"first": {"*": 900}, "resolve": {"*": 4 * HOUR}},
    ),
    Policy(
        id="normal",
        name="一般",
        position=2,
        targets={"first": {"*": HOUR}, "resolve": {"*": 48 * HOUR}},
    ),
)

bind_account = change(people.bind_account)


class SeededEntropy:
    """The same story draws the same values."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def token_bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class Chat:
    """The rehearsed DingTalk with the firm's people and a group for each team."""

    def __init__(self, sim: DingTalkRehearsal, urls: Urls, application: App) -> None:
        self.sim = sim
        self.urls = urls
        self.application = application
        self.people: dict[str, Person] = {}
        self.groups: dict[str, Group] = {}

    def person(self, name: str) -> Person:
        """Somebody by name."""
        return self.people[name]

    def group(self, name: str) -> Group:
        """A team's group by the team's name."""
        return self.groups[name]


class World:
    """See above. `url` names an empty database; without it there is a SQLite file in `folder`,
    the one that lies there if it is not to be `fresh`. Without `loops` nothing happens by itself.
    """

    def __init__(
        self,
        folder: Path,
        *,
        url: str = "",
        start: datetime = START,
        seed: int = 1,
        loops: bool = True,
        fresh: bool = True,
    ) -> None:
        self.activity = Activity()
        self.clock = HandClock(start, self.activity)
        self.settings = Settings(
            listen="127.0.0.1:0",
            data=folder / "desk",
            database_url=url,
            synchronous="NORMAL",
            secret_key="a secret key for stories, long enough",
        )
        self.staff_ids: dict[str, int] = {}
        self.chat: Chat | None = None
        self.platforms: dict[str, Connect] = {}
        """Chat platforms that this world has besides those of `bots`."""
        self.proven = True
        """Whether, when the story is over, clocks, timers and due fields must be what the event
        log says (3.1.6). A story that damages them says False."""
        self._entropy = SeededEntropy(seed)
        self._loops = loops
        self._fresh = fresh
        self._stack = AsyncExitStack()
        self._http: AsyncExitStack = AsyncExitStack()
        self.serve_options: dict[str, Any] = {}
        """Handed to `make_api` when HTTP starts."""
        self._url = ""
        self._keys = 0
        self._desk: Desk | None = None
        self._runner: Runner | None = None

    async def __aenter__(self) -> Self:
        if self._fresh and not self.settings.database_url:
            app.make_folder(self.settings.data)
            (self.settings.data / "desk.db").write_bytes(await _template())
        await self.start()
        return self

    async def __aexit__(self, error: type[BaseException] | None, *_more: object) -> None:
        try:
            if self.proven and error is None and self._desk is not None:
                await prove(self._desk)
        finally:
            await self._end()

    async def _end(self) -> None:
        await self.stop()
        if self.chat is not None:
            await self.chat.sim.stop()

    # The desk

    @property
    def desk(self) -> Desk:
        """The desk that is open now."""
        assert self._desk is not None, "the desk is stopped"
        return self._desk

    @property
    def runner(self) -> Runner:
        """What keeps the loops running."""
        assert self._runner is not None, "the desk's loops do not run"
        return self._runner

    async def start(self) -> None:
        """Open the desk (again) on the same data; loops run unless the world has none."""
        self._desk = await self._stack.enter_async_context(
            app.open_desk(
                self.settings,
                clock=self.clock,
                activity=self.activity,
                entropy=self._entropy,
                passwords=Passwords(rounds=1, memory_kib=8),
            )
        )
        if self._loops:
            self._runner = await self._stack.enter_async_context(
                app.running(self._desk, self.platforms)
            )

    async def stop(self) -> None:
        """Stop everything in order; the data stay."""
        await self._http.aclose()
        await self._stack.aclose()
        self._url, self._desk, self._runner = "", None, None

    async def restart(self) -> None:
        """Stop, and start again on the same data."""
        await self.stop()
        await self.start()

    async def at_rest(self) -> None:
        """Return when nothing is under way."""
        async with asyncio.timeout(SOON):
            await self.activity.at_rest()

    async def advance(self, **span: float) -> None:
        """`advance(minutes=12)`: move the clock and let everything happen that falls due."""
        await self.clock.advance(timedelta(**span))

    # The firm

    async def set_up(self) -> None:
        """A small firm: two teams, three colleagues and an administrator, a Chinese working
        calendar, two policies, three rules. Everybody has `PASSWORD`.
        """
        desk = self.desk
        hashed = await desk.passwords.hash(PASSWORD)
        await people.offer_set_up(desk, vault.digest("code"))
        administrator = await people.set_up(
            desk, vault.digest("code"), FIRM, ADMINISTRATOR, EMAILS[ADMINISTRATOR], hashed
        )
        self.staff_ids[ADMINISTRATOR] = administrator.id
        for name, role in (
            (SUPERVISOR, Role.SUPERVISOR),
            ("李工", Role.STAFF),
            ("小赵", Role.STAFF),
        ):
            fresh = Staff(id=0, name=name, email=EMAILS[name], role=role, on_duty=True)
            self.staff_ids[name] = (await people.add_staff(desk, administrator, fresh, hashed)).id
        leads = (self.staff_ids[SUPERVISOR],)
        for team, member in ((FIRST, "小赵"), (SECOND, "李工")):
            await self.save(
                "team",
                team,
                Team(
                    id=team,
                    name=TEAM_NAMES[team],
                    members=(self.staff_ids[member],),
                    leaders=leads,
                ),
            )
        await self.save("queue", "default", Queue(id="default", name="默认"))
        await self.save("calendar", "default", china_calendar(WEEK, name="工作日"))
        for policy in POLICIES:
            await self.save("policy", policy.id, policy)
        await self.save("rules", "default", RULES)
        await self.at_rest()

    async def save(self, kind: str, item: str, doc: Any) -> None:
        """The administrator saves a new version of anything that can be configured."""
        by = await self.staff(ADMINISTRATOR)
        current = [
            one.version
            for one in await administration.list_configuration(self.desk, kind)
            if one.id == item
        ]
        plain = msgspec.to_builtins(doc)
        await administration.save_configuration(
            self.desk, by, kind, item, plain, max(current, default=0)
        )

    async def staff(self, name: str) -> Staff:
        """A colleague by name, as the firm knows them now."""
        return (await self.desk.firm()).staff[self.staff_ids[name]]

    # Stories

    def key(self) -> str:
        """A fresh key for something that is sent to the desk."""
        self._keys += 1
        return f"story-key-{self._keys}"

    async def file(
        self,
        subject: str,
        text: str = "",
        *,
        name: str = "王女士",
        phone: str = "13800000001",
        level: str = "normal",
        **more: Any,
    ) -> Ticket:
        """A customer files a ticket by the public form's use case."""
        filing = intake.Filing(
            channel="form",
            key=self.key(),
            subject=subject,
            text=text,
            name=name,
            phone=phone,
            level=level,
            **more,
        )
        filed = await intake.file_ticket(self.desk, filing)
        await self.at_rest()
        return filed.ticket

    async def perform(self, name: str, command: commands.AnyCommand, via: Via = "web") -> Ticket:
        """A colleague does something to a ticket."""
        after = await perform(self.desk, command, await self.staff(name), via)
        await self.at_rest()
        return after

    async def ticket(self, number: int) -> Ticket:
        """A ticket as it is now."""
        found = await tickets.find(self.desk.database, number)
        assert found is not None, f"there is no ticket {number}"
        return found

    async def events(self, number: int) -> list[Event]:
        """A ticket's history."""
        return await ledger.list_events(self.desk.database, number)

    async def kinds(self, number: int) -> list[str]:
        """The kinds of a ticket's events, in order."""
        return [str(event.body.__struct_config__.tag) for event in await self.events(number)]

    # HTTP

    async def url(self) -> str:
        """Where the desk answers: a real server on loopback, started when first asked for."""
        if not self._url:
            self._url = await self._http.enter_async_context(
                app.serving(self.desk, **self.serve_options)
            )
            # Restarted, it comes back at the address that people know.
            listen = self._url.removeprefix("http://")
            self.settings = msgspec.structs.replace(self.settings, listen=listen)
        return self._url

    async def customer(self, **headers: str) -> httpx.AsyncClient:
        """A browser without a session, closed with the world."""
        return await self._http.enter_async_context(
            httpx.AsyncClient(
                base_url=await self.url(),
                headers={"accept-language": "zh-CN", "origin": await self.url()} | headers,
                timeout=SOON,
                trust_env=False,
            )
        )

    async def signed_in(self, name: str) -> httpx.AsyncClient:
        """A browser in which a colleague has signed in."""
        client = await self.customer()
        answer = await client.post(
            "/api/v1/session", json={"email": EMAILS[name], "password": PASSWORD}
        )
        assert answer.status_code in {200, 201}, answer.text
        return client

    # DingTalk

    async def rehearse_dingtalk(self) -> Chat:
        """Start the rehearsal with everybody's account and a group for each team; the desk does
        not know of it yet.
        """
        sim = DingTalkRehearsal(self.clock, self.activity, silence=timedelta(seconds=SOON))
        urls = await sim.start()
        self.chat = Chat(sim, urls, sim.add_app("dingapp", "dingsecret"))
        for number, name in enumerate((SUPERVISOR, "李工", "小赵"), start=1):
            self.chat.people[name] = sim.person(f"u00{number}", name)
        for name in TEAM_NAMES.values():
            self.chat.groups[name] = sim.group(name, members=self.chat.people.values())
        return self.chat

    async def connect_dingtalk(self, **more: str) -> Chat:
        """Switch the channel on, bind everybody's account and every team's group, and return
        when the stream is open. `more` are further settings of the channel.
        """
        chat = self.chat or await self.rehearse_dingtalk()
        by = Actor("staff", self.staff_ids[ADMINISTRATOR])
        for name, person in chat.people.items():
            await bind_account(self.desk, self.staff_ids[name], "dingtalk", person.id)
        for team, name in TEAM_NAMES.items():
            await administration.meet_group(
                self.desk, "dingtalk", chat.groups[name].id, name, team, by
            )
        doc = {
            "client_id": "dingapp",
            "robot_code": "dingapp",
            "api_url": chat.urls.api_url,
            "oapi_url": chat.urls.oapi_url,
        } | more
        secret = vault.encrypt(self.desk.secret, "dingsecret")
        await administration.save_channel(self.desk, by, "dingtalk", doc, secret, enabled=True)
        async with asyncio.timeout(SOON):
            await chat.sim.until(lambda: len(chat.sim.connections) > 0)
        await self.at_rest()
        return chat


@cache
def _cached() -> list[bytes]:
    return []


async def _template() -> bytes:
    """A migrated SQLite file without content, made once a process."""
    kept = _cached()
    if not kept:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "desk.db"
            database = Database.from_url(f"sqlite:///{file}", synchronous="NORMAL")
            await database.open()
            await migrate(database, START)
            await database.tidy()
            await database.close()
            kept.append(file.read_bytes())
    return kept[0]
