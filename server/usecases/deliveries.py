"""Take the next notice, report how sending it went, decide on another try or on giving up.

A try is durable before it begins (state `sending`), so a crash leaves a trace; what it means
then depends on the kind of notice (decision 5).
"""

from datetime import datetime, timedelta

import msgspec

from server.desk import Desk, Later, Never, Outcome, Parcel, Sent, Unknown, Withheld
from server.domain.errors import Invalid, UnknownDelivery
from server.domain.events import DESK, NoticeFailed
from server.domain.ticket import Change
from server.storage import outbox, tickets
from server.storage.outbox import NO_ADDRESS, Delivery
from server.usecases.acts import Act, change
from server.usecases.recording import record


class _Audience(msgspec.Struct, frozen=True):
    """Whom a notice is for that had no address when it was written."""

    staff: int | None = None
    team: str | None = None


class _Address(msgspec.Struct, frozen=True):
    """A person or a group of a platform."""

    person: str | None = None
    group: str | None = None


class _Gathered(msgspec.Struct, frozen=True):
    """The numbers of the tickets that a message gathers."""

    numbers: str = ""


MOST_MARKED = 20
"""On so many tickets it is written that a message about them did not arrive."""
MOST_TRIES = 8
FIRST_BACKOFF = timedelta(seconds=5)
LONGEST_BACKOFF = timedelta(minutes=30)
LONGEST_TRY = timedelta(minutes=5)
"""Whoever has not settled a try by then has died over it. A try itself ends far sooner."""


async def list_waiting_channels(desk: Desk) -> list[str]:
    """The channels by which something waits to be sent."""
    with desk.activity.busy():
        return await outbox.list_waiting_channels(desk.database)


async def list_ready(desk: Desk, channel: str, limit: int = 32) -> list[Delivery]:
    """What may be sent by this channel now."""
    with desk.activity.busy():
        return await outbox.list_ready(desk.database, channel, desk.clock.now(), limit)


async def next_at(desk: Desk, channel: str) -> datetime | None:
    """When the next notice may be sent by this channel."""
    with desk.activity.busy():
        return await outbox.next_at(desk.database, channel)


@change
async def take(act: Act, delivery: int) -> Parcel | None:
    """Begin a try; None when it was taken, sent or given up meanwhile."""
    taken = await outbox.take(act.unit, delivery, act.at + LONGEST_TRY)
    if taken is None:
        return None
    ticket = await tickets.find(act.unit, taken.ticket) if taken.ticket is not None else None
    again = taken.repeat == "at_least_once" and taken.error == "unknown"
    return Parcel(delivery=taken, ticket=ticket, firm=await act.firm(), again=again)


@change
async def settle(act: Act, delivery: Delivery, outcome: Outcome) -> None:
    """What became of a try. The last failure is shown on the ticket."""
    match outcome:
        case Sent(reference=reference):
            await outbox.settle(
                act.unit,
                delivery,
                "sent",
                next_at=act.at,
                settled_at=act.at,
                reference=reference,
            )
        case Unknown(why=why) if delivery.repeat == "at_most_once":
            await _give_up(act, delivery, "unknown", why)
        case Unknown() | Later() if delivery.tries >= MOST_TRIES:
            await _give_up(act, delivery, "given_up", outcome.why)
        case Unknown():
            await _later(act, delivery, "unknown", None)
        case Later(why=why, after=after):
            # An earlier try may have arrived: the next one is still marked 重发.
            lost = delivery.error == "unknown"
            await _later(act, delivery, "unknown" if lost else why, after)
        case Never(why=why):
            await _give_up(act, delivery, "given_up", why)
        case Withheld(why=why):
            await _withhold(act, delivery, why)


async def _withhold(act: Act, delivery: Delivery, why: str) -> None:
    """Not by this channel this month. A colleague hears it by the next platform that reaches him;
    an administrator sees what was withheld.
    """
    settled = await outbox.settle(
        act.unit, delivery, "withheld", next_at=act.at, settled_at=act.at, error=why
    )
    to = msgspec.json.decode(delivery.recipient, type=_Address)
    reach = (await act.firm()).reach
    staff = reach.staff_of(delivery.channel, to.person or "") if to.group is None else None
    others = [one for one in reach.ways(staff, None) if one[0] != delivery.channel]
    if not settled or staff is None or not others or delivery.kind in {"answer", "card"}:
        return
    platform, address = others[0]
    await outbox.add(
        act.unit,
        event_seq=delivery.event_seq,
        ticket=delivery.ticket,
        kind=delivery.kind,
        channel=platform,
        recipient=msgspec.json.encode(address).decode(),
        body=delivery.body,
        repeat=delivery.repeat,
        key=f"{delivery.idempotency_key}:{platform}",
        at=act.at,
    )
    act.ring()


async def _later(act: Act, delivery: Delivery, why: str, after: timedelta | None) -> None:
    backoff = min(FIRST_BACKOFF * 2 ** (delivery.tries - 1), LONGEST_BACKOFF)
    jitter = 0.9 + int(act.draw()[:4], 16) / 0xFFFF * 0.2
    await outbox.settle(
        act.unit,
        delivery,
        "waiting",
        next_at=act.at + (backoff * jitter if after is None else after),
        settled_at=None,
        error=why,
    )
    act.ring()


async def _give_up(act: Act, delivery: Delivery, state: outbox.State, why: str) -> None:
    settled = await outbox.settle(
        act.unit, delivery, state, next_at=act.at, settled_at=act.at, error=why
    )
    for number in _told_of(delivery) if settled else ():
        ticket = await tickets.find(act.unit, number)
        if ticket is not None:
            failed = NoticeFailed(outbox=delivery.id, notice=delivery.kind, reason=why)
            await record(act, ticket, Change(ticket, (failed,)), DESK, "desk")


def _told_of(delivery: Delivery) -> tuple[int, ...]:
    """The ticket that a notice is about, and the first others that it gathers."""
    first = () if delivery.ticket is None else (delivery.ticket,)
    others = msgspec.json.decode(delivery.body, type=_Gathered).numbers.split()
    return tuple(dict.fromkeys([*first, *map(int, others[:MOST_MARKED])]))


async def has_stranded(desk: Desk) -> bool:
    """Whether the time of some try is up."""
    now = desk.clock.now()
    with desk.activity.busy():
        return any(one.next_at <= now for one in await outbox.list_sending(desk.database))


@change
async def recover(act: Act, *, alone: bool = False) -> int:
    """Settle the tries that were interrupted, each by its kind's rule: those whose time is up, and
    all when no other server can be at one, as `alone` says.
    """
    sending = await outbox.list_sending(act.unit)
    stranded = [one for one in sending if alone or one.next_at <= act.at]
    for delivery in stranded:
        if delivery.repeat == "at_most_once":
            await _give_up(act, delivery, "unknown", "interrupted")
        else:
            error = "unknown" if delivery.repeat == "at_least_once" else "interrupted"
            await _later(act, delivery, error, timedelta())
    return len(stranded)


@change
async def retry(act: Act, delivery: int) -> None:
    """Send a given-up notice again, by hand. Refuses `UnknownDelivery`, and `Invalid(recipient)`
    while nothing reaches whom it is for.
    """
    found = await outbox.find(act.unit, delivery)
    if found is not None and found.error == NO_ADDRESS:
        await _readdress(act, found)
    if not await outbox.retry(act.unit, delivery, act.at):
        raise UnknownDelivery(delivery=delivery)
    act.ring()


async def _readdress(act: Act, delivery: Delivery) -> None:
    audience = msgspec.json.decode(delivery.recipient, type=_Audience)
    reach = (await act.firm()).reach
    ways = dict(reach.ways(audience.staff, audience.team))
    if delivery.channel not in ways:
        raise Invalid(recipient=NO_ADDRESS)
    to = msgspec.json.encode(ways[delivery.channel]).decode()
    await outbox.readdress(act.unit, delivery.id, to)
