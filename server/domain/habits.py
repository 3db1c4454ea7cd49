"""What colleagues and teams hear in chat, and how often (通知习惯).

    topic      what it is about                                by default, in chat
    given      a ticket became mine; I am asked for            at once
    customer   the customer wrote, or is not content           collected for 2 minutes
    queue      tickets wait to be claimed or given out         the first at once, then every 3
    claimed    somebody took what waited in the group          at once
    half       half of a target is used                        not at all: the console shows it
    pressing   a target is almost used                         one message in 15 minutes
    late       a promise is broken, or long so                 one message in 5 minutes
    nudged     the customer asks again; nobody does anything   one message a minute
    unhappy    a bad rating                                    at once
    planning   hand-overs, leave, swaps                        at once
    shift      what waits when a shift begins                  one message
    evening    the day in figures                              one message, to those who lead

Everybody may have it otherwise for himself, and a team for its group.
"""

from datetime import timedelta
from typing import Annotated, Final, Literal

import msgspec

Topic = Literal[
    "given",
    "customer",
    "queue",
    "claimed",
    "half",
    "pressing",
    "late",
    "nudged",
    "unhappy",
    "planning",
    "shift",
    "evening",
]
"""What a notice is about, as people choose."""

OF_TEAMS: Final = frozenset({"customer", "queue", "claimed", "half", "pressing", "late", "nudged"})
"""What a team's group hears of; the rest is said to people."""
COLLECTED: Final = frozenset({"customer"})
"""These wait for what follows; of the others the first is told at once."""
LISTED: Final = frozenset({"customer", "queue", "half", "pressing", "late", "nudged"})
"""What may come in one message with others; the rest is said by itself, however long one waits."""

DAILY: Final = 30
"""So many messages a colleague gets by himself on one day; what follows comes as a digest."""


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one topic shall come: in chat or not, and within how many minutes as one message (0:
    each by itself). What is None stays as it is by default.
    """

    chat: bool | None = None
    minutes: Annotated[int, msgspec.Meta(ge=0, le=240)] | None = None


class Habits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a colleague wants to be told. `platform`: by which of his chats ("": the first that
    reaches him). `always`: also outside his shift. `daily`: so many messages a day by themselves.
    """

    topics: dict[Topic, Wish] = {}
    platform: Annotated[str, msgspec.Meta(max_length=40)] = ""
    always: bool = False
    daily: Annotated[int, msgspec.Meta(ge=5, le=200)] = DAILY


class TeamHabits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a team's group hears, and how often."""

    topics: dict[Topic, Wish] = {}


class Manner(msgspec.Struct, frozen=True):
    """How a topic comes: in chat or not, and within what span as one message."""

    chat: bool
    span: timedelta


_DEFAULT: Final[dict[Topic, tuple[bool, int]]] = {
    "given": (True, 0),
    "customer": (True, 2),
    "queue": (True, 3),
    "claimed": (True, 0),
    "half": (False, 15),
    "pressing": (True, 15),
    "late": (True, 5),
    "nudged": (True, 1),
    "unhappy": (True, 0),
    "planning": (True, 0),
    "shift": (True, 0),
    "evening": (True, 0),
}

TOPICS: Final = tuple(_DEFAULT)
"""All of them, in the order in which they are shown."""

_OF_KIND: Final[dict[str, Topic]] = {
    "customer_wrote": "customer",
    "disputed": "customer",
    "routed": "queue",
    "transferred": "queue",
    "released": "queue",
    "to_dispatch": "queue",
    "claimed": "claimed",
    "reminded": "half",
    "warned": "pressing",
    "breached": "late",
    "nudged": "nudged",
    "nudged_again": "nudged",
    "unaccepted": "nudged",
    "idle": "nudged",
    "rated_low": "unhappy",
    "shift_began": "shift",
    "evening_report": "evening",
}


def topic_of(kind: str) -> Topic:
    """What a kind of notice is about; what has no topic of its own was given to somebody."""
    if kind.startswith(("handover_", "leave_", "swap_")):
        return "planning"
    return _OF_KIND.get(kind, "given")


def manner_of(topic: Topic, habits: Habits | TeamHabits | None) -> Manner:
    """How this topic comes to whoever has these habits."""
    chat, minutes = _DEFAULT[topic]
    wish = habits.topics.get(topic) if habits is not None else None
    if wish is not None:
        chat = chat if wish.chat is None else wish.chat
        minutes = minutes if wish.minutes is None else wish.minutes
    return Manner(chat, timedelta(minutes=minutes))
