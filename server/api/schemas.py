"""The shapes on the wire. Field names are the glossary's; instants are RFC 3339 in UTC; spans are
whole seconds. What comes from outside forbids unknown fields (decision 13).

Conversions from domain values to these shapes stand in `render.py`.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from server.api.schemas_attachments import AttachmentShown
from server.api.schemas_attributes import AttributesShown, StoreOffered
from server.api.schemas_clocks import ClockShown
from server.domain.commands import Tags
from server.domain.events import Priority, StatusCategory
from server.domain.people import Duty, Role
from server.domain.stores import Latitude, Longitude

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
"""What both databases and every browser can hold."""
Key = Annotated[str, msgspec.Meta(min_length=8, max_length=100)]
"""Chosen by the sender, unique for what he does: sent again, it changes nothing."""
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Password = Annotated[str, msgspec.Meta(min_length=8, max_length=200)]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Common to all bodies from outside."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The one error shape. `error` is a stable code, `message` is in the reader's language;
    `facts` fill it; `fields` maps names of fields to what is wrong with them; `incident` is the
    number that is in the log.
    """

    error: str
    message: str
    facts: dict[str, Any] = {}
    fields: dict[str, str] = {}
    incident: str | None = None


# Who is here


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """The signed-in colleague."""

    id: int
    name: str
    email: str
    role: Role
    on_duty: bool
    language: str
    teams: tuple[str, ...]
    load: int
    duty: Duty = "off_duty"
    break_until: Instant | None = None


class HolidaysEnd(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar whose known holidays end soon, or have ended: deadlines in a later year than
    `known_through` are provisional.
    """

    calendar: str
    name: str
    known_through: int
    ended: bool


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/session: open to all. `me` is null when nobody is signed in. `holidays_end`: what
    colleagues should be told in a banner.
    """

    needs_set_up: bool
    firm: str
    me: Me | None
    version: str
    demo: bool = False
    holidays_end: tuple[HolidaysEnd, ...] = ()


class SetUp(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/setup: the first administrator, with the printed one-time code."""

    code: Annotated[str, msgspec.Meta(min_length=4, max_length=100)]
    firm: Name
    name: Name
    email: Short
    password: Password


class SignIn(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/session."""

    email: Short
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class MeWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PUT /api/v1/me: what a colleague changes of himself; null leaves it as it is. A new
    `password` needs the old one in `current`, and ends his other sessions.
    """

    language: Literal["zh", "en"] | None = None
    password: Password | None = None
    current: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class DutyWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PUT /api/v1/duty and PUT /api/v1/staff/{id}/duty: 值班, 小休 or 下班. A break ends by itself
    after `minutes` (15 unless told). `on_duty` is the short way to say 值班 or 下班; `duty` wins.
    """

    duty: Duty | None = None
    on_duty: bool | None = None
    minutes: Annotated[int, msgspec.Meta(ge=1, le=240)] | None = None


class BindingCode(msgspec.Struct, frozen=True, kw_only=True):
    """POST /api/v1/bindings: say 「绑定 code」 to the bot before `expires_at`."""

    code: str
    expires_at: Instant


class TokenWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/tokens."""

    name: Name
    scopes: tuple[Literal["read", "write"], ...] = ("read",)


class TokenShown(msgspec.Struct, frozen=True, kw_only=True):
    """An API token; `token` is shown once, when it is made."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: Instant
    last_used_at: Instant | None = None
    token: str | None = None


# The firm, as every colleague may know it


class ColleagueShown(msgspec.Struct, frozen=True, kw_only=True):
    """A colleague in menus and lists."""

    id: int
    name: str
    role: Role
    on_duty: bool
    active: bool
    teams: tuple[str, ...]
    skills: dict[str, int]
    load: int
    email: str = ""  # for administrators only
    language: str = "zh"
    accounts: tuple[str, ...] = ()  # chat platforms that are bound; for administrators only
    duty: Duty = "off_duty"
    break_until: Instant | None = None
    store: str | None = None
    region: str = ""


class TeamShown(msgspec.Struct, frozen=True, kw_only=True):
    """A team in menus and lists."""

    id: str
    name: str
    members: tuple[int, ...]
    leaders: tuple[int, ...]


class StatusShown(msgspec.Struct, frozen=True, kw_only=True):
    """A status, in the order of menus; `label` is in the reader's language. One that is not
    `active` is offered no more.
    """

    id: str
    category: StatusCategory
    public_step: int
    label: str
    active: bool = True


class FirmShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/firm: what menus need."""

    name: str
    zone: str
    categories: tuple[str, ...]
    teams: tuple[TeamShown, ...]
    staff: tuple[ColleagueShown, ...]
    statuses: tuple[StatusShown, ...]
    skills: tuple[str, ...]
    stores: tuple[StoreOffered, ...] = ()


# Tickets


class TicketRow(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket in a list and in the live feed. `public_step`: 1 已受理, 2 处理中, 3 待审核,
    4 已完成. `remaining` is working seconds until `next_due_at`, negative when overdue, null
    without a running clock; `target` is that clock's promise, for the share that is used up.
    `pinned`: a rule put it on top; `by_hand` names what a colleague set and rules leave alone.
    """

    number: int
    version: int
    subject: str
    category: str | None
    status: str
    status_category: StatusCategory
    status_label: str
    public_step: int
    priority: Priority
    team: str | None
    team_name: str | None
    assignee: int | None
    assignee_name: str | None
    customer: int
    customer_name: str
    customer_level: str
    channel: str
    created_at: Instant
    updated_at: Instant
    next_due_at: Instant | None
    next_due_metric: str | None
    remaining: int | None = None
    target: int | None = None
    warned: bool
    breached: bool
    message_count: int
    reopen_count: int
    nudge_count: int
    rating: int | None
    pinned: bool = False
    by_hand: tuple[Literal["priority", "due"], ...] = ()


class TicketsPage(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/tickets?view=&team=&assignee=&priority=&status_category=&sort=&after=&limit=.
    `next` is the cursor of the next page, or null.
    """

    tickets: tuple[TicketRow, ...]
    next: str | None
    now: Instant


class TicketsAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of GET /api/v1/tickets. `after` is the `next` of the page before."""

    view: Literal[
        "mine",
        "unclaimed",
        "team",
        "open",
        "overdue",
        "unpromised",
        "waiting",
        "resolved",
        "closed",
        "all",
    ] = "open"
    team: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    assignee: Number | None = None
    priority: Priority | None = None
    status_category: StatusCategory | None = None
    customer: Number | None = None
    sort: Literal["due", "updated", "created"] = "updated"
    after: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 25


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/counters: how many tickets in sight each view holds now."""

    mine: int
    unclaimed: int
    team: int
    open: int
    overdue: int
    unpromised: int
    waiting: int
    resolved: int


class CustomerShown(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket's customer."""

    id: int
    name: str
    level: str
    company: str
    email: str
    phone: str


class ActorShown(msgspec.Struct, frozen=True, kw_only=True):
    """Who did it."""

    kind: Literal["staff", "customer", "desk"]
    id: int
    name: str


class MessageShown(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a ticket."""

    id: int
    visibility: Literal["public", "internal"]
    direction: Literal["in", "out"]
    text: str
    attachments: tuple[AttachmentShown, ...] = ()


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the timeline (工单轨迹), oldest first. `summary` is one line in the reader's
    language; `message` is there for what was said; `body` is the event's own.
    """

    seq: int
    kind: str
    at: Instant
    actor: ActorShown
    via: str
    summary: str
    body: dict[str, Any]
    message: MessageShown | None = None


class PointsShown(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a score, what it is called and the points."""

    part: str
    name: str
    points: int


class CandidateShown(msgspec.Struct, frozen=True, kw_only=True):
    """A colleague whom routing looked at; `dropped` is why not, as words, or null. `points` add up
    to the score.
    """

    staff: int
    name: str
    load: int
    dropped: str | None
    score: int = 0
    points: tuple[PointsShown, ...] = ()


class RoutingShown(msgspec.Struct, frozen=True, kw_only=True):
    """Why was this routed here (派单理由): one readable paragraph, and its parts. Of a crowd
    `candidates` are the best and the first who were dropped; `pool` is how many were looked at, and
    `dropped` counts the others by reason, in words.
    """

    at: Instant
    paragraph: str
    rule: str | None
    version: int
    matched: tuple[str, ...]
    team: str | None
    team_name: str | None
    assignee: int | None
    assignee_name: str | None
    fallback: bool
    candidates: tuple[CandidateShown, ...]
    outcome: str = "team"
    mode: str | None = None
    cause: str = "opened"
    pool: int = 0
    dropped: dict[str, int] = {}


class TicketShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/tickets/{number}. `allowed` holds the tags of the commands that the reader may
    give now: buttons come from it. `link` is the customer's progress page. The tickets in
    `merged` go on in this one, which goes on in `merged_into` if it was merged itself.
    """

    ticket: TicketRow
    customer: CustomerShown
    timeline: tuple[TimelineEntry, ...]
    clocks: tuple[ClockShown, ...]
    routing: RoutingShown | None
    attributes: AttributesShown
    allowed: tuple[str, ...]
    link: str
    now: Instant
    continues: int | None = None
    continued_by: int | None = None
    merged_into: int | None = None
    merged: tuple[int, ...] = ()
    split_from: int | None = None
    split_into: tuple[int, ...] = ()


class TicketWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/tickets: a colleague files for a customer. A `priority` stays as it is set;
    without one it follows from level, urgency and rules.
    """

    key: Key
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    name: Name
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    email: Short = ""
    company: Short = ""
    level: Annotated[str, msgspec.Meta(max_length=40)] = "normal"
    category: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    priority: Priority | None = None
    urgency: Priority = Priority.NORMAL
    region: Annotated[str, msgspec.Meta(max_length=120)] = ""
    product: Annotated[str, msgspec.Meta(max_length=60)] = ""
    language: Annotated[str, msgspec.Meta(max_length=20)] = ""
    store: Annotated[str, msgspec.Meta(max_length=60)] = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    tags: Tags = ()


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a command: the ticket as it is now, and what may be done next. Commands are
    POSTed to /api/v1/tickets/{number}/commands as the union of server.domain.commands (with an
    optional `Idempotency-Key` header).
    """

    ticket: TicketRow
    allowed: tuple[str, ...]


# The live feed: GET /api/v1/live, server-sent events named "change", id = seq; it resumes after
# the `Last-Event-ID` header or `?after=`; a `hello` event with the head's seq comes first.


class LiveStep(msgspec.Struct, frozen=True, kw_only=True):
    """Something changed. `ticket` null: the firm itself did (menus should be read again)."""

    seq: int
    kind: str
    ticket: TicketRow | None


class LiveAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of GET /api/v1/live. Without `after` and without the `Last-Event-ID` header the
    feed begins now. `ticket` is what the reader has open: of it he is told nothing in chat.
    """

    after: Number | None = None
    ticket: Number | None = None
