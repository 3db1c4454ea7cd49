"""Announce: from the notices of an event to messages on their way (domain/telling.py says how)."""

from collections.abc import Iterable, Mapping

from server.domain.events import Event
from server.domain.firm import Firm
from server.domain.notices import Notice
from server.domain.telling import Telling, tellings_of
from server.domain.ticket import Ticket
from server.usecases.acts import Act
from server.usecases.gathering import gather

WEBHOOK = "webhook"
"""The channel by which other systems are told."""


async def announce(
    act: Act, event: Event, notices: Iterable[Notice], firm: Firm, ticket: Ticket | None = None
) -> None:
    """Queue what the notices of one event say: a colleague hears it by one platform, a team in all
    its groups. Where platforms are switched on and none of them reaches somebody, it is kept as
    given up: an administrator sees whom nobody reaches. A desk without platforms has its console,
    where nothing needs sending.
    """
    for telling in tellings_of(notices, ticket, firm, act.at):
        if not _is_looking(act, telling, ticket):
            await _send_off(act, event, telling, firm)


def _is_looking(act: Act, telling: Telling, ticket: Ticket | None) -> bool:
    """Whether a colleague has the ticket open, of which a customer's words would be told him."""
    staff = telling.notice.staff
    if ticket is None or staff is None or telling.notice.kind != "customer_wrote":
        return False
    return act.desk.presence.looks_at(staff, ticket.number)


async def _send_off(act: Act, event: Event, telling: Telling, firm: Firm) -> None:
    notice = telling.notice
    habits = firm.habits.get(notice.staff or 0)
    wanted = habits.platform if habits is not None else ""
    ways: list[tuple[str, Mapping[str, str | int]]] = [
        *firm.reach.chosen(notice.staff, notice.team, wanted)
    ]
    if notice.webhook is not None:
        ways = [(WEBHOOK, {"webhook": notice.webhook})]
    unreachable = not ways
    if unreachable:
        nobody = {"team": notice.team or ""} if notice.staff is None else {"staff": notice.staff}
        ways = [(platform, nobody) for platform in sorted(firm.reach.people)[:1]]
    if ways:
        act.ring()
    for platform, to in ways:
        await gather(act, event, telling, platform, to, unreachable=unreachable)
