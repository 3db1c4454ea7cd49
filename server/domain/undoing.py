"""撤销: what can be taken back within a minute, and the command that takes it back.

Nothing is deleted: taking back is a command of its own, and both stand in the history. It is
refused where somebody else changed meanwhile what the first command had changed. Words to a
customer, notes, solutions and closing cannot be taken back; a reply that is still held can
(usecases/held_replies.py).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from server.domain import commands as c
from server.domain.errors import ChangedMeanwhile
from server.domain.events import Priority
from server.domain.ticket import OPEN_CATEGORIES, WAITING_CATEGORIES, Ticket

UNDO_WITHIN: Final = timedelta(seconds=60)


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What of a ticket commands change that can be taken back."""

    team: str | None
    assignee: int | None
    status: str
    waits: bool
    wake_at: datetime | None
    priority: Priority
    priority_by: str
    tags: tuple[str, ...]
    merged_into: int | None


class Undoable(msgspec.Struct, frozen=True, kw_only=True):
    """A command that was done to a ticket, by its tag, with the marks before and after it."""

    ticket: int
    what: str
    was: Marks
    now: Marks


def marks_of(ticket: Ticket) -> Marks:
    """How a ticket stands."""
    return Marks(
        team=ticket.team,
        assignee=ticket.assignee,
        status=ticket.status,
        waits=ticket.status_category in WAITING_CATEGORIES,
        wake_at=ticket.wake_at,
        priority=ticket.priority,
        priority_by=ticket.priority_by,
        tags=ticket.tags,
        merged_into=ticket.merged_into,
    )


def undoable(command: c.AnyCommand, before: Ticket, after: Ticket) -> Undoable | None:
    """What to remember of a command that was done, or None: it changed nothing, or cannot be
    taken back.
    """
    what = str(command.__struct_config__.tag)
    was, now = marks_of(before), marks_of(after)
    if what not in _BACK or was == now or before.status_category not in OPEN_CATEGORIES:
        return None
    if what in {"transfer", "assign"} and was.team is None:
        return None  # nobody can send a ticket to no team
    return Undoable(ticket=after.number, what=what, was=was, now=now)


def way_back(done: Undoable, ticket: Ticket) -> c.AnyCommand:
    """The command that takes it back. Refuses `ChangedMeanwhile`."""
    present = marks_of(ticket)
    changed = [name for name in Marks.__struct_fields__ if _differs(done.was, done.now, name)]
    if any(_differs(done.now, present, name) for name in changed):
        raise ChangedMeanwhile(ticket=ticket.number, version=ticket.version)
    return _BACK[done.what](done, ticket)


def _differs(one: Marks, other: Marks, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _holder(done: Undoable, _ticket: Ticket) -> c.AnyCommand:
    """Whoever held it holds it again."""
    if done.was.assignee is None:
        return c.Release(ticket=done.ticket)
    return c.Assign(ticket=done.ticket, staff=done.was.assignee)


def _place(done: Undoable, ticket: Ticket) -> c.AnyCommand:
    """Back to the team, and to whoever held it there."""
    if done.was.team == done.now.team:
        return _holder(done, ticket)
    return c.Transfer(ticket=done.ticket, team=done.was.team or "", staff=done.was.assignee)


def _status(done: Undoable, _ticket: Ticket) -> c.AnyCommand:
    """It waits as it did, or waits no more."""
    if not done.was.waits or done.was.wake_at is None:
        return c.Resume(ticket=done.ticket)
    until = done.was.wake_at
    return c.Hold(ticket=done.ticket, status=done.was.status, reason="undone", until=until)


def _priority(done: Undoable, _ticket: Ticket) -> c.AnyCommand:
    by_hand = done.was.priority_by == "hand"
    return c.SetPriority(ticket=done.ticket, priority=done.was.priority if by_hand else None)


def _tags(done: Undoable, ticket: Ticket) -> c.AnyCommand:
    return c.Edit(ticket=done.ticket, seen_version=ticket.version, tags=done.was.tags)


def _apart(done: Undoable, _ticket: Ticket) -> c.AnyCommand:
    return c.Unmerge(ticket=done.ticket)


_BACK: Final[dict[str, Callable[[Undoable, Ticket], c.AnyCommand]]] = {
    "claim": _holder,
    "release": _holder,
    "assign": _place,
    "transfer": _place,
    "hold": _status,
    "resume": _status,
    "set_priority": _priority,
    "edit": _tags,
    "merge": _apart,
}
