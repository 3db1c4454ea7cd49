"""The requests of a month, drawn from the assumptions: the same ones for every way to dispatch."""

import math
import random

from tests.bench.month.assumptions import HOURS, SORTS, Assumptions, Request

_DAY = 86_400
_CUSTOMERS = 3_000
_SATURDAY = 5


def draw(assumed: Assumptions) -> list[Request]:
    """All requests in order of time. The month starts on a Monday at local midnight."""
    chance = random.Random(assumed.seed)
    found: list[Request] = []
    for day in range(assumed.days):
        share = assumed.weekend_share if day % 7 >= _SATURDAY else 1.0
        # A day's number varies as chance has it: the root of it, as arrivals do.
        mean = assumed.tickets_a_day * share
        many = max(0, round(chance.gauss(mean, math.sqrt(mean))))
        found += [_one(chance, assumed, day) for _ in range(many)]
    return sorted(found, key=lambda one: one.at)


def _one(chance: random.Random, assumed: Assumptions, day: int) -> Request:
    hour = chance.choices(range(24), HOURS)[0]
    sort = chance.choices(SORTS, [one.share for one in SORTS])[0]
    customer = chance.randrange(_CUSTOMERS)
    return Request(
        at=day * _DAY + hour * 3600 + chance.random() * 3600,
        sort=sort,
        clear=chance.random() < assumed.clear_share,
        vip=customer < assumed.vip_share * _CUSTOMERS,
        urgent=chance.random() < assumed.urgent_share,
        minutes=chance.lognormvariate(math.log(sort.minutes), assumed.spread),
        asks_back=chance.random() < assumed.asks_back,
        answers_after=chance.expovariate(1 / assumed.answers_after.total_seconds()),
        confirms=chance.random() < assumed.confirms,
        confirms_after=chance.expovariate(1 / 7_200),
        customer=customer,
        mood=[chance.random() for _ in range(4)],
    )
