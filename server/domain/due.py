"""What clocks cause: when something falls due, what is to be told then, how much is left."""

from datetime import datetime
from typing import Literal

import msgspec

from server.domain import clocks as rules
from server.domain.clocks import Clock, Countdown, elapsed
from server.domain.events import AnyBody, Breached, Warned
from server.domain.law import Law
from server.domain.standing import SlaState
from server.domain.worktime import seconds_of, table_of


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """A warning or breach that has to be told when its instant comes."""

    kind: Literal["sla_warn", "sla_breach"]
    metric: str
    instance: int
    due_at: datetime


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """下次到期: the earliest due instant of the running clocks."""

    due_at: datetime
    metric: str
    instance: int
    provisional: bool


def timers(state: SlaState, law: Law) -> tuple[Timer, ...]:
    """What is still to be told of running clocks, and of paused ones that were breached before
    the pause. A breach that was told needs no warning.
    """
    found: list[Timer] = []

    def need(kind: Literal["sla_warn", "sla_breach"], clock: Clock, at: datetime) -> None:
        found.append(Timer(kind=kind, metric=clock.metric, instance=clock.instance, due_at=at))

    for clock in state.clocks:
        if not clock.is_live or clock.breach_told:
            continue
        lapsed_at = rules.lapses_at(clock, law)
        if lapsed_at is None:
            continue
        if not clock.warned and clock.verdict == "none":
            need("sla_warn", clock, rules.warns_at(clock, law))
        need("sla_breach", clock, lapsed_at)
    return tuple(found)


def judge(state: SlaState, law: Law, at: datetime) -> tuple[AnyBody, ...]:
    """The warnings and breaches to be written at this instant, in the order in which they fell
    due, with `late_by` seconds. A clock that is breached already is not warned of any more.
    """
    due = sorted(
        (timer for timer in timers(state, law) if timer.due_at <= at),
        key=lambda timer: timer.due_at,
    )
    breached = {(one.metric, one.instance) for one in due if one.kind == "sla_breach"}
    found: list[AnyBody] = []
    for timer in due:
        key = (timer.metric, timer.instance)
        clock = next(one for one in state.clocks if (one.metric, one.instance) == key)
        due_at = clock.due_at or timer.due_at
        late_by = elapsed(timer.due_at, at)
        if timer.kind == "sla_breach":
            found.append(
                Breached(
                    metric=timer.metric,
                    instance=timer.instance,
                    due_at=due_at,
                    breached_at=timer.due_at,
                    late_by=late_by,
                )
            )
        elif key not in breached:
            found.append(
                Warned(
                    metric=timer.metric,
                    instance=timer.instance,
                    percent=law.policy_of(clock.pin).warn_percent,
                    due_at=due_at,
                    late_by=late_by,
                )
            )
    return tuple(found)


def next_due(state: SlaState) -> Due | None:
    """The earliest due instant of the running clocks, also when it has passed (R21); paused
    clocks have none, unless it was set by hand.
    """
    running = (
        Due(
            due_at=clock.due_at,
            metric=clock.metric,
            instance=clock.instance,
            provisional=clock.provisional,
        )
        for clock in state.clocks
        if clock.due_at is not None
        and clock.is_live
        and (clock.state == "running" or clock.manual is not None)
    )
    return min(running, key=lambda due: due.due_at, default=None)


def remaining(clock: Clock | Countdown, law: Law, now: datetime) -> int:
    """Working seconds left; negative: over the target by so much. Of an instant set by hand, the
    working seconds until then.
    """
    if clock.manual is None or clock.state not in {"running", "paused"}:
        return clock.target - rules.used_at(clock, law, now)
    table = table_of(law.calendar_of(clock.pin))
    due, at = seconds_of(clock.manual.due_at), seconds_of(now)
    return table.count(at, due) - table.count(due, at)
