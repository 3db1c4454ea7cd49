"""Conditions (条件) of routing rules: a tree of all, any and not over what is known of a ticket.
matching.py says whether one holds, and why.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Words = Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=500)]
Place = Literal["subject", "text"]

Named = Literal[
    "priority",
    "urgency",
    "queue",
    "category",
    "channel",
    "customer_level",
    "customer",
    "company",
    "email",
    "phone",
    "language",
    "region",
    "product",
    "store",
    "team",
    "tags",
]
"""Fields that have a value, or several (`tags`)."""
Written = Literal[
    "subject", "text", "category", "customer", "company", "email", "phone", "product", "region"
]
"""Fields that patterns may look at."""
Counted = Literal["nudges", "reopens", "hour", "weekday", "age", "distance", "created_at", "at"]
"""Fields that lie between a least and a most. `hour` of the day with its fraction and ISO
`weekday` are the firm's; `age` is minutes since the ticket was opened; `distance` is kilometres
from the customer to the ticket's store.
"""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What rules look at: the ticket, its customer, and the instant `at` in the firm's own zone.
    `open` names the calendars by which somebody works now; an empty name among them stands for
    the ticket's store. `text` is what the customer wrote.
    """

    subject: str = ""
    text: str = ""
    priority: str = "normal"
    urgency: str = "normal"
    queue: str = ""
    category: str = ""
    channel: str = ""
    customer_level: str = ""
    customer: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    region: str = ""
    product: str = ""
    store: str = ""
    team: str = ""
    tags: tuple[str, ...] = ()
    nudges: int = 0
    reopens: int = 0
    distance: float | None = None
    created_at: datetime | None = None
    at: datetime | None = None
    open: frozenset[str] = frozenset()


class _Condition(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="if", forbid_unknown_fields=True
):
    pass


class All(_Condition, frozen=True, tag="all"):
    """与: every one holds; so does none at all."""

    of: "Annotated[tuple[Condition, ...], msgspec.Meta(max_length=200)]" = ()


class AnyOf(_Condition, frozen=True, tag="any"):
    """或: at least one holds."""

    of: "Annotated[tuple[Condition, ...], msgspec.Meta(max_length=200)]" = ()


class Not(_Condition, frozen=True, tag="not"):
    """非: it does not hold."""

    of: "Condition"


class Is(_Condition, frozen=True, tag="is"):
    """The field has one of these values. An empty value means: nothing is known. A region holds
    for all that lies in it (广东省 for 广东省/深圳市); one tag in common is enough.
    """

    field: Named
    values: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=200)], ...],
        msgspec.Meta(min_length=1, max_length=500),
    ]


class Says(_Condition, frozen=True, tag="says"):
    """One of the words stands in the subject or in what the customer wrote."""

    words: Words
    places: Annotated[tuple[Place, ...], msgspec.Meta(min_length=1)] = msgspec.field(
        default=("subject", "text"), name="in"
    )


class LooksLike(_Condition, frozen=True, tag="looks_like"):
    """Some part of the field fits the pattern (RE2's syntax); capitals do not matter."""

    pattern: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    field: Written = "text"


class Within(_Condition, frozen=True, tag="within"):
    """The field lies between `least` and `most`, both included. What is not known lies nowhere.
    An `hour` or `weekday` whose least is above its most reaches over midnight, or Sunday; an hour
    ends before its `most`.
    """

    field: Counted
    least: int | float | datetime | None = None
    most: int | float | datetime | None = None


class Open(_Condition, frozen=True, tag="open"):
    """It is working time by this calendar; without one, by the hours of the ticket's store."""

    calendar: str = ""


Condition = All | AnyOf | Not | Is | Says | LooksLike | Within | Open

DEEPEST: Final = 12
"""So many conditions may stand inside one another."""


def walk(condition: Condition, path: str = "") -> Iterator[tuple[str, Condition]]:
    """The condition and all inside it, each with its path in the document."""
    yield path, condition
    if isinstance(condition, Not):
        yield from walk(condition.of, f"{path}.of")
    elif isinstance(condition, All | AnyOf):
        for place, part in enumerate(condition.of):
            yield from walk(part, f"{path}.of[{place}]")


def depth(condition: Condition) -> int:
    """How many stand inside one another."""
    if isinstance(condition, Not):
        return 1 + depth(condition.of)
    if isinstance(condition, All | AnyOf):
        return 1 + max((depth(part) for part in condition.of), default=0)
    return 1


def fields_of(condition: Condition | None) -> frozenset[str]:
    """The facts that a condition looks at."""
    found: set[str] = set()
    for _, one in walk(condition) if condition is not None else ():
        match one:
            case Is(field=field) | LooksLike(field=field) | Within(field=field):
                found.add(field)
            case Says(places=places):
                found.update(places)
            case Open():
                found.add("open")
            case _:
                pass
    return frozenset(found)
