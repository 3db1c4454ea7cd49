"""What follows when something of a ticket changed that rules or matrix look at.

A ticket that waits goes where the rules send it now. One that a colleague holds stays with that
colleague, whatever the rules say now, unless the rule itself says that it moves held tickets too;
its priority, tags and policy follow at once either way. Where a colleague sent a ticket it stays.
"""

from server.domain import ticket as rules
from server.domain.attributes import adjusted, minds
from server.domain.events import AnyBody, Edited, PriorityChanged
from server.domain.holding import waits
from server.domain.ticket import OPEN_CATEGORIES, Change
from server.storage import ledger, messages
from server.usecases.acts import Act
from server.usecases.facts import assess_ticket
from server.usecases.routing import placing_of, route


async def reassessed(act: Act, change_: Change, *changed: str) -> Change:
    """A change together with what rules and matrix make of it; `changed` are facts that are
    others now besides those that the events name. The rules are asked once: what they set does
    not ask them again.
    """
    ticket, firm = change_.ticket, await act.firm()
    facts = facts_changed(change_.events) | set(changed)
    if ticket.status_category not in OPEN_CATEGORIES or not minds(firm.rules, firm.matrix, facts):
        return change_
    text = await messages.customers_words(act.unit, ticket.number)
    assessed = await assess_ticket(act, ticket, text)
    team = assessed.verdict.team
    movable = waits(ticket) or assessed.verdict.move
    after = adjusted(ticket, assessed, movable=movable)
    both = Change(after.ticket, change_.events + after.events)
    if not movable or team in {None, ticket.team}:
        return both
    placing = placing_of(await ledger.list_placings(act.unit, ticket.number))
    back = Change(both.ticket)
    if ticket.assignee is not None:
        back = rules.release(both.ticket, "rule")
    routed = await route(
        act, back.ticket, text, cause="changed", placing=placing, assessed=assessed
    )
    if routed.ticket.team == ticket.team:
        return both
    return Change(routed.ticket, both.events + back.events + routed.events)


def facts_changed(events: tuple[AnyBody, ...]) -> frozenset[str]:
    """The facts that some events changed. A priority that was given back to the matrix has to be
    weighed at once.
    """
    found: set[str] = set()
    for body in events:
        if isinstance(body, Edited):
            found.update(body.fields)
        elif isinstance(body, PriorityChanged):
            found.update({"priority", "urgency"} if body.by == "matrix" else {"priority"})
    return frozenset(found)
