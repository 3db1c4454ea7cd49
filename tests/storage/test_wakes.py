"""Threads and the loop wake each other; no ring is lost, none blocks, nothing stays open."""

import asyncio
import threading
from pathlib import Path

import pytest

from server.storage.database import Database, Statement, Unit
from server.storage.wakes import LoopWake, ThreadWake

pytestmark = pytest.mark.anyio

ECHO = Statement("SELECT :number", int)
SLOW = Statement(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)"
    " SELECT COUNT(*) FROM n",
    int,
)


class Calls:
    """Who called, and when it was first."""

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.first = asyncio.Event()

    def call(self) -> None:
        self.threads.append(threading.get_ident())
        self.first.set()


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_a_ring_before_the_wait_is_kept_and_each_thread_hears_one():
    wake, heard = ThreadWake(), []
    wake.ring(3)

    def wait(name: int) -> None:
        wake.wait_one()
        heard.append(name)

    threads = [threading.Thread(target=wait, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.get_running_loop().run_in_executor(None, thread.join)
    assert sorted(heard) == [0, 1, 2]
    wake.close()


async def test_the_loop_is_called_on_its_own_thread_and_rings_of_one_moment_are_one():
    calls = Calls()
    wake = LoopWake(asyncio.get_running_loop(), calls.call)
    for _ in range(5):
        wake.ring()
    await calls.first.wait()
    assert calls.threads == [threading.get_ident()]
    wake.close()


async def test_rings_that_nobody_hears_never_block():
    calls = Calls()
    to_loop = LoopWake(asyncio.get_running_loop(), calls.call)
    to_thread = ThreadWake()
    for _ in range(70_000):
        to_loop.ring()
        to_thread.ring()
    await calls.first.wait()
    to_thread.wait_all()
    to_thread.close()
    to_loop.close()


async def test_every_question_gets_its_own_answer_however_many_ask(tmp_path: Path):
    database = Database.from_url(f"sqlite:///{tmp_path}/desk.db")
    await database.open()

    async def ask(first: int) -> None:
        for number in range(first, first + 30):
            assert await database.one(ECHO, number=number) == number

    for at_once in (1, 2, 64, 1, 600):
        await asyncio.gather(*(ask(n) for n in range(at_once)))
    await database.close()


async def test_short_questions_do_not_wait_behind_a_long_one(tmp_path: Path):
    database = Database.from_url(f"sqlite:///{tmp_path}/desk.db")
    await database.open()
    order: list[str] = []

    async def ask(name: str, statement: Statement[int], **values: int) -> None:
        await database.one(statement, **values)
        order.append(name)

    long = asyncio.ensure_future(ask("long", SLOW, most=2_000_000))
    await asyncio.sleep(0)
    await asyncio.gather(*(ask("short", ECHO, number=n) for n in range(20)))
    await long
    assert order == ["short"] * 20 + ["long"]
    await database.close()


async def test_what_is_asked_before_the_end_is_answered_and_nothing_stays_open(tmp_path: Path):
    async def note(unit: Unit) -> int | None:
        return await unit.one(ECHO, number=7)

    url = f"sqlite:///{tmp_path}/desk.db"
    before = open_files()
    for _ in range(30):
        database = Database.from_url(url)
        await database.open()
        work = [asyncio.ensure_future(database.unit(note)) for _ in range(20)]
        questions = [asyncio.ensure_future(database.one(ECHO, number=n)) for n in range(20)]
        await asyncio.sleep(0)
        await database.close()
        assert await asyncio.gather(*work) == [7] * 20
        assert await asyncio.gather(*questions) == list(range(20))
    assert open_files() == before
