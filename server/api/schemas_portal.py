"""What customers see and send, without an account; all under /api/v1/portal."""

from typing import Annotated

import msgspec

from server.api.schemas import Asked, Instant, Key, Name, Short, Words
from server.api.schemas_attachments import AttachmentShown
from server.api.schemas_attributes import StoreOffered
from server.domain.events import Priority
from server.domain.stores import Latitude, Longitude


class PortalShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /portal: the face of the firm, and what its form offers."""

    name: str
    greeting: str
    categories: tuple[str, ...]
    zone: str
    stores: tuple[StoreOffered, ...] = ()


class Request(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /portal/tickets: a customer files a ticket. A phone number or an e-mail is needed."""

    key: Key
    text: Words
    name: Name
    subject: Annotated[str, msgspec.Meta(max_length=200)] = ""
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    email: Short = ""
    company: Short = ""
    category: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    urgency: Priority = Priority.NORMAL
    region: Annotated[str, msgspec.Meta(max_length=120)] = ""
    store: Annotated[str, msgspec.Meta(max_length=60)] = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer gets: the number, the link of his progress page and the promise.
    `token` is the last part of the link.
    """

    number: int
    token: str
    link: str
    answer_by: Instant | None
    repeated: bool


class PublicMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message as the customer sees it."""

    id: int
    mine: bool
    author: str
    text: str
    at: Instant
    attachments: tuple[AttachmentShown, ...] = ()


class PublicStep(msgspec.Struct, frozen=True, kw_only=True):
    """One of the four public steps; `at` null: not reached."""

    step: int
    label: str
    at: Instant | None


class NextTicket(msgspec.Struct, frozen=True, kw_only=True):
    """Another ticket of the same customer, and the link to it: one that goes on from this one, in
    which this one goes on, or that was split off from it.
    """

    number: int
    token: str
    link: str


class ProgressShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /portal/tickets/{token}. `can` holds what the customer may do now: reply, confirm,
    dispute, nudge, rate. A message that comes after the reopen window is in another ticket: then
    `continued_by` tells which; that one `continues` this one. A merged ticket goes on in
    `merged_into`; what was about something else is in `split_into`. `nudged_times`: how often the
    customer pressed since the last nudge that colleagues were told of, itself included.
    `awaits_you`: the firm asked something and goes on when the customer answers.
    """

    number: int
    subject: str
    firm: str
    public_step: int
    steps: tuple[PublicStep, ...]
    assignee: str | None
    answer_by: Instant | None
    messages: tuple[PublicMessage, ...]
    can: tuple[str, ...]
    rating: int | None
    resolved_at: Instant | None
    closed_at: Instant | None
    now: Instant
    continues: int | None = None
    continued_by: NextTicket | None = None
    nudged_times: int = 0
    merged_into: NextTicket | None = None
    split_into: tuple[NextTicket, ...] = ()
    awaits_you: bool = False


class CustomerSays(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /portal/tickets/{token}/messages."""

    key: Key
    text: Words


class DisputeWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /portal/tickets/{token}/dispute: it is not solved, and why."""

    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""


class RatingGiven(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /portal/tickets/{token}/rating. POST …/confirm and …/nudge have no body."""

    score: Annotated[int, msgspec.Meta(ge=1, le=5)]
    comment: Annotated[str, msgspec.Meta(max_length=2_000)] = ""
