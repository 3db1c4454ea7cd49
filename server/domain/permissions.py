"""Who may do which command to which ticket, as one table; the manual prints the same data."""

from typing import Final

from server.domain.commands import (
    AnyCommand,
    Assign,
    Cancel,
    Claim,
    Close,
    Command,
    Edit,
    Escalate,
    Hold,
    Note,
    Release,
    Reopen,
    Reply,
    Resolve,
    Resume,
    SetPriority,
    Transfer,
)
from server.domain.errors import NotAllowed, UnknownTicket
from server.domain.people import Role, Sight, Staff
from server.domain.ticket import Ticket

_LEADING: Final = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
_WORKING: Final = _LEADING | {Role.STAFF}
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
    Cancel: _LEADING,
    Reopen: _WORKING,
    SetPriority: _WORKING,
    Escalate: _WORKING,
    Edit: _WORKING,
}
"""Command → roles. The ticket must be in the person's sight besides (people.Sight)."""

OWN_ONLY: Final = frozenset({Release})
"""Commands that plain staff may only do to a ticket that they hold."""


def may(by: Staff, sight: Sight, command: type[Command], ticket: Ticket) -> bool:
    """Whether this person may do this command to this ticket now."""
    if not by.active or by.role not in MAY[command]:
        return False
    if not sight.sees(ticket.team, ticket.assignee):
        return False
    return command not in OWN_ONLY or by.role in _LEADING or ticket.assignee == by.id


def permit(by: Staff, sight: Sight, command: AnyCommand, ticket: Ticket) -> None:
    """Refuse with `UnknownTicket` what is out of sight, with `NotAllowed` what the role may not."""
    if not sight.sees(ticket.team, ticket.assignee):
        raise UnknownTicket(ticket=ticket.number)
    if not may(by, sight, type(command), ticket):
        raise NotAllowed(ticket=ticket.number)


def allowed(by: Staff, sight: Sight, ticket: Ticket) -> tuple[str, ...]:
    """The tags of the commands that this person may do to this ticket: buttons come from here."""
    return tuple(
        str(command.__struct_config__.tag) for command in MAY if may(by, sight, command, ticket)
    )
