"""Calendars (工作日历): the templates that a firm may begin with, and holidays from a file."""

import asyncio
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from server.desk import Desk
from server.domain.calendars import Calendar
from server.domain.errors import Invalid
from server.domain.holidays import AnnouncedDay, HolidayImport, read_year_file, take_in
from server.domain.people import Staff
from server.usecases.administration import find_configuration, save_configuration

LONGEST_FILE: Final = 500_000
"""Characters: ten years of a busy subscription."""

_LONGEST_EVENT: Final = timedelta(days=60)
_MARK: Final = "X-APPLE-SPECIAL-DAY"
_OFF: Final = re.compile(r"[（(\[【\s]*(休|放假|假期)\s*[)）\]】]*.*$")
_ON: Final = re.compile(r"[（(\[【\s]*(补班|班|调休上班|上班)\s*[)）\]】]*.*$")


async def import_holidays(  # noqa: PLR0917
    desk: Desk,
    by: Staff,
    item: str,
    file: str,
    seen_version: int,
    save: bool,  # noqa: FBT001
) -> tuple[HolidayImport, int]:
    """What a file of holidays, JSON or ICS, makes of a calendar, and the calendar's version after
    it: a new one when it is to be saved and changes anything. Open tickets keep the version under
    which they were promised. Refuses `Invalid`, `UnknownConfiguration`, `ChangedMeanwhile`.
    """
    current = await find_configuration(desk, "calendar", item)
    calendar = msgspec.json.decode(current.doc, type=Calendar)
    with desk.activity.busy():
        found = await asyncio.to_thread(_take_in, calendar, file)
    if not save or found.calendar == calendar:
        return found, current.version
    doc: Any = msgspec.to_builtins(found.calendar)
    version = await save_configuration(desk, by, "calendar", item, doc, seen_version)
    return found, version.version


def _take_in(calendar: Calendar, file: str) -> HolidayImport:
    text = file.lstrip("\ufeff \t\r\n")
    if text.upper().startswith("BEGIN:VCALENDAR"):
        return take_in(calendar, read_ics(text), None)
    announced = read_year_file(text)
    return take_in(calendar, announced.days, announced.year)


def read_ics(text: str) -> tuple[AnnouncedDay, ...]:
    """The days of an ICS file. Where events are marked as free or worked (by Apple's special days,
    or by 休 and 班 in their names), only marked ones count; else every event is a day off. Refuses
    `Invalid(file)` for what is no calendar, and for repeating events.
    """
    from icalendar import Calendar as Ics  # noqa: PLC0415  # half a second that nobody else waits

    try:
        events = list(Ics.from_ical(text).walk("VEVENT"))
        spans = [(_word(one), *_days_of(one)) for one in events]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError):
        raise Invalid(file="holiday_file") from None
    marked = [_marked(one) for one in events]
    some = any(mark is not None for mark in marked)
    found: list[AnnouncedDay] = []
    for event, (name, first, last), mark in zip(events, spans, marked, strict=True):
        if some and mark is None:
            continue
        if "RRULE" in event or "RDATE" in event:
            raise Invalid(file="holiday_ics_repeats")
        if last - first > _LONGEST_EVENT:
            raise Invalid(file="holiday_file")
        off = mark if mark is not None else True
        plain = (_OFF if off else _ON).sub("", name).strip() or name
        day = first
        while day <= last:
            found.append(AnnouncedDay(plain[:100], day, off))
            day += timedelta(days=1)
    return tuple(dict.fromkeys(found))


def _word(event: Mapping[str, Any]) -> str:
    return str(event.get("SUMMARY", ""))


def _days_of(event: Mapping[str, Any]) -> tuple[date, date]:
    """First and last day; an all-day event ends on the morning after."""
    start = _day(event["DTSTART"].dt)
    end = event.get("DTEND")
    last = start if end is None else _day(end.dt) - timedelta(days=1)
    return start, max(start, last)


def _day(at: date | datetime) -> date:
    return at.date() if isinstance(at, datetime) else at


def _marked(event: Mapping[str, Any]) -> bool | None:
    """Whether an event says that its days are free (True) or worked (False)."""
    special = str(event.get(_MARK, ""))
    if special:
        return {"WORK-HOLIDAY": True, "ALTERNATE-WORKDAY": False}.get(special)
    name = _word(event)
    if _ON.search(name):
        return False
    return True if _OFF.search(name) else None
