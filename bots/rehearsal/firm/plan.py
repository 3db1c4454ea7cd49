"""Who files what, and when: four weeks of requests, drawn with seeded dice.

The same day, seed and instant give the same plan.
"""

import random
import tomllib
from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from bots.rehearsal.firm.house import (
    AIR,
    CALENDAR,
    COMPLAINT,
    FITTING,
    FRIDGE,
    QUESTION,
    WEST,
)
from bots.rehearsal.firm.people import Caller, callers
from server.domain.events import Priority, Via

ZONE: Final = ZoneInfo(CALENDAR.zone)
WEEKS: Final = timedelta(weeks=4)
FRESH: Final = (timedelta(minutes=17), timedelta(minutes=9), timedelta(minutes=4))
"""The last three requests of all lie so far back: nobody has claimed them yet."""


class Problem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that breaks, with what is said about it."""

    category: str
    subject: str
    weight: int
    texts: tuple[str, ...]
    replies: tuple[str, ...]
    answers: tuple[str, ...]
    solutions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    parts: bool = False


class Sayings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said about anything."""

    urge: tuple[str, ...]
    thanks: tuple[str, ...]
    dispute: tuple[str, ...]
    transfer: tuple[str, ...]
    visit: tuple[str, ...]
    parts: tuple[str, ...]
    parts_said: tuple[str, ...]
    cancel: tuple[str, ...]
    again: tuple[str, ...]
    solved_again: tuple[str, ...]


class Texts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of problems.toml."""

    problem: tuple[Problem, ...]
    ratings: dict[str, tuple[str, ...]]
    said: Sayings


@cache
def read_texts() -> Texts:
    """What people say at the demo firm."""
    text = files("bots.rehearsal.firm").joinpath("problems.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Texts)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One request to come. `category` is None when the customer chose none; `by_phone`: a
    colleague writes it down; `fresh`: so new that nobody has touched it.
    """

    at: datetime
    caller: Caller
    problem: Problem
    text: str
    category: str | None
    via: Via
    by_phone: bool
    fresh: bool
    seed: str


_MODELS: Final = ("KFR-35GW", "KFR-26GW/A3", "KFR-72LW", "BCD-452W", "XQG100-B14", "JSQ25-13T3")
_WHEN: Final = ("今天下午", "明天上午", "明天下午三点前", "后天上午", "今晚六点后")
_HOURS: Final = (0, 0, 0, 0, 0, 0, 1, 3, 8, 14, 15, 11, 6, 9, 13, 12, 10, 8, 5, 5, 5, 3, 2, 1)
"""How many of a hundred requests or so come in which hour of the day."""


def fill(text: str, dice: random.Random, caller: Caller, master: str = "师傅") -> str:
    """A saying with its blanks filled."""
    return text.format(
        area=caller.area,
        road=caller.road,
        model=dice.choice(_MODELS),
        when=dice.choice(_WHEN),
        master=master,
    )


def home_of(plan: Plan) -> str:
    """The team that the request belongs to, whatever the customer chose."""
    category = plan.problem.category
    if category in (AIR, FRIDGE):
        return "cooling_west" if plan.caller.area in WEST else "cooling_east"
    return {FITTING: "fitting", COMPLAINT: "complaint", QUESTION: "frontline"}.get(
        category, "appliance"
    )


def draw(until: datetime, seed: int, tickets: int, today: int) -> list[Plan]:
    """The requests of four weeks before `until`, oldest first; `today` of them on its own day."""
    local = until.astimezone(ZONE)
    dice = random.Random(f"{seed} {local.date()}")  # noqa: S311 - a story, not a secret
    midnight = datetime.combine(local.date(), time(), ZONE)
    instants = _before(dice, midnight, tickets - today)
    instants += _today(dice, midnight, local, today - len(FRESH))
    people = callers(dice)
    plans = [_plan(dice, at, people, number) for number, at in enumerate(sorted(instants))]
    east = [one for one in people if one.area not in WEST]
    cooling = [one for one in read_texts().problem if one.category == AIR and not one.parts]
    for place, back in enumerate(FRESH):
        problem = cooling[place]
        plans.append(_fresh(dice, until - back, dice.choice(east), problem, tickets + place))
    return plans


def _before(dice: random.Random, midnight: datetime, count: int) -> list[datetime]:
    days = [midnight - timedelta(days=back) for back in range(1, WEEKS.days + 1)]
    weights = [
        (1.0 if CALENDAR.hours_of(day.date()) else 0.35) * 1.07 ** (WEEKS.days - back)
        for back, day in enumerate(days)
    ]
    return [day + _moment(dice) for day in dice.choices(days, weights, k=count)]


def _today(dice: random.Random, midnight: datetime, now: datetime, count: int) -> list[datetime]:
    latest = now - FRESH[0] - timedelta(minutes=3)
    found: list[datetime] = []
    while len(found) < count:
        at = midnight + _moment(dice)
        if at < latest:
            found.append(at)
    return found


def _moment(dice: random.Random) -> timedelta:
    hour = dice.choices(range(24), _HOURS)[0]
    return timedelta(hours=hour, seconds=dice.randrange(3600))


def _plan(dice: random.Random, at: datetime, people: tuple[Caller, ...], number: int) -> Plan:
    problems = read_texts().problem
    problem = dice.choices(problems, [one.weight for one in problems])[0]
    caller = dice.choice(people)
    if problem.category == QUESTION or problem.priority is not Priority.NORMAL:
        caller = people[dice.randrange(10)] if dice.random() < 0.7 else caller
    by_phone = bool(CALENDAR.hours_of(at.date())) and 9 <= at.hour < 18 and dice.random() < 0.3
    return Plan(
        at=at,
        caller=caller,
        problem=problem,
        text=fill(dice.choice(problem.texts), dice, caller),
        category=problem.category if by_phone or dice.random() < 0.8 else None,
        via="web" if by_phone else "portal",
        by_phone=by_phone,
        fresh=False,
        seed=f"{dice.random()} {number}",
    )


def _fresh(
    dice: random.Random, at: datetime, caller: Caller, problem: Problem, number: int
) -> Plan:
    return Plan(
        at=at,
        caller=caller,
        problem=problem,
        text=fill(dice.choice(problem.texts), dice, caller),
        category=problem.category,
        via="portal",
        by_phone=False,
        fresh=True,
        seed=f"fresh {number}",
    )
