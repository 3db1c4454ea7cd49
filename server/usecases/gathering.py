"""Notices of the ladder, gathered: who has many tickets in trouble hears of them in one message.

What one unit has to tell an audience becomes one row of the outbox. While that row waits, later
notices join it; after it was sent, the next message to the same audience comes a minute later at
the earliest, with whatever fell due meanwhile. A message says how many tickets, and which is the
worst; each ticket's own events say who was told, so nothing is lost in it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from server.domain.events import Event
from server.domain.notices import Facts, Notice
from server.storage import outbox
from server.usecases.acts import Act

PAUSE: Final = timedelta(minutes=1)
"""So long after a message the next one to the same audience is sent at the earliest."""
PATIENCE: Final = timedelta(seconds=5)
"""So long a message waits for others while more is due than one unit takes."""
MOST_LISTED: Final = 500
"""More tickets than that are counted, and no longer named."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, str | int | None]).decode


class One(msgspec.Struct, frozen=True):
    """A notice on its way into a message."""

    event: Event
    notice: Notice


class Gathered:
    """What one unit has to tell, by channel and address."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str, bool], list[One]] = {}
        self.patience = timedelta()


async def gather(
    act: Act,
    event: Event,
    notice: Notice,
    channel: str,
    to: Mapping[str, str | int],
    *,
    unreachable: bool = False,
) -> None:
    """Have it told, with whatever else this unit tells the same audience."""
    gathered: Gathered = act.kept("gathered", Gathered)
    key = channel, _encode(to).decode(), unreachable
    gathered.waiting.setdefault(key, []).append(One(event, notice))
    act.at_end("gathered", partial(_write, act, gathered))


def wait_for_more(act: Act) -> None:
    """More of the same follows at once: what this unit tells may wait a moment for it."""
    act.kept("gathered", Gathered).patience = PATIENCE


async def _write(act: Act, gathered: Gathered) -> None:
    for (channel, address, unreachable), ones in gathered.waiting.items():
        if unreachable:
            await _add(act, channel, address, ones, act.at, unreachable=True)
            continue
        by_wait: dict[datetime | None, list[One]] = {}
        for one in ones:
            by_wait.setdefault(one.notice.after, []).append(one)
        for after, group in by_wait.items():
            wanted_at = max(act.at + gathered.patience, after or act.at)
            await _write_message(act, channel, address, group, wanted_at)


async def _write_message(
    act: Act, channel: str, address: str, ones: list[One], wanted_at: datetime
) -> None:
    last = await outbox.list_gathered(act.unit, channel, address)
    for row in last:
        joins = row.state == "waiting" and row.tries == 0
        if joins and row.next_at <= max(wanted_at, row.created_at + PAUSE):
            facts = _joined(_decode(row.body), ones)
            worst = _worst(ones, _decode(row.body))
            await outbox.gather_into(
                act.unit,
                row.id,
                kind=_kind(facts, row.kind if worst is None else worst.notice.kind),
                body=_encode(facts).decode(),
                ticket=row.ticket if worst is None else worst.event.ticket,
                event_seq=row.event_seq if worst is None else worst.event.seq,
            )
            return
    earliest_at = max((row.created_at + PAUSE for row in last), default=act.at)
    await _add(act, channel, address, ones, max(wanted_at, earliest_at))


async def _add(
    act: Act,
    channel: str,
    address: str,
    ones: list[One],
    next_at: datetime,
    *,
    unreachable: bool = False,
) -> None:
    worst = _worst(ones, {}) or ones[0]
    facts = _joined({}, ones)
    await outbox.add(
        act.unit,
        event_seq=worst.event.seq,
        ticket=worst.event.ticket,
        kind=_kind(facts, worst.notice.kind),
        channel=channel,
        recipient=address,
        body=_encode(facts).decode(),
        repeat=worst.notice.repeat,
        key=f"{ones[0].event.seq}:{ones[0].notice.kind}:{channel}:{address}",
        at=act.at,
        next_at=next_at,
        gather=None if unreachable else address,
        unreachable=unreachable,
    )


def _joined(facts: Facts, ones: list[One]) -> Facts:
    """The facts of a message that tells these too: those of the worst, and how many."""
    worst = _worst(ones, facts)
    told = facts if worst is None else worst.notice.facts | {"rank": worst.notice.rank}
    counts = {kind: facts.get(f"n_{kind}") or 0 for kind in KINDS}
    numbers = str(facts.get("numbers") or "").split()
    known, more = set(numbers), int(facts.get("count") or 0) - len(numbers)
    for one in ones:
        counts[one.notice.kind] = int(counts.get(one.notice.kind) or 0) + 1
        number = str(one.event.ticket)
        if number in known:
            continue
        known.add(number)
        if len(numbers) < MOST_LISTED:
            numbers.append(number)
        else:
            more += 1
    plain = {
        name: value
        for name, value in told.items()
        if not name.startswith("n_") and name not in _OWN
    }
    return (
        plain
        | {f"n_{kind}": count for kind, count in counts.items() if count}
        | {"count": len(numbers) + more, "numbers": " ".join(numbers)}
    )


KINDS: Final = ("breached", "warned", "nudged_again", "unaccepted", "idle", "reminded")
"""The kinds of notices that are gathered, the worst first."""
_OWN: Final = frozenset({"count", "numbers"})


def _worst(ones: list[One], facts: Facts) -> One | None:
    """The worst of these, or None: what is told already is as bad."""
    worst = min(ones, key=lambda one: one.notice.rank)
    known = facts.get("rank")
    return worst if known is None or worst.notice.rank < str(known) else None


def _kind(facts: Facts, kind: str) -> str:
    return "gathered" if int(facts["count"] or 0) > 1 else kind
