"""Calendars: templates, and holidays from a file."""

from typing import Final

from server.api import schemas_calendars as s
from server.api.surface.operation import LEADING, LOOKING, Operation

CALENDARS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/v1/calendar-templates",
        id="listCalendarTemplates",
        summary="Calendars to begin with: five and six days, alternating weeks, 7×12, 7×24, shifts",
        roles=LOOKING,
        answer=tuple[s.CalendarTemplate, ...],
    ),
    Operation(
        method="POST",
        path="/api/v1/calendars/{id:str}/holidays",
        id="importHolidays",
        summary="Holidays from a year file (JSON) or an ICS file: what changes, and save it",
        roles=LEADING,
        conflicts=True,
        body=s.HolidaysWanted,
        answer=s.HolidaysRead,
    ),
)
