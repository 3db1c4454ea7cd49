"""Sleeps until the earliest timer, and lets what has fallen due happen: a few tickets a unit, in
the order in which they fell due.
"""

from typing import Final

from server import log
from server.desk import Desk
from server.storage.units import Overloaded
from server.usecases import deadlines

TOGETHER: Final = 8
"""So many tickets share a unit: what is told to one colleague is gathered, and a commit is shared;
few enough that somebody who writes meanwhile hardly waits.
"""
AT_ONCE: Final = 256


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
    for order in await deadlines.list_orders(desk):
        await deadlines.carry_on(desk, order)
    due = [one.ticket for one in await deadlines.list_due(desk, AT_ONCE)]
    for start in range(0, len(due), TOGETHER):
        if desk.stopping:
            return
        await _fall_due(desk, due[start : start + TOGETHER], more=len(due) > TOGETHER)


async def _fall_due(desk: Desk, numbers: list[int], *, more: bool) -> None:
    try:
        await deadlines.fall_due(desk, *numbers, more=more)
    except Overloaded:
        raise
    except Exception as error:  # noqa: BLE001  # one ticket must not hold up the others
        if len(numbers) > 1:
            for number in numbers:
                await _fall_due(desk, [number], more=more)
            return
        log.incident(error, "deadlines", ticket=numbers[0])
        await deadlines.postpone(desk, numbers[0])
