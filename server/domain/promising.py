"""What colleagues do to a ticket's promises: plan, come on site, set a due instant by hand."""

from datetime import datetime

from msgspec.structs import replace

from server.domain import ticket as rules
from server.domain.clocks import Clock
from server.domain.errors import ClockNotRunning
from server.domain.events import CheckedIn, Planned
from server.domain.law_events import DueReleased, DueSet
from server.domain.standing import SlaState
from server.domain.ticket import Change, Ticket


def set_due(ticket: Ticket, state: SlaState, metric: str, due_at: datetime, reason: str) -> Change:
    """A clock falls due at this instant until somebody releases it (R15). Setting the same instant
    again changes nothing. Refuses `ClockNotRunning`.
    """
    rules.need_open(ticket)
    clock = _clock(ticket, state, metric)
    due_at = due_at.replace(microsecond=0)
    if clock.manual is not None and clock.manual.due_at == due_at:
        return Change(ticket)
    event = DueSet(metric=metric, instance=clock.instance, due_at=due_at, reason=reason)
    return Change(ticket, (event,))


def release_due(ticket: Ticket, state: SlaState, metric: str, reason: str) -> Change:
    """The policy says again when a clock falls due (R15). Releasing a clock that nobody set changes
    nothing. Refuses `ClockNotRunning`.
    """
    rules.need_open(ticket)
    clock = _clock(ticket, state, metric)
    if clock.manual is None:
        return Change(ticket)
    return Change(ticket, (DueReleased(metric=metric, instance=clock.instance, reason=reason),))


def plan(ticket: Ticket, message: int, at: datetime, by: int, *, public: bool) -> Change:
    """方案: what will be done. A public one goes to the customer and is a reply besides."""
    rules.need_open(ticket)
    planned = Planned(message=message)
    if public:
        said = rules.reply(ticket, message, at, by)
        return Change(said.ticket, (*said.events, planned))
    return Change(replace(ticket, message_count=ticket.message_count + 1), (planned,))


def check_in(ticket: Ticket, by: int, latitude: float | None, longitude: float | None) -> Change:
    """到场: a colleague is on site. Who comes to a ticket that nobody holds takes it."""
    rules.need_open(ticket)
    here = CheckedIn(latitude=latitude, longitude=longitude)
    if ticket.assignee not in {None, by}:
        return Change(ticket, (here,))
    taken = rules.claim(ticket, by, None)
    return Change(taken.ticket, (*taken.events, here))


def _clock(ticket: Ticket, state: SlaState, metric: str) -> Clock:
    live = (one for one in state.clocks if one.metric == metric and one.is_live)
    found = next(live, None)
    if found is None:
        raise ClockNotRunning(ticket=ticket.number, metric=metric)
    return found
