"""The one door for staff: every command from console, API and chat goes through `perform`."""

from datetime import timedelta
from typing import assert_never

from server.desk import Desk
from server.domain import commands as c
from server.domain import promising
from server.domain import ticket as rules
from server.domain.errors import (
    AlreadyClaimed,
    ChangedMeanwhile,
    Invalid,
    NobodyEligible,
    UnknownStaff,
    UnknownStatus,
    UnknownTeam,
)
from server.domain.events import Actor, StatusCategory, Via
from server.domain.firm import Firm
from server.domain.people import Role, Staff, sight_of
from server.domain.permissions import permit
from server.domain.ticket import WAITING_CATEGORIES, Change, Ticket
from server.storage import inbound, messages, people
from server.usecases import helping, merging
from server.usecases.acts import Act, change
from server.usecases.assessing import reassessed
from server.usecases.escalating import escalate
from server.usecases.grabbing import came_too_late, need_room
from server.usecases.intake import read_ticket
from server.usecases.recording import record
from server.usecases.standing import read_standing

LONGEST_HOLD = timedelta(days=30)
"""A pause must end by itself within this span (R7)."""
HOLD_AFTER_REPLY = timedelta(days=3)
"""How long a reply that waits for an answer waits."""
_EDITED = (
    "subject",
    "category",
    "urgency",
    "customer_level",
    "region",
    "product",
    "language",
    "store",
    "tags",
)
_AFTER_REPLY = WAITING_CATEGORIES | {StatusCategory.OPEN, StatusCategory.RESOLVED}


async def perform(
    desk: Desk, command: c.AnyCommand, by: Staff, via: Via, key: str | None = None
) -> Ticket:
    """Do what a colleague asked, whether they clicked, typed or called the API. With a `key`, a
    repeated command changes nothing and answers with the ticket as it is; the same key for
    another ticket, or another kind of command, is another key.
    """
    try:
        return await _perform(desk, command, by, via, key)
    except AlreadyClaimed:
        await lost(desk, command, by)
        raise


async def lost(desk: Desk, command: c.AnyCommand, by: Staff) -> None:
    """Another was faster: where it was about grabbing, the try is counted."""
    if isinstance(command, c.Claim):
        await came_too_late(desk, command.ticket, by.id)


@change
async def _perform(act: Act, command: c.AnyCommand, by: Staff, via: Via, key: str | None) -> Ticket:
    """The same as one unit."""
    if key is not None:
        kind = str(command.__struct_config__.tag)
        whole = f"{command.ticket}:{kind}:{key}"
        fresh = await inbound.add_done(act.unit, f"command-{by.id}", whole, command.ticket, act.at)
        if not fresh:
            return (await _permitted(act, command, by))[0]
    return await obey(act, command, by, via)


async def obey(act: Act, command: c.AnyCommand, by: Staff, via: Via) -> Ticket:
    """The same inside another unit (chat settles its arrival in the same one)."""
    before, now = await _permitted(act, command, by)
    change_ = await decide(act, command, before, now, via)
    return await record(act, before, change_, Actor("staff", by.id), via)


async def _permitted(act: Act, command: c.AnyCommand, by: Staff) -> tuple[Ticket, Staff]:
    """The ticket, and the colleague as the firm knows him now: a session may be older."""
    before = await read_ticket(act, command.ticket)
    firm = await act.firm()
    now = firm.staff.get(by.id)
    if now is None:
        raise UnknownStaff(staff=by.id)
    permit(now, sight_of(now, firm.teams), command, before)
    return before, now


async def decide(  # noqa: C901, PLR0911, PLR0912
    act: Act, command: c.AnyCommand, before: Ticket, by: Staff, via: Via
) -> Change:
    """What a command changes, by whoever is allowed to give it."""
    firm = await act.firm()
    match command:
        case c.Claim():
            await need_room(act, before, by)
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
            return await _reply(act, command, before, by, via)
        case c.Note(text=text):
            return rules.note(before, await _say(act, before, text, by, via, public=False))
        case c.Hold(status=status, reason=reason, until=until):
            if not act.at < until <= act.at + LONGEST_HOLD:
                raise Invalid(until="hold_until")
            found = firm.statuses.get(status)
            if found is None or not found.active:
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
            return await reassessed(act, rules.reopen(before, reason), "reopens")
        case c.SetPriority(priority=priority, reason=reason):
            if priority is None:
                return await reassessed(act, rules.release_priority(before, reason))
            return await reassessed(act, rules.set_priority(before, priority, reason))
        case c.SetDue(metric=metric, due_at=due_at, reason=reason):
            if due_at <= act.at:
                raise Invalid(due_at="too_late")
            state = await read_standing(act.unit, before.number)
            return promising.set_due(before, state, metric, due_at, reason)
        case c.ReleaseDue(metric=metric, reason=reason):
            state = await read_standing(act.unit, before.number)
            return promising.release_due(before, state, metric, reason)
        case c.Plan(text=text, public=public):
            rules.need_open(before)
            message = await _say(act, before, text, by, via, public=public)
            return promising.plan(before, message, act.at, by.id, public=public)
        case c.CheckIn(latitude=latitude, longitude=longitude):
            return promising.check_in(before, by.id, latitude, longitude)
        case c.Escalate(reason=reason):
            return await escalate(act, before, reason, by)
        case c.Urge():
            return await helping.urge(act, before)
        case c.AskHelp():
            return await helping.ask_help(act, command, before)
        case c.Merge():
            return await merging.merge(act, command, before, by, via)
        case c.Unmerge():
            return await merging.unmerge(act, command, before, by, via)
        case c.Split():
            return await merging.split(act, command, before, by, via)
        case c.Edit():
            return await _edit(act, command, before)
        case _:
            assert_never(command)


async def _edit(act: Act, command: c.Edit, before: Ticket) -> Change:
    """Overwrite fields, and what follows from that. A new level is the customer's own, too."""
    if command.seen_version != before.version:
        raise ChangedMeanwhile(ticket=before.number, version=before.version)
    if command.store and command.store not in (await act.firm()).stores:
        raise Invalid(store="choice")
    if command.customer_level is not None:
        await people.set_level(act.unit, before.customer, command.customer_level.strip())
    wanted = {name: getattr(command, name) for name in _EDITED}
    return await reassessed(act, rules.edit(before, wanted))


async def _reply(act: Act, command: c.Reply, before: Ticket, by: Staff, via: Via) -> Change:
    """A reply, and in the same change the status that it asks for: open, resolved, or one that
    waits, for `HOLD_AFTER_REPLY`.
    """
    status = (await act.firm()).statuses.get(command.then or "open")
    if status is None or not status.active or status.category not in _AFTER_REPLY:
        raise UnknownStatus(status=command.then)
    if command.then == "resolved":
        rules.resolve(before, None, act.at, by.id)
    message = await _say(act, before, command.text, by, via)
    if command.then == "resolved":
        return rules.resolve(before, message, act.at, by.id)
    said = rules.reply(before, message, act.at, by.id)
    if command.then is None:
        return said
    if status.id == "open":
        moved = rules.resume(said.ticket)
    else:
        moved = rules.hold(said.ticket, status, "replied", act.at + HOLD_AFTER_REPLY)
    return Change(moved.ticket, said.events + moved.events)


def _check_member(firm: Firm, team: str | None, staff: int) -> None:
    person = firm.staff.get(staff)
    if person is None or not person.active:
        raise UnknownStaff(staff=staff)
    if person.role is Role.AUDITOR:
        raise NobodyEligible(assignee=person.name, team=firm.team_name(team) or "")
    if team is not None and team in firm.teams and staff not in firm.teams[team].people:
        raise NobodyEligible(assignee=person.name, team=firm.team_name(team) or "")


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
