"""「请假 明天下午 看病」, 「请假 11-27 到 11-29」: which leave a line asks for.

Days are the firm's own, from midnight to midnight; a half day ends or begins at noon. A date
without a year is the next one.
"""

import re
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from server.domain.sayings import FLAGS, PLAIN

Reason = Literal["annual", "personal", "sick", "compensatory", "business", "other"]

_REASONS: Final[tuple[tuple[Reason, tuple[str, ...]], ...]] = (
    ("sick", ("病", "看医", "体检", "sick", "doctor")),
    ("annual", ("年假", "年休", "annual", "vacation")),
    ("compensatory", ("调休", "补休", "compensatory")),
    ("business", ("出差", "公出", "business")),
    ("personal", ("事假", "有事", "personal")),
)
_DAYS: Final = {
    "大后天": 3,
    "后天": 2,
    "明天": 1,
    "明日": 1,
    "今天": 0,
    "今日": 0,
    "tomorrow": 1,
    "today": 0,
}
_WEEKDAYS: Final = {word: place for place, word in enumerate("一二三四五六日", start=1)} | {"天": 7}
_HALVES: Final = {"上午": "morning", "早上": "morning", "下午": "afternoon", "am": "morning"} | {
    "pm": "afternoon"
}
_PLACE: Final = re.compile(
    rf"(?P<word>{'|'.join(_DAYS)})"
    r"|(?P<next>下)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
    r"|(?:(?P<year>20\d\d)[-/.年])?(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})[日号]?",
    FLAGS,
)
_CLOCK: Final = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d)|[点时](?P<half>半)?)(?!\d)", FLAGS
)
_HALF: Final = re.compile("|".join(_HALVES), FLAGS)
_TO: Final = re.compile(r"\s{0,3}(?:到|至|~|—+|-|to)\s{0,3}", FLAGS)
_BLANK: Final = re.compile(r"[\s,.;:]{0,6}")
_NOON: Final = time(12)
_LONGEST: Final = timedelta(days=180)
"""More is rather a slip than a leave."""


class LeaveAsked(NamedTuple):
    """What is asked for."""

    reason: Reason
    starts_at: datetime
    ends_at: datetime
    note: str


class _Point(NamedTuple):
    """A day, and perhaps a half of it or an hour."""

    day: date
    half: str | None
    clock: time | None


def read_leave(text: str, now: datetime, zone: str) -> LeaveAsked | None:
    """The leave that a text asks for, or None: no day is named, or the end is before the start."""
    plain = text.translate(PLAIN)
    there = ZoneInfo(zone)
    today = now.astimezone(there).date()
    first, at = _point(plain, 0, today, today, None)
    if first is None:
        return None
    last, end = first, at
    joint = _TO.match(plain, at)
    if joint is not None:
        found, after = _point(plain, joint.end(), today, first.day, first.day)
        if found is not None:
            last, end = found, after
    starts_at = datetime.combine(first.day, _start(first), there)
    ends_at = _end(last, there, same=last is first)
    if not timedelta() < ends_at - starts_at <= _LONGEST:
        return None
    rest = text[end:].strip(" \t\r\n,.;:\uff0c\u3002\uff1b\uff1a")
    return LeaveAsked(_reason(rest.lower()), starts_at, ends_at, rest)


def _reason(rest: str) -> Reason:
    for name, words in _REASONS:
        if any(word in rest for word in words):
            return name
    return "other"


def _start(point: _Point) -> time:
    if point.clock is not None:
        return point.clock
    return _NOON if point.half == "afternoon" else time()


def _end(point: _Point, there: ZoneInfo, *, same: bool) -> datetime:
    """A day ends with it, a morning at noon; an hour is the end itself unless leave begins then."""
    if point.clock is not None and not same:
        return datetime.combine(point.day, point.clock, there)
    if point.half == "morning":
        return datetime.combine(point.day, _NOON, there)
    return datetime.combine(point.day + timedelta(days=1), time(), there)


def _point(
    plain: str, at: int, today: date, since: date, day: date | None
) -> tuple[_Point | None, int]:
    """A day behind this place, with what follows it; `day` is meant where only an hour is named.
    A date without a year is not before `since`.
    """
    at = _skip(plain, at)
    found = _PLACE.match(plain, at)
    if found is not None:
        named = _day(found, today, since)
        if named is None:
            return None, at
        day, at = named, _skip(plain, found.end())
    if day is None:
        return None, at
    half = _HALF.match(plain, at)
    at = _skip(plain, half.end()) if half is not None else at
    clock, end = _clock(plain, at, half[0].lower() if half is not None else "")
    if found is None and half is None and clock is None:
        return None, at
    return _Point(day, _HALVES[half[0].lower()] if half is not None else None, clock), end


def _clock(plain: str, at: int, half: str) -> tuple[time | None, int]:
    found = _CLOCK.match(plain, at)
    if found is None:
        return None, at
    hour = int(found["hour"])
    minute = 30 if found["half"] else int(found["minute"] or 0)
    if _HALVES.get(half) == "afternoon" and hour < 12:  # noqa: PLR2004
        hour += 12
    if hour > 23 or minute > 59:  # noqa: PLR2004
        return None, at
    return time(hour, minute), found.end()


def _day(found: re.Match[str], today: date, since: date) -> date | None:
    if found["word"]:
        return today + timedelta(days=_DAYS[found["word"].lower()])
    if found["weekday"]:
        ahead = (_WEEKDAYS[found["weekday"]] - today.isoweekday()) % 7
        monday = today - timedelta(days=today.isoweekday() - 1)
        if found["next"]:
            return monday + timedelta(days=6 + _WEEKDAYS[found["weekday"]])
        return today + timedelta(days=ahead)
    try:
        year = int(found["year"] or since.year)
        day = date(year, int(found["month"]), int(found["day"]))
        if not found["year"] and day < since:
            day = day.replace(year=year + 1)
    except ValueError:
        return None
    return day


def _skip(plain: str, at: int) -> int:
    found = _BLANK.match(plain, at)
    return found.end() if found else at
