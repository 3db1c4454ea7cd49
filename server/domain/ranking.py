"""Who of a team gets a ticket (候选人排序): why some cannot, and points by part for the others.

Nothing here depends on the order in which colleagues are looked at: equal scores go to the lighter
load, then to whom nothing was given for longest, then to the smaller id.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from server.domain.commands import Claim
from server.domain.events import Candidate, Priority
from server.domain.people import Role, Staff
from server.domain.permissions import MAY
from server.domain.queues import Caps, Queue
from server.domain.standings import (
    DIGITS,
    HOUR,
    NOTHING,
    REMEMBERED,
    WORTH,
    Standing,
    count_after,
    free_again_at,
    rests_until,
    written,
)
from server.domain.stores import kilometres, region_parts, shared_parts

AWAY: Final = frozenset({"off_duty", "on_break"})
NEVER: Final = frozenset({"inactive", "not_allowed", "skill", "level"})
"""Reasons that no free hour takes away: such a colleague cannot do this ticket."""
REACH_KM: Final = 30.0
"""Beyond this distance nearness counts nothing, unless the store has a radius of its own."""
_LEVELS: Final = 4
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

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it."""
        return bool(self.region) or self.degrees is not None

    @property
    def degrees(self) -> tuple[float, float] | None:
        """Latitude and longitude, or None."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


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
    """A team looked at: the best, best first, and some who were dropped. `looked` tells how many
    were looked at, `counts` how many were dropped, by reason.
    """

    kept: tuple[Candidate, ...] = ()
    dropped: tuple[Candidate, ...] = ()
    looked: int = 0
    counts: dict[str, int] = {}

    @property
    def winner(self) -> int | None:
        """Who gets it."""
        return self.kept[0].staff if self.kept else None

    @property
    def able(self) -> bool:
        """Whether anybody could do it, now or at another hour."""
        return bool(self.kept) or not self.counts.keys() <= _HOPELESS


NOBODY: Final = Ranked()
_HOPELESS: Final = NEVER | {"left_out"}


def rank(
    people: Iterable[int], field: Field, need: Need, queue: Queue, *, most: int | None = None
) -> Ranked:
    """The colleagues of a team for one ticket; `most` of those who were kept, and of those who were
    dropped, are named. Who is not known to the firm is not looked at.
    """
    sieve = _Sieve(need, queue, int(field.at.timestamp()))
    staff_of, standing_of, passes = field.staff.get, field.standings.get, sieve.passes
    kept: list[tuple[Staff, Standing]] = []
    dropped: list[tuple[int, int, str]] = []
    for number in set(people):
        person = staff_of(number)
        if person is None:
            continue
        standing = standing_of(number, NOTHING)
        if passes(person, standing):
            kept.append((person, standing))
        else:
            dropped.append((standing.load, number, sieve.why_not(person, standing)))
    dropped.sort()
    return Ranked(
        kept=_best(kept, field, need, queue, most),
        dropped=tuple(
            Candidate(staff=number, load=load, dropped=why) for load, number, why in dropped[:most]
        ),
        looked=len(kept) + len(dropped),
        counts=dict(sorted(Counter(why for _, _, why in dropped).items())),
    )


def why_unable(person: Staff, skills: Mapping[str, int]) -> str | None:
    """Why a colleague cannot do a ticket at any hour, or None."""
    if not person.active:
        return "inactive"
    if person.role in _IDLE:
        return "not_allowed"
    for skill, least in skills.items():
        level = person.skills.get(skill, 0)
        if level < least:
            return "level" if level else "skill"
    return None


_IDLE: Final = tuple(role for role in Role if role not in MAY[Claim])
"""Roles that take no tickets. A tuple: to look into a set costs more, as roles hash slowly."""


class _Sieve:
    """Who is dropped, and why: of several reasons the first in this order. `passes` says the same
    in little time.
    """

    def __init__(self, need: Need, queue: Queue, now: int) -> None:
        caps = queue.caps
        self._skills = tuple(need.skills.items())
        self._need = need
        self._open, self._people = caps.open, caps.people
        self._category = need.category or ""
        self._most_of_category = caps.by_category.get(self._category)
        self._queue = queue
        self._urgent = need.priority == Priority.URGENT
        fatigue = queue.fatigue.after if self._urgent else 0
        self._hourly, self._run = caps.hourly * DIGITS, fatigue * DIGITS
        self._hour_ago = written(now - HOUR)
        self._seldom = bool(caps.people or need.left_out)
        self._now = now

    def passes(self, person: Staff, standing: Standing) -> bool:  # noqa: C901, PLR0911
        """Whether this colleague may get the ticket. Asked of everybody, so all is in one place."""
        if not (person.active and person.on_duty) or person.role in _IDLE:
            return False
        skills = person.skills
        for skill, least in self._skills:
            if skills.get(skill, 0) < least:
                return False
        if self._seldom:
            return self.why_not(person, standing) == ""
        if standing.load >= self._open:
            return False
        most, hourly = self._most_of_category, self._hourly
        if most is not None and standing.categories.get(self._category, 0) >= most:
            return False
        if hourly:
            given = standing.given
            place = len(given) - hourly
            if place >= 0 and given[place : place + DIGITS] > self._hour_ago:
                return False
        if not self._run or len(standing.run) < self._run:
            return True
        return free_at_of(standing, self._queue, urgent=True)[0] <= self._now

    def why_not(self, person: Staff, standing: Standing) -> str:
        """The reason; empty, where there is none."""
        unable = why_unable(person, self._need.skills)
        if unable is not None:
            return unable
        if person.id in self._need.left_out:
            return "left_out"
        if not person.on_duty:
            return "off_duty" if person.break_until is None else "on_break"
        if standing.load >= self._people.get(person.id, self._open):
            return "full"
        most = self._most_of_category
        if most is not None and standing.categories.get(self._category, 0) >= most:
            return "category_full"
        free_at, why = free_at_of(standing, self._queue, urgent=self._urgent)
        return why if free_at > self._now else ""


def free_at_of(standing: Standing, queue: Queue, *, urgent: bool) -> tuple[int, str]:
    """When (epoch seconds) a colleague who had enough this hour, or rests from urgent tickets, is
    free again, and which of the two it is. The instant may have passed; 0: neither.
    """
    free_at = free_again_at(standing, queue.caps.hourly)
    if urgent and standing.run:
        rested_at = rests_until(standing, queue.fatigue.after, queue.fatigue.rest * 60)
        if rested_at > free_at:
            return rested_at, "resting"
    return free_at, "hour_full"


# Points

Column = list[int]
"""The points of one part, a number for each colleague."""


def _best(
    kept: list[tuple[Staff, Standing]], field: Field, need: Need, queue: Queue, most: int | None
) -> tuple[Candidate, ...]:
    columns = _columns(kept, field, need, queue)
    totals = list(map(sum, zip(*columns.values(), strict=True))) or [0] * len(kept)
    named = len(totals) if most is None else min(most, len(totals))
    least = sorted(totals)[-named] if named else 0
    order = sorted(
        (-total, standing.weight, standing.last_given, person.id, place)
        for place, (total, (person, standing)) in enumerate(zip(totals, kept, strict=True))
        if total >= least  # the others are not named, whatever else is said of them
    )
    return tuple(
        Candidate(
            staff=number,
            load=kept[place][1].load,
            score=-negative,
            scores={name: column[place] for name, column in columns.items()},
        )
        for negative, _, _, number, place in order[:most]
    )


def _columns(
    kept: list[tuple[Staff, Standing]], field: Field, need: Need, queue: Queue
) -> dict[str, Column]:
    """The parts that say something about this ticket."""
    worth = queue.weights
    found: dict[str, Column] = {}
    if worth.skill and need.skills:
        found["skill"] = _skill(kept, need.skills, worth.skill)
    if worth.load:
        found["load"] = _load(kept, queue.caps, worth.load)
    if worth.pace and any(standing.pace is not None for _, standing in kept):
        found["pace"] = _pace(kept, worth.pace)
    if worth.fair:
        found["fair"] = _fair(kept, field.at, worth.fair)
    if worth.near and need.place.is_known:
        found["near"] = _near(kept, need.place, field.places, worth.near)
    if worth.known and need.known is not None:
        found["known"] = [worth.known if one.id == need.known else 0 for one, _ in kept]
    return found


def _skill(kept: list[tuple[Staff, Standing]], skills: dict[str, int], worth: int) -> Column:
    """Level fit: exactly what is asked for is best, so that the most senior stay free for what
    only they can do.
    """
    asked, whole = sum(skills.values()), len(skills) * _LEVELS
    names = tuple(skills)
    points = [_rounded(worth * (1 - above / whole)) for above in range(whole + 1)]
    if len(names) == 1:
        name = names[0]
        return [points[one.skills[name] - asked] for one, _ in kept]
    return [points[sum(map(one.skills.__getitem__, names)) - asked] for one, _ in kept]


def _load(kept: list[tuple[Staff, Standing]], caps: Caps, worth: int) -> Column:
    normal = WORTH[Priority.NORMAL]
    if caps.people:
        mosts = [caps.most_open(one.id) * normal for one, _ in kept]
        return [
            _rounded(worth * max(0, most - standing.weight) / most)
            for most, (_, standing) in zip(mosts, kept, strict=True)
        ]
    most = max(1, caps.open * normal)
    points = [_rounded(worth * (most - weight) / most) for weight in range(most + 1)]
    return [
        points[standing.weight if standing.weight < most else most]  # noqa: FURB136  # half of min()
        for _, standing in kept
    ]


def _pace(kept: list[tuple[Staff, Standing]], worth: int) -> Column:
    known = [standing.pace for _, standing in kept if standing.pace is not None]
    mean = sum(known) / len(known)
    whole, middle = worth * mean, _rounded(worth / 2)
    return [
        middle if standing.pace is None else int(whole / (mean + standing.pace or 1) + _HALF)
        for _, standing in kept
    ]


def _fair(kept: list[tuple[Staff, Standing]], at: datetime, worth: int) -> Column:
    since = written(int((at - REMEMBERED).timestamp()))
    given = [
        len(one.given) // DIGITS if one.given[:DIGITS] > since else count_after(one.given, since)
        for _, one in kept
    ]
    most = max((*given, _FEW))
    points = [_rounded(worth * (most - count) / most) for count in range(most + 1)]
    return [points[count] for count in given]


def _near(
    kept: list[tuple[Staff, Standing]], place: Place, places: Mapping[int, Place], worth: int
) -> Column:
    there = [places.get(one.id, NOWHERE) for one, _ in kept]
    # Who works in the same store shares one place: each is measured once.
    points = {id(one): one for one in there}
    measured = {key: _rounded(worth * nearness(place, one)) for key, one in points.items()}
    return [measured[id(one)] for one in there]


def _rounded(points: float) -> int:
    return int(points + _HALF)


def nearness(customer: Place, colleague: Place) -> float:
    """From 0 to 1: by distance where both are known in degrees, else by how many parts of the
    customer's region (省/市/区) the colleague's shares.
    """
    here, there = customer.degrees, colleague.degrees
    if here is not None and there is not None:
        return max(0.0, 1 - kilometres(*here, *there) / max(colleague.reach, 0.001))
    wanted = len(region_parts(customer.region))
    return shared_parts(customer.region, colleague.region) / wanted if wanted else 0.0
