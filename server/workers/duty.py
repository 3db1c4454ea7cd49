"""Follows the roster: sleeps until the next turn, the end of a break or a hand-over's time, and
looks anew when the firm was changed. Nothing is asked of browsers; nobody's heart is listened to.
"""

from server import log
from server.desk import Desk
from server.storage.rosters import Due
from server.storage.units import Overloaded
from server.usecases import duty, handovers


async def run(desk: Desk) -> None:
    """Until the desk stops."""
    followed: tuple[object, ...] = ()
    while not desk.stopping:
        seen = desk.bell.office.rung
        with desk.activity.busy():
            # Turns that are due come first: they were due under what was planned before.
            while await _let_happen(desk):
                pass
            plan = await duty.read_plan(desk)
            if plan != followed and await duty.is_anything_planned(desk):
                await duty.follow(desk)
            followed = plan
            until = await duty.next_due_at(desk)
        await desk.clock.wait(desk.bell.office, seen, until)


async def _let_happen(desk: Desk) -> bool:
    """Do what is due first, and what is due at the same instant: doing it may bring something that
    is due before the rest. Whether anything was.
    """
    found = [] if desk.stopping else await duty.list_due(desk)
    for due in found:
        if desk.stopping:
            return False
        if due.due_at != found[0].due_at:
            break
        try:
            await _act_on(desk, due)
        except Overloaded:
            raise
        except Exception as error:  # noqa: BLE001  # one colleague must not hold up the others
            log.incident(error, "duty", kind=due.kind, id=due.id)
            await duty.postpone(desk, due)
    return bool(found)


async def _act_on(desk: Desk, due: Due) -> None:
    match due.kind:
        case "turn":
            await duty.turn(desk, due.id)
        case "break":
            await duty.end_break(desk, due.id)
        case _:
            await handovers.fall_due(desk, due.id)
