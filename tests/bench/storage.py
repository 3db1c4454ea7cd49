"""`python3 dev.py bench storage`: the cost of reading and of a durable change, beside raw sqlite3.

A change is five statements: read the ticket, write it if its version still matches, append an event
with the next seq, add an outbox row, replace a timer.
"""

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from server.storage.binding import instant_text
from server.storage.database import Database, Statement, Unit
from tests.bench.harness import WINDOWS, Reading, Report, foreign_share, percentile

Level = Literal["FULL", "NORMAL"]
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
TICKETS = 10_000
READS = 4_000
CHANGES = 3_200
RAW_GROUP = 16

SCHEMA = (
    "CREATE TABLE ticket (number INTEGER PRIMARY KEY, version INTEGER NOT NULL,"
    " subject TEXT NOT NULL, status TEXT NOT NULL, priority TEXT NOT NULL, team TEXT,"
    " assignee INTEGER, customer INTEGER NOT NULL, channel TEXT NOT NULL, created_at TEXT NOT NULL,"
    " updated_at TEXT NOT NULL, next_due_at TEXT, warned INTEGER NOT NULL,"
    " breached INTEGER NOT NULL, message_count INTEGER NOT NULL)",
    "CREATE INDEX ticket_updated ON ticket (updated_at, number)",
    "CREATE TABLE ledger (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL)",
    "INSERT INTO ledger VALUES (1, 0)",
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, ticket INTEGER NOT NULL, kind TEXT NOT NULL,"
    " recorded_at TEXT NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE outbox (id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL, body TEXT NOT NULL,"
    " next_at TEXT NOT NULL)",
    "CREATE TABLE timer (due_at TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,"
    " ticket INTEGER, PRIMARY KEY (kind, key))",
    "CREATE INDEX timer_due ON timer (due_at)",
    "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL, written_at TEXT NOT NULL)",
)


class Ticket(msgspec.Struct, frozen=True):
    number: int
    version: int
    subject: str
    status: str
    priority: str
    team: str | None
    assignee: int | None
    customer: int
    channel: str
    created_at: datetime
    updated_at: datetime
    next_due_at: datetime | None
    warned: bool
    breached: bool
    message_count: int


COLUMNS = ", ".join(Ticket.__struct_fields__)
READ_SQL = f"SELECT {COLUMNS} FROM ticket WHERE number = :number"
WRITE_SQL = (
    "UPDATE ticket SET version = version + 1, status = :status, updated_at = :at"
    " WHERE number = :number AND version = :version"
)
EVENT_SQL = (
    "INSERT INTO event (seq, ticket, kind, recorded_at, body)"
    " VALUES ((SELECT MAX(seq) FROM event) + 1, :number, 'claimed', :at, :body)"
)
OUTBOX_SQL = "INSERT INTO outbox (ticket, body, next_at) VALUES (:number, :body, :at)"
TIMER_SQL = (
    "INSERT INTO timer (due_at, kind, key, ticket) VALUES (:due_at, 'sla', :key, :number)"
    " ON CONFLICT (kind, key) DO UPDATE SET due_at = excluded.due_at"
)
NOTE_SQL = "INSERT INTO note (body, written_at) VALUES (:body, :at)"

READ = Statement(READ_SQL, Ticket)
WRITE = Statement[None](WRITE_SQL)
EVENT = Statement[None](EVENT_SQL)
OUTBOX = Statement[None](OUTBOX_SQL)
TIMER = Statement[None](TIMER_SQL)
NOTE = Statement[None](NOTE_SQL)
RAW = [statement.sqlite.sql for statement in (READ, WRITE, EVENT, OUTBOX, TIMER)]
HALF_AN_HOUR = timedelta(minutes=30)
BODY = '{"by":3,"from":"new","to":"open","why":"打印机卡纸，急"}'


def make_file(path: Path) -> None:
    line = sqlite3.connect(path)
    line.execute("PRAGMA journal_mode = WAL")
    for sql in SCHEMA:
        line.execute(sql)
    at = instant_text(AT)
    marks = ", ".join("?" * len(Ticket.__struct_fields__))
    line.executemany(
        f"INSERT INTO ticket VALUES ({marks})",
        (
            (n, 1, f"打印机 {n}", "new", "P3", "二线", None, n % 100, "web", at, at, at, 0, 0, 1)
            for n in range(1, TICKETS + 1)
        ),
    )
    line.execute("INSERT INTO event VALUES (1, 1, 'opened', ?, ?)", (at, BODY))
    line.commit()
    line.close()


def change_of(n: int) -> Callable[[Unit], Coroutine[Any, Any, None]]:
    async def change(unit: Unit) -> None:
        number = n * 7 % TICKETS + 1
        ticket = await unit.one(READ, number=number)
        assert ticket is not None
        await unit.run(WRITE, number=number, version=ticket.version, status="open", at=AT)
        await unit.run(EVENT, number=number, at=AT, body=BODY)
        await unit.run(OUTBOX, number=number, at=AT, body=BODY)
        due_at = ticket.updated_at + HALF_AN_HOUR
        await unit.run(TIMER, number=number, due_at=due_at, key=str(number))

    return change


def insert_of(_n: int) -> Callable[[Unit], Coroutine[Any, Any, None]]:
    async def insert(unit: Unit) -> None:
        await unit.run(NOTE, body=BODY, at=AT)

    return insert


def raw_line(path: Path, level: Level) -> sqlite3.Connection:
    line = sqlite3.connect(path, isolation_level=None)
    line.execute(f"PRAGMA synchronous = {level}")
    line.execute("PRAGMA foreign_keys = ON")
    line.execute("PRAGMA cache_size = -16384")
    return line


def raw_changes(line: sqlite3.Connection) -> float:
    """CPU seconds a change of the same statements in groups of 16."""
    read, write, event, outbox, timer = RAW
    at, due_at = instant_text(AT), instant_text(AT + timedelta(minutes=30))
    before = time.process_time()
    for start in range(0, CHANGES, RAW_GROUP):
        line.execute("BEGIN IMMEDIATE")
        for n in range(start, start + RAW_GROUP):
            number = n * 7 % TICKETS + 1
            row = line.execute(read, (number,)).fetchone()
            line.execute(write, ("open", at, number, row[1]))
            line.execute(event, (number, at, BODY))
            line.execute(outbox, (number, BODY, at))
            line.execute(timer, (due_at, str(number), number))
        line.execute("COMMIT")
    return (time.process_time() - before) / CHANGES


def raw_reads(line: sqlite3.Connection) -> float:
    """CPU seconds a point read."""
    before = time.process_time()
    for n in range(READS):
        line.execute(RAW[0], (n * 7 % TICKETS + 1,)).fetchone()
    return (time.process_time() - before) / READS


class Window:
    """What one window of writing showed."""

    def __init__(self, cpu: float, rate: float, commits: float, foreign: float) -> None:
        self.cpu = cpu
        self.rate = rate
        self.commits = commits
        self.foreign = foreign


async def write_window(
    database: Database, writers: int, work_of: Callable[[int], Any], total: int
) -> Window:
    async def writer(first: int) -> None:
        for n in range(first, total, writers):
            await database.unit(work_of(n))

    commits, units, before = database.commits, database.units, Reading()
    await asyncio.gather(*(writer(first) for first in range(writers)))
    after = Reading()
    done = database.units - units
    return Window(
        (after.own - before.own) / done,
        done / (after.wall - before.wall),
        (database.commits - commits) / done,
        foreign_share(before, after),
    )


async def read_window(database: Database, at_once: int) -> Window:
    async def reader(first: int) -> None:
        for n in range(first, READS, at_once):
            await database.one(READ, number=n * 7 % TICKETS + 1)

    before = Reading()
    await asyncio.gather(*(reader(first) for first in range(at_once)))
    after = Reading()
    return Window(
        (after.own - before.own) / READS,
        READS / (after.wall - before.wall),
        0,
        foreign_share(before, after),
    )


async def loop_delays(database: Database) -> tuple[float, float]:
    """How late a 1 ms task is beside 64 writers, p99 in ms; and the foreign share of the CPU."""
    delays: list[float] = []
    done = False

    async def tick() -> None:
        while not done:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            delays.append((time.perf_counter() - before - 0.001) * 1000)

    ticking = asyncio.ensure_future(tick())
    window = await write_window(database, 64, change_of, CHANGES * 2)
    done = True
    await ticking
    return percentile(delays, 0.99), window.foreign


async def measure(report: Report, folder: Path, level: Level) -> None:
    path = folder / f"{level}.db"
    make_file(path)
    database = Database.from_url(f"sqlite:///{path}", synchronous=level)
    await database.open()
    line = raw_line(path, level)
    raw = [raw_changes(line) for _ in range(WINDOWS)]
    report.show(f"{level} raw sqlite3 change, CPU", [one * 1e6 for one in raw], "us")
    for writers in (1, 16, 64):
        total = CHANGES if writers > 1 else CHANGES // 8
        inserts = [await write_window(database, writers, insert_of, total) for _ in range(WINDOWS)]
        report.show(f"{level} insert, {writers}: CPU", [one.cpu * 1e6 for one in inserts], "us")
        ran = []
        for turn in range(WINDOWS):
            ran.append(await write_window(database, writers, change_of, total))
            raw[turn] = min(raw[turn], raw_changes(line))
        name = f"{level} change, {writers}"
        report.show(f"{name}: changes/s", [one.rate for one in ran], "/s")
        report.show(f"{name}: CPU", [one.cpu * 1e6 for one in ran], "us")
        if writers > 1:
            ratios = [one.cpu / base for one, base in zip(ran, raw, strict=True)]
            report.judge(f"{name}: CPU over raw", ratios, 2, "x")
            bar = 1 / 8 if writers == 16 else 1 / 24
            report.judge(f"{name}: commits per change", [one.commits for one in ran], bar, "")
    late = [await loop_delays(database) for _ in range(WINDOWS)]
    report.judge(
        f"{level} a 1 ms task beside 64 writers is late by, p99",
        [one[0] for one in late],
        10,
        "ms",
        foreign=min(one[1] for one in late),
    )
    if level == "FULL":
        await measure_reads(report, database, line)
    line.close()
    await database.close()


async def measure_reads(report: Report, database: Database, line: sqlite3.Connection) -> None:
    for at_once in (1, 16, 64):
        ratios, cpu = [], []
        for _ in range(WINDOWS):
            base = raw_reads(line)
            window = await read_window(database, at_once)
            cpu.append(window.cpu * 1e6)
            ratios.append(window.cpu / base)
        report.show(f"point read, {at_once}: CPU", cpu, "us")
        # A lone reader pays two thread switches for each read.
        report.judge(f"point read, {at_once}: CPU over raw", ratios, 6, "x")


async def main() -> int:
    report = Report("bench storage")
    with tempfile.TemporaryDirectory(prefix="paidan-bench-") as folder:
        await measure(report, Path(folder), "FULL")
        await measure(report, Path(folder), "NORMAL")
    return report.finish()


if __name__ == "__main__":
    sys.setswitchinterval(0.0005)  # as the desk does at start (decision 3)
    try:
        import uvloop
    except ImportError:
        sys.exit(asyncio.run(main()))
    sys.exit(uvloop.run(main()))
