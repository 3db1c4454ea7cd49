"""One line for each event, in the reader's language: who did what. Words stand under `[event]`,
the code is the event's kind, some kinds have variants (`routed_to_team`).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from server.api.schemas import ActorShown
from server.domain import chat_events as ce
from server.domain import events as e
from server.domain import law_events as le
from server.domain import merge_events as me
from server.domain.events import Actor, Event
from server.domain.firm import Firm
from server.domain.ladder_events import NudgedAgain, RungReached
from server.domain.people import Customer
from server.usecases.reasons import term_shown
from server.words import find, metric_title, say


class Teller:
    """Knows the names that an event's line is filled with."""

    def __init__(self, firm: Firm, customer: Customer, language: str) -> None:
        self.firm = firm
        self.customer = customer
        self.language = language

    def actor(self, actor: Actor) -> str:
        """Who did it."""
        match actor.kind:
            case "staff":
                return self.staff(actor.id)
            case "customer":
                return self.customer.name or say(self.language, "event.customer")
            case _:
                return say(self.language, "event.desk")

    def staff(self, staff: int | None) -> str:
        """A colleague's name; one who is unknown is called a colleague."""
        return self.firm.name_of(staff) or say(self.language, "event.somebody")

    def team(self, team: str | None) -> str:
        """A team's name."""
        found = self.firm.teams.get(team) if team is not None else None
        return found.name if found is not None else team or ""

    def word(self, kind: str, code: str) -> str:
        """A priority or a metric in words; an unknown code is shown as it is."""
        return find(self.language, f"{kind}.{code}") or code

    def metric(self, id_: str) -> str:
        """A metric in the administrator's words, or in ours."""
        return metric_title(id_, self.firm.law, self.language)

    def status(self, id_: str) -> str:
        """A status in words."""
        status = self.firm.statuses.get(id_)
        own = status.label.get(self.language) if status is not None else None
        return own or self.word("status", id_)

    def at(self, instant: datetime) -> str:
        """An instant on the firm's clock, to the minute."""
        local = instant.astimezone(ZoneInfo(self.firm.profile.zone))
        return say(
            self.language,
            "event.moment",
            month=say(self.language, f"month.{local.month}"),
            day=local.day,
            time=f"{local:%H:%M}",
        )

    def because(self, reason: str) -> str:
        """The reason as the end of a line; the desk's own reasons have words."""
        if not reason:
            return ""
        said = find(self.language, f"event.reason_{reason}") or reason
        return say(self.language, "event.because", reason=said)


Line = tuple[str, dict[str, Any]]
"""A code of `[event]` and its facts."""


def actor_shown(actor: Actor, firm: Firm, customer: Customer, language: str) -> ActorShown:
    """Who did it, on the wire."""
    return ActorShown(
        kind=actor.kind, id=actor.id, name=Teller(firm, customer, language).actor(actor)
    )


def summary_of(event: Event, firm: Firm, customer: Customer, language: str) -> str:
    """An event's line."""
    teller = Teller(firm, customer, language)
    tell = _TELL.get(type(event.body))
    kind = str(event.body.__struct_config__.tag)
    code, facts = tell(event.body, teller) if tell is not None else (kind, {})
    return say(language, f"event.{code}", actor=teller.actor(event.actor), **facts)


def _routed(body: e.Routed, teller: Teller) -> Line:
    if body.assignee is not None:
        return "routed_to_staff", {
            "assignee": teller.staff(body.assignee),
            "team": teller.team(body.team),
        }
    if body.team is not None:
        return "routed_to_team", {"team": teller.team(body.team)}
    return "routed_nowhere", {}


def _transferred(body: e.Transferred, teller: Teller) -> Line:
    facts = {"team": teller.team(body.team), "because": teller.because(body.reason)}
    if body.assignee is None:
        return "transferred", facts
    return "transferred_to_staff", {**facts, "assignee": teller.staff(body.assignee)}


def _help_asked(body: ce.HelpAsked, teller: Teller) -> Line:
    whom = teller.staff(body.staff) if body.staff is not None else teller.team(body.team)
    return "help_asked", {"whom": whom, "question": body.question}


def _released(body: e.Released, teller: Teller) -> Line:
    code = f"released_{body.reason}" if body.reason else "released"
    return code, {"previous": teller.staff(body.previous)}


def _status_changed(body: e.StatusChanged, teller: Teller) -> Line:
    facts = {
        "old": teller.status(body.old),
        "new": teller.status(body.new),
        "because": teller.because(body.reason),
    }
    if body.wake_at is None:
        return "status_changed", facts
    return "status_changed_until", {**facts, "until": teller.at(body.wake_at)}


def _replied(body: e.Replied, _teller: Teller) -> Line:
    return ("replied", {}) if body.human else ("replied_by_bot", {})


def _priority_changed(body: e.PriorityChanged, teller: Teller) -> Line:
    facts = {
        "old": teller.word("priority", body.old),
        "new": teller.word("priority", body.new),
        "because": teller.because(body.reason),
    }
    if body.by == "matrix":
        return "priority_released", facts
    if not body.why:
        return "priority_changed", facts
    terms = (term_shown(term, teller.language) for term in body.why)
    return "priority_weighed", facts | {"why": say(teller.language, "event.comma").join(terms)}


def _value(field: str, value: str, teller: Teller) -> str:
    if field == "urgency":
        return teller.word("priority", value)
    if field == "pinned":
        return say(teller.language, "event.yes" if value else "event.no")
    if field == "store":
        store = teller.firm.stores.get(value)
        value = store.name if store is not None else value
    return value or say(teller.language, "event.nothing")


def _edited(body: e.Edited, teller: Teller) -> Line:
    comma = say(teller.language, "event.comma")
    changes = [
        say(
            teller.language,
            "event.edited_field",
            field=find(teller.language, f"event.field_{name}") or name,
            old=_value(name, old, teller),
            new=_value(name, new, teller),
        )
        for name, (old, new) in body.fields.items()
    ]
    if body.rules:
        return "ruled", {"changes": comma.join(changes), "rules": comma.join(body.rules)}
    return "edited", {"changes": comma.join(changes)}


def _escalated(body: e.Escalated, teller: Teller) -> Line:
    comma = say(teller.language, "event.comma")
    people = comma.join(teller.staff(one) for one in body.to)
    return "escalated", {"people": people, "because": teller.because(body.reason)}


def _rung_reached(body: RungReached, teller: Teller) -> Line:
    rung = body.rung
    ladder = teller.firm.ladders.get(body.ladder)
    for one in ladder.rungs if ladder is not None else ():
        rung = one.name or rung if one.id == body.rung else rung
    if body.by_hand:
        return "rung_by_hand", {"rung": rung}
    language = teller.language
    people = [teller.staff(one.staff) for one in body.told]
    if body.group is not None:
        team = teller.firm.team_name(body.group) or body.group
        people.append(say(language, "event.rung_group", team=team))
    facts = {
        "when": _rung_when(body, teller),
        "people": say(language, "event.comma").join(people),
        "did": "".join(_rung_did(one, teller) for one in body.did),
    }
    return ("rung_reached" if people else "rung_silent"), facts


def _rung_when(body: RungReached, teller: Teller) -> str:
    minutes = body.minutes
    if body.on in ("nudge", "unaccepted", "idle"):
        code = body.on
    elif minutes is None:
        code = "percent"
    else:
        code = "before" if minutes < 0 else "after"
    return say(
        teller.language,
        f"event.rung_{code}",
        metric=teller.metric(body.on),
        percent=body.percent,
        minutes=abs(minutes or 0),
    )


def _rung_did(done: str, teller: Teller) -> str:
    name, _, what = done.partition(":")
    webhook = teller.firm.webhooks.get(what)
    return say(teller.language, f"event.rung_did_{name}", name=webhook.name if webhook else what)


def _rated(body: e.Rated, _teller: Teller) -> Line:
    facts = {"score": body.score, "comment": body.comment}
    return ("rated_with_comment" if body.comment else "rated", facts)


def _reason(code: str) -> Callable[[Any, Teller], Line]:
    return lambda body, teller: (code, {"because": teller.because(body.reason)})


_TELL: Final[dict[type[e.Body], Callable[[Any, Teller], Line]]] = {
    e.Opened: lambda body, teller: (
        "opened",
        {"channel": teller.word("channel", body.channel), "subject": body.subject},
    ),
    e.Routed: _routed,
    e.Replied: _replied,
    e.Released: _released,
    e.Assigned: lambda body, teller: ("assigned", {"assignee": teller.staff(body.assignee)}),
    e.Transferred: _transferred,
    e.StatusChanged: _status_changed,
    e.Closed: _reason("closed"),
    e.Cancelled: _reason("cancelled"),
    e.Reopened: _reason("reopened"),
    e.PriorityChanged: _priority_changed,
    e.Edited: _edited,
    e.Nudged: lambda body, _teller: ("nudged", {"count": body.count}),
    NudgedAgain: lambda body, _teller: (
        "nudged_again",
        {"count": body.count, "times": body.times},
    ),
    e.Escalated: _escalated,
    RungReached: _rung_reached,
    e.Warned: lambda body, teller: (
        "warned",
        {
            "metric": teller.metric(body.metric),
            "percent": body.percent,
            "due_at": teller.at(body.due_at),
        },
    ),
    e.Breached: lambda body, teller: (
        "breached",
        {"metric": teller.metric(body.metric), "due_at": teller.at(body.due_at)},
    ),
    e.Rated: _rated,
    e.Continued: lambda body, _teller: ("continued", {"ticket": body.by}),
    me.Merged: lambda body, teller: (
        "merged",
        {"ticket": body.into, "because": teller.because(body.reason)},
    ),
    me.Absorbed: lambda body, _teller: (
        "absorbed_undone" if body.undone else "absorbed",
        {"ticket": body.ticket},
    ),
    me.Unmerged: lambda body, teller: (
        "unmerged",
        {"ticket": body.was_in, "because": teller.because(body.reason)},
    ),
    me.SplitOff: lambda body, _teller: (
        "split_off",
        {"ticket": body.ticket, "count": len(body.messages)},
    ),
    ce.Undone: lambda body, teller: ("undone", {"what": teller.word("chat.undo.what", body.what)}),
    ce.HelpAsked: _help_asked,
    le.DueSet: lambda body, teller: (
        "due_set",
        {
            "metric": teller.metric(body.metric),
            "due_at": teller.at(body.due_at),
            "because": teller.because(body.reason),
        },
    ),
    le.DueReleased: lambda body, teller: (
        "due_released",
        {"metric": teller.metric(body.metric), "because": teller.because(body.reason)},
    ),
    le.Excused: lambda body, teller: (
        "excused",
        {
            "from_at": teller.at(body.from_at),
            "to_at": teller.at(body.to_at),
            "because": teller.because(body.reason),
        },
    ),
    le.LawJobEnded: lambda body, _teller: ("law_job_ended", {"tickets": body.tickets}),
    e.NoticeFailed: lambda body, _teller: (
        "notice_failed",
        {"notice": body.notice, "reason": body.reason},
    ),
}
"""How each kind is told; the kinds that are missing need no facts but who did it."""
