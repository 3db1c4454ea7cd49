"""The live feed: what changes, as server-sent events that go on after a gap.

`hello` tells the head of the event log; `change` events follow with their seq as id. A browser
that reconnects sends the last id it saw, and gets everything after it, in pages. Nothing is kept
in memory for anybody: the event log is the queue.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Final

import msgspec

from server.api import render
from server.api import schemas as s
from server.api.calls import Call, Handler
from server.api.reading import LARGEST_NUMBER
from server.domain.errors import TooManyTries
from server.domain.people import Staff
from server.usecases import outlook, people, reading

HEARTBEAT: Final = timedelta(seconds=15)
PAGE: Final = 200
MOST_STREAMS: Final = 20
"""So many streams one session or token may hold open: each is a page in a browser's tab."""
_RETRY_MILLISECONDS: Final = 2000

_encode = msgspec.json.Encoder().encode


async def follow_live(call: Call) -> AsyncIterator[bytes]:
    """The stream of one browser or program. Refuses `TooManyTries` beyond `MOST_STREAMS`."""
    if call.edge.streams[call.known.proof] >= MOST_STREAMS:
        raise TooManyTries(seconds=round(HEARTBEAT.total_seconds()))
    asked = call.query(s.LiveAsked)
    seen = _last_seen(call.request.headers.get("last-event-id"), asked.after)
    return _counted(call, _stream(call, seen), asked.ticket)


async def _counted(
    call: Call, stream: AsyncIterator[bytes], ticket: int | None
) -> AsyncIterator[bytes]:
    """The stream, counted while it lasts; so long its reader looks at a ticket."""
    streams, proof = call.edge.streams, call.known.proof
    streams[proof] += 1
    try:
        with call.desk.presence.looking(call.by.id, ticket):
            async for event in stream:
                yield event
    finally:
        streams[proof] -= 1
        if not streams[proof]:
            del streams[proof]


def _last_seen(header: str | None, after: int | None) -> int | None:
    """The header is what a browser sends when it reconnects, so it wins."""
    if header is not None and header.isascii() and header.isdecimal() and len(header) <= 16:  # noqa: PLR2004
        return min(int(header), LARGEST_NUMBER)
    return after


async def _stream(call: Call, after: int | None) -> AsyncIterator[bytes]:
    desk = call.desk
    head = await reading.head_seq(desk)
    seq = head if after is None or after > head else after
    yield f"retry: {_RETRY_MILLISECONDS}\n".encode()
    # Without an id when a gap is to be caught up: a break now must not skip it.
    yield _event("hello", _encode({"seq": head}), head if seq == head else None)
    beat_at = desk.clock.now() + HEARTBEAT
    while not desk.stopping:
        rung = desk.bell.rung
        by = await _still(call)
        if by is None:
            return
        while True:
            seen, steps = await reading.live_since(desk, by, seq, PAGE)
            if seen == seq:
                break
            for step in await _shown(call, steps):
                yield _event("change", _encode(step), step.seq)
            seq = seen
            yield f"id: {seq}\n\n".encode()  # what is out of sight is not looked at again
        await desk.clock.wait(desk.bell, rung, beat_at)
        if desk.clock.now() >= beat_at:
            beat_at = desk.clock.now() + HEARTBEAT
            if not await _is_signed_in(call):
                return
            yield b": still here\n\n"


def _event(name: str, body: bytes, seq: int | None) -> bytes:
    place = b"" if seq is None else f"id: {seq}\n".encode()
    return b"event: " + name.encode() + b"\n" + place + b"data: " + body + b"\n\n"


async def _shown(call: Call, steps: list[reading.Live]) -> Iterable[s.LiveStep]:
    firm, now = await call.desk.firm(), call.desk.clock.now()
    numbers = [step.ticket.number for step in steps if step.ticket is not None]
    outlooks = await outlook.list_outlooks(call.desk, numbers)
    return [
        s.LiveStep(
            seq=step.seq,
            kind=step.kind,
            ticket=None
            if step.ticket is None
            else render.ticket_row(
                step.ticket,
                outlooks.get(step.ticket.number, outlook.NOTHING),
                firm,
                call.language,
                now,
            ),
        )
        for step in steps
    ]


async def _still(call: Call) -> Staff | None:
    """The colleague as he is now: his role and teams decide what is in sight."""
    by = (await call.desk.firm()).staff.get(call.by.id)
    return by if by is not None and by.active and by.role in (call.operation.roles or ()) else None


async def _is_signed_in(call: Call) -> bool:
    """A stream ends with the session or the token that it was opened with."""
    known = call.known
    if known.digest is not None:
        return await people.find_session(call.desk, known.digest) is not None
    return await people.find_token(call.desk, known.token or "") is not None


HANDLERS: Final[dict[str, Handler]] = {"followLive": follow_live}
