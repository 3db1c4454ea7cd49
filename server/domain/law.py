"""The SLA law (时效规则): what policies promise, in which versions, and which policy a ticket falls
under. What is measured stands in metrics.py, the clocks themselves in clocks.py, the fold in
sla.py.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

from server.domain.calendars import Calendar
from server.domain.errors import Invalid
from server.domain.events import StatusCategory
from server.domain.metrics import ALWAYS_WATCHED, METRICS, Metric, Signal, Watched, watch

__all__ = [
    "LAW_VERSION",
    "MATCHED",
    "METRICS",
    "Calendar",
    "Epoch",
    "Law",
    "Metric",
    "Pin",
    "Policy",
    "Signal",
    "TicketFacts",
    "Version",
    "law_of",
]

LAW_VERSION: Final = 1
"""Pinned in every clock; a change of meaning makes a new version and keeps the old executable."""

Version = tuple[str, int]
"""Id and version of a policy, calendar or metric."""

Seconds = Annotated[int, msgspec.Meta(ge=1, le=10 * 366 * 86_400)]

MATCHED: Final = ("priority", "queue", "category", "customer_level", "channel", "team")
"""The attributes that policies read; a change of one re-targets open clocks (R11, R12)."""


class TicketFacts(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What the fold must remember of a ticket besides its clocks. `on` names the metrics whose
    question is open, with or without a clock. `asked_at` is a customer's message that met a
    resolved ticket; it starts `next` if the ticket is reopened. `team` is followed only where a
    metric or a policy looks at it; `policy` was named by a routing rule; clocks that began before
    `imported_at` are only kept on record (R20).
    """

    priority: str = "normal"
    queue: str = ""
    category: str = ""
    customer_level: str = "normal"
    channel: str = ""
    status_category: StatusCategory = StatusCategory.NEW
    held: bool = False
    answered: bool = False
    on: tuple[str, ...] = ()
    asked_at: datetime | None = None
    asked_recorded_at: datetime | None = None
    team: str = ""
    policy: str = ""
    imported_at: datetime | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a policy. Every condition of `match` must hold; none matches everything.
    `targets`: metric → priority, or "*" for the others → working seconds. `pauses` replaces a
    metric's own pause set (R6). `reopen` says what `resolve` does (R16). `ladder` names who hears
    when (R17). Refuses `Invalid` for
    conditions on attributes that nobody knows.
    """

    id: str = ""
    version: int = 0
    name: str = ""
    position: int = 0
    active: bool = True
    match: dict[str, tuple[str, ...]] = {}
    calendar: str = "default"
    targets: dict[str, dict[str, Seconds]] = {}
    warn_percent: Annotated[int, msgspec.Meta(ge=1, le=99)] = 80
    bot_reply_counts: bool = False
    reopen: Literal["resume", "restart", "keep"] = "resume"
    pauses: dict[str, tuple[StatusCategory, ...]] = {}
    ladder: str = "default"

    def __post_init__(self) -> None:
        if any(attribute not in MATCHED for attribute in self.match):
            raise Invalid(match="unknown")

    def matches(self, facts: TicketFacts) -> bool:
        """Whether a ticket falls under this policy, if no earlier one took it."""
        return all(getattr(facts, field) in values for field, values in self.match.items())

    def target(self, metric: str, priority: str) -> int | None:
        """Working seconds promised, or None: nothing is promised."""
        promised = self.targets.get(metric)
        if promised is None:
            return None
        return promised.get(priority, promised.get("*"))

    def paused_by(self, metric: Metric) -> Iterable[StatusCategory]:
        """The status categories in which this metric's clock stands still."""
        return self.pauses.get(metric.id, metric.pauses)


class Pin(msgspec.Struct, frozen=True, gc=False):
    """What a ticket was promised under: policy and calendar, each with its version (R13)."""

    policy: str
    policy_version: int
    calendar: str
    calendar_version: int


class Epoch(msgspec.Struct, frozen=True):
    """What was current from one place in the event log on."""

    seq: int
    policies: tuple[Policy, ...] = ()
    calendars: dict[str, Calendar] = {}
    watched: Watched = msgspec.field(default_factory=lambda: watch(METRICS.values()))


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """All versions of all policies and calendars, and what was current when. `metrics` are the
    current ones, also those that nothing promises. `law_of` makes one.
    """

    policies: dict[Version, Policy] = {}
    calendars: dict[Version, Calendar] = {}
    epochs: tuple[Epoch, ...] = (Epoch(0),)
    since: tuple[int, ...] = (0,)
    metrics: dict[str, Metric] = msgspec.field(default_factory=METRICS.copy)

    def epoch(self, seq: int | None = None) -> Epoch:
        """What was current at this place in the event log; now, unless told."""
        if seq is None or seq >= self.since[-1]:
            return self.epochs[-1]
        return self.epochs[max(0, bisect_right(self.since, seq) - 1)]

    @property
    def current(self) -> tuple[Version, ...]:
        """The current policies in the order in which they are tried."""
        return tuple((one.id, one.version) for one in self.epochs[-1].policies)

    @property
    def current_calendars(self) -> dict[str, int]:
        """The current version of each calendar."""
        return {one.id: one.version for one in self.epochs[-1].calendars.values()}

    def choose(self, facts: TicketFacts, seq: int | None = None) -> Policy | None:
        """The policy that a routing rule named, else the first that matches (R11), or None: 无
        SLA. A named policy that is not there, or is switched off, names nothing.
        """
        policies = self.epoch(seq).policies
        if facts.policy:
            for policy in policies:
                if policy.id == facts.policy:
                    return policy
        for policy in policies:
            if policy.matches(facts):
                return policy
        return None

    def pin(self, facts: TicketFacts, seq: int | None, pinned: Pin | None = None) -> Pin | None:
        """What the ticket falls under now. A policy, or a calendar, to which it is pinned
        already keeps the pinned version until somebody applies the new one (R13, R14).
        """
        policy = self.choose(facts, seq)
        if policy is None:
            return None
        if pinned is not None and pinned.policy == policy.id:
            return pinned
        calendar = self.epoch(seq).calendars.get(policy.calendar)
        if calendar is None:
            return None
        if pinned is not None and pinned.calendar == calendar.id:
            return Pin(policy.id, policy.version, pinned.calendar, pinned.calendar_version)
        return Pin(policy.id, policy.version, calendar.id, calendar.version)

    def renew(
        self,
        facts: TicketFacts,
        pinned: Pin | None,
        *,
        as_of: int,
        policies: Iterable[str],
        calendars: Iterable[str],
    ) -> Pin | None:
        """What the ticket falls under once these policies (R13) and calendars (R14) are applied
        as they were current at `as_of`. What is not among them keeps its pinned version.
        """
        policy = self.choose(facts, as_of)
        touched = {policy.id if policy else "", pinned.policy if pinned else ""} & set(policies)
        if not touched:
            policy = self.policy_of(pinned) if pinned is not None else None
        if policy is None:
            return None
        calendar = self.epoch(as_of).calendars.get(policy.calendar)
        stays = pinned is not None and pinned.calendar == policy.calendar
        if pinned is not None and stays and (calendar is None or calendar.id not in set(calendars)):
            return Pin(policy.id, policy.version, pinned.calendar, pinned.calendar_version)
        if calendar is None:
            return None
        return Pin(policy.id, policy.version, calendar.id, calendar.version)

    def knows(self, pin: Pin) -> bool:
        """Whether both versions are there: one that was saved later is not."""
        policy, calendar = (pin.policy, pin.policy_version), (pin.calendar, pin.calendar_version)
        return policy in self.policies and calendar in self.calendars

    def policy_of(self, pin: Pin) -> Policy:
        """The pinned version; versions are never deleted."""
        return self.policies[pin.policy, pin.policy_version]

    def calendar_of(self, pin: Pin) -> Calendar:
        """The pinned version; versions are never deleted."""
        return self.calendars[pin.calendar, pin.calendar_version]


Kind = Literal["policy", "calendar", "metric"]
Since = Mapping[tuple[Kind, str, int], int]


def law_of(
    policies: Iterable[Policy],
    calendars: Iterable[Calendar],
    since: Since | None = None,
    metrics: Iterable[Metric] = (),
) -> Law:
    """The law from all versions. `since` tells from which event's `seq` on a version was
    current, so that an old event is folded under what was current then (R1); versions that are
    not in it have always been there, the highest one being current. `metrics` are those that
    somebody saved, beside or in place of `METRICS`.
    """
    since = since or {}
    every_policy = {(one.id, one.version): one for one in policies}
    every_calendar = {(one.id, one.version): one for one in calendars}
    every_metric = {(one.id, one.version): one for one in metrics}
    born: dict[tuple[Kind, str, int], int] = {}
    for kind, keys in _keys(every_policy, every_calendar, every_metric):
        born |= {(kind, *key): since.get((kind, *key), 0) for key in keys}
    seqs = tuple(sorted({0, *born.values()}))
    return Law(
        policies=every_policy,
        calendars=every_calendar,
        since=seqs,
        epochs=tuple(
            Epoch(
                seq,
                _current_policies(every_policy, born, seq),
                {
                    one.id: one
                    for key, one in sorted(every_calendar.items())
                    if born["calendar", *key] <= seq
                },
                _watched(every_policy, every_metric, born, seq),
            )
            for seq in seqs
        ),
        metrics=METRICS | {one.id: one for _, one in sorted(every_metric.items())},
    )


def _keys(
    policies: Iterable[Version], calendars: Iterable[Version], metrics: Iterable[Version]
) -> tuple[tuple[Kind, Iterable[Version]], ...]:
    return (("policy", policies), ("calendar", calendars), ("metric", metrics))


def _current_policies(
    every: dict[Version, Policy], born: Mapping[tuple[Kind, str, int], int], seq: int
) -> tuple[Policy, ...]:
    newest = {one.id: one for key, one in sorted(every.items()) if born["policy", *key] <= seq}
    active = (one for one in newest.values() if one.active)
    return tuple(sorted(active, key=lambda one: (one.position, one.id)))


def _watched(
    policies: dict[Version, Policy],
    metrics: dict[Version, Metric],
    born: Mapping[tuple[Kind, str, int], int],
    seq: int,
) -> Watched:
    """Once promised, a metric is followed for ever: some clock of it may still run."""
    known = METRICS | {
        one.id: one for key, one in sorted(metrics.items()) if born["metric", *key] <= seq
    }
    so_far = [one for key, one in policies.items() if born["policy", *key] <= seq]
    promised = ALWAYS_WATCHED.union(*(one.targets for one in so_far))
    return watch(
        (metric for metric in known.values() if metric.id in promised),
        teams=any("team" in one.match for one in so_far),
    )
