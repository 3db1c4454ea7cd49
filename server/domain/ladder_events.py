"""What happens on a ladder of escalation (升级, R17). Part of the closed union in events.py."""

from datetime import datetime

import msgspec

from server.domain.event_body import Body


class Told(msgspec.Struct, frozen=True):
    """A colleague who was told, and as what: an audience of `ladders.Audience`, or "person"."""

    staff: int
    role: str


class RungReached(Body, frozen=True, tag="rung_reached"):
    """A rung of the ladder was reached: who was told, as what, and what was done. The rung of one
    `occasion` (a clock's run, a stretch of idleness, a nudge) with one `repeat` is reached once:
    this event is what says so. `reached_at` is when, `late_by` how many seconds later it was
    noticed. `group` is the team whose group was told. `passed` names earlier rungs that came too
    late to be climbed. Messages wait until `quiet_until`, where quiet hours hold. `by_hand`: a
    colleague escalated to this rung.
    """

    ladder: str
    version: int
    rung: str
    on: str
    occasion: str
    reached_at: datetime
    repeat: int = 0
    late_by: int = 0
    percent: int | None = None
    minutes: int | None = None
    due_at: datetime | None = None
    told: tuple[Told, ...] = ()
    group: str | None = None
    did: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    quiet_until: datetime | None = None
    by_hand: bool = False


class NudgedAgain(Body, frozen=True, tag="nudged_again"):
    """催单 again so soon that it belongs to the `count`-th nudge: the `times`-th press of it.
    Colleagues know already; nobody is told twice, no rung is climbed.
    """

    count: int
    times: int
