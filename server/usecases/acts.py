"""One use case, one unit of work (decisions 1 and 9 of ARCHITECTURE.md).

A use case is written as `async def claim(act: Act, …)` and called as `await claim(desk, …)`:
`@change` takes the instant and the random seed on the loop, and runs the function as one unit.
"""

import hashlib
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

from server.desk import Desk
from server.domain.firm import Firm
from server.domain.sla import SlaState
from server.storage import ledger
from server.storage.database import Lane, Unit

P = ParamSpec("P")
T = TypeVar("T")


class Act:
    """What a unit of work is given: the database, the instant, randomness, and the firm."""

    def __init__(self, desk: Desk, unit: Unit, at: datetime, seed: bytes) -> None:
        self.desk = desk
        self.unit = unit
        self.at = at
        self._seed = seed
        self._drawn = 0
        self._head: ledger.Head | None = None
        self._firm: Firm | None = None
        self._kept: dict[str, Any] = {}
        self.folded: dict[int, SlaState] = {}
        """How the clocks of the tickets stand that were recorded in this unit."""
        self._at_end: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {}

    async def head(self) -> ledger.Head:
        """The end of the event log, as this unit sees it."""
        if self._head is None:
            self._head = await ledger.read_head(self.unit)
        return self._head

    def moved(self, head: ledger.Head) -> None:
        """Events were appended in this unit. Who appends those of tickets rings for them."""
        if self._head is not None and head.firm_seq != self._head.firm_seq:
            self._firm = None
            self.unit.after_commit(self.desk.forget_firm)
        self._head = head

    async def firm(self) -> Firm:
        """The firm as this unit sees it."""
        if self._firm is None:
            head = await self.head()
            self._firm = await self.desk.firm_at(self.unit, head.firm_seq)
            if not self.desk.knows_firm(head.firm_seq):
                # Another instance changed the firm: read it afresh from now on.
                self.unit.after_commit(self.desk.forget_firm)
        return self._firm

    def draw(self) -> str:
        """32 random hex digits, derived from the seed that was taken outside."""
        self._drawn += 1
        return hashlib.sha256(self._seed + self._drawn.to_bytes(4, "big")).hexdigest()[:32]

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """Something that is one and the same throughout this unit; made when first asked for."""
        if name not in self._kept:
            self._kept[name] = make()
        found: T = self._kept[name]
        return found

    def at_end(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do this once, last of all in this unit: what the unit gathered is written at once. Of
        two with one name the first counts.
        """
        self._at_end.setdefault(name, work)

    async def finish(self) -> None:
        """Do what was left for the end."""
        for work in self._at_end.values():
            await work()

    def ring(self) -> None:
        """Wake all loops after the commit."""
        self.unit.after_commit(self.desk.bell.ring)

    def ring_for_tickets(self) -> None:
        """Wake those that follow tickets and timers. Who also writes what another loop works on,
        such as a notice, rings for all besides.
        """
        self.unit.after_commit(self.desk.bell.ring_for_tickets)


def change(
    work: Callable[Concatenate[Act, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Desk, P], Coroutine[Any, Any, T]]:
    """Make a use case of a function that awaits only storage."""
    return _use_case(work, "interactive")


def change_quietly(
    work: Callable[Concatenate[Act, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Desk, P], Coroutine[Any, Any, T]]:
    """The same for what nobody waits for: units of people go first."""
    return _use_case(work, "background")


def _use_case(
    work: Callable[Concatenate[Act, P], Coroutine[Any, Any, T]], lane: Lane
) -> Callable[Concatenate[Desk, P], Coroutine[Any, Any, T]]:
    async def run(desk: Desk, /, *args: P.args, **kwargs: P.kwargs) -> T:
        at = desk.clock.now()
        seed = desk.entropy.token_bytes(16)

        async def in_unit(unit: Unit) -> T:
            act = Act(desk, unit, at, seed)
            result = await work(act, *args, **kwargs)
            await act.finish()
            return result

        with desk.activity.busy():
            await desk.firm()
            return await desk.database.unit(in_unit, lane=lane)

    update_wrapper(run, work)
    return run
