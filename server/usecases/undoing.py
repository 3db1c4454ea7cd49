"""撤销: a colleague takes back, within a minute, what he did in chat.

It may have put the ticket out of his sight (a transfer): his role still has to allow the way back,
his sight does not.
"""

from server.domain.chat_events import Undone
from server.domain.errors import NotAllowed, UnknownStaff
from server.domain.events import Actor, Via
from server.domain.people import Staff
from server.domain.permissions import MAY
from server.domain.ticket import Change, Ticket
from server.domain.undoing import Undoable, way_back
from server.usecases.acts import Act
from server.usecases.intake import read_ticket
from server.usecases.recording import record
from server.usecases.tickets import decide


async def undo(act: Act, done: Undoable, by: Staff, via: Via) -> Ticket:
    """Take it back. Refuses `ChangedMeanwhile`, `NotAllowed`, and what the way back refuses."""
    before = await read_ticket(act, done.ticket)
    now = (await act.firm()).staff.get(by.id)
    if now is None or not now.active:
        raise UnknownStaff(staff=by.id)
    command = way_back(done, before)
    if now.role not in MAY[type(command)]:
        raise NotAllowed(ticket=before.number)
    change = await decide(act, command, before, now, via)
    whole = Change(change.ticket, (Undone(what=done.what), *change.events))
    return await record(act, before, whole, Actor("staff", by.id), via)
