"""What staff can ask for: a closed union, the same for console, API, chat text and card clicks.

The tag field is `command`; Litestar takes the union as a body and OpenAPI shows `oneOf`.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from server.domain.events import Priority

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
Reason = Annotated[str, msgspec.Meta(max_length=500)]
Tags = Annotated[
    tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=60)], ...],
    msgspec.Meta(max_length=50),
]
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
    """优先级: it stays as it is set. Without one, matrix and rules say again what it is."""

    priority: Priority | None = None
    reason: Reason = ""


class SetDue(Command, frozen=True, tag="set_due"):
    """Fix the instant at which a clock falls due, whatever pauses and policies say (R15)."""

    metric: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    due_at: Annotated[datetime, msgspec.Meta(tz=True)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class ReleaseDue(Command, frozen=True, tag="release_due"):
    """Let the policy say again when a clock falls due (R15)."""

    metric: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    reason: Reason = ""


class Plan(Command, frozen=True, tag="plan"):
    """方案: say what will be done; a public one goes to the customer."""

    text: Text
    public: bool = True


class CheckIn(Command, frozen=True, tag="check_in"):
    """到场: say that one is on site, with coordinates in degrees where the device tells them."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None


class Escalate(Command, frozen=True, tag="escalate"):
    """升级 by hand."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Urge(Command, frozen=True, tag="urge"):
    """催办: ask whoever holds it to get on with it."""


class AskHelp(Command, frozen=True, tag="ask_help"):
    """求助: ask a team, or one colleague, for help; the ticket stays where it is."""

    question: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    team: str | None = None
    staff: int | None = None


class Merge(Command, frozen=True, tag="merge"):
    """合并: this ticket is about the same thing as `into`, where it goes on; its clocks are
    cancelled (R19).
    """

    into: int
    reason: Reason = ""


class Unmerge(Command, frozen=True, tag="unmerge"):
    """撤销合并: it was another thing after all; its clocks go on as if it had never been merged."""

    reason: Reason = ""


class Split(Command, frozen=True, tag="split"):
    """拆分: these messages are about something else, which gets a ticket of its own with clocks of
    its own, from now on, or with `inherit` from when this ticket was filed (R19).
    """

    messages: Annotated[tuple[int, ...], msgspec.Meta(min_length=1, max_length=100)]
    subject: Subject
    inherit: bool = False


class Edit(Command, frozen=True, tag="edit"):
    """Overwrite fields; refused when `seen_version` is not the current one (decision 4)."""

    seen_version: int
    subject: Subject | None = None
    category: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    urgency: Priority | None = None
    customer_level: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None = None
    region: Annotated[str, msgspec.Meta(max_length=120)] | None = None
    product: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    language: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    store: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    tags: Tags | None = None


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
    | SetDue
    | ReleaseDue
    | Plan
    | CheckIn
    | Escalate
    | Urge
    | AskHelp
    | Merge
    | Unmerge
    | Split
    | Edit
)
