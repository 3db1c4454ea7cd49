"""What people see of tickets besides the row: whose they are and how their clocks stand."""

from collections.abc import Iterable

import msgspec

from server.desk import Desk
from server.domain.sla import SlaState
from server.storage import outlook

_decode = msgspec.json.Decoder(SlaState).decode


class Outlook(msgspec.Struct, frozen=True):
    """The customer's name and the clocks."""

    customer_name: str
    sla: SlaState


NOTHING = Outlook("", SlaState())


async def list_outlooks(desk: Desk, numbers: Iterable[int]) -> dict[int, Outlook]:
    """By ticket number, in one query for at most 200."""
    with desk.activity.busy():
        rows = await outlook.list_outlooks(desk.database, tuple(dict.fromkeys(numbers)))
    return {
        row.number: Outlook(row.customer_name, _decode(row.state) if row.state else SlaState())
        for row in rows
    }


async def read_outlook(desk: Desk, number: int) -> Outlook:
    """Of one ticket; nothing of an unknown one."""
    return (await list_outlooks(desk, (number,))).get(number, NOTHING)
