"""Works on orders to many clocks: one ticket after the other, from where it was interrupted."""

from server import log
from server.desk import Desk
from server.storage.units import Overloaded
from server.usecases import promises


async def run(desk: Desk) -> None:
    """Until the desk stops."""
    while not desk.stopping:
        seen = desk.bell.rung
        with desk.activity.busy():
            while not desk.stopping and (job := await promises.find_running(desk)) is not None:
                await _work_on(desk, job)
        await desk.clock.wait(desk.bell, seen, None)


async def _work_on(desk: Desk, ordered: promises.Ordered) -> None:
    job, number = ordered.job.id, ordered.job.reached
    while page := await promises.list_next(desk, ordered, number):
        for number, concerned in page:
            if desk.stopping:
                return
            if not concerned:
                continue
            try:
                await promises.work_on(desk, job, number)
            except Overloaded:
                raise
            except Exception as error:  # noqa: BLE001  # one ticket must not hold up the others
                log.incident(error, "promises", ticket=number)
                await promises.skip(desk, job, number)
    await promises.end(desk, job)
