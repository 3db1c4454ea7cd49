"""Counts DingTalk's two meters for one application, and says what they still allow.

Counts are durable when a send has ended, and when so many pushes have come (`AT_ONCE`): a crash
forgets the calls of one send and fewer than that many pushes.
"""

from collections import Counter
from typing import Final

from server.desk import Desk, Parcel
from server.domain.events import Priority
from server.domain.quota import Budget, Name
from server.usecases import budget

AT_ONCE: Final = 5
"""So many pushes are made durable together."""
QUOTA_CODES: Final[dict[str, Name]] = {
    "Forbidden.AccessDenied.ApiCountLimitForOrg": "api",
    "90020": "stream",
    "20001": "stream",
}
"""Which meter is empty when the platform says so (facts/dingtalk 0.3)."""
OVER_QUOTA: Final = "20001"
"""What a push without content says."""
_URGENT: Final = frozenset({"urgent", "escalated"})


class Meters:
    """Both meters of the month."""

    def __init__(self, desk: Desk, kind: str, limits: dict[Name, int]) -> None:
        self._desk = desk
        self._kind = kind
        self._limits = limits
        self._pending: Counter[Name] = Counter()

    def count(self, name: Name, calls: int) -> None:
        """A call was made, or a push came."""
        self._pending[name] += calls

    async def keep(self, *, at_least: int = 1) -> None:
        """Make the counts durable, if there are so many."""
        if self._pending.total() < at_least:
            return
        pending, self._pending = self._pending, Counter()
        try:
            await budget.count(self._desk, self._kind, pending)
        except BaseException:
            self._pending.update(pending)
            raise

    async def hear(self, code: str) -> bool:
        """What the platform refused with; whether it was for want of budget."""
        name = QUOTA_CODES.get(code)
        if name is not None:
            await budget.fill(self._desk, self._kind, name, self._limits[name])
        return name is not None

    async def left(self) -> dict[Name, Budget]:
        """How both stand."""
        found = await budget.read(self._desk, self._kind, self._limits)
        return {one.name: one for one in found}


def is_urgent(parcel: Parcel) -> bool:
    """Whether this notice may use what is kept back."""
    urgent = parcel.ticket is not None and parcel.ticket.priority is Priority.URGENT
    return urgent or parcel.delivery.kind in _URGENT
