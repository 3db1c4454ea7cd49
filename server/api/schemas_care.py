"""What administrators and supervisors look after, on the wire."""

from typing import Annotated, Any, Literal

import msgspec

from server.api.schemas import Asked, Instant, Name, Password, Short
from server.domain.people import Role


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one configured thing: GET/PUT /api/v1/configuration/{kind}/{id}."""

    kind: str
    id: str
    version: int
    doc: dict[str, Any]


class DocumentWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new version; `seen_version` is the one that was edited (0: a new thing)."""

    doc: dict[str, Any]
    seen_version: int


class ColleagueWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/staff, PUT /api/v1/staff/{id}; `password` null leaves it as it is."""

    name: Name
    email: Short
    role: Role = Role.STAFF
    skills: dict[str, Annotated[int, msgspec.Meta(ge=1, le=5)]] = {}  # noqa: RUF012  # msgspec copies it
    active: bool = True
    language: Literal["zh", "en"] = "zh"
    password: Password | None = None
    store: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    region: Annotated[str, msgspec.Meta(max_length=120)] = ""


class ChannelShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/channels: a channel without its secret; `secrets` are the names of those that are
    kept, where it has several. `state` says how it goes, `trouble` is a code of what is wrong and
    `advice` says in words what to do about it.
    """

    kind: str
    enabled: bool
    doc: dict[str, str]
    has_secret: bool
    secrets: tuple[str, ...] = ()
    state: Literal["off", "connecting", "connected", "trouble"] = "off"
    trouble: str = ""
    advice: str = ""


Secret = Annotated[str, msgspec.Meta(max_length=500)]


class ChannelWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PUT /api/v1/channels/{kind}; `secret` null keeps the old one. A channel that has several
    takes `secrets` by name; those left out are kept, an empty one is forgotten.
    """

    enabled: bool
    doc: dict[str, str]
    secret: Secret | None = None
    secrets: dict[str, Secret] | None = None


class GroupShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/groups: a group chat that the bot was spoken to in."""

    platform: str
    conversation_id: str
    title: str
    team: str | None


class GroupWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PUT /api/v1/groups/{platform}/{conversation_id}: the team that this group belongs to."""

    team: str


class DeliveryShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/deliveries?state=given_up: a notice that did not arrive. POST
    /api/v1/deliveries/{id}/retry sends it again.
    """

    id: int
    ticket: int | None
    kind: str
    channel: str
    state: str
    tries: int
    created_at: Instant
    error: str | None


class ArrivalShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/arrivals: what arrived and could not be worked on. POST
    /api/v1/arrivals/{id}/replay tries again.
    """

    id: int
    channel: str
    received_at: Instant
    tries: int
    error: str | None


class DeliveriesAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of GET /api/v1/deliveries, newest first."""

    state: Literal["waiting", "sending", "sent", "given_up", "unknown", "withheld"] = "given_up"
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 100


class ArrivalsAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of GET /api/v1/arrivals, newest first."""

    state: Literal["waiting", "done", "poison"] = "poison"
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 100
