"""催办、求助: colleagues asking one another about a ticket that stays where it is."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from server.domain import errors
from server.domain.chat_events import HelpAsked, Helped, Urged
from server.domain.events import Event
from server.domain.firm import Firm
from server.domain.ticket import Change, Ticket, need_open, note

URGE_PAUSE: Final = timedelta(minutes=10)
"""A ticket may be urged (催办) once in this span."""


def urge(ticket: Ticket) -> Change:
    """Ask whoever holds it to get on with it."""
    need_open(ticket)
    return Change(ticket, (Urged(assignee=ticket.assignee),))


def ask_help(ticket: Ticket, team: str | None, staff: int | None, question: str) -> Change:
    """Ask another team, or one colleague, for help; the ticket stays with who holds it."""
    need_open(ticket)
    return Change(ticket, (HelpAsked(team=team, staff=staff, question=question),))


def help_with(ticket: Ticket, message: int) -> Change:
    """Whoever was asked answers; only colleagues read it."""
    return Change(note(ticket, message).ticket, (Helped(message=message),))


def is_asked(events: Iterable[Event], staff: int, firm: Firm) -> bool:
    """Whether this colleague, or his team, was ever asked for help with the ticket."""
    asked = [one.body for one in events if isinstance(one.body, HelpAsked)]
    teams = {team.id for team in firm.teams.values() if staff in team.people}
    return any(one.staff == staff or (one.team is not None and one.team in teams) for one in asked)


def need_whom(firm: Firm, team: str | None, staff: int | None) -> None:
    """Refuse `Invalid(team)` when nobody is asked, `UnknownTeam`, `UnknownStaff`."""
    if team is None and staff is None:
        raise errors.Invalid(team="missing")
    if team is not None and team not in firm.teams:
        raise errors.UnknownTeam(team=team)
    person = firm.staff.get(staff) if staff is not None else None
    if staff is not None and (person is None or not person.active):
        raise errors.UnknownStaff(staff=staff)
