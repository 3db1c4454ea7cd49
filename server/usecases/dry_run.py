"""试运行: what would happen to a ticket, with nothing written. Which rules match and which do not,
and why; the priority; who would be asked and who would get it; what would be promised. By the
configuration in force, or with a draft of some of it in its place.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, cast

import msgspec
from msgspec.structs import replace

from server.desk import Desk
from server.domain import ticket as tickets_
from server.domain.attributes import Assessed, assess, told
from server.domain.conditions import Facts
from server.domain.errors import Invalid, UnknownTicket
from server.domain.events import DESK, AnyBody, Event, Priority, Routed
from server.domain.firm import Firm
from server.domain.law import Law, Policy
from server.domain.matching import Miss, View, explain
from server.domain.people import Customer, Staff, sight_of
from server.domain.rules import Rules
from server.domain.sla import Calendar, Clock, SlaState, law_of, step
from server.domain.ticket import Ticket
from server.storage import messages, people, tickets
from server.storage.database import Reading, Unit
from server.usecases.acts import Act
from server.usecases.documents import fit
from server.usecases.facts import facts_of
from server.usecases.routing import route

DRAFTED: Final = ("rules", "matrix", "queue", "store", "policy", "calendar")
"""Kinds of configuration that a dry run takes a draft of."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried: a `ticket` that is there, as it stands, or a text with attributes. It comes
    in `at` this instant, or now. `drafts`: kind → id → document, in place of what is in force.
    """

    ticket: int | None = None
    like: Ticket | None = None
    text: str = ""
    customer: Customer | None = None
    at: datetime | None = None
    drafts: Mapping[str, Mapping[str, object]] = {}


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: it decided or added something ("matched"), it would have matched but an earlier one
    decided ("covered"), it does not match ("missed", with the first thing that keeps it from
    it), or it is switched off.
    """

    rule: str
    name: str
    outcome: Literal["matched", "covered", "missed", "off"]
    terms: tuple[str, ...] = ()
    miss: Miss | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen. `clocks` are what would be promised from `at` on, with `firm`, which has
    the drafts, to tell them by.
    """

    at: datetime
    ticket: Ticket
    facts: Facts
    tried: tuple[Tried, ...]
    assessed: Assessed
    routed: Event
    clocks: tuple[Clock, ...]
    policy: Policy | None
    firm: Firm


class _Trial(Act):
    """An act on the firm as it would be. It has a reading connection: nothing can be written."""

    def __init__(self, desk: Desk, db: Reading, at: datetime, firm: Firm) -> None:
        super().__init__(desk, cast("Unit", db), at, b"")
        self._as_it_would_be = firm

    async def firm(self) -> Firm:
        """With the drafts in place."""
        return self._as_it_would_be


async def dry_run(desk: Desk, by: Staff, wanted: Wanted) -> Outcome:
    """Try it. Refuses `UnknownTicket` for one that is out of sight, and drafts that do not fit."""
    firm = await desk.firm()
    sight = sight_of(by, firm.teams)
    draft = with_drafts(firm, wanted.drafts)
    at = wanted.at or desk.clock.now()

    async def look(db: Reading) -> Outcome:
        ticket, text, customer = wanted.like, wanted.text, wanted.customer
        if wanted.ticket is not None:
            ticket = await tickets.find(db, wanted.ticket)
            if ticket is None or not sight.sees(ticket.team, ticket.assignee):
                raise UnknownTicket(ticket=wanted.ticket)
            text = await messages.customers_words(db, ticket.number)
            customer = await people.find_customer(db, ticket.customer)
        if ticket is None:
            raise Invalid(text="missing")
        return await _try(_Trial(desk, db, at, draft), ticket, text, customer)

    with desk.activity.busy():
        return await desk.database.look(look)


async def _try(act: _Trial, ticket: Ticket, text: str, customer: Customer | None) -> Outcome:
    firm = await act.firm()
    fresh = replace(ticket, team=None, assignee=None, passed_on=0)
    facts = facts_of(fresh, text, firm, act.at, customer)
    fixed = fresh.priority if fresh.priority_by == "hand" else None
    assessed = assess(firm.rules, firm.matrix, facts, fixed=fixed)
    opened = tickets_.open_ticket(told(fresh, assessed), None, act.at, assessed.weighed.why)
    sent = await route(act, opened.ticket, text, assessed=assessed)
    state = SlaState()
    events = _events(opened.events + sent.events, fresh.number, act.at)
    for event in events:
        state = step(state, event, firm.law)
    policy = firm.law.policy_of(state.clocks[0].pin) if state.clocks else None
    return Outcome(
        at=act.at,
        ticket=sent.ticket,
        facts=facts,
        tried=tried(firm.rules, facts, assessed),
        assessed=assessed,
        routed=next(one for one in events if isinstance(one.body, Routed)),
        clocks=state.clocks,
        policy=policy,
        firm=firm,
    )


def _events(bodies: tuple[AnyBody, ...], number: int, at: datetime) -> tuple[Event, ...]:
    """As they would be written, at the end of the log as it is."""
    return tuple(
        Event(
            seq=2**62 + place,
            ticket=number,
            ticket_seq=place,
            recorded_at=at,
            effective_at=at,
            actor=DESK,
            via="desk",
            body=body,
        )
        for place, body in enumerate(bodies, start=1)
    )


def tried(rules: Rules, facts: Facts, assessed: Assessed) -> tuple[Tried, ...]:
    """Every rule, in order, with what came of it."""
    weighed = assessed.weighed.priority if assessed.verdict.priority is None else None
    priority = weighed or Priority(facts.priority)
    view = View(replace(facts, priority=priority.value))
    matched = {one.rule: one for one in assessed.verdict.rules}
    found: list[Tried] = []
    for rule in rules.rules:
        hit = matched.get(rule.id)
        if hit is not None:
            one = Tried(rule=rule.id, name=rule.name, outcome="matched", terms=hit.terms)
        elif not rule.active:
            one = Tried(rule=rule.id, name=rule.name, outcome="off")
        else:
            why = explain(rule.when, view) if rule.when is not None else ()
            if isinstance(why, Miss):
                one = Tried(rule=rule.id, name=rule.name, outcome="missed", miss=why)
            else:
                one = Tried(rule=rule.id, name=rule.name, outcome="covered", terms=why)
        found.append(one)
    return tuple(found)


# Drafts


def with_drafts(firm: Firm, drafts: Mapping[str, Mapping[str, object]]) -> Firm:
    """The firm with these documents in place of its own, or beside them where an id is new. Rules
    come last: they may name what is drafted, too.
    """
    for kind in drafts:
        if kind not in DRAFTED:
            raise Invalid(**{f"drafts.{kind}": "unknown"})
    for kind in reversed(DRAFTED):
        for item, doc in drafts.get(kind, {}).items():
            firm = _drafted(firm, kind, replace(fit(kind, doc, firm), id=item))
    return firm


def _drafted(firm: Firm, kind: str, found: Any) -> Firm:  # noqa: ANN401 - the kind says what it is
    match kind:
        case "rules":
            return replace(firm, rules=replace(found, version=firm.rules.version))
        case "matrix":
            return replace(firm, matrix=replace(found, version=firm.matrix.version))
        case "queue":
            return replace(firm, queues=firm.queues | {found.id: found})
        case "store":
            return replace(firm, stores=firm.stores | {found.id: found})
        case _:
            return replace(firm, law=_draft_law(firm.law, found))


def _draft_law(law: Law, found: Policy | Calendar) -> Law:
    """The law in force with one of its parts drafted; older versions mean nothing to what is
    tried.
    """
    epoch = law.epoch()
    policies = {one.id: one for one in epoch.policies}
    calendars = dict(epoch.calendars)
    if isinstance(found, Policy):
        policies[found.id] = replace(found, version=_next(policies.get(found.id)))
    else:
        calendars[found.id] = replace(found, version=_next(calendars.get(found.id)))
    return law_of(policies.values(), calendars.values(), metrics=law.metrics.values())


def _next(known: Policy | Calendar | None) -> int:
    return known.version + 1 if known is not None else 1
