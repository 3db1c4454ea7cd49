"""Answers what is asked of calendars."""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from server.api import schemas_calendars as s
from server.api.calls import Call, Handler
from server.api.schemas import HolidaysEnd
from server.domain.calendars import Override
from server.domain.firm import Firm
from server.domain.holidays import ChangedDay
from server.domain.starting import templates
from server.usecases import calendars
from server.words import find, say

SOON: Final = timedelta(days=60)
"""So long before the last known year ends people are told. Years are announced in November."""


async def list_calendar_templates(call: Call) -> tuple[s.CalendarTemplate, ...]:
    """Named in the reader's language; alternating weeks begin with this one."""
    zone = ZoneInfo((await call.desk.firm()).profile.zone)
    found = templates(call.desk.clock.now().astimezone(zone).date())
    shown: list[s.CalendarTemplate] = []
    for one in found:
        name = say(call.language, f"calendar_template.{one.id}")
        doc: dict[str, Any] = msgspec.to_builtins(
            msgspec.structs.replace(one, name=name, id="", version=0), str_keys=True
        )
        shown.append(s.CalendarTemplate(id=one.id, name=name, doc=doc))
    return tuple(shown)


async def import_holidays(call: Call, asked: s.HolidaysWanted) -> s.HolidaysRead:
    """A preview, or saved as the calendar's next version."""
    before = (await call.desk.firm()).law.epoch().calendars.get(call.text("id"))
    found, version = await calendars.import_holidays(
        call.desk, call.by, call.text("id"), asked.file, asked.seen_version, asked.save
    )
    return s.HolidaysRead(
        years=found.years,
        known_before=before.known_through if before else None,
        known_through=found.calendar.known_through,
        days=tuple(_day(call.language, one) for one in found.days),
        saved=asked.save,
        version=version,
    )


def _day(language: str, one: ChangedDay) -> s.HolidayShown:
    override = one.after or one.before
    name = override.name if override is not None else ""
    return s.HolidayShown(
        day=one.day,
        change=one.change,
        name=find(language, f"holiday.{name}") or name,
        before=_override(one.before),
        after=_override(one.after),
    )


def _override(one: Override | None) -> dict[str, Any] | None:
    if one is None:
        return None
    plain: dict[str, Any] = msgspec.to_builtins(one)
    return plain


def holidays_end(now: datetime, firm: Firm) -> tuple[HolidaysEnd, ...]:
    """The calendars of which somebody should be told that their holidays end (R23)."""
    return tuple(
        HolidaysEnd(
            calendar=one.id,
            name=one.name or one.id,
            known_through=one.known_through or 0,
            ended=one.is_provisional(now),
        )
        for one in firm.law.epoch().calendars.values()
        if one.is_provisional(now + SOON)
    )


HANDLERS: Final[dict[str, Handler]] = {
    "listCalendarTemplates": list_calendar_templates,
    "importHolidays": import_holidays,
}
