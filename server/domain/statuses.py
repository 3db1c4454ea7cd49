"""Statuses (状态): those that the machine itself sets, and the firm's own beside them."""

from collections.abc import Iterable
from typing import Final

import msgspec

from server.domain.events import StatusCategory
from server.domain.faults import Fault

WAITING: Final = (
    StatusCategory.WAITING_CUSTOMER,
    StatusCategory.WAITING_THIRD,
    StatusCategory.WAITING_INTERNAL,
)
"""What a status that the firm adds may be: into all others only the machine moves a ticket."""
LAST_STEP: Final = 4
_GAP: Final = 10


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A status (状态). `public_step` is what the customer sees: 1 已受理, 2 处理中, 3 待审核,
    4 已完成. `label` holds the administrator's own words by language, if any. Menus show statuses
    by `position` (0: after the machine's own one of its category) and no inactive ones; a ticket
    that stands in such a one keeps it.
    """

    id: str
    category: StatusCategory
    public_step: int
    label: dict[str, str] = {}
    position: int = 0
    active: bool = True


STATUSES: Final[dict[str, Status]] = {
    category.value: Status(id=category.value, category=category, public_step=step, position=place)
    for category, step, place in (
        (StatusCategory.NEW, 1, 1 * _GAP),
        (StatusCategory.OPEN, 2, 2 * _GAP),
        (StatusCategory.WAITING_CUSTOMER, 2, 3 * _GAP),
        (StatusCategory.WAITING_THIRD, 2, 4 * _GAP),
        (StatusCategory.WAITING_INTERNAL, 2, 5 * _GAP),
        (StatusCategory.RESOLVED, 3, 6 * _GAP),
        (StatusCategory.CLOSED, 4, 7 * _GAP),
        (StatusCategory.CANCELLED, 4, 8 * _GAP),
        (StatusCategory.MERGED, 4, 9 * _GAP),
    )
}
"""The statuses that the machine itself sets share their category's name; an administrator may add
others and rename all of them. Words for these stand in the locale files under `[status]`."""


def in_order(statuses: Iterable[Status]) -> tuple[Status, ...]:
    """As menus show them."""

    def place(status: Status) -> tuple[int, bool, str]:
        own = STATUSES.get(status.category.value)
        return status.position or (own.position if own else 0), status.id not in STATUSES, status.id

    return tuple(sorted(statuses, key=place))


def faults(status: Status) -> tuple[Fault, ...]:
    """What an administrator may not make of a status: the machine's own keep what they mean and
    cannot be switched off, and the firm's own wait, because people only ever choose such.
    """
    found: list[Fault] = []
    own = STATUSES.get(status.id)
    if own is not None and status.category is not own.category:
        found.append(Fault(path="category", code="fixed_category"))
    if own is None and status.category not in WAITING:
        found.append(Fault(path="category", code="waiting_only"))
    if own is not None and not status.active:
        found.append(Fault(path="active", code="always_active"))
    if not 1 <= status.public_step <= LAST_STEP:
        found.append(Fault(path="public_step", code="public_step"))
    if own is None and not any(words.strip() for words in status.label.values()):
        found.append(Fault(path="label", code="no_words"))
    return tuple(found)
