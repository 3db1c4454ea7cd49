"""What must be true when a story is over, whatever happened in it."""

from itertools import groupby

import msgspec

from server.desk import Desk
from server.domain.courts import Court, judged_of
from server.domain.hindsight import judge
from server.domain.pasts import Past
from server.domain.sla import SlaState
from server.storage import pasts
from server.storage import timers as timer_rows
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
    """Hindsight finds verdicts, instants and used time as they are stored."""
    text = await pasts.read_pasts(desk.database, 1, await pasts.last_ticket(desk.database))
    found = pasts.decode_pasts(text)
    if not found:
        return
    instants = [int(one.effective_at.timestamp()) for one in found]
    law = (await desk.firm()).law
    court = Court(law, min(instants) - A_DAY, max(instants) + A_DAY)
    for ticket, history in groupby(found, lambda one: one.ticket):
        quick = judge(court, list[Past](history), until=0)
        kept = await timer_rows.find_state(desk.database, ticket)
        state = msgspec.json.decode(kept, type=SlaState) if kept is not None else SlaState()
        assert [one.told() for one in quick] == [judged_of(one).told() for one in state.clocks]
