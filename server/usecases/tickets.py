"""The one door for staff: every command from console, API and chat goes through `perform`."""

from datetime import timedelta
from typing import assert_never

from server.domain import commands as c
from server.domain import ticket as rules
from server.domain.errors import (
    ChangedMeanwhile,
    Invalid,
    NobodyEligible,
    UnknownStaff,
    UnknownStatus,
    UnknownTeam,
)
from server.domain.events import Actor, Via
from server.domain.firm import Firm
from server.domain.people import Staff, sight_of
from server.domain.permissions import permit
from server.domain.ticket import STATUSES, WAITING_CATEGORIES, Change, Ticket
from server.storage import inbound, messages
from server.usecases.acts import Act, change
from server.usecases.intake import read_ticket
from server.usecases.recording import record

LONGEST_HOLD = timedelta(days=30)
"""A pause must end by itself within this span (R7)."""


@change
async def perform(
    act: Act, command: c.AnyCommand, by: Staff, via: Via, key: str | None = None
) -> Ticket:
    """Do what a colleague asked, whether they clicked, typed or called the API. With a `key`, a
    repeated command changes nothing and answers with the ticket as it is.
    """
    if key is not None:
        arrival = await inbound.add(act.unit, f"command-{by.id}", key, "{}", act.at)
        if arrival is None:
            return await _seen(act, command, by)
        await inbound.settle(act.unit, arrival, act.at, ticket=command.ticket)
    return await obey(act, command, by, via)


async def obey(act: Act, command: c.AnyCommand, by: Staff, via: Via) -> Ticket:
    """The same inside another unit (chat settles its arrival in the same one)."""
    before = await read_ticket(act, command.ticket)
    firm = await act.firm()
    now = firm.staff.get(by.id, by)
    permit(now, sight_of(now, firm.teams), command, before)
    change_ = await _decide(act, command, before, now, via, firm)
    return await record(act, before, change_, Actor("staff", by.id), via)


async def _seen(act: Act, command: c.AnyCommand, by: Staff) -> Ticket:
    before = await read_ticket(act, command.ticket)
    firm = await act.firm()
    permit(by, sight_of(by, firm.teams), command, before)
    return before


async def _decide(  # noqa: C901, PLR0911, PLR0912
    act: Act, command: c.AnyCommand, before: Ticket, by: Staff, via: Via, firm: Firm
) -> Change:
    match command:
        case c.Claim():
            return rules.claim(before, by.id, firm.name_of(before.assignee))
        case c.Release():
            return rules.release(before)
        case c.Assign(staff=staff):
            _check_member(firm, before.team, staff)
            return rules.assign(before, staff)
        case c.Transfer(team=team, staff=staff, reason=reason):
            if team not in firm.teams:
                raise UnknownTeam(team=team)
            if staff is not None:
                _check_member(firm, team, staff)
            return rules.transfer(before, team, staff, reason)
        case c.Reply():
            return await _reply(act, command, before, by, via, firm)
        case c.Note(text=text):
            return rules.note(before, await _say(act, before, text, by, via, public=False))
        case c.Hold(status=status, reason=reason, until=until):
            if not act.at < until <= act.at + LONGEST_HOLD:
                raise Invalid(until="hold_until")
            found = firm.statuses.get(status)
            if found is None:
                raise UnknownStatus(status=status)
            return rules.hold(before, found, reason, until)
        case c.Resume():
            return rules.resume(before)
        case c.Resolve(solution=solution):
            rules.resolve(before, None, act.at, by.id)
            message = await _say(act, before, solution, by, via) if solution else None
            return rules.resolve(before, message, act.at, by.id)
        case c.Close(reason=reason):
            return rules.close(before, reason, act.at)
        case c.Cancel(reason=reason):
            return rules.cancel(before, reason, act.at)
        case c.Reopen(reason=reason):
            return rules.reopen(before, reason)
        case c.SetPriority(priority=priority, reason=reason):
            return rules.set_priority(before, priority, reason)
        case c.Escalate(reason=reason):
            return rules.escalate(before, reason, firm.leaders_of(before.team))
        case c.Edit(seen_version=seen, subject=subject, category=category):
            if seen != before.version:
                raise ChangedMeanwhile(ticket=before.number, version=before.version)
            return rules.edit(before, subject, category)
        case _:
            assert_never(command)


async def _reply(
    act: Act, command: c.Reply, before: Ticket, by: Staff, via: Via, firm: Firm
) -> Change:
    """A reply, and in the same change the status that it asks for."""
    if command.then not in (None, "open", "resolved", *WAITING_CATEGORIES):
        raise UnknownStatus(status=command.then)
    if command.then == "resolved":
        rules.resolve(before, None, act.at, by.id)
    message = await _say(act, before, command.text, by, via)
    if command.then == "resolved":
        return rules.resolve(before, message, act.at, by.id)
    said = rules.reply(before, message, act.at, by.id)
    if command.then in (None, said.ticket.status):
        return said
    if command.then == "open":
        moved = rules.resume(said.ticket)
    else:
        status = STATUSES[command.then or ""]
        wake_at = act.at + timedelta(days=3)
        moved = rules.hold(said.ticket, status, "replied", wake_at)
    return Change(moved.ticket, said.events + moved.events)


def _check_member(firm: Firm, team: str | None, staff: int) -> None:
    person = firm.staff.get(staff)
    if person is None or not person.active:
        raise UnknownStaff(staff=staff)
    if team is not None and team in firm.teams and staff not in firm.teams[team].people:
        raise NobodyEligible(assignee=person.name, team=firm.teams[team].name)


async def _say(
    act: Act, ticket: Ticket, text: str, by: Staff, via: Via, *, public: bool = True
) -> int:
    return await messages.add(
        act.unit,
        ticket=ticket.number,
        visibility="public" if public else "internal",
        direction="out",
        author=str(Actor("staff", by.id)),
        via=via,
        body=text,
        created_at=act.at,
    )
