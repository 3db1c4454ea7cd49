"""`python3 dev.py bench clocks`: what falls due is told at once, and a burst stops nobody.

    alone    single clocks fall due at 100 000 open clocks: how long after the instant the alert is
             in the outbox
    burst    10 000 clocks fall due at the same instant: how long until all of it is told, how list
             pages beside it go against the quiet minutes before, and how many messages it makes

The tickets are made by the real use cases an hour before they are due, on a hand-moved clock, and
copied in SQL; the server is a process of its own on the machine's clock. A platform that nobody
answers for is switched on: notices are queued, and never sent. The bench reads the outbox from
another process, as it lies on the disk.
"""

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from server.clock import SystemClock
from server.domain.events import Actor
from server.domain.starting import ALWAYS
from server.storage.binding import instant_text
from server.usecases import administration, deadlines
from server.usecases.intake import Filing, file_ticket
from tests.bench.harness import Reading, Report, foreign_share, percentile
from tests.bench.http import COPIES, SECRET, TEXTS, cpu_of
from tests.support.wire import Line, Server, sign_in
from tests.support.world import EMAILS, PASSWORD, POLICIES, TEAM_NAMES, World, bind_account

OPEN_CLOCKS = 100_000
BURST = 10_000
SEEDS = 250
"""Tickets of each sort that use cases make; the rest are copies of them."""
ALONE = 12
"""Single clocks that fall due one by one before the burst."""
APART = timedelta(seconds=2)
TARGET = timedelta(hours=1)
LEAD = timedelta(seconds=180)
"""From the first ticket's making to the burst: as long as making and copying takes, and the quiet
minute."""
QUIET = 15.0
"""Seconds in which pages are asked for without a burst."""
PACE = 0.05
"""Seconds between two pages of each line."""
LINES = 2
LONGEST = 180.0
"""Seconds that the burst may take before the bench gives up."""
MOST_SECONDS, MOST_LATE, MOST_SLOWER, MOST_MESSAGES = 20.0, 1.0, 3.0, 5


async def make_tickets(folder: Path, burst_at: datetime) -> list[int]:
    """The firm, seeds of the burst, the single ones, and seeds that are due days later; gives the
    single ones' numbers.
    """
    filed_at = burst_at - TARGET
    async with World(folder, loops=False, start=filed_at - ALONE * APART) as world:
        await world.set_up()
        await world.save("calendar", "always", ALWAYS)
        for policy in POLICIES:
            hour, days = {"*": 3600}, {"*": 72 * 3600}
            targets = {"first": hour, "resolve": days}
            await world.save(
                "policy",
                policy.id,
                msgspec.structs.replace(policy, calendar="always", targets=targets),
            )
        await connect_nobody(world)
        alone: list[int] = []
        for number in range(ALONE):
            alone.append(await file_one(world, number))
            await world.clock.advance(APART)
        for number in range(SEEDS):
            await file_one(world, number)
        await pass_to(world, burst_at - LEAD)
        for number in range(SEEDS):
            await file_one(world, number)
        return alone


async def file_one(world: World, number: int) -> int:
    """One ticket by the form, given to somebody or waiting for a team as the rules say."""
    filing = Filing(
        channel="form",
        key=world.key(),
        subject=f"{TEXTS[number % 4]} {number}",
        text=TEXTS[number % 4],
        name=f"客户{number % 300}",
        phone=f"1390000{number % 300:04d}",
    )
    return (await file_ticket(world.desk, filing)).ticket.number


async def connect_nobody(world: World) -> None:
    """A platform that reaches everybody in theory."""
    by = Actor("staff", next(iter(world.staff_ids.values())))
    await administration.save_channel(world.desk, by, "post", {}, None, enabled=True)
    for name, staff in world.staff_ids.items():
        await bind_account(world.desk, staff, "post", f"post-{name}")
    for team, name in TEAM_NAMES.items():
        await administration.meet_group(world.desk, "post", f"group-{team}", name, team, by)


async def pass_to(world: World, instant: datetime) -> None:
    """Move the hand; what falls due on the way happens at its own time."""
    while True:
        due_at = await deadlines.next_due_at(world.desk)
        if due_at is None or due_at > instant:
            break
        await world.clock.advance(max(due_at - world.clock.now(), timedelta()))
        due = await deadlines.list_due(world.desk, 64)
        await deadlines.fall_due(world.desk, *(one.ticket for one in due))
    await world.clock.advance(instant - world.clock.now())


def multiply(file: Path) -> None:
    """Copy both sorts of seeds until 10 000 fall due together and 100 000 clocks are open."""
    line = sqlite3.connect(file)
    line.execute("PRAGMA synchronous = OFF")
    line.execute("PRAGMA foreign_keys = OFF")
    seq = line.execute("SELECT MAX(seq) FROM event").fetchone()[0]
    top = line.execute("SELECT MAX(number) FROM ticket").fetchone()[0]
    sorts = ((ALONE + 1, BURST // SEEDS), (ALONE + SEEDS + 1, (OPEN_CLOCKS // 2 - BURST) // SEEDS))
    turn = 0
    for first, times in sorts:
        for _ in range(1, times):
            turn += 1
            copy(line, first, first + SEEDS - 1, turn, turn * top, turn * seq)
    last = line.execute("SELECT MAX(number) FROM ticket").fetchone()[0]
    head = line.execute("SELECT MAX(seq) FROM event").fetchone()[0]
    line.execute("UPDATE counter SET last = ? WHERE name = 'ticket'", (last,))
    line.execute("UPDATE ledger SET seq = ?", (head,))
    line.execute(f"UPDATE tally SET tickets = tickets * {OPEN_CLOCKS // 4 // SEEDS}")
    line.execute("DELETE FROM outbox")
    line.commit()
    line.execute("ANALYZE")
    line.close()


def copy(  # noqa: PLR0917
    line: sqlite3.Connection, low: int, high: int, turn: int, shift: int, seq_shift: int
) -> None:
    """Tickets `low` to `high` once more, with their histories, clocks and timers."""
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
            f" WHERE {key} BETWEEN {low} AND {high}"
        )


class Outbox:
    """What lies in the outbox and in the log, read beside the server."""

    def __init__(self, file: Path) -> None:
        self._line = sqlite3.connect(f"file:{file}?mode=ro", uri=True)

    def open_clocks(self) -> int:
        """Live clocks: each has a breach that is still to be told."""
        return self._one("SELECT COUNT(*) FROM timer WHERE kind = 'sla_breach'")

    def due(self, now: datetime) -> int:
        """Timers that should have been acted on."""
        return self._one("SELECT COUNT(*) FROM timer WHERE due_at <= ?", instant_text(now))

    def told_of(self, number: int) -> bool:
        """Whether a message that waits, or was tried, tells of a breach of this ticket."""
        rows = self._line.execute(
            "SELECT json_extract(body, '$.numbers') FROM outbox WHERE gather IS NOT NULL"
            " AND json_extract(body, '$.n_breached') > 0"
        )
        return any(str(number) in str(row[0]).split() for row in rows)

    def messages(self) -> tuple[int, int]:
        """How many messages there are, and how many breaches they tell of, each audience for
        itself. A burst may join messages that waited before it.
        """
        row = self._line.execute(
            "SELECT COUNT(*), SUM(json_extract(body, '$.n_breached')) FROM outbox"
            " WHERE gather IS NOT NULL"
        ).fetchone()
        return int(row[0]), int(row[1] or 0)

    def breaches(self) -> int:
        """Breaches in the log."""
        return self._one("SELECT COUNT(*) FROM event WHERE kind = 'breached'")

    def _one(self, sql: str, *values: str) -> int:
        return int(self._line.execute(sql, values).fetchone()[0])


def now() -> datetime:
    """The machine's clock."""
    return SystemClock().now()


async def once(so: Callable[[], bool], ends_at: datetime, every: float) -> None:
    """Look every so many seconds whether it is so, until then at the latest."""
    while not so() and now() < ends_at:  # noqa: ASYNC110  # it is another process that works
        await asyncio.sleep(every)


class Watching:
    """Sees the burst end."""

    def __init__(self, outbox: Outbox, burst_at: datetime) -> None:
        self._outbox = outbox
        self._burst_at = burst_at
        self.took = 0.0

    def is_over(self) -> bool:
        """Whether nothing is due any more."""
        return self.took > 0

    async def run(self) -> None:
        """Until it is over."""
        ends_at = self._burst_at + timedelta(seconds=LONGEST)
        await once(lambda: not self._outbox.due(now()), ends_at, 0.1)
        self.took = (now() - self._burst_at).total_seconds()


async def until(instant: datetime) -> None:
    """Sleep until an instant."""
    await asyncio.sleep(max((instant - now()).total_seconds(), 0))


async def look_at_lists(lines: Sequence[Line], ends: Callable[[], bool]) -> list[float]:
    """Milliseconds of list pages, asked for at an even pace until the end."""
    took: list[float] = []
    luck = random.Random(3)

    async def go(line: Line) -> None:
        while not ends():
            view = luck.choice(("open", "unclaimed", "overdue", "all"))
            began = time.perf_counter()
            status, body = await line.ask("GET", f"/api/v1/tickets?view={view}&limit=25")
            took.append((time.perf_counter() - began) * 1000)
            assert status == 200, (status, body[:300])
            await asyncio.sleep(PACE)

    await asyncio.gather(*(go(line) for line in lines))
    return took


async def alerts(outbox: Outbox, alone: list[int], burst_at: datetime) -> list[float]:
    """Seconds from each single clock's instant to its alert in the outbox."""
    late: list[float] = []
    for place, number in enumerate(alone):
        due_at = burst_at - (ALONE - place) * APART
        await until(due_at)
        await once(partial(outbox.told_of, number), due_at + timedelta(seconds=30), 0.02)
        late.append((now() - due_at).total_seconds())
    return late


async def measure(report: Report, folder: Path, alone: list[int], burst_at: datetime) -> None:
    """Both, on one server."""
    file = folder / "desk" / "desk.db"
    async with Server(folder / "desk", PAIDAN_SECRET_KEY=SECRET) as server:
        await server.start()
        outbox = Outbox(file)
        cookie = await sign_in(server.port, EMAILS["主管"], PASSWORD)
        lines = [Line(server.port, each=1_000_000) for _ in range(LINES)]
        for line in lines:
            line.headers["Cookie"] = cookie
        spare = burst_at - ALONE * APART - now()
        if spare < timedelta(seconds=QUIET + 3):
            raise SystemExit(f"too slow a machine: only {spare} left before the clocks fall due")
        report.show("open clocks", [outbox.open_clocks()], "")
        quiet_ends = now() + timedelta(seconds=QUIET)
        quiet = await look_at_lists(lines, lambda: now() > quiet_ends)
        late = await alerts(outbox, alone, burst_at)
        report.judge("alert in the outbox after the instant", [max(late)], MOST_LATE, "s")
        report.show("the same, median", [percentile(late, 0.5)], "s")
        told, (messages, named) = outbox.breaches(), outbox.messages()
        for line in lines:
            await line.close()  # nobody asked for a while; the server has let go of them
        await until(burst_at)
        before, machine = cpu_of(server.pid), Reading()
        watching = Watching(outbox, burst_at)
        _, beside = await asyncio.gather(watching.run(), look_at_lists(lines, watching.is_over))
        took, spent, after = watching.took, cpu_of(server.pid) - before, Reading()
        foreign = foreign_share(machine, after) - spent / ((after.wall - machine.wall) * 2)
        told = outbox.breaches() - told
        report.judge("breaches of the burst not told", [BURST - told], 0, "")
        name = f"burst of {told} clocks worked off"
        report.judge(name, [took], MOST_SECONDS, "s", foreign=foreign)
        report.judge("CPU of the burst and the lists beside it", [spent], MOST_SECONDS, "s")
        report.show("CPU a clock of the burst", [spent / max(told, 1) * 1000], "ms")
        report.show("list page p95, quiet", [percentile(quiet, 0.95)], "ms")
        report.show("list page p95, beside the burst", [percentile(beside, 0.95)], "ms")
        ratio = percentile(beside, 0.95) / percentile(quiet, 0.95)
        report.judge("beside over quiet", [ratio], MOST_SLOWER, "x", foreign=foreign)
        more, more_named = outbox.messages()
        report.judge("messages about the burst", [more - messages], MOST_MESSAGES, "")
        report.judge("breaches that no message tells of", [told - (more_named - named)], 0, "")
        for line in lines:
            await line.close()
        await server.stop()


async def main() -> int:
    """Both figures."""
    report = Report("bench clocks")
    with tempfile.TemporaryDirectory(prefix="paidan-bench-") as name:
        folder = Path(name)
        burst_at = (now() + LEAD + timedelta(seconds=1)).replace(microsecond=0)
        alone = await make_tickets(folder, burst_at)
        multiply(folder / "desk" / "desk.db")
        await measure(report, folder, alone, burst_at)
    return report.finish()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
