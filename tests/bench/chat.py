"""`python3 dev.py bench chat`: colleagues work in chat, on DingTalk and on WeCom.

At 10 000 open tickets 120 colleagues, each in his own chat with the robot, say 50 commands a second
for 30 s: lists, questions, claims, notes, replies. The platform is rehearsed in this process with
its limits on and a paid quota; the desk is a process of its own, durable, whose CPU is read from
/proc. A command's time is from the frame that left the platform to the answer that stands in the
chat.

Every line must be answered exactly once. What one step of the desk's loop costs is looked at in a
second, shorter pass: the same desk on asyncio's own loop, each step of which is timed by the
thread's CPU.
"""

import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from bots.rehearsal.dingtalk import DingTalkRehearsal
from bots.rehearsal.wecom import WeComRehearsal
from server.activity import Activity
from server.clock import SystemClock
from server.domain import commands as c
from server.domain.people import Role, Staff
from server.usecases import people
from tests.bench.harness import Reading, Report, foreign_share, percentile
from tests.bench.http import SECRET, SEEDS, TEXTS, cpu_of, multiply
from tests.support.wire import Line, Server, sign_in
from tests.support.world import ADMINISTRATOR, EMAILS, PASSWORD, World, bind_account

TICKETS = 10_000
CHATS = 120
RATE = 50
SECONDS = 30
STEPS_SECONDS = 10
PATIENCE = 60
MOST_CPU, MOST_WAIT, MOST_STEP = 5.0, 100.0, 50.0
STEPPED = """
import asyncio, os, sys, time
from pathlib import Path
longest = 0.0
run = asyncio.Handle._run
def timed(handle):
    global longest
    began = time.thread_time()
    run(handle)
    longest = max(longest, time.thread_time() - began)
asyncio.Handle._run = timed
from server import app
from server.settings import read_settings
def forget():
    global longest
    longest = 0.0
async def serve():
    # The first seconds load what is loaded once.
    asyncio.get_running_loop().call_later(8, forget)
    await app.serve(read_settings(os.environ))
asyncio.run(serve())
Path(sys.argv[1]).write_text(str(longest * 1000))
"""
Say = Callable[[int, str], Any]


def account(platform: str, number: int) -> str:
    """A colleague's account."""
    return f"{platform[0]}{number:04d}"


async def make_desk(folder: Path) -> None:
    """120 colleagues of both teams with accounts, and `SEEDS` open tickets."""
    luck = random.Random(7)
    async with World(folder, loops=False, start=SystemClock().now() - timedelta(hours=2)) as world:
        await world.set_up()
        by = await world.staff(ADMINISTRATOR)
        for number in range(CHATS):
            fresh = Staff(
                id=0, name=f"同事{number}", email=f"c{number}@example.com", role=Role.STAFF
            )
            staff = await people.add_staff(world.desk, by, fresh, None)
            for platform in ("dingtalk", "wecom"):
                await bind_account(world.desk, staff.id, platform, account(platform, number))
        for team in ("first", "second"):
            firm = await world.desk.firm()
            grown = msgspec.structs.replace(firm.teams[team], members=tuple(sorted(firm.staff)))
            await world.save("team", team, grown)
        for number in range(SEEDS):
            await world.clock.advance(timedelta(seconds=luck.randrange(2, 9)))
            ticket = await world.file(f"{TEXTS[number % 4]} {number}", TEXTS[number % 4])
            if luck.random() < 0.3:
                who = "李工" if ticket.team == "second" else "小赵"
                await world.perform(who, c.Reply(ticket=ticket.number, text="您好，这就为您看。"))


class DingTalkPlatform:
    """120 people in private chats with a DingTalk robot."""

    kind = "dingtalk"

    def __init__(self) -> None:
        self.sim = DingTalkRehearsal(SystemClock(), Activity())
        self.doc: dict[str, str] = {}

    async def start(self) -> None:
        urls = await self.sim.start()
        self.sim.add_app("dingapp", "secret")
        self.sim.budget.api_limit = self.sim.budget.stream_limit = 1_000_000
        self.everybody = [
            self.sim.person(account(self.kind, one), f"同事{one}") for one in range(CHATS)
        ]
        self.doc = {"client_id": "dingapp", "api_url": urls.api_url, "oapi_url": urls.oapi_url}

    @property
    def messages(self) -> list[Any]:
        return self.sim.world.messages


class WeComPlatform:
    """120 people in private chats with a WeCom bot."""

    kind = "wecom"

    def __init__(self) -> None:
        self.sim = WeComRehearsal(SystemClock(), Activity())
        self.doc: dict[str, str] = {}

    async def start(self) -> None:
        url = await self.sim.start()
        self.sim.add_bot("aibot", "secret")
        self.everybody = [
            self.sim.person(account(self.kind, one), f"同事{one}") for one in range(CHATS)
        ]
        self.doc = {"bot_id": "aibot", "url": url}

    @property
    def messages(self) -> list[Any]:
        return self.sim.messages


Platform = DingTalkPlatform | WeComPlatform


SAID = {
    "待接单": 15,
    "我的": 15,
    "查看 {number}": 20,
    "时效 {number}": 10,
    "为什么 {number}": 5,
    "备注 {number} 已经联系过，下午再去": 20,
    "接单 {free}": 15,
}
"""What colleagues say, and how often of a hundred times."""


def line_of(luck: random.Random, free: list[int]) -> str:
    """One of it; who claims, claims a ticket that nobody has claimed."""
    (said,) = luck.choices(list(SAID), list(SAID.values()))
    if "{free}" in said:
        return said.format(free=free.pop())
    return said.format(number=luck.randrange(1, TICKETS))


async def say_for(platform: Platform, seconds: int, free: list[int]) -> list[Any]:
    """The rate, kept for so long; gives every line."""
    luck, loop = random.Random(11), asyncio.get_running_loop()
    began, lines = loop.time(), []
    for turn in range(RATE * seconds):
        await asyncio.sleep(max(0.0, began + turn / RATE - loop.time()))
        lines.append(platform.everybody[turn % CHATS].says(line_of(luck, free)))
    return lines


async def answered(platform: Platform, lines: list[Any]) -> tuple[list[float], int]:
    """How long each line waited for its answer, in ms, and how many answers were too many or
    missing after a minute.
    """
    counted = Counter(line.seen.chat for line in lines)

    def said() -> Counter[str]:
        return Counter(
            one.chat for one in platform.messages if one.from_robot and one.chat in counted
        )

    try:
        async with asyncio.timeout(PATIENCE):
            while said().total() < len(lines):  # noqa: ASYNC110  # it is another process that works
                await asyncio.sleep(0.2)
    except TimeoutError:
        pass
    await asyncio.sleep(1)  # one answer too many would come about now
    found = said()
    wrong = sum(abs(found[chat] - count) for chat, count in counted.items())
    waited = []
    answers: dict[str, list[Any]] = {chat: [] for chat in counted}
    for one in platform.messages:
        if one.from_robot and one.chat in answers:
            answers[one.chat].append(one.at)
    for line in lines:
        later = answers[line.seen.chat]
        if later:
            waited.append((later.pop(0) - line.seen.at).total_seconds() * 1000)
    return waited, wrong


async def switch_on(server: Server, platform: Platform) -> None:
    """The administrator saves the channel."""
    line = Line(server.port)
    line.headers["Cookie"] = await sign_in(server.port, EMAILS[ADMINISTRATOR], PASSWORD)
    line.headers["Origin"] = f"http://127.0.0.1:{server.port}"
    body = {"enabled": True, "doc": platform.doc, "secret": "secret"}
    status, said = await line.ask("PUT", f"/api/v1/channels/{platform.kind}", body)
    assert status == 200, said
    await line.close()
    async with asyncio.timeout(PATIENCE):
        await platform.sim.until(lambda: len(platform.sim.connections) > 0)


async def measure(report: Report, folder: Path, platform: Platform) -> None:
    """One platform: the commands, then the steps."""
    await platform.start()
    free = list(range(TICKETS, 1, -1))
    async with Server(folder / "desk", PAIDAN_SECRET_KEY=SECRET) as server:
        await server.start()
        await switch_on(server, platform)
        warm = await say_for(platform, 5, free)
        await answered(platform, warm)
        before, machine = cpu_of(server.pid), Reading()
        platform.messages.clear()
        lines = await say_for(platform, SECONDS, free)
        waited, wrong = await answered(platform, lines)
        spent, after = cpu_of(server.pid) - before, Reading()
        foreign = foreign_share(machine, after) - spent / ((after.wall - machine.wall) * 2)
        name = platform.kind
        report.show(
            f"{name}: commands in {len({one.seen.chat for one in lines})} chats", [len(lines)], ""
        )
        report.judge(f"{name}: answers missing or too many", [wrong], 0, "")
        report.judge(f"{name}: CPU per command", [spent / len(lines) * 1000], MOST_CPU, "ms")
        report.show(f"{name}: from frame to answer, median", [percentile(waited, 0.5)], "ms")
        report.judge(
            f"{name}: from frame to answer, p99",
            [percentile(waited, 0.99)],
            MOST_WAIT,
            "ms",
            foreign=max(foreign, 0.0),
        )
        await server.stop()
    told = folder / f"{platform.kind}.steps"
    async with Server(
        folder / "desk", "-c", STEPPED, str(told), PAIDAN_SECRET_KEY=SECRET
    ) as server:
        await server.start()
        async with asyncio.timeout(PATIENCE):
            await platform.sim.until(lambda: len(platform.sim.connections) > 0)
        await asyncio.sleep(8)
        await answered(platform, await say_for(platform, STEPS_SECONDS, free))
        await server.stop()
    longest = float(told.read_text())
    report.judge(f"{platform.kind}: the longest step of the loop, CPU", [longest], MOST_STEP, "ms")
    await platform.sim.stop()


async def main() -> int:
    report = Report("bench chat")
    with tempfile.TemporaryDirectory(prefix="paidan-bench-") as name:
        for platform in (DingTalkPlatform(), WeComPlatform()):
            folder = Path(name) / platform.kind
            folder.mkdir()
            await make_desk(folder)
            multiply(folder / "desk" / "desk.db", TICKETS)
            await measure(report, folder, platform)
    return report.finish()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
