"""Notices on their way into messages: who hears of many things hears of them in few messages.

What one unit has to tell an audience in one stream (domain/telling.py) becomes one row of the
outbox. While that row waits, later notices join it; after it was sent, the next message of the
stream comes a span later at the earliest, with whatever fell due meanwhile. What has no stream goes
by itself, until a colleague has had his number of the day: the rest comes as a digest. A message
says how many tickets, and which is the worst; each ticket's own events say who was told, so
nothing is lost in it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from server.domain.events import Event
from server.domain.habits import DAILY
from server.domain.notices import Facts, Notice
from server.domain.telling import SHIFT, Telling
from server.storage import outbox, told
from server.usecases.acts import Act

PATIENCE: Final = timedelta(seconds=5)
"""So long a message waits for others while more is due than one unit takes."""
MOST_LISTED: Final = 500
"""More tickets than that are counted, and no longer named."""
DIGEST: Final = "digest"
"""The stream of what a colleague hears after his number of the day."""
BETWEEN_DIGESTS: Final = timedelta(minutes=30)

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, str | int | None]).decode


class One(msgspec.Struct, frozen=True):
    """A notice on its way into a message."""

    event: Event
    telling: Telling

    @property
    def notice(self) -> Notice:
        """What it says."""
        return self.telling.notice

    @property
    def rank(self) -> str:
        """The least comes first; what has none, after all that has."""
        return self.notice.rank or "9"


class To(msgspec.Struct, frozen=True):
    """An audience: by which channel, at which address; `staff` where it is one colleague."""

    channel: str
    address: str
    stream: str
    staff: int | None
    unreachable: bool

    @property
    def name(self) -> str:
        """Under which messages to this audience are found while they wait."""
        return f"{self.stream} {self.address}"


class Gathered:
    """What one unit has to tell, by audience."""

    def __init__(self) -> None:
        self.waiting: dict[To, list[One]] = {}
        self.patience = timedelta()


async def gather(
    act: Act,
    event: Event,
    telling: Telling,
    channel: str,
    to: Mapping[str, str | int],
    *,
    unreachable: bool = False,
) -> None:
    """Have it told, with whatever else this unit tells the same audience in the same stream."""
    gathered: Gathered = act.kept("gathered", Gathered)
    key = To(
        channel, _encode(to).decode(), telling.stream, telling.notice.staff, unreachable=unreachable
    )
    gathered.waiting.setdefault(key, []).append(One(event, telling))
    act.at_end("gathered", partial(_write, act, gathered))


def wait_for_more(act: Act) -> None:
    """More of the same follows at once: what this unit tells may wait a moment for it."""
    act.kept("gathered", Gathered).patience = PATIENCE


async def _write(act: Act, gathered: Gathered) -> None:
    for to, ones in gathered.waiting.items():
        if to.unreachable and to.stream:
            await _add(act, to, ones, act.at)
        elif to.stream:
            by_wait: dict[datetime | None, list[One]] = {}
            for one in ones:
                by_wait.setdefault(one.telling.after, []).append(one)
            for after, group in by_wait.items():
                await _tell(act, to, group, max(act.at + gathered.patience, after or act.at))
        else:
            for one in ones:
                await _tell_apart(act, to, one)


async def _tell_apart(act: Act, to: To, one: One) -> None:
    after = one.telling.after
    if to.unreachable or not await _has_had_enough(act, to):
        await _add(act, to, [one], max(act.at, after or act.at))
    else:
        await _digest(act, to, [one])


async def _tell(act: Act, to: To, ones: list[One], wanted_at: datetime) -> None:
    """In the message that waits, or in one of its own."""
    telling = ones[0].telling
    if telling.waits:
        wanted_at = max(wanted_at, act.at + telling.span)
    last = await outbox.list_gathered(act.unit, to.channel, to.name)
    gone_at = [_gone_at(row, act.at) for row in last if not _may_join(row)]
    span = timedelta() if telling.waits else telling.span
    target_at = max([wanted_at, *(at + span for at in gone_at)])
    for row in last:
        if _may_join(row) and row.next_at <= target_at:
            await _join(act, to, row, ones)
            return
    if to.stream not in {DIGEST, SHIFT} and await _has_had_enough(act, to):
        await _digest(act, to, ones)
    else:
        await _add(act, to, ones, target_at)


def _may_join(row: outbox.Gathering) -> bool:
    return row.state == "waiting" and row.tries == 0


def _gone_at(row: outbox.Gathering, at: datetime) -> datetime:
    """When a message went: `next_at` of a try is when its time is up."""
    return at if row.state == "sending" else row.next_at


async def _has_had_enough(act: Act, to: To) -> bool:
    """Whether this colleague has had his messages of the day; this one counts."""
    if to.staff is None:
        return False
    firm = await act.firm()
    day = act.at.astimezone(ZoneInfo(firm.profile.zone)).date()
    habits = firm.habits.get(to.staff)
    daily = habits.daily if habits is not None else DAILY
    return await told.count(act.unit, day.isoformat(), to.staff) > daily


async def _digest(act: Act, to: To, ones: list[One]) -> None:
    """What comes after the number of the day: one message in half an hour."""
    later = Telling(notice=ones[0].notice, stream=DIGEST, span=BETWEEN_DIGESTS, waits=True)
    put_off = [One(one.event, msgspec.structs.replace(later, notice=one.notice)) for one in ones]
    await _tell(act, msgspec.structs.replace(to, stream=DIGEST), put_off, act.at)


async def _join(act: Act, to: To, row: outbox.Gathering, ones: list[One]) -> None:
    before = _decode(row.body)
    facts, worst = _joined(before, ones), _worst(ones, before)
    ticket, seq = (row.ticket, row.event_seq)
    if worst is not None:
        ticket, seq = worst.event.ticket, worst.event.seq
    await outbox.gather_into(
        act.unit,
        row.id,
        kind=_kind(to, facts, row.kind if worst is None else worst.notice.kind),
        body=_encode(facts).decode(),
        ticket=None if to.stream == SHIFT else ticket,
        event_seq=seq,
    )


async def _add(act: Act, to: To, ones: list[One], next_at: datetime) -> None:
    worst = _worst(ones, {}) or ones[0]
    apart = not to.stream
    facts = worst.notice.facts if apart else _joined({}, ones)
    address = _first(to.address) if apart else to.address
    await outbox.add(
        act.unit,
        event_seq=worst.event.seq,
        ticket=None if to.stream == SHIFT else worst.event.ticket,
        kind=worst.notice.kind if apart else _kind(to, facts, worst.notice.kind),
        channel=to.channel,
        recipient=to.address,
        body=_encode(facts).decode(),
        repeat=worst.notice.repeat,
        key=f"{ones[0].event.seq}:{ones[0].notice.kind}:{to.channel}:{address}",
        at=act.at,
        next_at=next_at,
        gather=None if to.unreachable else worst.notice.webhook if apart else to.name,
        unreachable=to.unreachable,
    )


def _first(address: str) -> str:
    """The account or conversation of an address."""
    return str(next(iter(_decode(address).values())))


def _joined(facts: Facts, ones: list[One]) -> Facts:
    """The facts of a message that tells these too: those of the worst, and how many."""
    worst = _worst(ones, facts)
    said = facts if worst is None else worst.notice.facts | {"rank": worst.rank}
    counts = {name: value for name, value in facts.items() if name.startswith("n_")}
    numbers = str(facts.get("numbers") or "").split()
    known, more = set(numbers), int(facts.get("count") or 0) - len(numbers)
    for one in ones:
        name = f"n_{one.notice.kind}"
        counts[name] = int(counts.get(name) or 0) + 1
        number = str(one.event.ticket)
        if number in known or one.event.ticket is None:
            continue
        known.add(number)
        if len(numbers) < MOST_LISTED:
            numbers.append(number)
        else:
            more += 1
    plain = {
        name: value
        for name, value in said.items()
        if not name.startswith("n_") and name not in _OWN
    }
    return plain | counts | {"count": len(numbers) + more, "numbers": " ".join(numbers)}


KINDS: Final = (
    "breached",
    "warned",
    "urgent",
    "escalated",
    "nudged_again",
    "nudged",
    "disputed",
    "customer_wrote",
    "rated_low",
    "unaccepted",
    "idle",
    "assigned",
    "to_dispatch",
    "routed",
    "transferred",
    "released",
    "woke",
    "reminded",
)
"""The kinds of notices that are gathered, the worst first."""
_OWN: Final = frozenset({"count", "numbers"})


def _worst(ones: list[One], facts: Facts) -> One | None:
    """The worst of these, or None: what is told already is as bad."""
    worst = min(ones, key=lambda one: one.rank)
    known = facts.get("rank")
    return worst if known is None or worst.rank < str(known) else None


def _kind(to: To, facts: Facts, kind: str) -> str:
    if to.stream == SHIFT:
        return "shift_began"
    return "gathered" if int(facts["count"] or 0) > 1 else kind
