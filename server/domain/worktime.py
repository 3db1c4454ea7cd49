"""Working time (工作时间): add it to an instant, count it between two, never walk the days.

A calendar's intervals lie in a table of whole UTC seconds with prefix sums (R10), built from local
wall time with zoneinfo (R24) when first asked and grown when an instant lies outside. Intervals
are half open: the closing bell belongs to the past, the opening one to work. Instants are floored
to seconds (R2).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from server.domain.calendars import (
    MINUTES_A_DAY,
    Calendar,
    Closed,
    EmptyCalendar,
    Explicit,
    Hours,
    Override,
    Pattern,
    minutes_of,
)

__all__ = [
    "Calendar",
    "Closed",
    "EmptyCalendar",
    "Explicit",
    "Hours",
    "Meter",
    "Override",
    "Pattern",
    "Worktable",
    "add",
    "count",
    "is_working",
    "next_open",
    "seconds_of",
    "spans",
    "table_of",
    "utc",
]

DAY: Final = 86_400
_BEHIND: Final = 30
_AHEAD: Final = 400


class _Rows(NamedTuple):
    """An immutable build of the table: trustworthy for instants in [low, high)."""

    low: int
    high: int
    opens: list[int]
    closes: list[int]
    before: list[int]  # working seconds before the interval opens
    after: list[int]  # and when it has closed


class Worktable:
    """A calendar's intervals in UTC seconds. It grows, but its answers depend on the calendar
    alone; a growth replaces the rows in one assignment, so threads may share it.
    """

    __slots__ = ("_rows", "calendar")

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._rows = _Rows(0, 0, [], [], [], [])

    def count(self, start: int, end: int) -> int:
        """Working seconds in [start, end); 0 when the end is not later."""
        if end <= start:
            return 0
        rows = self._reach(start, end)
        return _used(rows, end) - _used(rows, start)

    def add(self, start: int, seconds: int) -> int:
        """The earliest instant at which so much is used: the closing bell, not the next
        opening. Nothing to add gives the start itself.
        """
        if seconds <= 0:
            return start
        rows = self._reach(start, start + seconds)
        wanted = _used(rows, start) + seconds
        while not rows.after or rows.after[-1] < wanted or _end(rows, wanted) >= rows.high:
            rows = self._grow(start, rows.high + _AHEAD * DAY)
            wanted = _used(rows, start) + seconds
        return _end(rows, wanted)

    def next_open(self, at: int) -> int:
        """The instant itself while work goes on, else the next opening."""
        rows = self._reach(at, at)
        while (place := bisect_right(rows.closes, at)) == len(rows.opens) or (
            rows.opens[place] >= rows.high
        ):
            rows = self._grow(at, rows.high + _AHEAD * DAY)
        return max(at, rows.opens[place])

    def is_working(self, at: int) -> bool:
        """Whether work goes on at this instant."""
        rows = self._reach(at, at)
        place = bisect_right(rows.opens, at) - 1
        return place >= 0 and at < rows.closes[place]

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """The intervals within [start, end), cut to it."""
        rows = self._reach(start, end)
        first, last = bisect_right(rows.closes, start), bisect_left(rows.opens, end)
        return [
            (max(start, rows.opens[place]), min(end, rows.closes[place]))
            for place in range(first, last)
        ]

    def meter(self, low: int, high: int) -> "Meter":
        """A fixed view for instants in [low, high), for reading a long past."""
        rows = self._reach(low, high)
        return Meter(low, high, rows)

    def _reach(self, low: int, high: int) -> _Rows:
        rows = self._rows
        if rows.low <= low and high < rows.high:
            return rows
        return self._grow(low, high)

    def _grow(self, low: int, high: int) -> _Rows:
        """Build anew, so wide that the same question is not asked again soon."""
        rows = self._rows
        low, high = low - _BEHIND * DAY, high + _AHEAD * DAY
        if rows.opens:
            low, high = min(low, rows.low), max(high, rows.high)
        self._rows = _build(self.calendar, low, high)
        return self._rows


class Meter:
    """Working seconds since some fixed instant, for instants in [low, high): the working time
    between two is the difference of their readings. It never changes.
    """

    __slots__ = ("_after", "_before", "_closes", "_opens", "high", "low")

    def __init__(self, low: int, high: int, rows: _Rows) -> None:
        self.low = low
        self.high = high
        self._opens = rows.opens
        self._closes = rows.closes
        self._before = rows.before
        self._after = rows.after

    def read(self, at: int) -> int:
        """The reading at an instant; outside of [low, high) it means nothing."""
        place = bisect_right(self._opens, at) - 1
        if place < 0:
            return 0
        close = self._closes[place]
        return self._before[place] + (min(close, at)) - self._opens[place]

    def last_at(self, reading: int) -> int | None:
        """The last instant with this reading: the next opening, not the closing bell. None where
        that lies outside of [low, high).
        """
        place = bisect_right(self._after, reading)
        if place == len(self._opens):
            return None
        at = self._opens[place] + reading - self._before[place]
        return at if self.low <= at < self.high else None


def _used(rows: _Rows, at: int) -> int:
    place = bisect_right(rows.opens, at) - 1
    if place < 0:
        return 0
    return rows.before[place] + min(at, rows.closes[place]) - rows.opens[place]


def _end(rows: _Rows, wanted: int) -> int:
    place = bisect_left(rows.after, wanted)
    return rows.opens[place] + wanted - rows.before[place]


def _build(calendar: Calendar, low: int, high: int) -> _Rows:
    """Days from two before `low` to two after `high`: a night shift or a zone never reaches
    further, so that inside [low, high) nothing is missing.
    """
    day = date.fromordinal(_ordinal(low) - 2)
    last = date.fromordinal(_ordinal(high) + 2)
    found: list[tuple[int, int]] = []
    zone = ZoneInfo(calendar.zone)
    while day <= last:
        found += _intervals(calendar, day, zone)
        day += timedelta(days=1)
    found.sort()
    opens: list[int] = []
    closes: list[int] = []
    for start, end in found:
        if closes and start <= closes[-1]:
            closes[-1] = max(closes[-1], end)
        else:
            opens.append(start)
            closes.append(end)
    before: list[int] = []
    after: list[int] = []
    total = 0
    for start, end in zip(opens, closes, strict=True):
        before.append(total)
        total += end - start
        after.append(total)
    return _Rows(low, high, opens, closes, before, after)


def _intervals(calendar: Calendar, day: date, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    for hours in calendar.hours_of(day):
        start, end = (_instant(day, minutes, zone) for minutes in minutes_of(hours))
        if start < end:
            yield start, end


def _instant(day: date, minutes: int, zone: ZoneInfo) -> int:
    days, minutes = divmod(minutes, MINUTES_A_DAY)
    day += timedelta(days=days)
    hour, minute = divmod(minutes, 60)
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp())


def _ordinal(at: int) -> int:
    return date(1970, 1, 1).toordinal() + at // DAY


def table_of(calendar: Calendar) -> Worktable:
    """The calendar's table, made once and kept with it."""
    kept: dict[str, Worktable] = calendar.__dict__
    table = kept.get("table")
    if table is None:
        table = kept.setdefault("table", Worktable(calendar))
    return table


def seconds_of(at: datetime) -> int:
    """Whole seconds since 1970, floored (R2)."""
    return int(at.timestamp() // 1)


def utc(seconds: int) -> datetime:
    """The inverse of `seconds_of`."""
    return datetime.fromtimestamp(seconds, UTC)


def add(calendar: Calendar, start: datetime, working_time: timedelta) -> datetime:
    """The earliest instant at which so much working time is used: the closing bell, not the
    next opening.
    """
    return utc(table_of(calendar).add(seconds_of(start), int(working_time.total_seconds())))


def count(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Working time between two instants; none when the end is not later."""
    return timedelta(seconds=table_of(calendar).count(seconds_of(start), seconds_of(end)))


def next_open(calendar: Calendar, at: datetime) -> datetime:
    """The instant itself (floored) while work goes on, else the next opening."""
    return utc(table_of(calendar).next_open(seconds_of(at)))


def is_working(calendar: Calendar, at: datetime) -> bool:
    """Whether work goes on at this instant."""
    return table_of(calendar).is_working(seconds_of(at))


def spans(calendar: Calendar, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The working spans between two instants, cut to them: what the clock strip draws."""
    found = table_of(calendar).spans(seconds_of(start), seconds_of(end))
    return [(utc(opened), utc(closed)) for opened, closed in found]
