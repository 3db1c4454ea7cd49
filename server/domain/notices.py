"""From an event to the notices (通知) it causes: who hears of it, and how it may repeat.

Nobody is told of his own actions; nothing is said in group and in private at once; status, notes
and good ratings are silent. Words and addresses are chosen later, at the edge.
"""

from typing import Literal

import msgspec

from server.domain import events
from server.domain.events import Event
from server.domain.firm import Firm
from server.domain.ticket import Ticket

Repeat = Literal["keyed", "at_most_once", "at_least_once"]

UNHAPPY = 2
"""Ratings up to this one are told to the leaders."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be said to one colleague (`staff`) or to a team's group (`team`)."""

    kind: str
    staff: int | None = None
    team: str | None = None
    repeat: Repeat = "at_least_once"
    facts: dict[str, str | int | None] = {}


def notices_of(event: Event, after: Ticket, firm: Firm) -> tuple[Notice, ...]:
    """What an event makes known, to whom. `after` is the ticket after the whole change."""
    found = _of_body(event, after, firm)
    actor = event.actor.id if event.actor.kind == "staff" else None
    return tuple(one for one in found if one.staff is None or one.staff != actor)


def _of_body(event: Event, after: Ticket, firm: Firm) -> tuple[Notice, ...]:  # noqa: C901, PLR0911
    match event.body:
        case events.Routed(team=team, assignee=assignee):
            return _arrival("routed", team, assignee)
        case events.Assigned(assignee=assignee):
            return (Notice(kind="assigned", staff=assignee),)
        case events.Transferred(team=team, assignee=assignee):
            return _arrival("transferred", team, assignee)
        case events.Released():
            return _arrival("released", after.team, None)
        case events.CustomerWrote():
            return _holder("customer_wrote", after)
        case events.Disputed():
            return _holder("disputed", after)
        case events.Nudged(count=count):
            return _holder("nudged", after, {"count": count})
        case events.Woke():
            return _holder("woke", after)
        case events.Warned(metric=metric, percent=percent, due_at=due_at):
            facts: dict[str, str | int | None] = {
                "metric": metric,
                "percent": percent,
                "due_at": due_at.isoformat(),
            }
            return _holder("warned", after, facts)
        case events.Breached(metric=metric, due_at=due_at):
            return _breach(after, firm, {"metric": metric, "due_at": due_at.isoformat()})
        case events.Escalated(reason=reason, to=to):
            return tuple(
                Notice(kind="escalated", staff=staff, facts={"reason": reason}) for staff in to
            )
        case events.Rated(score=score) if score <= UNHAPPY:
            return tuple(
                Notice(kind="rated_low", staff=staff, facts={"score": score})
                for staff in firm.leaders_of(after.team)
            )
        case _:
            return ()


def _arrival(kind: str, team: str | None, assignee: int | None) -> tuple[Notice, ...]:
    if assignee is not None:
        return (Notice(kind="assigned", staff=assignee),)
    if team is not None:
        return (Notice(kind=kind, team=team),)
    return ()


def _holder(
    kind: str, after: Ticket, facts: dict[str, str | int | None] | None = None
) -> tuple[Notice, ...]:
    if after.assignee is not None:
        return (Notice(kind=kind, staff=after.assignee, facts=facts or {}),)
    if after.team is not None:
        return (Notice(kind=kind, team=after.team, facts=facts or {}),)
    return ()


def _breach(after: Ticket, firm: Firm, facts: dict[str, str | int | None]) -> tuple[Notice, ...]:
    people = list(firm.leaders_of(after.team))
    if after.assignee is not None and after.assignee not in people:
        people.insert(0, after.assignee)
    found = [Notice(kind="breached", staff=staff, facts=facts) for staff in people]
    if after.assignee is None and after.team is not None:
        found.append(Notice(kind="breached", team=after.team, facts=facts))
    return tuple(found)
