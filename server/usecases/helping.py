"""催办、求助 and the answer to it. Who was asked for help may answer, also where the ticket is out
of his sight.
"""

import math

from server.domain import helping
from server.domain.commands import AskHelp, Note
from server.domain.errors import NotAllowed, TooManyTries, UnknownStaff, UnknownTicket
from server.domain.events import Actor, Via
from server.domain.helping import URGE_PAUSE
from server.domain.people import Staff
from server.domain.permissions import MAY
from server.domain.ticket import Change, Ticket
from server.storage import ledger, messages
from server.usecases.acts import Act
from server.usecases.intake import read_ticket
from server.usecases.recording import record


async def urge(act: Act, before: Ticket) -> Change:
    """催办. Refuses `TooManyTries` within `URGE_PAUSE` of the last one."""
    urged = helping.urge(before)
    last = await ledger.last_of_kind(act.unit, before.number, "urged")
    if last is not None and act.at < last + URGE_PAUSE:
        raise TooManyTries(seconds=math.ceil((last + URGE_PAUSE - act.at).total_seconds()))
    return urged


async def ask_help(act: Act, command: AskHelp, before: Ticket) -> Change:
    """求助."""
    helping.need_whom(await act.firm(), command.team, command.staff)
    return helping.ask_help(before, command.team, command.staff, command.question)


async def help_with(act: Act, by: Staff, number: int, text: str, via: Via) -> Ticket:
    """协助: the answer of somebody who was asked. Refuses `UnknownTicket` to everybody else."""
    before = await read_ticket(act, number)
    firm = await act.firm()
    now = firm.staff.get(by.id)
    if now is None or not now.active:
        raise UnknownStaff(staff=by.id)
    if not helping.is_asked(await ledger.list_events(act.unit, number), by.id, firm):
        raise UnknownTicket(ticket=number)
    if now.role not in MAY[Note]:
        raise NotAllowed(ticket=number)
    actor = Actor("staff", by.id)
    message = await messages.add(
        act.unit,
        ticket=number,
        visibility="internal",
        direction="out",
        author=str(actor),
        via=via,
        body=text,
        created_at=act.at,
    )
    return await record(act, before, helping.help_with(before, message), actor, via)
