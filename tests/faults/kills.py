"""`kill -9` at random moments under load, and what must be true after each (2.5.2).

A server process is loaded with customers, colleagues and DingTalk; when a random number of answers
has come, it is killed in the midst of the others. After each kill the data on disk are compared
with what had been acknowledged: every ticket, message and command exactly once, the chain whole,
the clocks as a fold from scratch says. At the end the notices are counted in the chat windows.
"""

import asyncio
import json
import random
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bots.rehearsal.dingtalk import DingTalkRehearsal
from server import app
from server.activity import Activity
from server.clock import SystemClock
from server.settings import Settings
from server.storage.database import Database, Statement
from server.usecases import verification
from tests.support.proof import prove
from tests.support.wire import Line, Server, sign_in
from tests.support.world import EMAILS, PASSWORD, SUPERVISOR, TEAM_NAMES, Chat, World

SECRET = "a secret key for stories, long enough"
CUSTOMERS, COLLEAGUES = 4, 3
SETTLING = 600
"""Seconds: DingTalk's pace, five calls a second, decides how long the notices take."""

TEXTS = ("打印机卡纸", "网络断了", "发票抬头开错了", "空调滴水")
TICKETS_OF = Statement("SELECT ticket FROM message WHERE body = :body", int)
TICKETS = Statement("SELECT COUNT(*) FROM ticket", int)
FILED = Statement("SELECT COUNT(*) FROM inbound WHERE channel = 'portal' AND state = 'done'", int)
SAID = Statement("SELECT COUNT(*) FROM message WHERE body = :body", int)
ARRIVED = Statement("SELECT COUNT(*) FROM inbound WHERE key = :key", int)
UNSETTLED = Statement(
    "SELECT (SELECT COUNT(*) FROM outbox WHERE state IN ('waiting', 'sending'))"
    " + (SELECT COUNT(*) FROM inbound WHERE state = 'waiting')",
    int,
)
OPENED = Statement("SELECT COUNT(*) FROM event WHERE kind = 'opened'", int)


@dataclass
class Acknowledged:
    """What somebody was told has happened."""

    tickets: dict[str, int] = field(default_factory=dict)
    tokens: list[tuple[int, str]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    lines: list[Any] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.tickets) + len(self.messages) + len(self.commands)


class Load:
    """Customers, colleagues and chat, who try again with the same key until they are answered."""

    def __init__(self, server: Server, chat: Chat, seed: int) -> None:
        self.server = server
        self.chat = chat
        self.done = Acknowledged()
        self.alive = asyncio.Event()
        self.ended = False
        self.progress = asyncio.Condition()
        self.luck = random.Random(seed)

    async def insist(self, line: Line, method: str, path: str, body: Any, **headers: str) -> Any:
        """Ask until answered; what was not answered is asked again, word for word."""
        while True:
            await self.alive.wait()
            try:
                status, content = await line.ask(method, path, body, **headers)
            except ConnectionError:
                await asyncio.sleep(0)
                continue
            if status in {429, 503}:
                await asyncio.sleep(0)
                continue
            assert status < 500, content.decode()
            return status, json.loads(content) if content else None

    async def counted(self) -> None:
        async with self.progress:
            self.progress.notify_all()

    async def customer(self, name: int) -> None:
        line = Line(self.server.port)
        number = 0
        while not self.ended:
            number += 1
            key = f"kill-customer-{name}-{number}"
            if self.done.tokens and self.luck.random() < 0.4:
                _, token = self.luck.choice(self.done.tokens)
                words = f"请问好了吗 {key}"
                path = f"/api/v1/portal/tickets/{token}/messages"
                status, _ = await self.insist(line, "POST", path, {"key": key, "text": words})
                assert status in {200, 201, 409}, status
                if status != 409:
                    self.done.messages.append(words)
            else:
                body = {
                    "key": key,
                    "text": f"{self.luck.choice(TEXTS)} {key}",
                    "name": f"客户{name}",
                    "phone": f"1390000{name:04d}",
                }
                status, told = await self.insist(line, "POST", "/api/v1/portal/tickets", body)
                assert status in {200, 201}, (status, told)
                self.done.tickets[body["text"]] = told["number"]
                self.done.tokens.append((told["number"], told["token"]))
            await self.counted()
        await line.close()

    async def signed_in(self, name: str) -> Line:
        while True:
            await self.alive.wait()
            try:
                cookie = await sign_in(self.server.port, EMAILS[name], PASSWORD)
            except (OSError, EOFError):
                await asyncio.sleep(0)
                continue
            line = Line(self.server.port, each=1_000_000)
            line.headers["Origin"] = f"http://127.0.0.1:{self.server.port}"
            line.headers["Cookie"] = cookie
            return line

    async def colleague(self, name: str) -> None:
        line = await self.signed_in(name)
        number = 0
        while not self.ended:
            if not self.done.tokens:
                await asyncio.sleep(0)
                continue
            number += 1
            key = f"kill-command-{EMAILS[name]}-{number}"
            ticket, _ = self.luck.choice(self.done.tokens)
            words = f"您好，这就看 {key}"
            kind = self.luck.choice(("claim", "reply", "note", "note", "resolve"))
            body: dict[str, Any] = {"command": kind, "ticket": ticket}
            if kind in {"reply", "note"}:
                body["text"] = words
            if kind == "resolve":
                body["solution"] = words
            path = f"/api/v1/tickets/{ticket}/commands"
            status, told = await self.insist(line, "POST", path, body, **{"Idempotency-Key": key})
            assert status in {200, 201, 403, 404, 409}, (status, told)
            if status in {200, 201} and kind != "claim":
                self.done.commands.append(words)
            await self.counted()
        await line.close()

    async def chatting(self, name: str) -> None:
        """Speaks in private, a line to every few answers of the others. A line that finds no
        desk is lost (facts/dingtalk 2.4): only what was acknowledged counts.
        """
        person, sim = self.chat.person(name), self.chat.sim
        number = 0
        while not self.ended:
            goal = len(self.done) + 4
            async with self.progress:
                await self.progress.wait_for(lambda goal=goal: len(self.done) >= goal or self.ended)
            await sim.until(lambda: len(sim.connections) > 0 or self.ended)
            if self.ended or not self.done.tokens:
                continue
            number += 1
            ticket, _ = self.luck.choice(self.done.tokens)
            words = f"聊天里说的 {name} {number}"
            line = person.says(f"备注 {ticket} {words}")
            await sim.until(lambda line=line: line.acked or not sim.connections or self.ended)
            if line.acked:
                self.done.lines.append((line, words))


@dataclass
class Outcome:
    """What a run showed."""

    kills: int = 0
    tickets: int = 0
    messages: int = 0
    commands: int = 0
    lines: int = 0
    notices: int = 0
    repeated: int = 0
    hidden: int = 0


async def prepare(folder: Path, stack: AsyncExitStack) -> tuple[Chat, Settings]:
    """A firm on disk, and a rehearsed DingTalk that outlives the server."""
    clock = SystemClock()
    sim = DingTalkRehearsal(clock, Activity(), silence=timedelta(seconds=1))
    urls = await sim.start()
    stack.push_async_callback(sim.stop)
    # Thousands of lines are no matter of quota here.
    sim.budget.api_limit = sim.budget.stream_limit = 1_000_000
    chat = Chat(sim, urls, sim.add_app("dingapp", "dingsecret"))
    for number, name in enumerate((SUPERVISOR, "李工", "小赵"), start=1):
        chat.people[name] = sim.person(f"u00{number}", name)
    for name in TEAM_NAMES.values():
        chat.groups[name] = sim.group(name, members=chat.people.values())
    async with World(folder, start=clock.now()) as world:
        await world.set_up()
        world.chat = chat
        await world.connect_dingtalk()
        world.chat = None
        settings = world.settings
    return chat, settings


async def check(load: Load, settings: Settings) -> None:
    """Everything acknowledged is there exactly once, and the books are right."""
    done = load.done
    async with app.look_at(settings) as desk:
        database = desk.database
        for words, number in done.tickets.items():
            assert await database.all(TICKETS_OF, body=words) == [number], words
        counts = [await database.one(one) for one in (TICKETS, FILED, OPENED)]
        assert len(set(counts)) == 1, counts
        for words in (*done.messages, *done.commands):
            found = await database.one(SAID, body=words)
            assert found == 1, (words, found)
        for line, words in done.lines:
            # Durable first, acknowledged second, worked on third: it may not have been done yet.
            assert await database.one(ARRIVED, key=line.seen.id) == 1, words
            assert await database.one(SAID, body=words) in {0, 1}, words
        proof = await verification.verify(desk)
        assert proof.flaw is None, proof
        await prove(desk)


async def run(folder: Path, kills: int, seed: int = 1) -> Outcome:
    """Load, kill, compare, so many times; then let everything settle and count the notices."""
    luck = random.Random(seed)
    async with AsyncExitStack() as stack:
        chat, settings = await prepare(folder, stack)
        server = await stack.enter_async_context(
            Server(settings.data, PAIDAN_SECRET_KEY=SECRET, PAIDAN_LOG_LEVEL="warning")
        )
        load = Load(server, chat, seed)
        async with asyncio.TaskGroup() as tasks:
            for name in range(CUSTOMERS):
                tasks.create_task(load.customer(name))
            for name in ("李工", "小赵", SUPERVISOR)[:COLLEAGUES]:
                tasks.create_task(load.colleague(name))
                tasks.create_task(load.chatting(name))
            for _ in range(kills):
                await server.start()
                load.alive.set()
                goal = len(load.done) + luck.randrange(2, 40)
                async with load.progress:
                    await load.progress.wait_for(lambda goal=goal: len(load.done) >= goal)
                load.alive.clear()
                await server.kill()
                await check(load, settings)
            await server.start()
            load.alive.set()
            load.ended = True
            chat.sim.world.changed()
            await load.counted()
        await settle(server, settings.database)
        await server.stop()
        await check(load, settings)
        return await count_notices(load, settings, kills)


async def settle(server: Server, url: str) -> None:
    """Wait until nothing waits to be sent or worked on."""
    database = Database.from_url(url)
    await database.open()
    line = Line(server.port, each=1_000_000)
    async with asyncio.timeout(SETTLING):
        while await database.one(UNSETTLED):
            for _ in range(100):  # questions that the server answers between its deliveries
                await line.ask("GET", "/healthz")
    await line.close()
    await database.close()


async def count_notices(load: Load, settings: Settings, kills: int) -> Outcome:
    """Each notice arrived by its kind's rule: what arrived more often says so (重发)."""
    database = Database.from_url(settings.database)
    await database.open()
    rows = await database.rows(
        "SELECT id, kind, ticket, recipient, body, state, repeat FROM outbox", []
    )
    await database.close()
    # What may be said once at most is given up visibly when a kill hid its answer.
    hidden = [row for row in rows if row["state"] == "unknown"]
    assert all(row["repeat"] == "at_most_once" for row in hidden), hidden
    states = Counter(row["state"] for row in rows)
    assert set(states) <= {"sent", "unknown"}, states
    seen = [one for one in load.chat.sim.world.messages if one.from_robot]
    marked = sum("重发" in one.text or "重发" in (one.title or "") for one in seen)
    assert len(seen) - marked <= len(rows), (len(seen), marked, len(rows))
    assert len(rows) - len(hidden) <= len(seen), (len(seen), len(hidden), len(rows))
    done = load.done
    return Outcome(
        kills=kills,
        tickets=len(done.tickets),
        messages=len(done.messages),
        commands=len(done.commands),
        lines=len(done.lines),
        notices=len(rows),
        repeated=marked,
        hidden=len(hidden),
    )
