"""From an event to the notices (通知) it causes: who hears of it, and how it may repeat.

    event                      told to
    routed, transferred        the colleague who got it, else the team's group
    assigned                   the colleague who got it
    claimed                    the team's group, where it waited for somebody; not when it was
                               claimed in chat, where the answer says it
    released                   the team's group
    customer wrote, disputed,  the holder, else the team's group
    nudged, warned, woke
    breached                   the holder and the leaders; the group, if nobody holds it
    escalated                  those who are named
    rated low                  the leaders

Nobody is told of his own actions; nothing is said in group and in private at once; status, notes
and good ratings are silent. Words and addresses are chosen later, at the edge.
"""

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from server.domain import events
from server.domain.events import AnyBody, Event
from server.domain.firm import Firm
from server.domain.ticket import Ticket

Repeat = Literal["keyed", "at_most_once", "at_least_once"]
Facts = dict[str, str | int | None]

CHATS: Final = frozenset({"dingtalk", "wecom"})
UNHAPPY: Final = 2
"""Ratings up to this one are told to the leaders."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be said to one colleague (`staff`) or to a team's group (`team`)."""

    kind: str
    staff: int | None = None
    team: str | None = None
    repeat: Repeat = "at_least_once"
    facts: Facts = {}


def notices_of(event: Event, after: Ticket, firm: Firm) -> tuple[Notice, ...]:
    """What an event makes known, to whom. `after` is the ticket after the whole change."""
    told = _TOLD.get(type(event.body))
    if told is None:
        return ()
    if isinstance(event.body, events.Claimed) and event.via in CHATS:
        return ()
    actor = event.actor.id if event.actor.kind == "staff" else None
    return tuple(
        one for one in told(event.body, after, firm) if one.staff is None or one.staff != actor
    )


def _arrival(kind: str, team: str | None, assignee: int | None) -> tuple[Notice, ...]:
    if assignee is not None:
        return (Notice(kind="assigned", staff=assignee),)
    return _group(kind, team)


def _group(kind: str, team: str | None, facts: Facts | None = None) -> tuple[Notice, ...]:
    return () if team is None else (Notice(kind=kind, team=team, facts=facts or {}),)


def _holder(kind: str, after: Ticket, facts: Facts | None = None) -> tuple[Notice, ...]:
    if after.assignee is not None:
        return (Notice(kind=kind, staff=after.assignee, facts=facts or {}),)
    return _group(kind, after.team, facts)


def _routed(body: events.Routed, _after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _arrival("routed", body.team, body.assignee)


def _assigned(body: events.Assigned, _after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return (Notice(kind="assigned", staff=body.assignee),)


def _transferred(body: events.Transferred, _after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _arrival("transferred", body.team, body.assignee)


def _claimed(body: events.Claimed, after: Ticket, firm: Firm) -> tuple[Notice, ...]:
    facts: Facts = {"assignee": body.assignee, "name": firm.name_of(body.assignee)}
    told = _group("claimed", after.team, facts)
    # Saying it twice would only confuse those who wait for work.
    return tuple(msgspec.structs.replace(one, repeat="at_most_once") for one in told)


def _released(_body: events.Released, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _arrival("released", after.team, None)


def _wrote(_body: events.CustomerWrote, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("customer_wrote", after)


def _disputed(_body: events.Disputed, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("disputed", after)


def _nudged(body: events.Nudged, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("nudged", after, {"count": body.count})


def _woke(_body: events.Woke, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("woke", after)


def _warned(body: events.Warned, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    facts: Facts = {
        "metric": body.metric,
        "percent": body.percent,
        "due_at": body.due_at.isoformat(),
    }
    return _holder("warned", after, facts)


def _breached(body: events.Breached, after: Ticket, firm: Firm) -> tuple[Notice, ...]:
    facts: Facts = {"metric": body.metric, "due_at": body.due_at.isoformat()}
    people = list(firm.leaders_of(after.team))
    if after.assignee is not None and after.assignee not in people:
        people.insert(0, after.assignee)
    told = tuple(Notice(kind="breached", staff=staff, facts=facts) for staff in people)
    return told if after.assignee is not None else told + _group("breached", after.team, facts)


def _escalated(body: events.Escalated, _after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    facts: Facts = {"reason": body.reason}
    return tuple(Notice(kind="escalated", staff=staff, facts=facts) for staff in body.to)


def _rated(body: events.Rated, after: Ticket, firm: Firm) -> tuple[Notice, ...]:
    if body.score > UNHAPPY:
        return ()
    facts: Facts = {"score": body.score}
    return tuple(
        Notice(kind="rated_low", staff=staff, facts=facts) for staff in firm.leaders_of(after.team)
    )


_Telling = Callable[[Any, Ticket, Firm], tuple[Notice, ...]]

_TOLD: Final[dict[type[AnyBody], _Telling]] = {
    events.Routed: _routed,
    events.Assigned: _assigned,
    events.Transferred: _transferred,
    events.Claimed: _claimed,
    events.Released: _released,
    events.CustomerWrote: _wrote,
    events.Disputed: _disputed,
    events.Nudged: _nudged,
    events.Woke: _woke,
    events.Warned: _warned,
    events.Breached: _breached,
    events.Escalated: _escalated,
    events.Rated: _rated,
}
