"""The SLA law (时效策略): which metrics there are, what a policy promises, and which policy a
ticket falls under. Metrics are data: which signals start and stop a clock, and which waiting
pauses it.

    metric    starts            stops               paused by
    accept    nobody holds it   somebody holds it   nothing
    first     opened            answered, resolved  nothing
    next      customer asked    answered, resolved  nothing
    resolve   opened            resolved            waiting for the customer

`resolve` resumes when the ticket is reopened. The clocks themselves are in clocks.py, the fold in
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

LAW_VERSION: Final = 1
"""Pinned in every clock; a change of meaning makes a new version and keeps the old executable."""

Signal = Literal[
    "opened", "unheld", "held", "answered", "bot_answered", "asked", "resolved", "reopened"
]
"""What an event means to clocks (sla.py reads them from events)."""

Version = tuple[str, int]
"""Id and version of a policy or calendar."""

Seconds = Annotated[int, msgspec.Meta(ge=1, le=10 * 366 * 86_400)]

MATCHED: Final = ("priority", "queue", "category", "customer_level", "channel")
"""The attributes that policies read; a change of one re-targets open clocks (R11, R12)."""


class TicketFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the fold must remember of a ticket besides its clocks. `on` names the metrics whose
    question is open, with or without a clock. `asked_at` is a customer's message that met a
    resolved ticket; it starts `next` if the ticket is reopened.
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


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured (R3). `late` says what a stop with an earlier instant than the fold has
    reached does: "rejudge" takes it at its word (a mail's Date), "clamp" counts it as now.
    """

    id: str
    starts: frozenset[Signal]
    stops: frozenset[Signal]
    resumes: frozenset[Signal] = frozenset()
    pauses: frozenset[StatusCategory] = frozenset()
    instances: Literal["one", "many"] = "one"
    late: Literal["rejudge", "clamp"] = "clamp"


METRICS: Final[dict[str, Metric]] = {
    metric.id: metric
    for metric in (
        Metric(
            id="accept",
            starts=frozenset({"unheld"}),
            stops=frozenset({"held", "resolved"}),
            instances="many",
        ),
        Metric(
            id="first",
            starts=frozenset({"opened"}),
            stops=frozenset({"answered", "resolved"}),
            late="rejudge",
        ),
        Metric(
            id="next",
            starts=frozenset({"asked"}),
            stops=frozenset({"answered", "resolved"}),
            instances="many",
            late="rejudge",
        ),
        Metric(
            id="resolve",
            starts=frozenset({"opened"}),
            stops=frozenset({"resolved"}),
            resumes=frozenset({"reopened"}),
            pauses=frozenset({StatusCategory.WAITING_CUSTOMER}),
        ),
    )
}


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a policy. Every condition of `match` must hold; none matches everything.
    `targets`: metric → priority, or "*" for the others → working seconds. `pauses` replaces a
    metric's own pause set (R6). `reopen` says what `resolve` does (R16). Refuses `Invalid` for
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


class Pin(msgspec.Struct, frozen=True):
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


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """All versions of all policies and calendars, and which were current when. `law_of` makes
    one.
    """

    policies: dict[Version, Policy] = {}
    calendars: dict[Version, Calendar] = {}
    epochs: tuple[Epoch, ...] = (Epoch(0),)
    metrics: dict[str, Metric] = msgspec.field(default_factory=METRICS.copy)

    def epoch(self, seq: int | None = None) -> Epoch:
        """What was current at this place in the event log; now, unless told."""
        if seq is None or len(self.epochs) == 1:
            return self.epochs[-1]
        return self.epochs[max(0, bisect_right(self.epochs, seq, key=lambda one: one.seq) - 1)]

    @property
    def current(self) -> tuple[Version, ...]:
        """The current policies in the order in which they are tried."""
        return tuple((one.id, one.version) for one in self.epochs[-1].policies)

    @property
    def current_calendars(self) -> dict[str, int]:
        """The current version of each calendar."""
        return {one.id: one.version for one in self.epochs[-1].calendars.values()}

    def choose(self, facts: TicketFacts, seq: int | None = None) -> Policy | None:
        """The first policy that matches (R11), or None: 无 SLA."""
        for policy in self.epoch(seq).policies:
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

    def policy_of(self, pin: Pin) -> Policy:
        """The pinned version; versions are never deleted."""
        return self.policies[pin.policy, pin.policy_version]

    def calendar_of(self, pin: Pin) -> Calendar:
        """The pinned version; versions are never deleted."""
        return self.calendars[pin.calendar, pin.calendar_version]


def law_of(
    policies: Iterable[Policy],
    calendars: Iterable[Calendar],
    since: Mapping[tuple[Literal["policy", "calendar"], str, int], int] | None = None,
) -> Law:
    """The law from all versions. `since` tells from which event's `seq` on a version was
    current, so that an old event is folded under what was current then (R1); versions that are
    not in it have always been there, the highest one being current.
    """
    since = since or {}
    every_policy = {(one.id, one.version): one for one in policies}
    every_calendar = {(one.id, one.version): one for one in calendars}
    born = {("policy", *key): since.get(("policy", *key), 0) for key in every_policy}
    born |= {("calendar", *key): since.get(("calendar", *key), 0) for key in every_calendar}
    return Law(
        policies=every_policy,
        calendars=every_calendar,
        epochs=tuple(
            Epoch(
                seq,
                _current_policies(every_policy, born, seq),
                {
                    one.id: one
                    for key, one in sorted(every_calendar.items())
                    if born["calendar", *key] <= seq
                },
            )
            for seq in sorted({0, *born.values()})
        ),
    )


def _current_policies(
    every: dict[Version, Policy], born: Mapping[tuple[str, str, int], int], seq: int
) -> tuple[Policy, ...]:
    newest = {one.id: one for key, one in sorted(every.items()) if born["policy", *key] <= seq}
    active = (one for one in newest.values() if one.active)
    return tuple(sorted(active, key=lambda one: (one.position, one.id)))
