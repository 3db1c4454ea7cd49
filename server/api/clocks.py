"""SLA clocks on the wire: how each stands, its life as a strip, and everything that explains it."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import asdict

from server.api import schemas_clocks as s
from server.domain.events import Event
from server.domain.firm import Firm
from server.domain.sla import Clock, Retarget, Strip, as_promised, remaining, strip, totals
from server.domain.strips import late_by, waits_of
from server.usecases.telling import why
from server.words import find, metric_title


def clock_shown(
    clock: Clock, events: Iterable[Event], firm: Firm, language: str, now: datetime
) -> s.ClockShown:
    """One clock. `events` are the ticket's: they know why it stood still and how late a breach was
    noticed.
    """
    events = tuple(events)
    left = remaining(clock, firm.law, now)
    used = clock.target - left if clock.manual is None else clock.used
    parts = strip(clock, firm.law, now)
    waits = waits_of(events)
    policy, calendar = firm.law.policy_of(clock.pin), firm.law.calendar_of(clock.pin)
    return s.ClockShown(
        metric=clock.metric,
        label=metric_title(clock.metric, firm.law, language),
        instance=clock.instance,
        state="imported" if clock.imported else clock.state,
        verdict="none" if clock.imported else clock.verdict,
        target=clock.target,
        used=used,
        remaining=left,
        started_at=clock.started_at,
        due_at=clock.due_at,
        stopped_at=clock.stopped_at,
        breached_at=None if clock.imported else clock.breached_at,
        warned=clock.warned,
        provisional=clock.provisional,
        strip=tuple(_part(part, waits, firm, language) for part in parts),
        totals=s.ClockTotals(**asdict(totals(parts))),
        policy=policy.name or policy.id,
        policy_version=clock.pin.policy_version,
        calendar=calendar.name or calendar.id,
        calendar_version=clock.pin.calendar_version,
        by_retarget=clock.by_retarget,
        late_by=late_by(clock, events),
        as_promised="none" if clock.imported else as_promised(clock, firm.law),
        retargets=tuple(_retarget(one, firm, language) for one in clock.retargets),
        manual=s.ManualDue(**asdict(clock.manual)) if clock.manual is not None else None,
    )


def _part(part: Strip, waits: dict[datetime, str], firm: Firm, language: str) -> s.StripPart:
    return s.StripPart(
        kind=part.kind,
        from_at=part.from_at,
        to_at=part.to_at,
        wall=part.wall,
        working=part.working,
        reason=part.reason,
        why=why(part, waits, firm, language),
    )


def _retarget(one: Retarget, firm: Firm, language: str) -> s.RetargetShown:
    policy = firm.law.policy_of(one.pin)
    return s.RetargetShown(
        at=one.at,
        cause=one.cause,
        why=find(language, f"retarget.{one.cause}") or one.cause,
        target=one.target,
        policy=policy.name or policy.id,
        breached_at=one.breached_at,
        due_at=one.due_at,
    )
