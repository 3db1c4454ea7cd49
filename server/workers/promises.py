"""Works on orders to many clocks, from where it was interrupted. A few tickets at once share a
commit; each has its own unit, and none comes before the one that it follows.
"""

import asyncio
from itertools import pairwise
from typing import Final

from server import log
from server.desk import Desk
from server.storage.units import Overloaded
from server.usecases import promises

TOGETHER: Final = 16


async def run(desk: Desk) -> None:
    """Until the desk stops."""
    while not desk.stopping:
        seen = desk.bell.office.rung
        with desk.activity.busy():
            while not desk.stopping and (job := await promises.find_running(desk)) is not None:
                await _work_on(desk, job)
        await desk.clock.wait(desk.bell.office, seen, None)


async def _work_on(desk: Desk, ordered: promises.Ordered) -> None:
    """Until all is done, the desk stops, or a ticket could not be worked on: then again from
    where the job stands.
    """
    job, number, done = ordered.job.id, ordered.job.reached, ordered.job.reached
    while page := await promises.list_next(desk, ordered, number):
        number = page[-1][0]
        numbers = [one for one, concerned in page if concerned]
        for start in range(0, len(numbers), TOGETHER):
            some = numbers[start : start + TOGETHER]
            if desk.stopping or not await _together(desk, job, [done, *some]):
                return
            done = some[-1]
    await promises.end(desk, job)


async def _together(desk: Desk, job: int, numbers: list[int]) -> bool:
    """Work on all but the first, which is done; False when one failed and was passed over."""
    found = await asyncio.gather(
        *(promises.work_on(desk, job, number, after) for after, number in pairwise(numbers)),
        return_exceptions=True,
    )
    for number, failure in zip(numbers[1:], found, strict=True):
        if failure is None:
            continue
        if isinstance(failure, Overloaded) or not isinstance(failure, Exception):
            raise failure
        if not isinstance(failure, promises.OutOfTurn):
            log.incident(failure, "promises", ticket=number)
            await promises.pass_over(desk, job, number)
        return False
    return True
