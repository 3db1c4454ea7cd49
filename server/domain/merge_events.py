"""Events of merging and splitting (合并、拆分), kept apart from events.py for their length."""

from datetime import datetime

from server.domain.event_body import Body


class Merged(Body, frozen=True, tag="merged"):
    """合并: the ticket goes on in another one; its clocks are cancelled (R19)."""

    into: int
    reason: str = ""


class Absorbed(Body, frozen=True, tag="absorbed"):
    """并入: another ticket goes on in this one; or, `undone`, no longer does."""

    ticket: int
    undone: bool = False


class Unmerged(Body, frozen=True, tag="unmerged"):
    """撤销合并: clocks that were cancelled when it was merged, at `merged_at`, go on as if nothing
    had been.
    """

    was_in: int
    merged_at: datetime
    reason: str = ""


class SplitOff(Body, frozen=True, tag="split_off"):
    """拆出: these messages are in another ticket, too."""

    ticket: int
    messages: tuple[int, ...]
