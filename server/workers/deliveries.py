"""Sends what waits in the outbox: one lane a channel, so that a slow platform holds up no other.

Within a lane notices go one after the other, oldest first. A try is durable before it begins
(`take`) and what became of it is durable before the next one. A try that nobody settled in time,
because its server died or the database was away, is taken up by whoever notices.
"""

import asyncio
import logging
from datetime import timedelta
from functools import partial
from typing import Final

from server import log
from server.desk import Desk, Later, Outcome, Parcel, Unknown
from server.usecases import deliveries
from server.workers.runner import keep

LOOKING_AGAIN: Final = timedelta(seconds=30)
"""How often tries are looked for whose time is up."""

_log = logging.getLogger(__name__)


async def run(desk: Desk) -> None:
    """Open a lane for every channel that has something to send, until the desk stops."""
    lanes: set[str] = set()
    look_at = desk.clock.now()
    async with asyncio.TaskGroup() as tasks:
        while not desk.stopping:
            seen = desk.bell.office.rung
            with desk.activity.busy():
                if desk.clock.now() >= look_at:
                    await _take_up(desk)
                    look_at = desk.clock.now() + LOOKING_AGAIN
                waiting = await deliveries.list_waiting_channels(desk)
                for channel in sorted(set(waiting) - lanes):
                    lanes.add(channel)
                    name = f"deliveries:{channel}"
                    tasks.create_task(keep(desk, name, partial(_lane, desk, channel)))
            await desk.clock.wait(desk.bell.office, seen, None)


async def _take_up(desk: Desk) -> None:
    if await deliveries.has_stranded(desk):
        stranded = await deliveries.recover(desk)
        _log.info("found interrupted notices", extra=log.facts(notices=stranded))


async def _lane(desk: Desk, channel: str) -> None:
    while not desk.stopping:
        seen = desk.bell.office.rung
        with desk.activity.busy():
            until = await deliveries.next_at(desk, channel)
            while until is not None and until <= desk.clock.now() and not desk.stopping:
                for delivery in await deliveries.list_ready(desk, channel):
                    await _send(desk, delivery.id)
                    if desk.stopping:
                        return
                until = await deliveries.next_at(desk, channel)
        await desk.clock.wait(desk.bell.office, seen, until)


async def _send(desk: Desk, delivery: int) -> None:
    parcel = await deliveries.take(desk, delivery)
    if parcel is not None:
        outcome = await _try(desk, parcel)
        await deliveries.settle(desk, parcel.delivery, outcome)


async def _try(desk: Desk, parcel: Parcel) -> Outcome:
    sender = desk.sender_of(parcel.delivery.channel)
    if sender is None:
        return Later(why="not_connected")
    try:
        return await sender.send(parcel)
    except Exception as error:  # noqa: BLE001  # it may have gone out before the bug struck
        number = log.incident(error, "deliveries", delivery=parcel.delivery.id)
        return Unknown(why=f"incident {number}")
