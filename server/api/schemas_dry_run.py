"""The wire shapes of a dry run: what is tried, and what would happen."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from server.api.schemas import Asked, RoutingShown
from server.api.schemas_clocks import ClockShown
from server.domain.conditions import Facts
from server.domain.events import Priority
from server.domain.stores import Latitude, Longitude

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Short = Annotated[str, msgspec.Meta(max_length=200)]


class DryRunWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/dry-run: a `ticket` by its number, or a text with attributes. A `priority` is
    one that was set by hand. It comes in at the instant `at`, or now. `drafts`: unsaved documents
    by kind (rules, matrix, queue, store, policy, calendar) and id, in place of those in force.
    """

    ticket: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    subject: Short = ""
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    channel: Short = "form"
    queue: Short = "default"
    category: Short = ""
    priority: Priority | None = None
    urgency: Priority = Priority.NORMAL
    customer: Short = ""
    customer_level: Short = "normal"
    company: Short = ""
    email: Short = ""
    phone: Short = ""
    language: Short = "zh"
    region: Short = ""
    product: Short = ""
    store: Short = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    tags: Annotated[tuple[Short, ...], msgspec.Meta(max_length=50)] = ()
    nudges: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    at: Instant | None = None
    drafts: dict[str, dict[str, dict[str, Any]]] = msgspec.field(default_factory=dict)


class MissShown(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps a rule from matching: what it wants, in words, and what there is instead."""

    wanted: tuple[str, ...]
    found: str


class RuleTried(msgspec.Struct, frozen=True, kw_only=True):
    """A rule. "covered": it would match, but an earlier one decided already. `terms` tell in words
    what matched, `miss` the first thing that did not.
    """

    rule: str
    name: str
    outcome: Literal["matched", "covered", "missed", "off"]
    terms: tuple[str, ...]
    miss: MissShown | None


class VerdictShown(msgspec.Struct, frozen=True, kw_only=True):
    """What rules and matrix say together. `why` tells in words where the priority comes from;
    `rounds` how often the rules were read, because one sets what another looks at.
    """

    queue: str
    team: str | None
    team_name: str | None
    priority: Priority
    why: tuple[str, ...]
    skills: dict[str, int]
    tags: tuple[str, ...]
    policy: str | None
    mode: Literal["automatic", "grab", "manual"] | None
    move: bool
    pin: bool
    rounds: int


class DryRunShown(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen; nothing was written. `facts` are what the rules looked at, `clocks` what
    would be promised if the ticket came in `at`, under the `policy` (null: no SLA).
    """

    at: Instant
    facts: Facts
    rules: tuple[RuleTried, ...]
    verdict: VerdictShown
    routing: RoutingShown
    policy: str | None
    policy_name: str | None
    clocks: tuple[ClockShown, ...]
