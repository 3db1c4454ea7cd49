"""What must be true when a story is over, whatever happened in it."""

from server.desk import Desk
from server.domain.courts import Court, judged_as_kept, judged_of
from server.domain.hindsight import judge, stood
from server.storage import pasts
from server.usecases import standings, verification

A_DAY = 86_400


async def prove(desk: Desk) -> None:
    """What `paidan sla rebuild --check` says of a desk: clocks, timers and due fields are what the
    event log says (3.1.6); and a replay of its past gives the same clocks (3.4.1).
    """
    found = [one async for one in verification.differences(desk) if one is not None]
    assert found == [], found
    assert await verification.count_stray_timers(desk) == 0
    assert await standings.find_astray(desk) == standings.Astray()
    await prove_hindsight(desk)


async def prove_hindsight(desk: Desk) -> None:
    """Hindsight finds verdicts, instants and used time as they are stored, and what has passed
    since nobody was told.
    """
    pages = await pasts.read_pasts(desk.database, 1, await pasts.last_ticket(desk.database))
    if not pages:
        return
    found = [pasts.decode_past(page) for page in pages]
    law, now = (await desk.firm()).law, int(desk.clock.now().timestamp())
    low, high = min(min(one.ats) for one in found), max(now, *(max(one.ats) for one in found))
    court = Court(law, low - A_DAY, high + A_DAY)
    for page, past in zip(pages, found, strict=True):
        kept, state = pasts.decode_kept(page), pasts.decode_state(page)
        told = [judged_of(one).told() for one in state.clocks]
        assert [one.told() for one in judge(court, past, until=0)] == told
        assert [judged_as_kept(one).told() for one in kept.clocks] == told
        lapsed = [one.told() for one in stood(state, law, now)]
        assert [one.told() for one in judge(court, past, until=now)] == lapsed
        assert lapsed == told or not kept.lasts(desk.clock.now())
