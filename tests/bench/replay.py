"""`python3 dev.py bench replay`: "what would last month have been?" for 50 000 tickets with half a
million events: CPU of reading, judging twice and comparing, and how late a 1 ms task beside it is.

Some hundred tickets are made by the real use cases, over a month, with claims, replies, pauses,
priorities, solutions, reopenings, and the warnings and breaches that the desk told; the mass is
copies of them, in the order of time.
"""

import asyncio
import random
import sqlite3
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from time import process_time

import msgspec

from server.domain import commands as c
from server.domain.calendars import Calendar
from server.domain.errors import Refusal
from server.domain.events import Priority
from server.domain.replay import SlaReplay
from server.usecases.replay import Draft, replay
from tests.bench.harness import Reading, Report, foreign_share, percentile
from tests.support.world import HOUR, POLICIES, START, SUPERVISOR, World

SEEDS, TURNS = 250, 200
WINDOWS = 3
EVENTS = 500_000
BAR = 5.0
TEXTS = ("打印机卡纸", "网络断了", "发票抬头开错了", "空调滴水")


async def live(world: World) -> None:
    """A month of tickets, and what people did to them."""
    luck, open_ones = random.Random(11), list[int]()
    for number in range(SEEDS):
        await world.clock.advance(timedelta(minutes=luck.randrange(20, 100)))
        level = "vip" if number % 10 == 0 else "normal"
        ticket = await world.file(
            f"{luck.choice(TEXTS)} {number}", phone=f"138{number:08d}", level=level
        )
        open_ones.append(ticket.number)
        for _ in range(5):
            await touch(world, luck, luck.choice(open_ones[-8:]))


async def touch(world: World, luck: random.Random, number: int) -> None:
    """Somebody does what fits the ticket's state."""
    ticket = await world.ticket(number)
    wanted: dict[str, list[c.AnyCommand]] = {
        "new": [c.Claim(ticket=number)],
        "open": [
            c.Reply(ticket=number, text="正在处理"),
            c.Hold(
                ticket=number,
                status="waiting_customer",
                reason="等客户",
                until=world.clock.now() + timedelta(days=2),
            ),
            c.Resolve(ticket=number, solution="好了"),
            c.SetPriority(ticket=number, priority=luck.choice(list(Priority)), reason="看情况"),
            c.Note(ticket=number, text="看过了"),
        ],
        "waiting_customer": [c.Resume(ticket=number)],
        "resolved": [c.Reopen(ticket=number, reason="又坏了"), c.Close(ticket=number)],
    }
    known = wanted.get(ticket.status_category)
    if known is None:
        return
    try:
        await world.perform(SUPERVISOR, luck.choice(known))
    except Refusal:
        return


def multiply(file: Path) -> tuple[int, int]:
    """Every ticket two hundred times, side by side in time; tickets and events after that."""
    line = sqlite3.connect(file)
    line.execute("PRAGMA synchronous = OFF")
    line.execute("PRAGMA foreign_keys = OFF")
    for table, key in (("event", "ticket"), ("ticket", "number"), ("sla", "ticket")):
        columns = [row[1] for row in line.execute(f"PRAGMA table_info({table})")]
        line.execute(f"CREATE TEMP TABLE seed AS SELECT * FROM {table}")
        line.execute(f"DELETE FROM {table}")
        for turn in range(TURNS):
            chosen = {key: f"({key} - 1) * {TURNS} + {turn} + 1", "seq": f"seq * {TURNS} + {turn}"}
            values = ", ".join(chosen.get(one, one) for one in columns)
            line.execute(f"INSERT INTO {table} SELECT {values} FROM seed WHERE {key} IS NOT NULL")
        if table == "event":
            values = ", ".join(f"seq * {TURNS}" if one == "seq" else one for one in columns)
            line.execute(f"INSERT INTO event SELECT {values} FROM seed WHERE ticket IS NULL")
        line.execute("DROP TABLE seed")
    line.execute(f"UPDATE config SET seq = seq * {TURNS}")
    line.execute(f"UPDATE ledger SET seq = (seq + 1) * {TURNS}, firm_seq = firm_seq * {TURNS}")
    line.commit()
    tickets = line.execute("SELECT COUNT(*) FROM ticket").fetchone()[0]
    events = line.execute("SELECT COUNT(*) FROM event WHERE ticket IS NOT NULL").fetchone()[0]
    line.execute("ANALYZE")
    line.close()
    return tickets, events


def pace() -> float:
    """CPU seconds of a bare loop: others on the same cores make everything slower by this much."""
    began = process_time()
    for _ in range(10_000_000):
        pass
    return process_time() - began


class Lag:
    """How late a task that wants to wake every millisecond is."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Lag":
        self._task = asyncio.ensure_future(self._run())
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._task is not None
        self._task.cancel()

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            await asyncio.sleep(0.001)
            self.late.append((clock() - began - 0.001) * 1000)


def drafts() -> dict[str, list[Draft]]:
    """What is tried: nothing, a shorter promise for most tickets, a calendar for all of them."""
    normal = msgspec.structs.replace(
        POLICIES[1],
        targets={"first": {"*": HOUR // 2}, "next": {"*": HOUR}, "resolve": {"*": 8 * HOUR}},
    )
    always = Calendar(week=dict.fromkeys(range(1, 8), (("00:00", "24:00"),)))
    return {
        "as it was": [],
        "one policy": [Draft("policy", "normal", msgspec.to_builtins(normal, str_keys=True))],
        "24x7": [Draft("calendar", "default", msgspec.to_builtins(always, str_keys=True))],
    }


async def main() -> int:
    report = Report("bench replay")
    with tempfile.TemporaryDirectory(prefix="paidan-bench-") as folder:
        async with World(Path(folder)) as world:
            await world.set_up()
            await live(world)
            now = world.clock.now()
        tickets, events = multiply(Path(folder) / "desk" / "desk.db")
        async with World(Path(folder), fresh=False, loops=False, start=now) as world:
            world.proven = False  # the copies have no clocks beside them
            report.show("tickets", [tickets], "")
            report.show("events", [events], "")
            for name, tried in drafts().items():
                await measure(report, world, name, tried, now, events)
    return report.finish()


async def measure(  # noqa: PLR0917
    report: Report, world: World, name: str, tried: list[Draft], now: datetime, events: int
) -> None:
    spent, loops, found = list[float](), list[float](), list[SlaReplay]()
    for _ in range(WINDOWS):
        slow, began = pace(), process_time()
        found.append((await replay(world.desk, START - timedelta(days=1), now, tried)).sla)
        took = (process_time() - began) * EVENTS / events
        spent.append(took)
        loops.append(took / ((slow + pace()) / 2))
    machine = Reading()
    async with Lag() as lag:
        found.append((await replay(world.desk, START - timedelta(days=1), now, tried)).sla)
    late, foreign = percentile(lag.late, 0.99), foreign_share(machine, Reading())
    sla = found[0]
    assert all(one == sla for one in found)
    breaches = {one.metric: (one.before.breached, one.after.breached) for one in sla.metrics}
    print(f"{name}: {sla.tickets} tickets, {sla.changed} change, breaches {breaches}")
    report.judge(f"{name}: CPU for {EVENTS} events", spent, BAR, "s")
    report.show(f"{name}: the same in bare loops of 10 million steps", loops, "x")
    report.judge(
        f"{name}: a 1 ms task beside it is late by, p99", [late], 20, "ms", foreign=foreign
    )


if __name__ == "__main__":
    sys.setswitchinterval(0.0005)  # as the desk does at start (decision 3)
    sys.exit(asyncio.run(main()))
