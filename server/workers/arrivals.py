"""Works on what came in by chat, in the order of arrival; the platform's own reader does it.

An arrival that cannot be worked on is tried again later and at last set aside with its reason.
"""

from server import log
from server.desk import Desk
from server.storage.inbound import Inbound
from server.storage.units import Overloaded
from server.usecases import chat


async def run(desk: Desk) -> None:
    """Until the desk stops."""
    while not desk.stopping:
        seen = desk.bell.office.rung
        with desk.activity.busy():
            until = await chat.next_at(desk)
            if until is not None and until <= desk.clock.now():
                await _work(desk)
                until = await chat.next_at(desk)
        await desk.clock.wait(desk.bell.office, seen, until)


async def _work(desk: Desk) -> None:
    """Work on what is ready, each arrival once: a reader that leaves one unsettled has failed."""
    worked: set[int] = set()
    while not desk.stopping:
        ready = await chat.list_ready(desk)
        if not ready:
            return
        for arrival in ready:
            if desk.stopping:
                return
            if arrival.id in worked:
                await chat.failed(desk, arrival, "left_unsettled")
            else:
                worked.add(arrival.id)
                await _read(desk, arrival)


async def _read(desk: Desk, arrival: Inbound) -> None:
    reader = desk.reader_of(arrival.channel)
    if reader is None:
        await chat.failed(desk, arrival, "not_connected")
        return
    try:
        await reader(desk, arrival)
    except Overloaded:
        raise
    except Exception as error:  # noqa: BLE001  # one arrival must not hold up the others
        number = log.incident(error, "arrivals", channel=arrival.channel, arrival=arrival.id)
        await chat.failed(desk, arrival, f"incident {number}")
