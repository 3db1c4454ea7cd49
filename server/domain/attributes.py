"""What rules and matrix make of a ticket (定级与归类): its priority with the reason, its queue,
tags, skills and policy. Asked when a ticket is opened, and again whenever something changes that
they look at.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from server.domain.conditions import Facts
from server.domain.events import AnyBody, Edited, Event, Opened, Priority, PriorityChanged
from server.domain.matching import folded
from server.domain.priority import Matrix, Weighed, weigh
from server.domain.rules import Rules, Verdict, fields_read, read
from server.domain.ticket import Change, Ticket


class Assessed(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules say, and the priority that follows from matrix and rules together."""

    verdict: Verdict
    weighed: Weighed


def assess(
    rules: Rules, matrix: Matrix, facts: Facts, *, fixed: Priority | None = None
) -> Assessed:
    """`fixed`: a colleague set this priority by hand; it stays. Rules look at the priority that
    the matrix gives; one that a rule gives takes the place of the matrix's.
    """
    text = folded(f"{facts.subject}\n{facts.text}")

    def weighed(ruled: tuple[Priority, str] | None = None) -> Weighed:
        return weigh(
            matrix,
            level=facts.customer_level,
            urgency=Priority(facts.urgency),
            nudges=facts.nudges,
            text=text,
            ruled=ruled,
        )

    found = Weighed(priority=fixed) if fixed is not None else weighed()
    verdict = read(rules, replace(facts, priority=found.priority.value))
    if fixed is None and verdict.priority is not None:
        found = weighed((verdict.priority, verdict.priority_rule))
    return Assessed(verdict=verdict, weighed=found)


def told(ticket: Ticket, assessed: Assessed) -> Ticket:
    """The ticket as matrix and rules want it: for one that is being opened."""
    verdict = assessed.verdict
    return replace(
        ticket,
        priority=assessed.weighed.priority,
        queue=verdict.queue or ticket.queue,
        tags=_with(ticket.tags, verdict.tags),
        skills=verdict.skills,
        policy=verdict.policy or ticket.policy,
        pinned=ticket.pinned or verdict.pin,
    )


def adjusted(ticket: Ticket, assessed: Assessed, *, movable: bool) -> Change:
    """What changes of a ticket that is there already. Tags that a rule gave stay, and so does the
    policy, until another rule names another; the queue changes where the ticket is `movable`.
    """
    wanted = told(ticket, assessed)
    if not movable:
        wanted = replace(wanted, queue=ticket.queue, skills=ticket.skills)
    events: list[AnyBody] = []
    if wanted.priority is not ticket.priority:
        why = assessed.weighed.why
        events.append(PriorityChanged(old=ticket.priority, new=wanted.priority, why=why))
    fields = {
        name: (_shown(old), _shown(new))
        for name in ("queue", "tags", "policy", "pinned")
        if (old := getattr(ticket, name)) != (new := getattr(wanted, name))
    }
    if fields:
        names = tuple(one.name or one.rule for one in assessed.verdict.rules)
        events.append(Edited(fields=fields, rules=names))
    return Change(wanted if events else ticket, tuple(events))


def why_priority(events: Iterable[Event]) -> tuple[str, ...]:
    """The terms that led to the priority as it is now; none where somebody set it."""
    why: tuple[str, ...] = ()
    for event in events:
        if isinstance(event.body, Opened | PriorityChanged):
            why = event.body.why
    return why


def _with(tags: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*tags, *more)))


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "、".join(str(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def minds(rules: Rules, matrix: Matrix, changed: frozenset[str]) -> bool:
    """Whether rules or matrix look at any of these facts."""
    looked_at = fields_read(rules) | {"customer_level", "urgency"}
    looked_at |= {"nudges"} if matrix.nudges else frozenset()
    looked_at |= {"subject", "text"} if matrix.words else frozenset()
    return bool(looked_at & changed)
