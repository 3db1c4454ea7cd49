"""Histories for the SLA fold, in a few words: bodies, instants, policies, and what a person sees.

Monday is 2026-03-16; the office works 09:00–12:00 and 13:30–18:00 in Shanghai.
"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from server.domain import events as e
from server.domain.calendars import china_calendar
from server.domain.clocks import used_at
from server.domain.events import Actor, Event, Priority, StatusCategory
from server.domain.law_events import DueSet, Excused, LawApplied
from server.domain.sla import Calendar, Clock, Law, Policy, SlaState, judge, law_of, step

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = china_calendar(
    dict.fromkeys(range(1, 6), (("09:00", "12:00"), ("13:30", "18:00"))), id="office"
)
ALWAYS = Calendar(id="always", version=1, week=dict.fromkeys(range(1, 8), (("00:00", "24:00"),)))
MINUTE, HOUR = 60, 3600
OPENED = e.Opened(
    subject="打印机卡纸",
    priority=Priority.NORMAL,
    queue="default",
    category=None,
    customer=1,
    customer_level="normal",
    channel="form",
    message=1,
)
REPLIED = e.Replied(message=2)
BOT_REPLIED = e.Replied(message=2, human=False)
NOTED = e.Noted(message=3)
ASKED = e.CustomerWrote(message=4)
CLAIMED = e.Claimed(assignee=7)
RELEASED = e.Released(previous=7)


def moved(old: str, new: str, reason: str = "") -> e.StatusChanged:
    """A change of status, by categories."""
    return e.StatusChanged(
        old=old,
        new=new,
        old_category=StatusCategory(old),
        new_category=StatusCategory(new),
        reason=reason,
    )


WAITING = moved("open", "waiting_customer", "等客户")
RESUMED = moved("waiting_customer", "open")
RESOLVED = moved("open", "resolved")
REOPENED = moved("resolved", "open")
URGENT = e.PriorityChanged(old=Priority.NORMAL, new=Priority.URGENT)
NORMAL = e.PriorityChanged(old=Priority.URGENT, new=Priority.NORMAL)


def sent(team: str, previous: str | None = None) -> e.Transferred:
    """Handed to a team, where nobody holds it."""
    return e.Transferred(team=team, previous_team=previous, assignee=None, previous=None, reason="")


def routed(team: str, assignee: int | None = None, policy: str | None = None) -> e.Routed:
    """What the rules said."""
    decision = e.Decision(rule=None, rule_name="", version=1, team=team)
    return e.Routed(team=team, assignee=assignee, decision=decision, policy=policy)


def set_due(when: str, metric: str = "resolve") -> DueSet:
    """Somebody agreed on an instant with the customer."""
    return DueSet(metric=metric, instance=1, due_at=at(when), reason="约好")


def applied(as_of: int = 10**6) -> LawApplied:
    """The law as it was current at this event, applied to everything."""
    return LawApplied(job=1, as_of=as_of, policies=("p", "q"), calendars=("office", "always"))


def excused(start: str, end: str, *metrics: str) -> Excused:
    """A power cut."""
    return Excused(
        job=1,
        from_at=at(start),
        to_at=at(end),
        cause="power",
        reason="停电",
        approver=2,
        metrics=metrics,
    )


def at(text: str) -> datetime:
    """ "10:00" on Monday, "18 10:00" in March 2026, or a whole date."""
    if len(text) <= 5:
        text = f"2026-03-16 {text}"
    elif len(text) == 8:
        text = f"2026-03-{text}"
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def policy(targets: dict[str, Any], **more: Any) -> Policy:
    """Targets in seconds, by metric."""
    every = {
        metric: target if isinstance(target, dict) else {"*": target}
        for metric, target in targets.items()
    }
    given: dict[str, Any] = {"id": "p", "version": 1, "calendar": "office", "targets": every}
    return Policy(**(given | more))


def law_with(targets: dict[str, Any], **more: Any) -> Law:
    """One policy on office hours."""
    return law_of([policy(targets, **more)], [OFFICE, ALWAYS])


def history(*happened: tuple[Any, ...]) -> list[Event]:
    """Events from (instant, body …) rows; an instant may be (recorded, effective)."""
    found: list[Event] = []
    for when, *bodies in happened:
        recorded, effective = when if isinstance(when, tuple) else (when, when)
        for body in bodies:
            seq = len(found) + 1
            found.append(
                Event(
                    seq=seq,
                    ticket=1,
                    ticket_seq=seq,
                    recorded_at=at(recorded),
                    effective_at=at(effective),
                    actor=Actor("desk"),
                    via="desk",
                    body=body,
                )
            )
    return found


def clock_of(state: SlaState, metric: str, instance: int = 1) -> Clock:
    """One clock."""
    return next(one for one in state.clocks if (one.metric, one.instance) == (metric, instance))


def minutes_used(clock: Clock, law: Law, now: str) -> float:
    """Working minutes used by then."""
    return used_at(clock, law, at(now)) / 60


def seen(state: SlaState, law: Law, now: str) -> SlaState:
    """The verdict that a person sees now: told events are written first."""
    for body in judge(state, law, at(now)):
        state = step(state, replace(history((now, body))[0], seq=99, ticket_seq=99), law)
    return state
