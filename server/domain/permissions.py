"""Who may do which command to which ticket, as one table; the manual prints the same data."""

from collections.abc import Callable
from typing import Final

from server.domain.commands import (
    AnyCommand,
    AskHelp,
    Assign,
    Cancel,
    CheckIn,
    Claim,
    Close,
    Command,
    Edit,
    Escalate,
    Hold,
    Merge,
    Note,
    Plan,
    Release,
    ReleaseDue,
    Reopen,
    Reply,
    Resolve,
    Resume,
    SetDue,
    SetPriority,
    Split,
    Transfer,
    Unmerge,
    Urge,
)
from server.domain.errors import NotAllowed, UnknownTicket
from server.domain.people import LEADING, Role, Sight, Staff
from server.domain.ticket import OPEN_CATEGORIES, WAITING_CATEGORIES, Ticket

_WORKING: Final = LEADING | {Role.STAFF}
_HELPING: Final = _WORKING | {Role.COLLABORATOR}

MAY: Final[dict[type[Command], frozenset[Role]]] = {
    Claim: _WORKING,
    Release: _WORKING,
    Assign: _WORKING,
    Transfer: _WORKING,
    Reply: _WORKING,
    Note: _HELPING,
    Hold: _WORKING,
    Resume: _WORKING,
    Resolve: _WORKING,
    Close: _WORKING,
    Cancel: LEADING,
    Reopen: _WORKING,
    SetPriority: _WORKING,
    SetDue: LEADING,
    ReleaseDue: LEADING,
    Plan: _WORKING,
    CheckIn: _WORKING,
    Escalate: _WORKING,
    Urge: _HELPING,
    AskHelp: _WORKING,
    Merge: _WORKING,
    Unmerge: _WORKING,
    Split: _WORKING,
    Edit: _WORKING,
}
"""Command → roles. The ticket must be in the person's sight besides (people.Sight)."""

OWN_ONLY: Final = frozenset({Release, CheckIn})
"""Commands that plain staff may only do to a ticket that they hold."""

Fit = Callable[[Ticket, Staff], bool]


def _always(_ticket: Ticket, _by: Staff) -> bool:
    return True


def _open(ticket: Ticket, _by: Staff) -> bool:
    return ticket.status_category in OPEN_CATEGORIES


def _claimable(ticket: Ticket, by: Staff) -> bool:
    begun = ticket.status_category != "new"
    free = ticket.assignee is None or (ticket.assignee == by.id and not begun)
    return free and _open(ticket, by)


FITS: Final[dict[type[Command], Fit]] = {
    Claim: _claimable,
    Release: lambda ticket, by: ticket.assignee is not None and _open(ticket, by),
    Assign: _open,
    Transfer: _open,
    Reply: lambda ticket, _by: ticket.status_category not in {"cancelled", "merged"},
    Note: _always,
    Hold: _open,
    Resume: lambda ticket, _by: ticket.status_category in WAITING_CATEGORIES,
    Resolve: _open,
    Close: lambda ticket, by: _open(ticket, by) or ticket.status_category == "resolved",
    Cancel: _open,
    Reopen: lambda ticket, _by: ticket.status_category in {"resolved", "closed"},
    SetPriority: _open,
    SetDue: lambda ticket, by: ticket.next_due_at is not None and _open(ticket, by),
    ReleaseDue: lambda ticket, by: ticket.next_due_at is not None and _open(ticket, by),
    Plan: _open,
    CheckIn: _open,
    Escalate: _open,
    Urge: lambda ticket, by: ticket.assignee != by.id and _open(ticket, by),
    AskHelp: _open,
    Merge: _open,
    Unmerge: lambda ticket, _by: ticket.merged_into is not None,
    Split: lambda ticket, _by: ticket.status_category not in {"cancelled", "merged"},
    Edit: _always,
}
"""Command → whether it would change this ticket as it is now. Buttons are left out by it; the
rules of ticket.py refuse by themselves."""


def may(by: Staff, sight: Sight, command: type[Command], ticket: Ticket) -> bool:
    """Whether this person may do this command to this ticket, whatever its status."""
    if not by.active or by.role not in MAY[command]:
        return False
    if not sight.sees(ticket.team, ticket.assignee):
        return False
    return command not in OWN_ONLY or by.role in LEADING or ticket.assignee == by.id


def permit(by: Staff, sight: Sight, command: AnyCommand, ticket: Ticket) -> None:
    """Refuse with `UnknownTicket` what is out of sight, with `NotAllowed` what the role may not."""
    if not sight.sees(ticket.team, ticket.assignee):
        raise UnknownTicket(ticket=ticket.number)
    if not may(by, sight, type(command), ticket):
        raise NotAllowed(ticket=ticket.number)


def allowed(by: Staff, sight: Sight, ticket: Ticket) -> tuple[str, ...]:
    """The tags of the commands that this person may do to this ticket now: buttons come from
    here.
    """
    return tuple(
        str(command.__struct_config__.tag)
        for command in MAY
        if may(by, sight, command, ticket) and FITS[command](ticket, by)
    )
