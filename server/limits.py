"""Rate limits: a token bucket for each kind of call and each address or account, in memory.

They slow down guessing and flooding, so a restart may forget them. The number of remembered
addresses is bounded: the one that was quiet longest is forgotten first.
"""

from collections import OrderedDict
from datetime import datetime
from math import ceil
from typing import Final, Literal

import msgspec

from server.domain.errors import TooManyTries

Limit = Literal["sign_in", "portal_read", "portal_write", "bind", "callback", "stranger"]

MOST_REMEMBERED: Final = 20_000


class Rate(msgspec.Struct, frozen=True):
    """`burst` calls at once, then one in `seconds`."""

    burst: int
    seconds: float


RATES: Final[dict[Limit, Rate]] = {
    "sign_in": Rate(10, 15.0),
    "portal_read": Rate(120, 0.5),
    "portal_write": Rate(30, 2.0),
    "bind": Rate(5, 60.0),
    "callback": Rate(60, 1.0),
    "stranger": Rate(5, 120.0),
}
"""Many customers may come from one address: an office, a mobile carrier."""


class Limits:
    """Every bucket. `rates` empty: no limits, for benches."""

    def __init__(self, rates: dict[Limit, Rate] | None = None) -> None:
        self._rates = RATES if rates is None else rates
        self._buckets: OrderedDict[tuple[str, str], tuple[float, datetime]] = OrderedDict()

    def spend(self, limit: Limit, who: str, at: datetime) -> None:
        """Count a call. Refuses `TooManyTries` with the seconds until the next one."""
        rate = self._rates.get(limit)
        if rate is None:
            return
        left, seen_at = self._buckets.pop((limit, who), (float(rate.burst), at))
        gained = max((at - seen_at).total_seconds(), 0.0) / rate.seconds
        left = min(left + gained, float(rate.burst))
        refused = left < 1.0
        self._buckets[limit, who] = (left if refused else left - 1.0, at)
        if len(self._buckets) > MOST_REMEMBERED:
            self._buckets.popitem(last=False)
        if refused:
            raise TooManyTries(seconds=ceil((1.0 - left) * rate.seconds))
