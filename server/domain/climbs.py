"""How far a ticket has come on its ladder: a fold over its events, kept beside its clocks."""

from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from server.domain.events import Event, StatusCategory, StatusChanged
from server.domain.ladder_events import RungReached

BY_HAND: Final = "hand"
"""The occasion of a rung that a colleague escalated to."""
NO_MORE: Final = 1000
"""`Climb.repeat` of a rung that was passed: it does not come again."""
_STRETCHES: Final = frozenset({"idle", "unaccepted"})


class Climb(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rung that was reached: on which occasion, how often again, and when first."""

    occasion: str
    rung: str
    repeat: int = 0
    first_at: datetime


class Climbs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every rung that a ticket reached; one JSON text. `working_since` is when it came to be worked
    on last, None while it waits or is done.
    """

    reached: tuple[Climb, ...] = ()
    working_since: datetime | None = None

    def find(self, occasion: str, rung: str) -> Climb | None:
        """How often this rung was reached on this occasion, or None: not yet."""
        for one in self.reached:
            if one.rung == rung and one.occasion == occasion:
                return one
        return None


NONE: Final = Climbs()
"""Of a ticket that nothing happened to."""


def climb_on(climbs: Climbs, event: Event) -> Climbs:
    """The climbs after one more event."""
    body = event.body
    if isinstance(body, StatusChanged):
        works = body.new_category is StatusCategory.OPEN
        since = event.recorded_at.replace(microsecond=0) if works else None
        return climbs if since == climbs.working_since else replace(climbs, working_since=since)
    if not isinstance(body, RungReached):
        return climbs
    reached = climbs.reached
    for rung in body.passed:
        if climbs.find(body.occasion, rung) is None:
            passed = Climb(
                occasion=body.occasion, rung=rung, repeat=NO_MORE, first_at=body.reached_at
            )
            reached = _with(reached, passed)
    climb = Climb(
        occasion=body.occasion, rung=body.rung, repeat=body.repeat, first_at=body.reached_at
    )
    return replace(climbs, reached=_with(reached, climb))


def _with(so_far: tuple[Climb, ...], climb: Climb) -> tuple[Climb, ...]:
    """With this rung reached. Of stretches of idleness and waiting only the last one matters."""
    kind = climb.occasion.partition(":")[0]
    kept: list[Climb] = []
    for one in so_far:
        if (one.occasion, one.rung) == (climb.occasion, climb.rung):
            climb = replace(climb, first_at=one.first_at)
        elif (
            one.occasion == climb.occasion
            or kind not in _STRETCHES
            or one.occasion.partition(":")[0] != kind
        ):
            kept.append(one)
    return (*kept, climb)
