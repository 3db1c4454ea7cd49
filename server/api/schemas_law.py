"""The wire shapes of the law: metrics, and orders to many clocks with their previews and jobs."""

from typing import Literal

import msgspec

from server.api.schemas import Instant
from server.domain.events import StatusCategory
from server.domain.renewing import Apply, ExcuseTime

What = Literal["moved", "breached", "cured", "begun", "cancelled"]
LawOrder = Apply | ExcuseTime


class MetricShown(msgspec.Struct, frozen=True, kw_only=True):
    """A metric as it is measured now; `label` is in the reader's language. `own`: somebody saved it
    (configuration kind `metric`), else it is one that every desk has. `promised`: some policy has a
    target for it.
    """

    id: str
    label: str
    version: int
    own: bool
    promised: bool
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    resumes: tuple[str, ...]
    pauses: tuple[StatusCategory, ...]
    instances: Literal["one", "many"]
    late: Literal["rejudge", "clamp"]


class SignalShown(msgspec.Struct, frozen=True, kw_only=True):
    """A signal that may start and stop clocks, in the reader's language."""

    id: str
    label: str


class MetricsShown(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/metrics."""

    metrics: tuple[MetricShown, ...]
    signals: tuple[SignalShown, ...]


class TallyShown(msgspec.Struct, frozen=True, kw_only=True):
    """What an order does: tickets that it looks at, that it changes, that could not be worked on;
    clocks that fall due at another instant, that it breaches, cures, begins and cancels.
    """

    looked_at: int
    tickets: int
    moved: int
    breached: int
    cured: int
    begun: int
    cancelled: int
    failed: int


class EffectShown(msgspec.Struct, frozen=True, kw_only=True):
    """What an order does to one clock."""

    metric: str
    label: str
    instance: int
    what: tuple[What, ...]
    old_due_at: Instant | None
    new_due_at: Instant | None


class ExampleShown(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that an order would change."""

    ticket: int
    subject: str
    effects: tuple[EffectShown, ...]


class LawPreview(msgspec.Struct, frozen=True, kw_only=True):
    """POST /api/v1/law/preview: what an order would do if it were given now; nothing is changed.
    The first twenty tickets are shown.
    """

    order: LawOrder
    tally: TallyShown
    examples: tuple[ExampleShown, ...]


class LawJobShown(msgspec.Struct, frozen=True, kw_only=True):
    """A job on promises. `by` names who ordered it; `reached` of `through` ticket numbers are done;
    `text` says what came of it, in the reader's language.
    """

    id: int
    order: LawOrder
    state: Literal["running", "done"]
    by: str
    created_at: Instant
    ended_at: Instant | None
    reached: int
    through: int
    tally: TallyShown
    text: str
