"""The wire shapes of calendars: templates to begin with, and holidays from a file."""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec

from server.api.schemas import Asked


class CalendarTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar to begin with, in GET /api/v1/calendar-templates: `doc` is what is saved, under
    any id, as configuration of the kind `calendar`.
    """

    id: str
    name: str
    doc: dict[str, Any]


class HolidaysWanted(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/calendars/{id}/holidays: a file's text, JSON (year, days of {name, date,
    isOffDay}) or ICS. Without `save` it is a preview. `seen_version` is the calendar's version
    that was looked at.
    """

    file: Annotated[str, msgspec.Meta(min_length=1, max_length=500_000)]
    save: bool = False
    seen_version: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class HolidayShown(msgspec.Struct, frozen=True, kw_only=True):
    """A day that the file changes, or (`kept`) would change if the firm's own day were not
    stronger. `before` and `after` are the calendar's overrides, null for a day as usual.
    """

    day: date
    change: Literal["added", "changed", "removed", "kept"]
    name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class HolidaysRead(msgspec.Struct, frozen=True, kw_only=True):
    """What a file makes of a calendar: the years that it announces, the last year known before
    and after, every day that changes, and the calendar's version now.
    """

    years: tuple[int, ...]
    known_before: int | None
    known_through: int | None
    days: tuple[HolidayShown, ...]
    saved: bool
    version: int
