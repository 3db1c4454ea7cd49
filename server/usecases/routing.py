"""Routing as part of other use cases: decide, and turn the decision into an event."""

from server.domain.events import Routed
from server.domain.routing import Facts, decide
from server.domain.ticket import Change, Ticket, routed
from server.storage import tickets
from server.usecases.acts import Act


async def route(act: Act, ticket: Ticket, text: str) -> Change:
    """派单 a ticket by the rules in force, with the load as this unit sees it."""
    firm = await act.firm()
    facts = Facts(
        subject=ticket.subject,
        text=text,
        priority=ticket.priority,
        queue=ticket.queue,
        category=ticket.category or "",
        channel=ticket.channel,
        customer_level=ticket.customer_level,
    )
    load = await tickets.read_load(act.unit)
    decision = decide(facts, firm.rules, firm.teams, firm.staff, load)
    return routed(ticket, Routed(team=decision.team, assignee=decision.assignee, decision=decision))
