"""What people see of tickets besides the row: whose they are and how their clocks stand."""

from collections.abc import Iterable

import msgspec

from server.desk import Desk
from server.domain.people import Staff
from server.domain.sla import SlaState
from server.storage import outlook
from server.storage.database import Reading
from server.usecases.reading import Page, TicketQuery, page_of

_decode = msgspec.json.Decoder(SlaState).decode


class Outlook(msgspec.Struct, frozen=True):
    """The customer's name and the clocks."""

    customer_name: str
    sla: SlaState


NOTHING = Outlook("", SlaState())


async def list_outlooks(desk: Desk, numbers: Iterable[int]) -> dict[int, Outlook]:
    """By ticket number, in one query for at most 200."""
    with desk.activity.busy():
        return await _outlooks(desk.database, numbers)


async def _outlooks(db: Reading, numbers: Iterable[int]) -> dict[int, Outlook]:
    rows = await outlook.list_outlooks(db, tuple(dict.fromkeys(numbers)))
    return {
        row.number: Outlook(row.customer_name, _decode(row.state) if row.state else SlaState())
        for row in rows
    }


async def list_page(desk: Desk, by: Staff, query: TicketQuery) -> tuple[Page, dict[int, Outlook]]:
    """One page of a view (`reading.list_tickets`) with the outlook of each of its tickets."""
    firm = await desk.firm()

    async def look(db: Reading) -> tuple[Page, dict[int, Outlook]]:
        page = await page_of(db, firm, by, query)
        return page, await _outlooks(db, (one.number for one in page.tickets))

    with desk.activity.busy():
        return await desk.database.look(look)


async def read_outlook(desk: Desk, number: int) -> Outlook:
    """Of one ticket; nothing of an unknown one."""
    return (await list_outlooks(desk, (number,))).get(number, NOTHING)
