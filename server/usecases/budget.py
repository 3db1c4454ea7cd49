"""The month's budget of a chat platform: counting, what is left, correcting by hand."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from server.desk import Desk
from server.domain.errors import Invalid
from server.domain.events import Actor, ConfigurationSaved
from server.domain.firm import Firm
from server.domain.people import Staff
from server.domain.quota import METERS, MONTH_ZONE, Budget, Name, budget_of, limits_of
from server.domain.telling import day_of
from server.storage import meters, policies
from server.usecases.acts import Act, change, change_quietly
from server.usecases.recording import record_desk

_ZONE: Final = ZoneInfo(MONTH_ZONE)
MOST: Final = 100_000_000


@change_quietly
async def count(act: Act, platform: str, calls: Mapping[Name, int]) -> None:
    """So many calls were made."""
    today = _today(act.at)
    for name, number in calls.items():
        await meters.add(act.unit, _month(today), f"{platform}:{name}", number, today.isoformat())


@change
async def fill(act: Act, platform: str, name: Name, limit: int) -> None:
    """The platform refused for want of budget: this meter is full until the month ends or an
    administrator corrects it.
    """
    today = _today(act.at)
    await meters.fill(
        act.unit, _month(today), f"{platform}:{name}", limit, today.isoformat(), act.at
    )


@change
async def correct(act: Act, by: Staff, platform: str, name: Name, used: int) -> None:
    """What the platform's own page says. Refuses `Invalid(used)`."""
    if not 0 <= used <= MOST:
        raise Invalid(used="range")
    today = _today(act.at)
    await meters.correct(
        act.unit,
        _month(today),
        f"{platform}:{name}",
        used,
        today.isoformat(),
        act.at,
        by.id,
    )
    saved = ConfigurationSaved(of="meter", id=f"{platform}:{name}", version=0, digest="")
    await record_desk(act, saved, Actor("staff", by.id))


async def read(
    desk: Desk, platform: str, limits: Mapping[Name, int] | None = None
) -> tuple[Budget, ...]:
    """How both meters stand. Without `limits` they are those of the channel's settings."""
    with desk.activity.busy():
        if limits is None:
            limits = await _limits(desk, platform)
        firm, today = await desk.firm(), _today(desk.clock.now())
        workdays = _workdays(firm, today)
        return tuple(
            [
                budget_of(
                    name,
                    await meters.find(desk.database, _month(today), f"{platform}:{name}"),
                    limits[name],
                    today=today,
                    workdays=workdays,
                )
                for name in METERS
            ]
        )


async def _limits(desk: Desk, platform: str) -> dict[Name, int]:
    known = {one.kind: one for one in await policies.list_channels(desk.database)}
    channel = known.get(platform)
    doc = msgspec.json.decode(channel.doc, type=dict[str, str]) if channel is not None else {}
    try:
        return limits_of(doc)
    except ValueError:
        return limits_of({})


def _today(at: datetime) -> date:
    return at.astimezone(_ZONE).date()


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _workdays(firm: Firm, today: date) -> list[date]:
    """The month's working days by the firm's calendar; all its days where there is none."""
    days = [
        today.replace(day=number) for number in range(1, monthrange(today.year, today.month)[1] + 1)
    ]
    noon = [datetime.combine(day, time(12), _ZONE) for day in days]
    return [day for day, at in zip(days, noon, strict=True) if day_of(firm, at)] or days
