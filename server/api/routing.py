"""Answers how grabbing goes, and what routing knows of colleagues."""

from datetime import timedelta
from typing import Final

from server.api import schemas_routing as s
from server.api.calls import Call, Handler
from server.domain.standings import HOUR, NOTHING, REMEMBERED
from server.usecases import grabbing, standings


async def list_grabs(call: Call) -> tuple[s.GrabbingShown, ...]:
    """Each queue, then each colleague in it."""
    firm = await call.desk.firm()
    found = await grabbing.list_grabbing(call.desk, call.by, call.query(s.GrabsAsked).days)
    return tuple(
        s.GrabbingShown(
            queue=one.queue,
            queue_name=firm.queue_of(one.queue).name or one.queue,
            staff=one.staff,
            name=firm.name_of(one.staff),
            tries=one.tries,
            grabs=one.grabs,
            median_seconds=one.median,
        )
        for one in found
    )


async def list_standings(call: Call) -> tuple[s.StandingShown, ...]:
    """Everybody who is active, by number."""
    firm = await call.desk.firm()
    known = await standings.read_all(call.desk)
    now = call.desk.clock.now()
    hour_ago = int((now - timedelta(seconds=HOUR)).timestamp())
    lately = int((now - REMEMBERED).timestamp())
    return tuple(
        s.StandingShown(
            staff=number,
            name=person.name,
            on_duty=person.on_duty,
            load=(standing := known.get(number, NOTHING)).load,
            weight=standing.weight,
            held=standing.held,
            given_this_hour=standing.given_since(hour_ago),
            given_lately=standing.given_since(lately),
            pace_seconds=standing.pace,
        )
        for number, person in sorted(firm.staff.items())
        if person.active
    )


HANDLERS: Final[dict[str, Handler]] = {"listGrabs": list_grabs, "listStandings": list_standings}
