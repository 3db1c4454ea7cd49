"""Ladders of escalation (升级阶梯, R17): who hears when a promise is in danger, and what is done.

A policy names its ladder. A rung is reached at a share of a clock's target, so many minutes before
or after its due instant, at the n-th nudge, when nobody accepts, or when the holder does nothing.
The law alone says what is late (`Warned`, `Breached`); the ladder says who is told. climbing.py
reads a ticket's clocks by its ladder.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

from server.domain.errors import Invalid
from server.domain.events import Priority
from server.domain.law import Policy
from server.domain.metrics import Code

Audience = Literal["assignee", "leader", "leaders_leader", "supervisors", "on_duty", "group"]
"""Whom a rung tells, by role: who holds the ticket (its team's group, while nobody does), who leads
the team, who leads the team above it (`Team.parent`), the firm's supervisors, whoever is on call
for the team, the team's group chat.
"""

Stop = Literal["accepted", "touched", "escalated"]
"""What makes a rung unnecessary: somebody has accepted the ticket; the holder has done something
since the rung was first reached (or, of a rung on a clock, since that clock began); somebody has
escalated by hand.
"""

ANY: Final = "any"
"""`Rung.on` for the clocks of every metric."""
APART: Final = frozenset({"nudge", "unaccepted", "idle"})
"""`Rung.on` that are no metrics."""

Minutes = Annotated[int, msgspec.Meta(ge=1, le=60 * 24 * 366)]
_Time = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class OfTarget(msgspec.Struct, frozen=True, tag="percent", tag_field="by"):
    """When this share of the target is used; 150 is half as much again."""

    percent: Annotated[int, msgspec.Meta(ge=1, le=1000)]


class FromDue(msgspec.Struct, frozen=True, tag="due", tag_field="by"):
    """So many minutes after the due instant; before it, if negative."""

    minutes: Annotated[int, msgspec.Meta(ge=-60 * 24 * 366, le=60 * 24 * 366)]


class Nth(msgspec.Struct, frozen=True, tag="count", tag_field="by"):
    """At the n-th nudge."""

    count: Annotated[int, msgspec.Meta(ge=1, le=100)]


class After(msgspec.Struct, frozen=True, tag="minutes", tag_field="by"):
    """After so many minutes in which nobody accepted, or the holder did nothing."""

    minutes: Minutes


At = OfTarget | FromDue | Nth | After


class RaisePriority(msgspec.Struct, frozen=True, tag="raise_priority", tag_field="do"):
    """Raise the priority by one step, or to `to` if it is lower."""

    to: Priority | None = None


class Reassign(msgspec.Struct, frozen=True, tag="reassign", tag_field="do"):
    """Let routing choose somebody else by its rules."""


class MoveQueue(msgspec.Struct, frozen=True, tag="move_queue", tag_field="do"):
    """Move the ticket to another queue, and to that queue's team."""

    queue: Annotated[str, msgspec.Meta(min_length=1)]


class CallWebhook(msgspec.Struct, frozen=True, tag="webhook", tag_field="do"):
    """Tell another system (事件推送)."""

    webhook: Annotated[str, msgspec.Meta(min_length=1)]


Action = RaisePriority | Reassign | MoveQueue | CallWebhook
"""What a rung does besides telling people (`Rung.tell`, `Rung.people`)."""


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """The rung is reached again every so many minutes, `times` times more."""

    every: Minutes
    times: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One rung. `on` is a metric's id, "any" for all of them, "nudge", "unaccepted" or "idle".
    `clock` says whether minutes and shares are working time or time of the wall. Refuses `Invalid`
    for an `at` that does not go with `on`, and for a rung that does nothing.
    """

    id: Code
    name: str = ""
    on: Code = ANY
    at: At
    clock: Literal["business", "wall"] = "business"
    tell: tuple[Audience, ...] = ()
    people: tuple[int, ...] = ()
    act: tuple[Action, ...] = ()
    repeat: Repeat | None = None
    stop: tuple[Stop, ...] = ()
    heeds_quiet: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.at, _FITTING.get(self.on, (OfTarget, FromDue))):
            raise Invalid(at="choice")
        if not (self.tell or self.people or self.act):
            raise Invalid(tell="missing")
        if self.on == "nudge" and self.repeat is not None:
            raise Invalid(repeat="choice")


_FITTING: Final[dict[str, tuple[type, ...]]] = {
    "nudge": (Nth,),
    "unaccepted": (After,),
    "idle": (After,),
}


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """免打扰时段: from `starts` to `ends`, in the firm's zone, over midnight if need be, nobody is
    told; messages wait for the end. Tickets of the `spares` priorities are told at once.
    """

    starts: _Time = "22:00"
    ends: _Time = "08:00"
    spares: tuple[Priority, ...] = (Priority.URGENT,)


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """升级阶梯. What was passed before `since_at`, when this version was saved, is not climbed any
    more: an edit tells nobody of the past. Refuses `Invalid(rungs)` for two rungs with one id.
    """

    id: str = "default"
    version: int = 0
    name: str = ""
    rungs: tuple[Rung, ...] = ()
    quiet: Quiet | None = None
    since_at: datetime | None = None

    def __post_init__(self) -> None:
        if len({rung.id for rung in self.rungs}) < len(self.rungs):
            raise Invalid(rungs="twice")

    @property
    def minds_holder(self) -> bool:
        """Whether it matters what the holder does, and since when there is one."""
        return any(rung.stop or rung.on in ("idle", "unaccepted") for rung in self.rungs)


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """事件推送: another system that rungs may tell, and where it listens. What is sent is signed
    with a secret that is kept apart.
    """

    id: str = ""
    name: str = ""
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s/]+", max_length=2000)]
    enabled: bool = True


DEFAULT: Final = Ladder(
    rungs=(
        Rung(id="half", at=OfTarget(50), tell=("assignee",)),
        Rung(id="most", at=OfTarget(80), tell=("assignee",)),
        Rung(id="due", at=OfTarget(100), tell=("assignee", "leader")),
        Rung(id="over", at=OfTarget(150), tell=("supervisors",)),
        Rung(id="second_nudge", on="nudge", at=Nth(2), tell=("leader",)),
    ),
)
"""What holds where nobody has saved a ladder: 50 % and 80 % the holder, 100 % the holder and the
leader, half as much again the supervisors; the second nudge the leader, since the holder hears of
every nudge. How each is told, and how often, is in habits.py: 50 % stands in the console alone.
"""


Unreachable = Literal[
    "unknown_metric",
    "nothing_promised",
    "before_the_start",
    "stopped_always",
    "same_as_earlier",
]


class DeadRung(msgspec.Struct, frozen=True, kw_only=True):
    """A rung that nobody will ever be on, and why."""

    rung: Rung
    why: Unreachable


def unreachable(
    ladder: Ladder, policies: Iterable[Policy], metrics: Collection[str]
) -> tuple[DeadRung, ...]:
    """The rungs of a ladder that no ticket can reach. `policies` are those in force; the ones that
    name this ladder count. `metrics` are the ids of all that are known.
    """
    using = [one for one in policies if one.active and one.ladder == ladder.id]
    found: list[DeadRung] = []
    for place, rung in enumerate(ladder.rungs):
        why = next(_obstacles(rung, ladder.rungs[:place], using, metrics), None)
        if why is not None:
            found.append(DeadRung(rung=rung, why=why))
    return tuple(found)


def _obstacles(
    rung: Rung, earlier: tuple[Rung, ...], policies: list[Policy], metrics: Collection[str]
) -> Iterator[Unreachable]:
    if rung.on == "idle" and "accepted" in rung.stop:
        yield "stopped_always"
    if any(_same(rung, one) for one in earlier):
        yield "same_as_earlier"
    if rung.on in APART:
        return
    if rung.on != ANY and rung.on not in metrics:
        yield "unknown_metric"
    targets = [
        target
        for policy in policies
        for metric, by_priority in policy.targets.items()
        if rung.on in (ANY, metric)
        for target in by_priority.values()
    ]
    if not targets:
        yield "nothing_promised"
    elif (
        isinstance(rung.at, FromDue)
        and rung.clock == "business"
        and max(targets) + rung.at.minutes * 60 <= 0
    ):
        yield "before_the_start"


def _same(rung: Rung, other: Rung) -> bool:
    """Whether the other one is reached at the same instants and does as much."""
    return (
        (rung.at, rung.clock) == (other.at, other.clock)
        and other.on in (ANY, rung.on)
        and not set(other.stop) - set(rung.stop)
        and set(rung.tell) <= set(other.tell)
        and set(rung.people) <= set(other.people)
        and all(action in other.act for action in rung.act)
        and rung.repeat in (None, other.repeat)
        and (rung.heeds_quiet or not other.heeds_quiet)
        and (other.on != ANY or rung.on not in APART)
    )
