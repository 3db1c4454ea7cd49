"""Drafts of rules and rosters, tried on the tickets of a past: who would have been chosen."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from server.desk import Desk
from server.domain.errors import Invalid
from server.domain.events import Opened, Routed
from server.domain.firm import Firm
from server.domain.old_rules import modernised
from server.domain.people import Duty
from server.domain.ranking import Field, Need
from server.domain.rerouting import Recorded, Rerouting, RoutingReplay, first_of
from server.domain.rosters import duty_at
from server.domain.routing import Pool
from server.domain.rules import Rules, Verdict
from server.domain.ticket import Ticket
from server.storage import pasts, policies, tickets
from server.usecases.documents import fit
from server.usecases.facts import facts_of
from server.usecases.routing import nearest_team, place_of


class Draft(msgspec.Struct, frozen=True):
    """Something configured as it might be: it holds in the whole past that is replayed."""

    kind: str
    id: str
    doc: dict[str, Any]


async def rerouting_of(
    desk: Desk, versions: Sequence[policies.Version], drafts: Sequence[Draft]
) -> "PastRouting | None":
    """What tries the drafts, or None without any. Refuses `Invalid` for one that does not fit."""
    if not drafts:
        return None
    firm = await desk.firm()
    known = {
        one.version: msgspec.convert(modernised(msgspec.json.decode(one.doc)), type=Rules)
        for one in versions
        if (one.kind, one.id) == ("rules", "default")
    }
    rules, rosters = firm.rules, dict(firm.rosters)
    for draft in drafts:
        if draft.kind == "rules":
            rules = fit("rules", draft.doc, firm)
        elif draft.kind == "roster":
            rosters[draft.id] = replace(fit("roster", draft.doc, firm), id=draft.id)
        else:
            raise Invalid(kind="choice")
    tried = replace(firm, rules=rules, rosters=rosters)
    return PastRouting(desk, tried, known, rostered=rosters != firm.rosters)


class PastRouting:
    """Reads how tickets were routed, a page at a time, and asks again."""

    def __init__(
        self, desk: Desk, tried: Firm, versions: Mapping[int, Rules], *, rostered: bool
    ) -> None:
        self._desk = desk
        self._firm = tried
        self._rerouting = Rerouting(tried.rules, versions, self._duty if rostered else None)

    def result(self) -> RoutingReplay:
        """What was found so far."""
        return self._rerouting.result()

    async def add(self, first: int, last: int) -> None:
        """The tickets of these numbers."""
        database = self._desk.database
        handed = await pasts.read_handed(database, first, last)
        written = await pasts.read_written(database, first, last)
        known = await tickets.list_by_number(database, tuple(range(first, last + 1)))
        await asyncio.to_thread(self._ask, handed, written, known)

    def _ask(
        self,
        handed: Sequence[pasts.Handed],
        written: Mapping[int, str],
        known: Mapping[int, Ticket],
    ) -> None:
        then: dict[int, Ticket] = {}
        recorded: list[Recorded] = []
        for one in handed:
            if isinstance(one.body, Opened) and one.ticket in known:
                then[one.ticket] = _as_filed(known[one.ticket], one.body)
            elif isinstance(one.body, Routed) and one.ticket in then:
                facts = facts_of(
                    then[one.ticket], written.get(one.ticket, ""), self._firm, one.recorded_at
                )
                recorded.append(
                    Recorded(
                        ticket=one.ticket,
                        at=one.recorded_at,
                        decision=one.body.decision,
                        facts=facts,
                    )
                )
        for decided in first_of(recorded):
            ticket = then[decided.ticket]
            self._rerouting.add(
                decided,
                self._firm.staff,
                lambda verdict, field, ticket=ticket: self._pool(ticket, verdict, field),  # type: ignore[misc]
            )

    def _pool(self, ticket: Ticket, verdict: Verdict, field: Field) -> Pool:
        firm = self._firm
        queue = firm.queue_of(verdict.queue or ticket.queue)
        return Pool(
            queue=queue,
            need=Need(
                priority=verdict.priority or ticket.priority,
                category=ticket.category,
                skills=verdict.skills,
                place=place_of(ticket, firm),
            ),
            field=field,
            teams=firm.teams,
            general=firm.rules.fallback_team,
            nearest=nearest_team(ticket, firm) if queue.by_store else None,
            leaders={team: firm.leaders_of(team) for team in firm.teams},
        )

    def _duty(self, staff: int, at: datetime) -> Duty | None:
        return duty_at(self._firm, staff, at)


def _as_filed(ticket: Ticket, opened: Opened) -> Ticket:
    """The ticket as it was filed, as far as its first event tells."""
    return replace(
        ticket,
        subject=opened.subject,
        priority=opened.priority,
        queue=opened.queue,
        category=opened.category,
        customer_level=opened.customer_level,
        channel=opened.channel,
        team=None,
        tags=(),
        nudge_count=0,
        reopen_count=0,
    )
