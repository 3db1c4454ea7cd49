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
from server.storage import ledger
from server.storage.database import Unit

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

    async def head(self) -> ledger.Head:
        """The end of the event log, as this unit sees it."""
        if self._head is None:
            self._head = await ledger.read_head(self.unit)
        return self._head

    def moved(self, head: ledger.Head) -> None:
        """Events were appended in this unit."""
        if self._head is not None and head.firm_seq != self._head.firm_seq:
            self._firm = None
            self.unit.after_commit(self.desk.forget_firm)
        if self._head is None or self._head.seq != head.seq:
            self.ring()
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

    def ring(self) -> None:
        """Wake the loops after the commit."""
        self.unit.after_commit(self.desk.bell.ring)


def change(
    work: Callable[Concatenate[Act, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Desk, P], Coroutine[Any, Any, T]]:
    """Make a use case of a function that awaits only storage."""

    async def run(desk: Desk, /, *args: P.args, **kwargs: P.kwargs) -> T:
        at = desk.clock.now()
        seed = desk.entropy.token_bytes(16)

        async def in_unit(unit: Unit) -> T:
            return await work(Act(desk, unit, at, seed), *args, **kwargs)

        with desk.activity.busy():
            await desk.firm()
            return await desk.database.unit(in_unit)

    update_wrapper(run, work)
    return run
