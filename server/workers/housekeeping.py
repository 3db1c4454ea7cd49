"""Keeps house every night at three o'clock of the firm's time, and soon after a start: a desk on a
machine that sleeps at night is looked after too.
"""

import logging
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from server import log
from server.desk import Desk
from server.usecases import housekeeping

AT: Final = time(3, 0)
AFTER_START: Final = timedelta(hours=1)

_log = logging.getLogger(__name__)


async def run(desk: Desk) -> None:
    """Until the desk stops."""
    due_at = min(desk.clock.now() + AFTER_START, await _next_night(desk))
    while not desk.stopping:
        seen = desk.bell.office.rung
        if desk.clock.now() >= due_at:
            with desk.activity.busy():
                await _keep_house(desk)
                due_at = await _next_night(desk)
        await desk.clock.wait(desk.bell.office, seen, due_at)


async def _next_night(desk: Desk) -> datetime:
    zone = ZoneInfo((await desk.firm()).profile.zone)
    return night_after(desk.clock.now(), zone)


def night_after(now: datetime, zone: ZoneInfo) -> datetime:
    """The next three o'clock in this zone that lies after `now`."""
    local = now.astimezone(zone)
    night = datetime.combine(local.date(), AT, tzinfo=zone)
    if night <= local:
        night = datetime.combine(local.date() + timedelta(days=1), AT, tzinfo=zone)
    return night.astimezone(now.tzinfo)


async def _keep_house(desk: Desk) -> None:
    forgotten = await housekeeping.prune(desk)
    sealed = await housekeeping.seal(desk)
    if sealed is not None:
        _log.info("sealed", extra=log.facts(through=sealed.through_seq, seal=sealed.seal))
    await housekeeping.tidy(desk)
    _log.info("kept house", extra=log.facts(forgotten=forgotten))
