"""The lever passes through every instant that somebody waits for, in order."""

import asyncio
from datetime import timedelta

import pytest

from server.activity import Activity, Bell
from server.demo.lever import LeverClock

pytestmark = pytest.mark.anyio


async def test_sleepers_wake_in_the_order_of_their_instants():
    clock = LeverClock(Activity())
    start = clock.now()
    woken = []

    async def sleep(hours):
        at = start + timedelta(hours=hours)
        while clock.now() < at:
            await clock.sleep_until(at)
        woken.append((hours, clock.now() - start >= timedelta(hours=hours)))

    async with asyncio.TaskGroup() as tasks:
        for hours in (3, 1, 2):
            tasks.create_task(sleep(hours))
        await asyncio.sleep(0)
        await clock.pull(timedelta(hours=4))
    assert woken == [(1, True), (2, True), (3, True)]


async def test_one_pull_reaches_instants_that_are_only_set_on_the_way():
    clock = LeverClock(Activity())
    start = clock.now()
    seen = []

    async def every_hour():
        for hour in range(1, 4):
            at = start + timedelta(hours=hour)
            while clock.now() < at:
                await clock.sleep_until(at)
            seen.append(round((clock.now() - start) / timedelta(hours=1)))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(every_hour())
        await asyncio.sleep(0)
        await clock.pull(timedelta(hours=3, minutes=1))
    assert seen == [1, 2, 3]


async def test_a_bell_wakes_whoever_waits_for_a_far_instant():
    clock = LeverClock(Activity())
    bell = Bell()
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(clock.wait(bell, bell.rung, clock.now() + timedelta(days=1)))
        await asyncio.sleep(0)
        bell.ring()


async def test_an_instant_that_has_passed_is_not_waited_for():
    clock = LeverClock(Activity(), timedelta(hours=-3))
    async with asyncio.timeout(5):
        await clock.sleep_until(clock.now() - timedelta(seconds=1))
        await clock.wait(Bell(), 0, clock.now())


async def test_the_lever_moves_by_the_whole_span_and_the_clock_runs_on():
    clock = LeverClock(Activity())
    before = clock.now()
    await clock.pull(timedelta(hours=2))
    assert clock.now() - before >= timedelta(hours=2)
    assert clock.offset == timedelta(hours=2)
