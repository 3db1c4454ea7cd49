"""From an event to the notices (通知) it causes: who hears of it, and how it may repeat.

    event                      told to
    routed, transferred        the colleague who got it, else the team's group
    routed, to be assigned     the leaders, who dispatch
    assigned                   the colleague who got it
    claimed                    the team's group, where it waited for somebody; not when it was
                               claimed in chat, where the answer says it
    released                   the team's group; by the ladder: who had it, and the group only
                               where nobody else got it
    customer wrote, disputed,  the holder, else the team's group
    nudged, woke
    rung reached               whom the ladder names, and other systems (R17)
    escalated                  those who are named
    merged                     the holder, whose ticket goes on elsewhere
    absorbed, unmerged         the holder, else the team's group
    urged, helped              the holder, else the team's group
    help asked                 the colleague who is asked, else the team's group
    rated low                  the leaders

Nobody is told of his own actions; nothing is said in group and in private at once; status, notes,
good ratings and the law's own facts (warned, breached) are silent. Words and addresses are chosen
later, at the edge.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from server.domain import events
from server.domain.chat_events import HelpAsked, Helped, Urged
from server.domain.events import AnyBody, Event, Priority
from server.domain.firm import Firm
from server.domain.ladder_events import RungReached
from server.domain.merge_events import Absorbed, Merged, Unmerged
from server.domain.ticket import Ticket

Repeat = Literal["keyed", "at_most_once", "at_least_once"]
Facts = dict[str, str | int | None]

CHATS: Final = frozenset({"dingtalk", "wecom", "wecom_app"})
UNHAPPY: Final = 2
"""Ratings up to this one are told to the leaders."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be said to one colleague (`staff`), to a team's group (`team`) or to another
    system (`webhook`). With a `rank` it may be told together with others, the least rank first.
    It waits until `after`.
    """

    kind: str
    staff: int | None = None
    team: str | None = None
    webhook: str | None = None
    repeat: Repeat = "at_least_once"
    facts: Facts = {}
    rank: str = ""
    after: datetime | None = None


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


def _routed(body: events.Routed, _after: Ticket, firm: Firm) -> tuple[Notice, ...]:
    if body.assignee is None and body.decision.mode == "manual":
        leaders = firm.leaders_of(body.team)
        return tuple(Notice(kind="to_dispatch", staff=staff) for staff in leaders)
    return _arrival("routed", body.team, body.assignee)


def _assigned(body: events.Assigned, _after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    if body.cause == "handover":
        return ()  # one card lists all that was handed over
    return (Notice(kind="assigned", staff=body.assignee),)


def _transferred(body: events.Transferred, _after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _arrival("transferred", body.team, body.assignee)


def _claimed(body: events.Claimed, after: Ticket, firm: Firm) -> tuple[Notice, ...]:
    facts: Facts = {"assignee": body.assignee, "name": firm.name_of(body.assignee)}
    told = _group("claimed", after.team, facts)
    # Saying it twice would only confuse those who wait for work.
    return tuple(msgspec.structs.replace(one, repeat="at_most_once") for one in told)


def _released(body: events.Released, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    if not body.reason.startswith("ladder"):
        return _arrival("released", after.team, None)
    taken = Notice(kind="taken_back", staff=body.previous, facts={"why": body.reason})
    return (taken, *(_arrival("released", after.team, None) if after.assignee is None else ()))


def _wrote(_body: events.CustomerWrote, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("customer_wrote", after)


def _disputed(_body: events.Disputed, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("disputed", after)


def _nudged(body: events.Nudged, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("nudged", after, {"times": body.count})


def _urgent(body: events.PriorityChanged, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    """What became urgent is told at once; other changes are not worth a word."""
    became = body.new is Priority.URGENT and body.old is not Priority.URGENT
    return _holder("urgent", after) if became else ()


def _woke(_body: events.Woke, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("woke", after)


def _rung(body: RungReached, after: Ticket, _firm: Firm) -> Iterator[Notice]:
    if body.by_hand:
        return  # the escalation itself is told
    kind = _RUNG_KINDS.get(body.on) or _urgency(body)
    facts: Facts = {
        "metric": body.on,
        "percent": body.percent,
        "minutes": body.minutes,
        "due_at": body.due_at.isoformat() if body.due_at else None,
        "times": after.nudge_count if body.on == "nudge" else None,
        "repeat": body.repeat,
        "rung": body.rung,
    }
    rank = f"{_RANKS[kind]}{_PRESSING.index(after.priority)} {facts['due_at'] or '9'}"
    for one in body.told:
        yield Notice(kind=kind, staff=one.staff, facts=facts, rank=rank, after=body.quiet_until)
    if body.group is not None:
        yield Notice(kind=kind, team=body.group, facts=facts, rank=rank, after=body.quiet_until)
    for done in body.did:
        name, _, webhook = done.partition(":")
        if name == "webhook":
            told = facts | {"ladder": body.ladder, "reached_at": body.reached_at.isoformat()}
            told["count"] = told.pop("times")  # what other systems read keeps its name
            yield Notice(kind=kind, webhook=webhook, repeat="keyed", facts=told)


def _urgency(body: RungReached) -> str:
    """Broken, in danger, or only well under way."""
    if body.percent is not None and body.percent < ALL:
        return "warned" if body.percent >= PRESSING else "reminded"
    return "warned" if body.minutes is not None and body.minutes < 0 else "breached"


ALL: Final = 100
PRESSING: Final = 70
"""The percentage of a target from which on a ticket is called almost late."""
_RUNG_KINDS: Final = {"nudge": "nudged_again", "unaccepted": "unaccepted", "idle": "idle"}
_RANKS: Final = {
    "breached": 0,
    "warned": 1,
    "nudged_again": 2,
    "unaccepted": 3,
    "idle": 4,
    "reminded": 5,
}
_PRESSING: Final = tuple(Priority)


def _escalated(body: events.Escalated, _after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    facts: Facts = {"reason": body.reason}
    return tuple(Notice(kind="escalated", staff=staff, facts=facts) for staff in body.to)


def _merged(body: Merged, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    if after.assignee is None:
        return ()  # nobody's work goes on elsewhere
    return (Notice(kind="merged", staff=after.assignee, facts={"into": body.into}),)


def _absorbed(body: Absorbed, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    if body.undone:
        return ()
    return _holder("absorbed", after, {"merged": body.ticket})


def _unmerged(body: Unmerged, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("unmerged", after, {"into": body.was_in})


def _urged(_body: Urged, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("urged", after)


def _help_asked(body: HelpAsked, _after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    if body.staff is not None:
        return (Notice(kind="help_asked", staff=body.staff),)
    return _group("help_asked", body.team)


def _helped(_body: Helped, after: Ticket, _firm: Firm) -> tuple[Notice, ...]:
    return _holder("helped", after)


def _rated(body: events.Rated, after: Ticket, firm: Firm) -> tuple[Notice, ...]:
    if body.score > UNHAPPY:
        return ()
    facts: Facts = {"score": body.score}
    return tuple(
        Notice(kind="rated_low", staff=staff, facts=facts) for staff in firm.leaders_of(after.team)
    )


_Telling = Callable[[Any, Ticket, Firm], Iterable[Notice]]

_TOLD: Final[dict[type[AnyBody], _Telling]] = {
    events.Routed: _routed,
    events.Assigned: _assigned,
    events.Transferred: _transferred,
    events.Claimed: _claimed,
    events.Released: _released,
    events.CustomerWrote: _wrote,
    events.Disputed: _disputed,
    events.Nudged: _nudged,
    events.PriorityChanged: _urgent,
    events.Woke: _woke,
    RungReached: _rung,
    events.Escalated: _escalated,
    events.Rated: _rated,
    Urged: _urged,
    HelpAsked: _help_asked,
    Helped: _helped,
    Merged: _merged,
    Absorbed: _absorbed,
    Unmerged: _unmerged,
}
