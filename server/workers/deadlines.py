"""Sleeps until the earliest timer, and lets what has fallen due happen: one unit a ticket."""

from server import log
from server.desk import Desk
from server.storage.units import Overloaded
from server.usecases import deadlines


async def run(desk: Desk) -> None:
    """Until the desk stops."""
    while not desk.stopping:
        seen = desk.bell.rung
        with desk.activity.busy():
            until = await deadlines.next_due_at(desk)
            if until is not None and until <= desk.clock.now():
                await _let_happen(desk)
                until = await deadlines.next_due_at(desk)
        await desk.clock.wait(desk.bell, seen, until)


async def _let_happen(desk: Desk) -> None:
    for due in await deadlines.list_due(desk):
        if desk.stopping:
            return
        try:
            await deadlines.fall_due(desk, due.ticket)
        except Overloaded:
            raise
        except Exception as error:  # noqa: BLE001  # one ticket must not hold up the others
            log.incident(error, "deadlines", ticket=due.ticket)
            await deadlines.postpone(desk, due.ticket)
