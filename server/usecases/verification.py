"""Proving: that the event log is whole and unchanged, and that what is kept beside it (SLA states,
timers, due fields) is what the log says (decisions 7 and 8).

Both read in pages and may run beside a working desk: they look at the log up to where it ended
when they began, and a ticket that changed while it was looked at is looked at again.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from functools import reduce
from typing import Final, Literal

import msgspec

from server import vault
from server.desk import Desk
from server.domain.climbs import NONE, Climbs, climb_on
from server.domain.events import Erased, Event, Sealed
from server.domain.firm import Firm
from server.domain.outcomes import Outcome, outcomes_of
from server.domain.sla import SlaState, fold
from server.domain.ticket import Ticket
from server.storage import audit, ledger, outcomes, tickets
from server.storage import timers as timer_rows
from server.storage.ledger import Head, Row
from server.storage.timers import Timer
from server.usecases.acts import Act, change
from server.usecases.recording import refold, timers_of, with_due

PAGE: Final = 500
_LOOKS: Final = 5

Wrong = Literal["gap", "chain", "body", "kind", "erased", "seal", "head", "ticket"]
"""What can be wrong with an event: the numbers before it are not whole; its hash does not follow
from its header and the event before it; its body is not the one that was written; it is not of the
kind that the header says; its body is gone and nothing tells that it was erased; the seal was not
made with this desk's key; the log's head is not its last event; its ticket is not there.
"""

_decode_state = msgspec.json.Decoder(SlaState).decode
_decode_climbs = msgspec.json.Decoder(Climbs).decode


class Flaw(msgspec.Struct, frozen=True):
    """The first bad event."""

    seq: int
    wrong: Wrong
    ticket: int | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found: how many events were read, the hash at the end, and the first flaw."""

    events: int
    seals: int
    hash: str
    flaw: Flaw | None = None


class UnknownSeal(LookupError):
    """The log has no such seal, or not with the chain that was sealed then: what was sealed is not
    what is there.
    """


class _Chain:
    """Walks along the log, from its beginning or from an event whose hash is known; everything that
    has to be remembered from row to row.
    """

    def __init__(self, secret: bytes, seq: int = 0, hash_: str = "") -> None:
        self.began = seq
        self.seq = seq
        self.hash = hash_
        self.seals = 0
        self._secret = secret
        self._bodiless: dict[int, int | None] = {}

    def wrong_with(self, row: Row) -> Wrong | None:
        """What is wrong with the next row."""
        if row.seq != self.seq + 1:
            return "gap"
        if ledger.chain(self.hash, row) != row.hash:
            return "chain"
        wrong = self._wrong_with_body(row)
        self.seq, self.hash = row.seq, row.hash
        return wrong

    def _wrong_with_body(self, row: Row) -> Wrong | None:
        if row.body is None or row.salt is None:
            self._bodiless[row.seq] = row.ticket
            return None
        if ledger.digest_of(row.salt, row.body) != row.body_digest:
            return "body"
        try:
            event = row.event()
        except (msgspec.MsgspecError, ValueError):
            return "kind"
        if event is None or event.body.__struct_config__.tag != row.kind:
            return "kind"
        return self._wrong_with_word(event)

    def _wrong_with_word(self, event: Event) -> Wrong | None:
        match event.body:
            case Erased(seq=seq):
                self._bodiless.pop(seq, None)
            case Sealed(through_seq=through, seal=seal):
                self.seals += 1
                genuine = vault.seal(self._secret, self.seq, self.hash)
                if (through, seal) != (self.seq, genuine):
                    return "seal"
            case _:
                pass
        return None

    def untold(self) -> Flaw | None:
        """An event whose body is gone without a word."""
        return next(
            (Flaw(seq, "erased", ticket) for seq, ticket in sorted(self._bodiless.items())), None
        )


async def verify(desk: Desk, since: tuple[int, str] | None = None) -> Proof:
    """Walk the whole log as far as it goes now; `since` a seal that was kept apart (the event up to
    which it goes, and the seal), what came after it. Refuses `UnknownSeal`.
    """
    with desk.activity.busy():
        head = await ledger.read_head(desk.database)
        chain = _Chain(desk.secret) if since is None else await _sealed(desk, *since)
        flaw = await _walk(desk, chain, head)
        if flaw is None:
            flaw = await _look_at_end(desk, chain, head)
    return Proof(events=chain.seq - chain.began, seals=chain.seals, hash=chain.hash, flaw=flaw)


async def _sealed(desk: Desk, through: int, seal: str) -> _Chain:
    """The chain as it was sealed. The seal's own event is the next one; made anew with the desk's
    key, the seal must be the one that was kept.
    """
    rows = await ledger.list_rows_since(desk.database, through - 1, 2)
    if [row.seq for row in rows] != [through, through + 1]:
        raise UnknownSeal(through)
    last, event = rows[0], rows[1].event()
    said = event.body if event is not None else None
    genuine = vault.seal(desk.secret, through, last.hash)
    if not isinstance(said, Sealed) or {said.seal, seal} != {genuine}:
        raise UnknownSeal(through)
    return _Chain(desk.secret, through, last.hash)


async def _walk(desk: Desk, chain: _Chain, head: Head) -> Flaw | None:
    while chain.seq < head.seq:
        rows = await ledger.list_rows_since(desk.database, chain.seq, PAGE)
        if not rows:
            return Flaw(chain.seq + 1, "gap")
        for row in rows:
            if chain.seq == head.seq:
                break
            wrong = chain.wrong_with(row)
            if wrong is not None:
                return Flaw(row.seq if wrong != "gap" else chain.seq + 1, wrong, row.ticket)
    return None


async def _look_at_end(desk: Desk, chain: _Chain, head: Head) -> Flaw | None:
    if chain.hash != head.hash:
        return Flaw(head.seq, "head")
    now = await ledger.read_head(desk.database)
    if now.seq == head.seq and await ledger.list_rows_since(desk.database, head.seq, 1):
        beyond = await ledger.read_head(desk.database)
        if beyond.seq == head.seq:
            return Flaw(head.seq + 1, "head")
    for ticket in await audit.list_untold(desk.database):
        row = (await ledger.list_events(desk.database, ticket))[:1]
        return Flaw(row[0].seq if row else 0, "ticket", ticket)
    return chain.untold()


# Caches


class Difference(msgspec.Struct, frozen=True):
    """A ticket whose caches are not what its history says: which of them."""

    ticket: int
    of: tuple[Literal["state", "timers", "due", "history", "outcomes"], ...]


class _Kept(msgspec.Struct, frozen=True):
    """All that is kept of a ticket, and its history."""

    ticket: Ticket
    events: list[Event]
    kept: timer_rows.Kept | None
    timers: list[Timer]
    outcomes: list[Outcome]
    retiming: bool


async def differences(desk: Desk) -> AsyncIterator[Difference | None]:
    """Each ticket in turn, folded from scratch: its difference, or None where there is none.
    Nothing is changed.
    """
    number = 0
    while numbers := await audit.list_numbers(desk.database, number):
        firm = await desk.firm()
        for number in numbers:  # the last one is where the next page begins
            yield await _difference(desk, number, firm)


async def count_stray_timers(desk: Desk) -> int:
    """Timers of tickets that are not there."""
    return await audit.count_stray_timers(desk.database)


async def _difference(desk: Desk, number: int, firm: Firm) -> Difference | None:
    found: Difference | None = None
    for _ in range(_LOOKS):
        kept = await _look(desk, number)
        if kept is None:
            return None
        found = _compare(kept, firm)
        again = await tickets.find(desk.database, number)
        if found is None or (again is not None and again.version == kept.ticket.version):
            return found
        desk.forget_firm()
        firm = await desk.firm()
    return found


async def _look(desk: Desk, number: int) -> _Kept | None:
    ticket = await tickets.find(desk.database, number)
    if ticket is None:
        return None
    return _Kept(
        ticket,
        await ledger.list_events(desk.database, number),
        await timer_rows.find_kept(desk.database, number),
        await timer_rows.list_timers(desk.database, number),
        await outcomes.list_of_ticket(desk.database, number),
        await timer_rows.has_orders(desk.database),
    )


def _compare(kept: _Kept, firm: Firm) -> Difference | None:
    state = fold(kept.events, firm.law)
    of: list[Literal["state", "timers", "due", "history", "outcomes"]] = []
    if kept.ticket.ticket_seq != (kept.events[-1].ticket_seq if kept.events else 0):
        of.append("history")
    climbs = reduce(climb_on, kept.events, NONE)
    if kept.kept is None or _decode_state(kept.kept.state) != state or _other(kept, climbs):
        of.append("state")
    due = timers_of(kept.ticket, state, firm, climbs)
    if _promises(kept.timers, kept.retiming) != _promises(due, kept.retiming):
        of.append("timers")
    if with_due(kept.ticket, state) != kept.ticket:
        of.append("due")
    if _nobodys(kept.outcomes) != _nobodys(outcomes_of(state, kept.ticket, firm.law).values()):
        of.append("outcomes")
    return Difference(kept.ticket.number, tuple(of)) if of else None


def _nobodys(found: Iterable[Outcome]) -> list[Outcome]:
    """Outcomes to compare: in whose hands a clock ended, the clocks do not know."""
    nobodys = (msgspec.structs.replace(one, team=None, assignee=None) for one in found)
    return sorted(nobodys, key=lambda one: (one.metric, one.instance))


def _other(kept: _Kept, climbs: Climbs) -> bool:
    """Whether other climbs are kept; after an upgrade they are kept once they were read again."""
    return kept.kept is None or (not kept.retiming and _decode_climbs(kept.kept.climbs) != climbs)


def _promises(
    timers: Iterable[Timer],
    retiming: bool,  # noqa: FBT001
) -> set[tuple[str, str, datetime | None]]:
    """Timers to compare. When a quiet ticket closes is a setting of the firm that may have changed
    since, and when a rung is reached while a new ladder is `retiming` the tickets; everything else
    follows from the ticket's history.
    """
    return {
        (timer.kind, timer.key, None if timer.kind == "quiet_close" else timer.due_at)
        for timer in timers
        if not (retiming and timer.kind == "rung")
    }


@change
async def rebuild(act: Act, number: int) -> None:
    """Make a ticket's SLA caches what its history says."""
    ticket = await tickets.find(act.unit, number)
    if ticket is None:
        return
    firm = await act.firm()
    events = await ledger.list_events(act.unit, number)
    await refold(act, ticket, fold(events, firm.law), reduce(climb_on, events, NONE))
    act.ring()
