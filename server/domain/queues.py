"""A queue (队列) and the law of its hand-out: how tickets find their colleague (automatic, grab,
manual), how many one may have, when one rests, and when another team helps out.

Spans are minutes of the wall clock: a colleague who is on duty is there now, whatever the calendar
says. Zero, or an empty table, means: no such bound.
"""

from typing import Annotated, Literal

import msgspec

from server.domain.events import Priority

Mode = Literal["automatic", "grab", "manual"]
"""方式. automatic: the desk names a colleague. grab (抢单): the team is told and the first one who
claims has it. manual: a dispatcher assigns.
"""

Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=60 * 24 * 31)]
Points = Annotated[int, msgspec.Meta(ge=0, le=1000)]


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each part of a score is worth at most, in points; 0 leaves the part out.

    skill: the level is enough and not far above what is asked for. load: few tickets in work, by
    their priority. pace: recent tickets were solved in little time. fair: few tickets given in the
    last hours. near: the region, or the distance between the customer and the colleague's store.
    known: the customer's last colleague.
    """

    skill: Points = 20
    load: Points = 40
    pace: Points = 10
    fair: Points = 10
    near: Points = 10
    known: Points = 10


class Caps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """上限: nobody is given more than this. `open` and `by_category` count tickets in work,
    `hourly` those given within the last hour, `people` is a colleague's own bound of `open`.
    """

    open: Count = 20
    hourly: Count = 0
    by_category: dict[str, Count] = {}
    people: dict[int, Count] = {}

    def most_open(self, staff: int) -> int:
        """How many tickets in work this colleague may have."""
        return self.people.get(staff, self.open)


class Fatigue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """疲劳保护: after `after` urgent tickets in a row a colleague is given none for `rest`
    minutes.
    """

    after: Count = 0
    rest: Minutes = 30


class Shed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """溢出: when the colleagues on duty have `above` tickets in work on the average, tickets that
    are not core go to the first of `teams` that is below. Core are the categories and priorities
    named here.
    """

    above: Count = 0
    teams: tuple[str, ...] = ()
    core: tuple[str, ...] = ()
    core_priorities: tuple[Priority, ...] = (Priority.URGENT,)

    def is_core(self, category: str | None, priority: Priority) -> bool:
        """Whether a ticket stays with the team whatever happens."""
        return category in self.core or priority in self.core_priorities


class Queue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """队列: routing and visibility; channels point to one.

    `team` gets what no rule sends elsewhere; `by_store`: rather the team of the store that is
    nearest to the customer, where there is one. `mode` may be switched at any time; a rule that
    names a mode has the last word. `accept_within`: a ticket that was given to somebody who does
    not accept it goes to the next candidate, `tries` times, then to a supervisor. `touch_within`:
    a ticket that was claimed and not worked on is taken back. `hoard` (囤单上限): who holds so many
    open tickets, waiting ones included, can claim no more.
    """

    id: str
    name: str
    team: str | None = None
    by_store: bool = False
    mode: Mode = "automatic"
    caps: Caps = Caps()
    fatigue: Fatigue = Fatigue()
    shed: Shed = Shed()
    weights: Weights = Weights()
    accept_within: Minutes = 0
    tries: Annotated[int, msgspec.Meta(ge=1, le=20)] = 2
    touch_within: Minutes = 0
    hoard: Count = 0


PLAIN = Queue(id="", name="")
"""What holds for a ticket whose queue nobody has described."""
