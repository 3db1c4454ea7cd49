"""The wire shape of what rules and matrix look at and say of a ticket."""

from typing import Literal

import msgspec

from server.domain.events import Priority


class AttributesShown(msgspec.Struct, frozen=True, kw_only=True):
    """What rules and matrix look at and what they said of a ticket. `priority_by` "hand": somebody
    set the priority and it stays; "matrix": it follows, and `why` tells in words from what.
    """

    urgency: Priority
    region: str
    product: str
    language: str
    store: str
    store_name: str
    latitude: float | None
    longitude: float | None
    tags: tuple[str, ...]
    skills: dict[str, int]
    policy: str
    pinned: bool
    priority_by: Literal["matrix", "hand"]
    why: tuple[str, ...]


class StoreOffered(msgspec.Struct, frozen=True, kw_only=True):
    """A store (门店、网点) that a form or a menu offers."""

    id: str
    name: str
    region: str
