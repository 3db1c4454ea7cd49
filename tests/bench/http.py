"""`python3 dev.py bench http`: what a request costs at 10 000 and at 100 000 tickets.

    create   through the public form's endpoint: validated, routed, clock started, events, outbox,
             durable (synchronous FULL)
    read     one ticket's page
    list     25 tickets of a view
    counters the live counters of the views

The server is a process of its own; its CPU is read from /proc, so the load beside it does not
count. Beside it, in the same run, a bare Litestar handler inserts one row durably, and an empty
Litestar app starts.

Each kind of ticket is made by the real use cases; the mass is made by copying them in SQL, with
histories, messages, clocks and timers. What has fallen due of it is acted on before the requests
are measured: thousands of tickets are late then, which lists have to bear.
"""

import asyncio
import os
import random
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from server.clock import SystemClock
from server.domain import commands as c
from server.storage.binding import instant_text
from tests.bench.harness import Reading, Report, foreign_share, percentile
from tests.support.wire import Line, Server, sign_in
from tests.support.world import EMAILS, PASSWORD, World

SEEDS = 500
"""Tickets made by use cases; the rest are copies of them."""
SIZES = (10_000, 100_000)
WINDOWS = 3
WRITES, READS = 1_500, 3_000
AT_ONCE = 8
BARS = {"create": 3.0, "read": 2.0, "list": 2.0}
"""CPU milliseconds a request at the largest size."""
LONGEST_BACKLOG = 600
QUIET_SECONDS = 60
TEXTS = ("打印机卡纸，急", "网络断了，三楼都上不去", "发票抬头开错了", "空调不制冷，还滴水")
SECRET = "a secret key for stories, long enough"
BARE = """
import os, sqlite3, sys, threading
import uvicorn
from litestar import Litestar, get, post
lock = threading.Lock()
line = sqlite3.connect(os.environ["PAIDAN_DATA"] + "/bare.db", isolation_level=None,
                       check_same_thread=False)
line.execute("PRAGMA journal_mode = WAL")
line.execute("PRAGMA synchronous = FULL")
line.execute("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, body TEXT)")
@get("/healthz", sync_to_thread=False)
def healthz() -> dict[str, bool]:
    return {"ok": True}
@post("/notes", sync_to_thread=True)
def add(data: dict[str, str]) -> dict[str, int]:
    with lock:
        return {"id": line.execute("INSERT INTO note (body) VALUES (?)", (data["text"],)).lastrowid}
host, port = os.environ["PAIDAN_LISTEN"].split(":")
uvicorn.run(Litestar([healthz, add]), host=host, port=int(port), log_level="error",
            access_log=False)
"""
EMPTY = """
import os
import uvicorn
from litestar import Litestar, get
@get("/healthz", sync_to_thread=False)
def healthz() -> dict[str, bool]:
    return {"ok": True}
host, port = os.environ["PAIDAN_LISTEN"].split(":")
uvicorn.run(Litestar([healthz]), host=host, port=int(port), log_level="error", access_log=False)
"""


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> tuple[float, float]:
    """PSS and anonymous PSS of a process, in MB."""
    found = {
        line.split(":")[0]: int(line.split()[1])
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    }
    return found["Pss"] / 1024, found.get("Pss_Anon", 0) / 1024


async def make_seeds(folder: Path) -> None:
    """A firm and `SEEDS` tickets with histories, by the real use cases."""
    luck = random.Random(7)
    async with World(folder, loops=False) as world:
        await world.set_up()
        for number in range(SEEDS):
            await world.clock.advance(timedelta(seconds=luck.randrange(10, 60)))
            level = "vip" if number % 20 == 0 else "normal"
            ticket = await world.file(
                f"{TEXTS[number % 4]} {number}",
                TEXTS[number % 4],
                phone=f"1390000{number % 300:04d}",
                name=f"客户{number % 300}",
                level=level,
            )
            by = "主管" if luck.random() < 0.2 else ("李工" if ticket.team == "second" else "小赵")
            share = luck.random()
            if share < 0.93:
                await world.perform(by, c.Reply(ticket=ticket.number, text="您好，这就为您看。"))
                await world.perform(by, c.Note(ticket=ticket.number, text="像是老毛病"))
            if share < 0.85:
                await world.perform(by, c.Resolve(ticket=ticket.number, solution="已修好。"))
            if share < 0.75:
                await world.perform(by, c.Close(ticket=ticket.number))


COPIES = {
    "ticket": "number",
    "event": "ticket",
    "message": "ticket",
    "sla": "ticket",
    "timer": "ticket",
}


def multiply(file: Path, size: int) -> None:
    """Copy the seeds until there are `size` tickets; counters are counted anew."""
    line = sqlite3.connect(file)
    line.execute("PRAGMA synchronous = OFF")
    line.execute("PRAGMA foreign_keys = OFF")
    has = line.execute("SELECT COUNT(*), MAX(number) FROM ticket").fetchone()
    top, seq = has[1], line.execute("SELECT MAX(seq) FROM event").fetchone()[0]
    for turn in range(1, size // SEEDS):
        shift, seq_shift = turn * top, turn * seq
        for table, key in COPIES.items():
            columns = [row[1] for row in line.execute(f"PRAGMA table_info({table})")]
            chosen = {
                "number": f"number + {shift}",
                "ticket": f"ticket + {shift}",
                "seq": f"seq + {seq_shift}",
                "key": f"key || '+{turn}'",
            }
            kept = [one for one in columns if not (one == "id" and table == "message")]
            values = ", ".join(chosen.get(one, one) for one in kept)
            line.execute(
                f"INSERT INTO {table} ({', '.join(kept)}) SELECT {values} FROM {table}"
                f" WHERE {key} BETWEEN 1 AND {top}"
            )
    last = line.execute("SELECT MAX(number) FROM ticket").fetchone()[0]
    head = line.execute("SELECT MAX(seq) FROM event").fetchone()[0]
    line.execute("UPDATE counter SET last = ? WHERE name = 'ticket'", (last,))
    line.execute("UPDATE ledger SET seq = ?", (head,))
    line.execute(f"UPDATE tally SET tickets = tickets * {size // SEEDS}")
    line.commit()
    line.execute("ANALYZE")
    line.close()


async def caught_up(report: Report, server: Server, file: Path, size: int) -> None:
    """The seeds' deadlines lie in the past: let the server act on them, so that their cost does not
    count as that of requests.
    """
    line = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    now = (instant_text(SystemClock().now()),)
    counted = "SELECT COUNT(DISTINCT ticket) FROM timer WHERE due_at <= ?"
    some = "SELECT MIN(due_at) <= ? FROM timer"
    backlog = line.execute(counted, now).fetchone()[0]
    before = cpu_of(server.pid)
    async with asyncio.timeout(LONGEST_BACKLOG):
        while line.execute(some, now).fetchone()[0]:  # noqa: ASYNC110  # it is another process that works
            await asyncio.sleep(0.5)
    line.close()
    spent = (cpu_of(server.pid) - before) / max(backlog, 1) * 1000
    report.show(f"{size} deadlines of {backlog} tickets caught up: CPU each", [spent], "ms")


Ask = Callable[[Line, int], Awaitable[tuple[int, bytes]]]


async def window(server: Server, lines: list[Line], total: int, ask: Ask) -> dict[str, float]:
    """CPU milliseconds of the server for each of `total` requests, and their p95 in ms."""
    took: list[float] = []
    numbers = iter(range(total))
    clock = asyncio.get_running_loop().time

    async def go(line: Line) -> None:
        for number in numbers:
            began = clock()
            status, body = await ask(line, number)
            took.append((clock() - began) * 1000)
            assert status in {200, 201}, (status, body[:300])

    before, machine = cpu_of(server.pid), Reading()
    await asyncio.gather(*(go(line) for line in lines))
    spent, after = cpu_of(server.pid) - before, Reading()
    # The server's CPU and the load's are not foreign.
    foreign = foreign_share(machine, after) - spent / ((after.wall - machine.wall) * 2)
    return {"cpu": spent / total * 1000, "p95": percentile(took, 0.95), "foreign": foreign}


def asks(size: int) -> dict[str, Ask]:
    """The requests that are measured, by name."""
    luck = random.Random(size)
    run = os.urandom(4).hex()

    async def create(line: Line, number: int) -> tuple[int, bytes]:
        body = {
            "key": f"bench-{run}-{luck.random()}-{number}",
            "text": TEXTS[number % 4],
            "name": f"客户{number % 300}",
            "phone": f"1390000{number % 300:04d}",
        }
        return await line.ask("POST", "/api/v1/portal/tickets", body)

    async def read(line: Line, _number: int) -> tuple[int, bytes]:
        return await line.ask("GET", f"/api/v1/tickets/{luck.randrange(1, size)}")

    async def listing(line: Line, number: int) -> tuple[int, bytes]:
        view = ("open", "unclaimed", "overdue", "all", "mine")[number % 5]
        sort = ("due", "updated", "created")[number % 3]
        return await line.ask("GET", f"/api/v1/tickets?view={view}&sort={sort}&limit=25")

    async def counters(line: Line, _number: int) -> tuple[int, bytes]:
        return await line.ask("GET", "/api/v1/counters")

    return {"create": create, "read": read, "list": listing, "counters": counters}


async def measure_requests(report: Report, server: Server, size: int) -> dict[str, float]:
    """The best CPU figures by name."""
    best: dict[str, float] = {}
    cookie = await sign_in(server.port, EMAILS["主管"], PASSWORD)
    staff = [Line(server.port, each=1_000_000) for _ in range(AT_ONCE)]
    for line in staff:
        line.headers["Cookie"] = cookie
    public = [Line(server.port) for _ in range(AT_ONCE)]
    for name, ask in asks(size).items():
        lines, total = (public, WRITES) if name == "create" else (staff, READS)
        await window(server, lines, total // 10, ask)
        ran = [await window(server, lines, total, ask) for _ in range(WINDOWS)]
        figures = [one["cpu"] for one in ran]
        best[name] = min(figures)
        if name in BARS and size == SIZES[-1]:
            report.judge(f"{size} {name}: CPU", figures, BARS[name], "ms")
        else:
            report.show(f"{size} {name}: CPU", figures, "ms")
        report.show(f"{size} {name}: p95 at {AT_ONCE}", [one["p95"] for one in ran], "ms")
    for line in (*staff, *public):
        await line.close()
    return best


async def measure(report: Report, folder: Path, size: int) -> dict[str, float]:
    """One size; gives the best CPU figures by name."""
    file = folder / "desk" / "desk.db"
    multiply(file, size)
    async with Server(folder / "desk", PAIDAN_SECRET_KEY=SECRET) as server:
        took = await server.start()
        fresh = memory_of(server.pid)
        await caught_up(report, server, file, size)
        best = await measure_requests(report, server, size)
        if size == SIZES[-1]:
            report.judge("fresh PSS", [fresh[0]], 70, "MB")
            await asyncio.sleep(QUIET_SECONDS)
            report.judge(
                "anonymous PSS a minute after the run", [memory_of(server.pid)[1]], 110, "MB"
            )
        report.show(f"{size} start to first answer", [took], "s")
        await server.stop()
    return best


async def floor(report: Report, folder: Path) -> None:
    """A bare Litestar handler that inserts one row durably, in the same run."""
    async with Server(folder, "-c", BARE) as server:
        await server.start()
        lines = [Line(server.port, each=1_000_000) for _ in range(AT_ONCE)]

        async def add(line: Line, _number: int) -> tuple[int, bytes]:
            return await line.ask("POST", "/notes", {"text": TEXTS[0]})

        ran = [await window(server, lines, WRITES, add) for _ in range(WINDOWS)]
        report.show("floor, one row by a bare handler: CPU", [one["cpu"] for one in ran], "ms")
        for line in lines:
            await line.close()


async def starts(report: Report, folder: Path) -> None:
    """From the command to the first answer, beside an empty Litestar app."""
    empty, desk = [], []
    for turn in range(WINDOWS):
        async with Server(folder, "-c", EMPTY) as server:
            empty.append(await server.start())
        fresh = folder / f"fresh-{turn}"
        fresh.mkdir()
        async with Server(fresh) as server:
            await server.start()  # makes the database; the second start is what people wait for
            await server.stop()
            desk.append(await server.start())
            await server.stop()
    report.show("start of an empty Litestar app", empty, "s")
    report.show("start of the desk", desk, "s")
    report.judge("start over an empty app", [min(desk) / min(empty)], 4, "x")


async def main() -> int:
    report = Report("bench http")
    figures: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="paidan-bench-") as name:
        await starts(report, Path(name))
        await floor(report, Path(name))
        for size in SIZES:
            folder = Path(name) / str(size)
            await make_seeds(folder)
            figures[size] = await measure(report, folder, size)
    small, large = (figures[size] for size in SIZES)
    for one in BARS:
        report.judge(f"{one}: {SIZES[1]} over {SIZES[0]}", [large[one] / small[one]], 1.3, "x")
    return report.finish()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
