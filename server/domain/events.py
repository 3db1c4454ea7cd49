"""What can happen to a ticket or to the desk: a closed union of event bodies (事件).

The event log is the truth (decision 7): timeline, audit, SLA clocks and reports are folds over it.
Bodies hold references and values, never a message's text. A body's shape is versioned by `v`
in the envelope; released shapes are read for ever.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from server.domain import event_body
from server.domain.chat_events import HelpAsked, Helped, Undone, Urged
from server.domain.duty_events import (
    DutyChanged,
    HandoverAsked,
    HandoverLeft,
    LeaveChanged,
    SwapChanged,
)
from server.domain.ladder_events import NudgedAgain, RungReached
from server.domain.law_events import (
    DueReleased,
    DueSet,
    Excused,
    LawApplied,
    LawJobEnded,
    LawJobOrdered,
)
from server.domain.merge_events import Absorbed, Merged, SplitOff, Unmerged


class Priority(StrEnum):
    """优先级, most pressing first."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class StatusCategory(StrEnum):
    """What a status means to the machine. Closed; statuses themselves are configuration."""

    NEW = "new"
    OPEN = "open"
    WAITING_CUSTOMER = "waiting_customer"
    WAITING_THIRD = "waiting_third"
    WAITING_INTERNAL = "waiting_internal"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


class Actor(msgspec.Struct, frozen=True):
    """Who did it: a colleague or a customer by id, or the desk itself (id 0)."""

    kind: Literal["staff", "customer", "desk"]
    id: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @staticmethod
    def parse(text: str) -> "Actor":
        """The inverse of `str(actor)`."""
        kind, _, number = text.partition(":")
        return msgspec.convert({"kind": kind, "id": int(number)}, Actor)


DESK = Actor("desk")

Via = Literal[
    "web", "api", "form", "portal", "dingtalk", "wecom", "wecom_app", "mail", "desk", "demo"
]


Body = event_body.Body


# --- a ticket's life


class Opened(Body, frozen=True, tag="opened"):
    """A ticket was filed. Carries every fact that SLA policies and routing rules match on. It
    `continues` a closed one that the customer wrote to after its reopen window (R16); an `imported`
    one's old clocks are on record only (R20); one `split_from` another was a part of it (R19).
    `why` are the terms that led to its priority.
    """

    subject: str
    priority: Priority
    queue: str
    category: str | None
    customer: int
    customer_level: str
    channel: str
    message: int | None
    continues: int | None = None
    imported: bool = False
    urgency: str = "normal"
    region: str = ""
    product: str = ""
    language: str = ""
    store: str = ""
    latitude: float | None = None
    longitude: float | None = None
    tags: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    split_from: int | None = None


class Routed(Body, frozen=True, tag="routed"):
    """派单: the decision's outcome; `decision` explains it (domain/routing.py).
    `policy` is the SLA policy that a rule named.
    """

    team: str | None
    assignee: int | None
    decision: "Decision"
    policy: str | None = None


class CustomerWrote(Body, frozen=True, tag="customer_wrote"):
    """A public message from the customer arrived."""

    message: int


class Replied(Body, frozen=True, tag="replied"):
    """A public message went to the customer. `human` is false for automatic ones (R4)."""

    message: int
    human: bool = True


class Noted(Body, frozen=True, tag="noted"):
    """An internal note."""

    message: int


class Claimed(Body, frozen=True, tag="claimed"):
    """接单."""

    assignee: int


class Released(Body, frozen=True, tag="released"):
    """The assignee gave the ticket back to the team; with a `reason` the desk took it from them
    ("unaccepted", "untouched", "ladder_…": a rung of the ladder, and what it stands on).
    """

    previous: int
    reason: str = ""


class Assigned(Body, frozen=True, tag="assigned"):
    """指派 to a colleague by somebody else."""

    assignee: int
    previous: int | None
    cause: Literal["", "handover"] = ""


class Transferred(Body, frozen=True, tag="transferred"):
    """转派 to another team, or to a colleague of it."""

    team: str
    previous_team: str | None
    assignee: int | None
    previous: int | None
    reason: str


class StatusChanged(Body, frozen=True, tag="status_changed"):
    """The status moved; categories are what clocks look at. `wake_at` ends a pause (R7)."""

    old: str
    new: str
    old_category: StatusCategory
    new_category: StatusCategory
    reason: str = ""
    wake_at: datetime | None = None


class Resolved(Body, frozen=True, tag="resolved"):
    """已解决, waiting for the customer's word. `message` is the public solution."""

    message: int | None
    by: int | None = None


class Confirmed(Body, frozen=True, tag="confirmed"):
    """The customer accepted the solution."""


class Disputed(Body, frozen=True, tag="disputed"):
    """The customer says that it is not solved; a `Reopened` follows."""

    message: int | None


class Closed(Body, frozen=True, tag="closed"):
    """已关闭."""

    reason: str = ""


class Cancelled(Body, frozen=True, tag="cancelled"):
    """已取消: clocks are cancelled, not met (R19)."""

    reason: str = ""


class Reopened(Body, frozen=True, tag="reopened"):
    """重新打开: `resolve` resumes its instance (R16)."""

    reason: str = ""
    count: int = 1


class PriorityChanged(Body, frozen=True, tag="priority_changed"):
    """A change of an attribute that policies read re-targets open clocks (R12). Who set it says
    the `reason`; what follows from matrix and rules has the terms `why`. `by` tells who says from
    now on what the priority is: a colleague, or matrix and rules again.
    """

    old: Priority
    new: Priority
    reason: str = ""
    why: tuple[str, ...] = ()
    by: Literal["", "hand", "matrix"] = ""


class Edited(Body, frozen=True, tag="edited"):
    """Fields were overwritten: field → [old, new] as text; by these routing `rules`, if any."""

    fields: dict[str, tuple[str, str]]
    rules: tuple[str, ...] = ()


class Nudged(Body, frozen=True, tag="nudged"):
    """催单 by the customer, counted."""

    count: int


class Escalated(Body, frozen=True, tag="escalated"):
    """升级 by hand or by a rung of the ladder."""

    reason: str
    to: tuple[int, ...] = ()


class Warned(Body, frozen=True, tag="warned"):
    """A share of a target is used up (default 80 %)."""

    metric: str
    instance: int
    percent: int
    due_at: datetime
    late_by: int = 0


class Breached(Body, frozen=True, tag="breached"):
    """超时. The law computes `breached_at`; `late_by` seconds tell how late it was noticed."""

    metric: str
    instance: int
    due_at: datetime
    breached_at: datetime
    late_by: int = 0


class Woke(Body, frozen=True, tag="woke"):
    """A pause reached its wake-up time."""


class Rated(Body, frozen=True, tag="rated"):
    """满意度: 1–5 and the people it speaks about, as they were at resolution."""

    score: int
    comment: str
    assignee: int | None
    team: str | None


class Planned(Body, frozen=True, tag="planned"):
    """方案: what will be done was said; `message` is the text."""

    message: int


class CheckedIn(Body, frozen=True, tag="checked_in"):
    """到场: the assignee is on site; coordinates in degrees, if his device told them."""

    latitude: float | None = None
    longitude: float | None = None


class Continued(Body, frozen=True, tag="continued"):
    """续单: the customer wrote after the reopen window, and another ticket holds it (R16)."""

    by: int


class NoticeFailed(Body, frozen=True, tag="notice_failed"):
    """A notice was given up; somebody has to know."""

    outbox: int
    notice: str
    reason: str


# --- the desk's own life


class DeskOpened(Body, frozen=True, tag="desk_opened"):
    """First event of every desk."""

    firm: str


class ConfigurationSaved(Body, frozen=True, tag="configuration_saved"):
    """A new immutable version of a team, calendar, policy, rule … (decision 10)."""

    of: str
    id: str
    version: int
    digest: str


class StaffSaved(Body, frozen=True, tag="staff_saved"):
    """A colleague was added or changed."""

    staff: int
    role: str
    active: bool


class IdentityBound(Body, frozen=True, tag="identity_bound"):
    """A chat account now speaks for a colleague."""

    staff: int
    platform: str
    user_id: str


class Erased(Body, frozen=True, tag="erased"):
    """An event's body and salt were deleted; its digest keeps the chain provable."""

    seq: int


class Sealed(Body, frozen=True, tag="sealed"):
    """Daily seal: HMAC over the head with a key that lies outside the database."""

    through_seq: int
    seal: str


# --- routing decisions are data that events carry


class Candidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One colleague who was looked at. `dropped` is why not (code of `[routing]`), or None;
    `scores` are the points by part (`queues.Weights`) and `score` is their sum.
    """

    staff: int
    load: int
    dropped: str | None = None
    score: int = 0
    scores: dict[str, int] = {}


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a ticket went where it went: enough to tell it in one paragraph, years later.

    `candidates` are the best and the first who were dropped; `counts` tells how many of the
    `pool` were dropped, by reason. `cause` is why it was decided now. `left_out` were not to be
    asked again: they did not accept it, or gave it back. `shed_from` is the overloaded team.
    `by_hand`: a colleague sent it to this team, and rules do not send it elsewhere. `also` names
    the other rules that matched.
    """

    rule: str | None
    rule_name: str
    version: int
    matched: tuple[str, ...] = ()
    team: str | None
    skills: tuple[str, ...] = ()
    assignee: int | None = None
    candidates: tuple[Candidate, ...] = ()
    fallback: bool = False
    outcome: Literal["assigned", "team", "fallback", "supervisor", "nobody"] = "team"
    levels: dict[str, int] = {}
    queue: str = ""
    mode: Literal["automatic", "grab", "manual"] | None = None
    cause: Literal[
        "opened", "unaccepted", "untouched", "ladder", "released", "waiting", "changed"
    ] = "opened"
    pool: int = 0
    counts: dict[str, int] = {}
    left_out: tuple[int, ...] = ()
    shed_from: str | None = None
    by_hand: bool = False
    also: tuple[str, ...] = ()


AnyBody = (
    Opened
    | Routed
    | CustomerWrote
    | Replied
    | Noted
    | Claimed
    | Released
    | Assigned
    | Transferred
    | StatusChanged
    | Resolved
    | Confirmed
    | Disputed
    | Closed
    | Cancelled
    | Reopened
    | PriorityChanged
    | Edited
    | Nudged
    | NudgedAgain
    | Escalated
    | RungReached
    | Warned
    | Breached
    | Woke
    | Rated
    | Planned
    | CheckedIn
    | DueSet
    | DueReleased
    | LawApplied
    | Excused
    | Continued
    | Merged
    | Absorbed
    | Unmerged
    | SplitOff
    | Undone
    | Urged
    | HelpAsked
    | Helped
    | NoticeFailed
    | DeskOpened
    | ConfigurationSaved
    | StaffSaved
    | DutyChanged
    | LeaveChanged
    | SwapChanged
    | HandoverAsked
    | HandoverLeft
    | IdentityBound
    | LawJobOrdered
    | LawJobEnded
    | Erased
    | Sealed
)

CONFIGURING = (
    DeskOpened,
    ConfigurationSaved,
    StaffSaved,
    DutyChanged,
    LeaveChanged,
    SwapChanged,
    IdentityBound,
)
"""Events after which cached configuration is stale."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its envelope. `recorded_at` never decreases within a ticket; `effective_at`
    (a mail's Date) may lie earlier. Fold order is `ticket_seq`, never time (decision 8).
    """

    seq: int
    ticket: int | None
    ticket_seq: int | None
    v: int = 1
    recorded_at: datetime
    effective_at: datetime
    actor: Actor
    via: Via
    cause_seq: int | None = None
    body: AnyBody
