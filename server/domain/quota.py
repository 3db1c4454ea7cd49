"""A chat platform's budget of a month (额度): what is used, how long it lasts, what is kept back.

DingTalk's free edition gives a whole organisation 5 000 API calls and 3 000 webhook and Stream
calls a calendar month. Nobody can ask the platform how many are left, so every call is counted
here; what
other applications of the organisation use is not seen, and an administrator corrects it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, get_args

import msgspec

Name = Literal["api", "stream"]
"""API calls; webhook and Stream calls."""
METERS: Final[tuple[Name, ...]] = get_args(Name)

KEPT_BACK: Final = 10
"""Percent of a month that only the urgent may use."""
FORETOLD_FROM: Final = 5
"""The day of the month from which on it is foretold how long a budget lasts."""
MONTH_ZONE: Final = "Asia/Shanghai"
"""Whose months the platform counts."""

LIMITS: Final[dict[str, dict[Name, int]]] = {
    "free": {"api": 5_000, "stream": 3_000},
    "paid": {"api": 200_000, "stream": 50_000},
}
"""By edition: 标准版 and 专业版 (facts/dingtalk 0.3)."""
_MOST: Final = 100_000_000


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """One meter in one month: `used` in all, `before` until the morning of `day`. `full_at`: when
    the platform said that nothing is left.
    """

    month: str
    name: str
    used: int = 0
    day: str = ""
    before: int = 0
    full_at: datetime | None = None
    corrected_at: datetime | None = None
    corrected_by: int | None = None


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """A meter and its limit. `today` and `allowance`: what was used today, and what may be so that
    the month lasts. `runs_out`: the day on which it will be empty as things go, None if it lasts.
    """

    name: Name
    used: int
    limit: int
    today: int = 0
    allowance: int = 0
    runs_out: date | None = None
    full_at: datetime | None = None
    corrected_at: datetime | None = None

    @property
    def is_spent(self) -> bool:
        """Nothing is left."""
        return self.used >= self.limit

    @property
    def is_low(self) -> bool:
        """Only the urgent may go on."""
        return self.used * 100 >= self.limit * (100 - KEPT_BACK)


def limits_of(doc: Mapping[str, str]) -> dict[Name, int]:
    """The limits that a channel's settings name: those of its edition unless others are given.
    ValueError with the setting's name for one that makes no sense.
    """
    edition = doc.get("edition", "").strip() or "free"
    if edition not in LIMITS:
        msg = "edition"
        raise ValueError(msg)
    found = dict(LIMITS[edition])
    for name in METERS:
        given = doc.get(f"{name}_limit", "").strip()
        if given:
            if not (given.isascii() and given.isdecimal() and 0 < int(given) <= _MOST):
                msg = f"{name}_limit"
                raise ValueError(msg)
            found[name] = int(given)
    return found


def budget_of(
    name: Name, meter: Meter | None, limit: int, *, today: date, workdays: Sequence[date]
) -> Budget:
    """How a meter stands today. `workdays` are the month's, in order; a month without any is
    used on all its days alike.
    """
    if meter is None:
        meter = Meter(month=f"{today:%Y-%m}", name=name, day=today.isoformat())
    before = meter.before if meter.day == today.isoformat() else meter.used
    ahead = sum(day >= today for day in workdays) or 1
    usable = limit * (100 - KEPT_BACK) // 100
    return Budget(
        name=name,
        used=meter.used,
        limit=limit,
        today=meter.used - before,
        allowance=max(usable - before, 0) // ahead,
        runs_out=_runs_out(meter.used, limit, today, workdays),
        full_at=meter.full_at,
        corrected_at=meter.corrected_at,
    )


def _runs_out(used: int, limit: int, today: date, workdays: Sequence[date]) -> date | None:
    """The working day on which the limit is reached at the pace so far."""
    if used >= limit:
        return today
    behind = sum(day <= today for day in workdays)
    if today.day < FORETOLD_FROM or not behind:
        return None
    expected = used
    for day in workdays:
        if day > today:
            expected += -(-used // behind)
            if expected >= limit:
                return day
    return None
