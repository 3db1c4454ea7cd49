"""Where the visitor's own story stands: the hints on the page follow what really happened."""

from datetime import datetime
from typing import Final

import msgspec

from server import vault
from server.desk import Desk
from server.domain.people import Role, Staff
from server.usecases import reading

PORTAL: Final = "/portal/t/"


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """The newest request that came by the customers' page since the demo was opened."""

    number: int
    subject: str
    status_category: str
    team: str | None
    assignee: str | None
    answered: bool
    warned: bool
    breached: bool
    rating: int | None
    link: str


async def find_story(desk: Desk, since: datetime) -> Story | None:
    """The story, or None while the visitor has filed nothing."""
    firm = await desk.firm()
    anyone = Staff(id=0, name="", email="", role=Role.AUDITOR)
    query = reading.TicketQuery(view="all", sort="created", limit=10)
    page = await reading.list_tickets(desk, anyone, query)
    found = next(
        (one for one in page.tickets if one.channel == "portal" and one.created_at >= since), None
    )
    if found is None:
        return None
    ticket = await reading.read_ticket(desk, anyone, found.number)
    return Story(
        number=ticket.number,
        subject=ticket.subject,
        status_category=ticket.status_category.value,
        team=ticket.team,
        assignee=firm.name_of(ticket.assignee),
        answered=ticket.first_reply_at is not None,
        warned=ticket.warned,
        breached=ticket.breached,
        rating=ticket.rating,
        link=PORTAL + vault.link_token(desk.secret, ticket.number),
    )
