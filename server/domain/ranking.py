"""Who of a team gets a ticket (候选人排序): why some cannot, and points by part for the others.

Nothing here depends on the order in which colleagues are looked at: equal scores go to the lighter
load, then to whom nothing was given for longest, then to the smaller id.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from server.domain.commands import Claim
from server.domain.events import Candidate, Priority
from server.domain.people import Staff
from server.domain.permissions import MAY
from server.domain.queues import Queue, Weights
from server.domain.standings import (
    NOTHING,
    REMEMBERED,
    WORTH,
    Standing,
    free_again_at,
    rests_until,
)

NEVER: Final = frozenset({"inactive", "not_allowed", "skill", "level"})
"""Reasons that no free hour takes away: such a colleague cannot do this ticket."""
REACH_KM: Final = 30.0
"""Beyond this distance nearness counts nothing, unless the store has a radius of its own."""
_LEVELS: Final = 4
_EARTH_KM: Final = 6371.0
_FEW: Final = 4
_HALF: Final = 0.5


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a colleague works or a customer is: a region such as 广东省/深圳市/南山区, and degrees
    where they are known. `reach` is how far from here somebody goes, in kilometres.
    """

    region: str = ""
    latitude: float | None = None
    longitude: float | None = None
    reach: float = REACH_KM


NOWHERE: Final = Place()


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket asks of whoever gets it. `skills` maps a skill to the least level, `known` is
    the customer's last colleague, `left_out` are those who are not to be asked again.
    """

    priority: Priority = Priority.NORMAL
    category: str | None = None
    skills: dict[str, int] = {}
    place: Place = NOWHERE
    known: int | None = None
    left_out: frozenset[int] = frozenset()


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """All colleagues, what is known of each, where they work, and when it is now."""

    staff: Mapping[int, Staff]
    standings: Mapping[int, Standing]
    places: Mapping[int, Place] = {}
    at: datetime


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A team looked at: the best first, then those who were dropped."""

    kept: tuple[Candidate, ...] = ()
    dropped: tuple[Candidate, ...] = ()

    @property
    def winner(self) -> int | None:
        """Who gets it."""
        return self.kept[0].staff if self.kept else None

    @property
    def able(self) -> bool:
        """Whether anybody could do it, now or at another hour."""
        return bool(self.kept) or any(
            one.dropped not in NEVER and one.dropped != "left_out" for one in self.dropped
        )


def rank(people: Iterable[int], field: Field, need: Need, queue: Queue) -> Ranked:
    """The colleagues of a team for one ticket. Who is not known to the firm is not looked at."""
    kept: list[tuple[Staff, Standing]] = []
    dropped: list[Candidate] = []
    for number in sorted(set(people)):
        person = field.staff.get(number)
        if person is None:
            continue
        standing = field.standings.get(number, NOTHING)
        why = _why_not(person, standing, need, queue, field.at)
        if why is None:
            kept.append((person, standing))
        else:
            dropped.append(Candidate(staff=number, load=standing.load, dropped=why))
    return Ranked(
        kept=_sorted(kept, field, need, queue),
        dropped=tuple(sorted(dropped, key=lambda one: (one.load, one.staff))),
    )


def why_unable(person: Staff, need: Need) -> str | None:
    """Why a colleague cannot do a ticket at any hour, or None."""
    if not person.active:
        return "inactive"
    if person.role not in MAY[Claim]:
        return "not_allowed"
    for skill, least in need.skills.items():
        level = person.skills.get(skill, 0)
        if level < least:
            return "level" if level else "skill"
    return None


def _why_not(
    person: Staff, standing: Standing, need: Need, queue: Queue, at: datetime
) -> str | None:
    unable = why_unable(person, need)
    if unable is not None:
        return unable
    if person.id in need.left_out:
        return "left_out"
    if not person.on_duty:
        return "off_duty"
    full = _why_full(person.id, standing, need.category or "", queue)
    if full is not None:
        return full
    free_at, why = free_at_of(standing, queue, urgent=need.priority == Priority.URGENT)
    return why if free_at is not None and free_at > at else None


def _why_full(staff: int, standing: Standing, category: str, queue: Queue) -> str | None:
    if standing.load >= queue.caps.most_open(staff):
        return "full"
    most = queue.caps.by_category.get(category)
    if most is not None and standing.categories.get(category, 0) >= most:
        return "category_full"
    return None


def free_at_of(
    standing: Standing, queue: Queue, *, urgent: bool
) -> tuple[datetime | None, str | None]:
    """When a colleague who had enough this hour, or rests from urgent tickets, is free again, and
    which of the two it is. The instant may have passed.
    """
    free_at = free_again_at(standing, queue.caps.hourly)
    if urgent and queue.fatigue.after and standing.run:
        rest = timedelta(minutes=queue.fatigue.rest)
        rested_at = rests_until(standing, queue.fatigue.after, rest)
        if rested_at is not None and (free_at is None or rested_at > free_at):
            return rested_at, "resting"
    return free_at, "hour_full"


# Points

_Part = Callable[[Staff, Standing], float]


def _sorted(
    kept: list[tuple[Staff, Standing]], field: Field, need: Need, queue: Queue
) -> tuple[Candidate, ...]:
    parts = _parts(kept, field, need, queue)
    found: list[tuple[tuple[int, int, int, int], Candidate]] = []
    for person, standing in kept:
        scores = {
            name: round(worth * min(1.0, max(0.0, part(person, standing))))
            for name, worth, part in parts
        }
        score = sum(scores.values())
        one = Candidate(staff=person.id, load=standing.load, score=score, scores=scores)
        last = standing.given[-1] if standing.given else 0
        found.append(((-score, standing.weight, last, person.id), one))
    found.sort(key=lambda pair: pair[0])
    return tuple(one for _, one in found)


def _parts(
    kept: list[tuple[Staff, Standing]], field: Field, need: Need, queue: Queue
) -> list[tuple[str, int, _Part]]:
    """The parts that say something about this ticket, with what each is worth."""
    weights = queue.weights
    wanted: list[tuple[str, _Part | None]] = [
        ("skill", _skill(need.skills) if need.skills else None),
        ("load", _load(queue)),
        ("pace", _pace([one.pace for _, one in kept if one.pace is not None])),
        ("fair", _fair(kept, field.at - REMEMBERED)),
        ("near", _near(need.place, field.places)),
        ("known", _known(need.known) if need.known is not None else None),
    ]
    return [
        (name, _worth(weights, name), part)
        for name, part in wanted
        if part is not None and _worth(weights, name)
    ]


def _worth(weights: Weights, name: str) -> int:
    worth: int = getattr(weights, name)
    return worth


def _skill(skills: dict[str, int]) -> _Part:
    """Level fit: exactly what is asked for is best, so that the most senior stay free for what
    only they can do.
    """

    def part(person: Staff, _standing: Standing) -> float:
        above = sum(person.skills[skill] - least for skill, least in skills.items())
        return 1 - above / (len(skills) * _LEVELS)

    return part


def _load(queue: Queue) -> _Part:
    caps = queue.caps

    def part(person: Staff, standing: Standing) -> float:
        most = max(1, caps.most_open(person.id)) * WORTH[Priority.NORMAL]
        return 1 - standing.weight / most

    return part


def _pace(paces: list[int]) -> _Part | None:
    if not paces:
        return None
    mean = sum(paces) / len(paces)

    def part(_person: Staff, standing: Standing) -> float:
        return _HALF if standing.pace is None else mean / (mean + standing.pace or 1)

    return part


def _fair(kept: list[tuple[Staff, Standing]], since: datetime) -> _Part:
    given = {person.id: standing.given_since(since) for person, standing in kept}
    most = max((*given.values(), _FEW))

    def part(person: Staff, _standing: Standing) -> float:
        return 1 - given[person.id] / most

    return part


def _near(place: Place, places: Mapping[int, Place]) -> _Part | None:
    if not place.region and place.latitude is None:
        return None

    def part(person: Staff, _standing: Standing) -> float:
        return nearness(place, places.get(person.id, NOWHERE))

    return part


def _known(staff: int) -> _Part:
    def part(person: Staff, _standing: Standing) -> float:
        return 1.0 if person.id == staff else 0.0

    return part


def nearness(customer: Place, colleague: Place) -> float:
    """From 0 to 1: by distance where both are known in degrees, else by how many parts of the
    customer's region (省/市/区) the colleague's shares.
    """
    if customer.latitude is not None and colleague.latitude is not None:
        return max(0.0, 1 - kilometres(customer, colleague) / max(colleague.reach, 0.001))
    wanted = [part for part in customer.region.split("/") if part]
    here = colleague.region.split("/")
    if not wanted:
        return 0.0
    shared = 0
    for mine, theirs in zip(wanted, here, strict=False):
        if mine != theirs:
            break
        shared += 1
    return shared / len(wanted)


def kilometres(one: Place, other: Place) -> float:
    """The distance as the crow flies; 0 where a place is not known in degrees."""
    degrees = (one.latitude, one.longitude, other.latitude, other.longitude)
    if any(value is None for value in degrees):
        return 0.0
    north, east, south, west = (math.radians(value or 0.0) for value in degrees)
    half = (
        math.sin((south - north) / 2) ** 2
        + math.cos(north) * math.cos(south) * math.sin((west - east) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
