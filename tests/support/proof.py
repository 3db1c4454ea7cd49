"""What must be true when a story is over, whatever happened in it."""

from server.desk import Desk
from server.usecases import verification


async def prove(desk: Desk) -> None:
    """What `paidan sla rebuild --check` says of a desk: clocks, timers and due fields are what the
    event log says (3.1.6).
    """
    found = [one async for one in verification.differences(desk) if one is not None]
    assert found == [], found
    assert await verification.count_stray_timers(desk) == 0
