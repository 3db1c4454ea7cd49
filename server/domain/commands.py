"""What staff can ask for: a closed union, the same for console, API, chat text and card clicks.

The tag field is `command`; Litestar takes the union as a body and OpenAPI shows `oneOf`.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from server.domain.events import Priority

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
Reason = Annotated[str, msgspec.Meta(max_length=500)]
Subject = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Command(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="command", forbid_unknown_fields=True
):
    """Common to all: the ticket's number."""

    ticket: int


class Claim(Command, frozen=True, tag="claim"):
    """接单."""


class Release(Command, frozen=True, tag="release"):
    """退回: give it back to the team."""


class Assign(Command, frozen=True, tag="assign"):
    """指派 to a colleague of the ticket's team."""

    staff: int


class Transfer(Command, frozen=True, tag="transfer"):
    """转派 to a team, or to one colleague of it."""

    team: str
    staff: int | None = None
    reason: Reason = ""


class Reply(Command, frozen=True, tag="reply"):
    """回复, visible to the customer. `then` sets a status in the same change: "open",
    "waiting_customer" or "resolved".
    """

    text: Text
    then: str | None = None


class Note(Command, frozen=True, tag="note"):
    """备注, for staff only."""

    text: Text


class Hold(Command, frozen=True, tag="hold"):
    """挂起. A reason and a wake-up time are demanded (R7)."""

    status: str
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    until: Annotated[datetime, msgspec.Meta(tz=True)]


class Resume(Command, frozen=True, tag="resume"):
    """恢复."""


class Resolve(Command, frozen=True, tag="resolve"):
    """解决; `solution` goes to the customer."""

    solution: Annotated[str, msgspec.Meta(max_length=20_000)] = ""


class Close(Command, frozen=True, tag="close"):
    """关闭."""

    reason: Reason = ""


class Cancel(Command, frozen=True, tag="cancel"):
    """取消: filed by mistake, or spam."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Reopen(Command, frozen=True, tag="reopen"):
    """重新打开."""

    reason: Reason = ""


class SetPriority(Command, frozen=True, tag="set_priority"):
    """优先级."""

    priority: Priority
    reason: Reason = ""


class Escalate(Command, frozen=True, tag="escalate"):
    """升级 by hand."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Edit(Command, frozen=True, tag="edit"):
    """Overwrite fields; refused when `seen_version` is not the current one (decision 4)."""

    seen_version: int
    subject: Subject | None = None
    category: Annotated[str, msgspec.Meta(max_length=60)] | None = None


AnyCommand = (
    Claim
    | Release
    | Assign
    | Transfer
    | Reply
    | Note
    | Hold
    | Resume
    | Resolve
    | Close
    | Cancel
    | Reopen
    | SetPriority
    | Escalate
    | Edit
)
