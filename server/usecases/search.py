"""搜索: a ticket by its number, or by the beginning of its customer's telephone number or name.
There is no search in what was written yet; nothing is looked for by reading all tickets.
"""

from typing import Final

from server.desk import Desk
from server.domain.people import Staff, plain_phone, sight_of
from server.domain.ticket import Ticket
from server.storage import search, tickets

_LOOKED_AT: Final = 100
_SHORTEST_PHONE: Final = 4
_LONGEST_NUMBER: Final = 9


async def find_tickets(desk: Desk, by: Staff, word: str, limit: int) -> list[Ticket]:
    """What is found and in sight, the newest first; a ticket's own number before all."""
    word = word.strip()
    digits = plain_phone(word.lstrip("#"))
    sight = sight_of(by, (await desk.firm()).teams)
    with desk.activity.busy():
        numbers = list[int]()
        if digits.isdecimal() and digits.isascii():
            if len(digits) <= _LONGEST_NUMBER:
                numbers.append(int(digits))
            if len(digits) >= _SHORTEST_PHONE and not word.startswith("#"):
                known = await search.customers_by_phone(desk.database, digits)
                numbers += await search.tickets_of(desk.database, known, _LOOKED_AT)
        elif word:
            known = await search.customers_by_name(desk.database, word)
            numbers += await search.tickets_of(desk.database, known, _LOOKED_AT)
        wanted = tuple(dict.fromkeys(numbers))
        found = await tickets.list_by_number(desk.database, wanted)
    seen = [found[one] for one in wanted if one in found]
    return [one for one in seen if sight.sees(one.team, one.assignee)][:limit]
