"""What a unit of work promises, on both engines."""

import asyncio
import subprocess
import sys

import msgspec
import pytest

from server.storage.database import (
    Database,
    NestedUnit,
    Overloaded,
    Reading,
    Statement,
    SuspendedInUnit,
    Unit,
)

pytestmark = pytest.mark.anyio

HEAD = Statement("SELECT seq FROM ledger WHERE id = 1", int)
MOVE = Statement[None]("UPDATE ledger SET seq = :seq WHERE id = 1")
ADD = Statement[None]("INSERT INTO event (seq, body) VALUES (:seq, :body)")
EVENTS = Statement("SELECT seq FROM event ORDER BY seq", int)
BODIES = Statement("SELECT body FROM event ORDER BY seq", str)


class Thing(msgspec.Struct):
    id: int
    version: int
    holder: str | None


READ = Statement("SELECT id, version, holder FROM thing WHERE id = 1", Thing)
WRITE = Statement[None](
    "UPDATE thing SET version = version + 1, holder = :holder WHERE id = 1 AND version = :version"
)


async def append(unit: Unit, body: str) -> int:
    seq = (await unit.one(HEAD) or 0) + 1
    await unit.run(ADD, seq=seq, body=body)
    await unit.run(MOVE, seq=seq)
    return seq


def appending(body: str):
    async def work(unit: Unit) -> int:
        return await append(unit, body)

    return work


async def test_no_event_is_lost_and_seq_has_no_gap(database: Database):
    async def writer(name: int) -> list[int]:
        return [await database.unit(appending(f"{name}.{n}")) for n in range(10)]

    given = await asyncio.gather(*(writer(name) for name in range(20)))
    assert sorted(seq for one in given for seq in one) == list(range(1, 201))
    assert await database.all(EVENTS) == list(range(1, 201))
    assert len(set(await database.all(BODIES))) == 200


async def test_a_reader_never_sees_a_later_event_before_an_earlier_one(database: Database):
    done = False
    seen: list[list[int]] = []

    async def reader() -> None:
        while not done:
            seen.append(await database.all(EVENTS))

    reading = asyncio.ensure_future(reader())
    await asyncio.gather(*(database.unit(appending(str(n))) for n in range(100)))
    done = True
    await reading
    assert all(one == list(range(1, len(one) + 1)) for one in seen)


async def test_two_instances_write_one_gapless_log(database: Database, open_another):
    if database.dialect == "sqlite":
        return  # One server per data folder: there is no second writer to test.
    heads: list[int] = []
    heard = asyncio.Event()

    def hear(seq: int) -> None:
        heads.append(seq)
        if seq == 80:
            heard.set()

    other = open_another()
    await other.open()
    database.on_commit(hear)
    await asyncio.gather(
        *(one.unit(appending("x")) for _ in range(40) for one in (database, other))
    )
    await other.unit(_touch)
    await asyncio.wait_for(heard.wait(), 10)
    await other.close()
    assert await database.all(EVENTS) == list(range(1, 81))
    assert heads == sorted(heads)


async def _touch(unit: Unit) -> None:
    await unit.one(HEAD)


async def test_no_update_is_lost(database: Database):
    async def claim(name: str) -> str | None:
        async def work(unit: Unit) -> str | None:
            thing = await unit.one(READ)
            assert thing is not None
            if thing.holder is not None:
                return thing.holder
            assert await unit.run(WRITE, holder=name, version=thing.version) == 1
            return None

        return await database.unit(work)

    answers = await asyncio.gather(*(claim(f"{n}") for n in range(50)))
    assert answers.count(None) == 1
    winner = str(answers.index(None))
    assert {answer for answer in answers if answer is not None} == {winner}
    assert await database.unit(lambda unit: unit.run(WRITE, holder="late", version=0)) == 0
    thing = await database.one(READ)
    assert thing == Thing(1, 1, winner)


async def test_a_unit_that_fails_is_undone_alone(database: Database):
    async def fails(unit: Unit) -> None:
        await append(unit, "lost")
        raise LookupError("no")

    async def collides(unit: Unit) -> None:
        await append(unit, "lost")
        await unit.run(ADD, seq=1, body="twice")

    async def waits(unit: Unit) -> None:
        await append(unit, "lost")
        await asyncio.sleep(0)

    async def nests(unit: Unit) -> None:
        await append(unit, "lost")
        await database.unit(appending("inner"))

    async def reads_outside(unit: Unit) -> None:
        await append(unit, "lost")
        await database.all(EVENTS)

    await database.unit(appending("first"))
    works = [fails, collides, waits, nests, reads_outside]
    before = database.commits
    answers = await asyncio.gather(
        *(
            database.unit(work)
            for broken in works
            for work in (appending("kept"), broken, appending("kept"))
        ),
        return_exceptions=True,
    )
    assert await database.all(BODIES) == ["first"] + ["kept"] * 10
    assert await database.all(EVENTS) == list(range(1, 12))
    errors = answers[1::3]
    assert isinstance(errors[0], LookupError)
    assert "nique" in str(errors[1]) or "UNIQUE" in str(errors[1])
    assert isinstance(errors[2], SuspendedInUnit)
    assert isinstance(errors[3], NestedUnit)
    assert isinstance(errors[4], NestedUnit)
    assert database.commits - before <= 3


async def test_units_of_one_moment_share_a_commit(database: Database):
    commits, units = database.commits, database.units
    await asyncio.gather(*(database.unit(appending("x")) for _ in range(16)))
    assert database.units - units == 16
    assert database.commits - commits <= 8  # a batch ends after some time, however busy the machine


async def test_a_cancelled_caller_does_not_break_the_batch(database: Database):
    tasks = [asyncio.ensure_future(database.unit(appending(str(n)))) for n in range(12)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in answers] == [True, False, False] * 4
    seqs = await database.all(EVENTS)
    assert seqs == list(range(1, len(seqs) + 1))
    assert set(await database.all(BODIES)) >= {str(n) for n in range(12) if n % 3}
    assert await database.unit(appending("after")) == len(seqs) + 1


async def test_callbacks_run_on_the_loop_after_the_commit_and_only_then(database: Database):
    calls: list[str] = []
    loop = asyncio.get_running_loop()

    async def good(unit: Unit) -> None:
        unit.after_commit(lambda: calls.append(f"good {asyncio.get_running_loop() is loop}"))

    async def bad(unit: Unit) -> None:
        unit.after_commit(lambda: calls.append("bad"))
        raise LookupError

    await asyncio.gather(database.unit(good), database.unit(bad), return_exceptions=True)
    assert calls == ["good True"]


async def test_a_full_queue_is_refused_and_recovers(database: Database, open_another):
    small = open_another(queue_limit=8)
    await small.open()
    answers = await asyncio.gather(
        *(small.unit(appending("x")) for _ in range(20)), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, Overloaded)]
    assert len(refused) == 12
    assert all(one.retry_after.total_seconds() > 0 for one in refused)
    assert len(await small.all(EVENTS)) == 8
    await small.unit(appending("again"))
    await small.close()


async def test_interactive_units_go_before_background_units(database: Database):
    order: list[str] = []

    def noting(name: str):
        async def work(unit: Unit) -> None:
            order.append(name)

        return work

    await asyncio.gather(
        *(database.unit(noting("slow"), lane="background") for _ in range(5)),
        *(database.unit(noting("quick")) for _ in range(5)),
    )
    assert order == ["quick"] * 5 + ["slow"] * 5


async def test_the_loop_runs_on_beside_64_writers(database: Database):
    turns = 0
    done = False

    async def turn() -> None:
        nonlocal turns
        while not done:
            await asyncio.sleep(0.001)
            turns += 1

    turning = asyncio.ensure_future(turn())

    async def writer() -> None:
        for n in range(10):
            await database.unit(appending(str(n)))

    await asyncio.gather(*(writer() for _ in range(64)))
    done = True
    await turning
    assert turns >= 10
    assert len(await database.all(EVENTS)) == 640


async def test_what_was_committed_is_there_after_reopening(database: Database):
    await database.unit(appending("x"))
    await database.close()
    with pytest.raises(RuntimeError, match="not open"):
        await database.unit(appending("y"))
    await database.open()
    assert await database.all(BODIES) == ["x"]
    assert await database.unit(appending("y")) == 2


async def test_another_process_sees_a_unit_once_it_returned(database: Database, url: str):
    await database.unit(appending("durable"))
    script = (
        "import asyncio, sys\n"
        "from server.storage.database import Database, Statement\n"
        "async def main():\n"
        "    db = Database.from_url(sys.argv[1])\n"
        "    await db.open()\n"
        "    print(await db.one(Statement('SELECT body FROM event', str)))\n"
        "    await db.close()\n"
        "asyncio.run(main())\n"
    )
    answer = subprocess.run(  # noqa: ASYNC221  # this test has nothing else to do
        [sys.executable, "-c", script, url], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "durable"


async def test_a_disk_that_refuses_fails_the_batch_and_leaves_a_usable_database(
    database: Database,
):
    if database.dialect == "postgres":
        statement = Statement("SELECT pg_terminate_backend(pg_backend_pid())", bool)
    else:
        statement = Statement("PRAGMA max_page_count = 1", int)

    async def breaks(unit: Unit) -> None:
        await append(unit, "lost")
        if unit.dialect == "postgres":
            await unit.one(statement)
            return
        pages = await unit.one(Statement("PRAGMA page_count", int)) or 0
        await unit.one(Statement(f"PRAGMA max_page_count = {pages + 1}", int))
        await append(unit, "x" * 1_000_000)

    async def mends(unit: Unit) -> None:
        if unit.dialect == "sqlite":
            await unit.one(Statement("PRAGMA max_page_count = 1000000", int))

    answers = await asyncio.gather(
        *(database.unit(work) for work in (appending("a"), breaks, appending("b"))),
        return_exceptions=True,
    )
    assert isinstance(answers[1], Exception)
    await database.unit(mends)
    told = [answer for answer in answers if isinstance(answer, int)]
    assert len(await database.all(EVENTS)) == len(told)
    await database.unit(appending("later"))
    assert (await database.all(BODIES))[-1] == "later"


async def test_a_neighbour_that_is_run_again_happens_once(database: Database):
    heard: list[str] = []

    async def calls_back(unit: Unit) -> None:
        await append(unit, "kept")
        unit.after_commit(lambda: heard.append("kept"))

    async def fails_late(unit: Unit) -> None:
        await append(unit, "lost")
        unit.after_commit(lambda: heard.append("lost"))
        raise LookupError

    works = [calls_back, fails_late, calls_back, fails_late, calls_back]
    answers = await asyncio.gather(*(database.unit(work) for work in works), return_exceptions=True)
    assert [type(answer) for answer in answers[1::2]] == [LookupError, LookupError]
    assert await database.all(BODIES) == ["kept"] * 3
    assert heard == ["kept"] * 3


async def test_a_look_asks_several_questions_and_leaves_nothing_open(database: Database):
    await database.unit(appending("first"))

    async def look(db: Reading) -> tuple[list[str], list[int]]:
        return await db.all(BODIES), await db.all(EVENTS)

    async def fails(db: Reading) -> None:
        await db.all(BODIES)
        raise LookupError("not there")

    assert await database.look(look) == (["first"], [1])
    with pytest.raises(LookupError, match="not there"):
        await database.look(fails)
    await database.unit(appending("second"))
    found = await asyncio.gather(*(database.look(look) for _ in range(20)))
    assert found == [(["first", "second"], [1, 2])] * 20
