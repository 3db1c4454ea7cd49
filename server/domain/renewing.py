"""What a supervisor orders for many tickets at once: new versions of policies (R13) and calendars
(R14) for open clocks, or time that does not count (R14). And what that does to the clocks.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from server.domain import clocks as rules
from server.domain.clocks import Clock
from server.domain.law import Law
from server.domain.law_events import Excused, LawApplied
from server.domain.standing import SlaState

Ids = Annotated[tuple[str, ...], msgspec.Meta(max_length=200)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Apply(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="order",
    tag="apply",
    forbid_unknown_fields=True,
):
    """These policies and calendars, as they are now, hold for the open clocks that are under them
    or come under them. None named: all of them.
    """

    policies: Ids = ()
    calendars: Ids = ()


class ExcuseTime(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="order",
    tag="excuse",
    forbid_unknown_fields=True,
):
    """The time from `from_at` to `to_at` does not count, for the clocks of these metrics, on these
    tickets or on those of these teams; none named: on all. `approver` is the colleague who answers
    for it, the one who orders it unless told.
    """

    from_at: Moment
    to_at: Moment
    cause: Literal["power", "storm", "system", "other"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    teams: Ids = ()
    tickets: Annotated[tuple[int, ...], msgspec.Meta(max_length=1000)] = ()
    metrics: Ids = ()
    approver: int | None = None

    def meets(self, number: int, team: str | None) -> bool:
        """Whether a ticket is among those that are excused."""
        if self.tickets:
            return number in self.tickets
        return not self.teams or team in self.teams


Order = Apply | ExcuseTime


def body_of(order: Order, job: int, as_of: int) -> LawApplied | Excused:
    """What happens to each ticket."""
    if isinstance(order, Apply):
        return LawApplied(job=job, as_of=as_of, policies=order.policies, calendars=order.calendars)
    return Excused(
        job=job,
        from_at=order.from_at,
        to_at=order.to_at,
        cause=order.cause,
        reason=order.reason,
        approver=order.approver or 0,
        metrics=order.metrics,
    )


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What an order does to one clock."""

    metric: str
    instance: int
    what: tuple[Literal["moved", "breached", "cured", "begun", "cancelled"], ...]
    old_due_at: datetime | None = None
    new_due_at: datetime | None = None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What an order did, or would do: tickets that it looked at, tickets that it changed, and
    clocks: how many fall due at another instant, are breached by it, are cured, begin, and are
    cancelled. `failed` tickets could not be worked on.
    """

    looked_at: int = 0
    tickets: int = 0
    moved: int = 0
    breached: int = 0
    cured: int = 0
    begun: int = 0
    cancelled: int = 0
    failed: int = 0

    def with_ticket(self, changed: bool, effects: tuple[Effect, ...]) -> "Tally":  # noqa: FBT001
        """The tally after one more ticket."""
        done = [what for effect in effects for what in effect.what]
        return Tally(
            looked_at=self.looked_at + 1,
            tickets=self.tickets + changed,
            moved=self.moved + done.count("moved"),
            breached=self.breached + done.count("breached"),
            cured=self.cured + done.count("cured"),
            begun=self.begun + done.count("begun"),
            cancelled=self.cancelled + done.count("cancelled"),
            failed=self.failed,
        )


def matters(before: SlaState, after: SlaState, law: Law, at: datetime) -> bool:
    """Whether an order changes anything of a ticket: its promises, how its clocks stand, or what
    will count of clocks that are still to come.
    """
    if before.pin != after.pin or len(before.clocks) != len(after.clocks):
        return True
    if any(one.to_at > at for one in after.excuses[len(before.excuses) :]):
        return True
    return any(
        _standing(was, law, at) != _standing(now, law, at)
        for was, now in zip(before.clocks, after.clocks, strict=True)
    )


def _standing(clock: Clock, law: Law, at: datetime) -> tuple[object, ...]:
    return (
        clock.state,
        clock.pin,
        clock.target,
        clock.due_at,
        clock.provisional,
        rules.used_at(clock, law, at),
        _is_breached(clock, law, at),
    )


def effects_of(before: SlaState, after: SlaState, law: Law, at: datetime) -> tuple[Effect, ...]:
    """What happened to each clock."""
    known = {(one.metric, one.instance): one for one in before.clocks}
    found: list[Effect] = []
    for clock in after.clocks:
        was = known.get((clock.metric, clock.instance))
        what = _what(was, clock, law, at)
        if what:
            found.append(
                Effect(
                    metric=clock.metric,
                    instance=clock.instance,
                    what=what,
                    old_due_at=was.due_at if was is not None else None,
                    new_due_at=clock.due_at,
                )
            )
    return tuple(found)


def _what(
    was: Clock | None, clock: Clock, law: Law, at: datetime
) -> tuple[Literal["moved", "breached", "cured", "begun", "cancelled"], ...]:
    if was is None or (was.state == "cancelled" and clock.is_open):
        return ("begun",)
    if clock.state == "cancelled" and was.is_open:
        return ("cancelled",)
    late, now_late = _is_breached(was, law, at), _is_breached(clock, law, at)
    moved = clock.is_open and (was.due_at, was.target) != (clock.due_at, clock.target)
    what: list[Literal["moved", "breached", "cured", "begun", "cancelled"]] = []
    if moved:
        what.append("moved")
    if now_late and not late:
        what.append("breached")
    if late and not now_late:
        what.append("cured")
    return tuple(what)


def _is_breached(clock: Clock, law: Law, at: datetime) -> bool:
    """Whether the clock is breached at an instant, told or not."""
    if clock.verdict == "breached":
        return True
    lapsed_at = rules.lapses_at(clock, law) if clock.state == "running" else None
    return lapsed_at is not None and lapsed_at <= at
