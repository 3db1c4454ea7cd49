"""What people do to promises (时效): they set and release due instants, apply new versions of
policies and calendars, and excuse time. Part of the closed union in events.py.
"""

from datetime import datetime
from typing import Literal

from server.domain.event_body import Body


class DueSet(Body, frozen=True, tag="due_set"):
    """A clock falls due at this very instant until somebody releases it (R15)."""

    metric: str
    instance: int
    due_at: datetime
    reason: str


class DueReleased(Body, frozen=True, tag="due_released"):
    """The policy says again when a clock falls due (R15)."""

    metric: str
    instance: int
    reason: str = ""


class LawApplied(Body, frozen=True, tag="law_applied"):
    """Policies (R13) and calendars (R14), as they were current at the event `as_of`, hold for the
    ticket's open clocks from now on.
    """

    job: int
    as_of: int
    policies: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()


class Excused(Body, frozen=True, tag="excused"):
    """The time between two instants does not count (R14): power cut, typhoon, failure of the
    desk's own systems. `metrics` empty: no clock counts it. `approver` is a colleague.
    """

    job: int
    from_at: datetime
    to_at: datetime
    cause: str
    reason: str
    approver: int
    metrics: tuple[str, ...] = ()


class LawJobOrdered(Body, frozen=True, tag="law_job_ordered"):
    """时效任务: somebody has policies or calendars applied to open clocks, or time excused (R13,
    R14). Each ticket's own event names this one as its cause.
    """

    job: int
    of: Literal["apply", "excuse"]
    digest: str


class LawJobEnded(Body, frozen=True, tag="law_job_ended"):
    """Such a job is done: how many tickets it changed, how many clocks fall due at another instant,
    are breached by it, are cured, were begun and were cancelled.
    """

    job: int
    tickets: int
    moved: int
    breached: int
    cured: int
    begun: int
    cancelled: int
