"""Tickets by who the customer is: by the beginning of his telephone number or his name."""

from typing import Final

import msgspec

from server.storage.database import Reading, Statement

MOST_CUSTOMERS: Final = 20
_LAST: Final = "\U0010ffff"

_BY_PHONE = Statement(
    "SELECT customer FROM customer_address WHERE kind = 'phone' AND value >= :low AND value < :high"
    " ORDER BY value LIMIT 20",
    int,
)
_BY_NAME = Statement(
    "SELECT id FROM customer WHERE name >= :low AND name < :high ORDER BY name LIMIT 20", int
)
_TICKETS = Statement(
    "SELECT number FROM ticket WHERE customer IN (SELECT value FROM json_each(:customers))"
    " ORDER BY number DESC LIMIT :limit",
    int,
    postgres="SELECT number FROM ticket WHERE customer IN (SELECT value::bigint FROM"
    " json_array_elements_text(CAST(:customers AS json))) ORDER BY number DESC LIMIT :limit",
)


async def customers_by_phone(db: Reading, begin: str) -> list[int]:
    """The first customers whose telephone number begins so."""
    return await db.all(_BY_PHONE, low=begin, high=begin + _LAST)


async def customers_by_name(db: Reading, begin: str) -> list[int]:
    """The first customers whose name begins so."""
    return await db.all(_BY_NAME, low=begin, high=begin + _LAST)


async def tickets_of(db: Reading, customers: list[int], limit: int) -> list[int]:
    """The newest tickets of these customers."""
    wanted = msgspec.json.encode(customers).decode()
    return await db.all(_TICKETS, customers=wanted, limit=limit)
