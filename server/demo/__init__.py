"""`paidan demo`: a real desk with a made-up firm, and everybody who uses it played by one person.

Desk, loops, HTTP and DingTalk wire are the real ones; only DingTalk itself is the rehearsal on
loopback, and the clock has a lever. Without `--keep` everything lies in a temporary folder that
is removed at the end; with it in the data folder of the settings, seeded once when that is empty.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from bots.rehearsal.dingtalk import Urls
from bots.rehearsal.firm import Dice, found, live
from bots.rehearsal.firm.house import CALENDAR
from bots.rehearsal.firm.plan import WEEKS
from server import app, log
from server.activity import Activity
from server.clock import HandClock, SystemClock
from server.demo.lever import LeverClock
from server.demo.stage import Stage
from server.demo.surface import Theatre
from server.demo.wecom_stage import WeComStage
from server.desk import Desk
from server.settings import Settings, read_settings
from server.usecases import people
from server.words import say

PASSWORD: Final = "hongda-demo"  # noqa: S105 - printed, and shown on the page
KEEP: Final = "--keep"
_MARK: Final = "demo.json"
_EARLIEST, _LATEST = time(10, 30), time(16, 0)
"""Between these the demo opens: a lever of two hours then crosses working time, and the day has
had its requests already."""

_CONNECTING: Final = timedelta(seconds=10)

_log = logging.getLogger(__name__)


class NotADemo(app.Refused):
    """The data folder holds a desk in earnest; nothing is ever played on it."""

    code = "not_a_demo"


class Kept(msgspec.Struct, frozen=True):
    """What is kept beside the data: seconds by which the demo's clock is ahead, and whether the
    firm's history was lived to its end.
    """

    ahead: float
    complete: bool = True


def main(words: Sequence[str], language: str = "zh") -> int:
    """The command. Refuses `NotADemo` and what opening a desk refuses."""
    if set(words) - {KEEP}:
        print(say(language, "demo.usage"), file=sys.stderr)  # noqa: T201
        return 2
    settings = read_settings(os.environ)
    log.set_up("warning")
    os.umask(0o077)
    with asyncio.Runner(loop_factory=app.loop_factory()) as runner:
        if KEEP in words:
            runner.run(_serve(settings, language))
            return 0
        with tempfile.TemporaryDirectory(prefix="paidan-demo-") as folder:
            temporary = msgspec.structs.replace(
                settings, data=Path(folder), database_url="", synchronous="NORMAL"
            )
            runner.run(_serve(temporary, language))
    return 0


def opening(now: datetime) -> datetime:
    """The instant at which a new demo opens: now, if that is a working day's good hour, else the
    nearest such moment of this or the last working day.
    """
    zone = ZoneInfo(CALENDAR.zone)
    local = now.astimezone(zone)
    day = local.date()
    clock = min(max(local.time(), _EARLIEST), _LATEST)
    if local.time() < _EARLIEST and local.hour < 9:  # noqa: PLR2004 - the night belongs to yesterday
        day -= timedelta(days=1)
    while not CALENDAR.hours_of(day):
        day -= timedelta(days=1)
    return datetime.combine(day, clock, zone)


class Size(msgspec.Struct, frozen=True):
    """How much history a new demo gets: tickets in all, and those of its own day."""

    tickets: int = 200
    today: int = 43


WHOLE: Final = Size()


@asynccontextmanager
async def staged(
    settings: Settings, *, at: datetime | None = None, size: Size = WHOLE
) -> AsyncIterator[Theatre]:
    """The demo at work, without HTTP. A new one opens `at` this instant, unless told at a good
    one near the machine's. Refuses `NotADemo`.
    """
    app.make_folder(settings.data)
    mark = settings.data / _MARK
    kept = _kept(mark)
    if kept is not None and not kept.complete:
        _clear(settings)
    activity = Activity()
    clock = LeverClock(activity, _ahead(kept, at))
    stage, wecom = Stage(clock, activity), WeComStage(clock, activity)
    urls, address = await stage.rehearsal.start(), await wecom.rehearsal.start()
    try:
        if await _is_empty(settings, clock, known=kept is not None):
            _remember(mark, clock, complete=False)
            await _seed(settings, clock, stage, urls, size)
            _remember(mark, clock)
        async with app.open_desk(settings, clock=clock, activity=activity) as desk:
            await stage.connect(desk, urls)
            await wecom.connect(desk, address)
            async with app.running(desk):
                await _listening(stage, wecom)
                theatre = Theatre(desk, clock, stage, wecom, PASSWORD)
                try:
                    yield theatre
                finally:
                    await clock.come_to_rest()  # notices on their way are sent
                    _remember(mark, clock)
    finally:
        await wecom.rehearsal.stop()
        await stage.rehearsal.stop()


async def _listening(stage: Stage, wecom: WeComStage) -> None:
    """Return when the desk hears the chats, so that nobody speaks to a deaf bot."""
    try:
        async with asyncio.timeout(_CONNECTING.total_seconds()):
            await stage.rehearsal.until(lambda: len(stage.rehearsal.connections) > 0)
            await wecom.rehearsal.until(lambda: len(wecom.rehearsal.connections) > 0)
    except TimeoutError:
        _log.warning("not connected yet")


def _kept(mark: Path) -> Kept | None:
    return msgspec.json.decode(mark.read_bytes(), type=Kept) if mark.is_file() else None


def _ahead(kept: Kept | None, at: datetime | None) -> timedelta:
    if kept is not None and kept.complete:
        return timedelta(seconds=kept.ahead)
    now = SystemClock().now()
    return (at or opening(now)) - now


def _remember(mark: Path, clock: LeverClock, *, complete: bool = True) -> None:
    fresh = mark.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(Kept(clock.offset.total_seconds(), complete)))
    fresh.rename(mark)


def _clear(settings: Settings) -> None:
    """A seeding was cut short: begin anew. Only our own half-made file is removed."""
    if not settings.database_url:
        for name in ("desk.db", "desk.db-wal", "desk.db-shm"):
            (settings.data / name).unlink(missing_ok=True)


async def _is_empty(settings: Settings, clock: LeverClock, *, known: bool) -> bool:
    """Whether there is a firm to be made. Refuses `NotADemo`."""
    async with app.open_desk(settings, clock=clock) as desk:
        empty = await people.needs_set_up(desk)
    if not empty and not known:
        raise NotADemo(folder=settings.data)
    return empty


async def _seed(
    settings: Settings, clock: LeverClock, stage: Stage, urls: Urls, size: Size
) -> None:
    """Commits need not be durable one by one: a seeding that is cut short begins anew."""
    quick = msgspec.structs.replace(settings, synchronous="NORMAL")
    async with app.open_desk(quick, clock=clock) as desk:
        await seed(desk, clock.now(), stage, urls, size)


async def seed(desk: Desk, until: datetime, stage: Stage, urls: Urls, size: Size) -> None:
    """Live the firm's last four weeks on this desk's database."""
    activity = Activity()
    hand = HandClock(until - WEEKS - timedelta(days=1), activity)
    past = Desk(
        database=desk.database,
        clock=hand,
        settings=desk.settings,
        entropy=Dice(until.toordinal()),
        activity=activity,
        secret=desk.secret,
        passwords=desk.passwords,
    )

    async def connect() -> None:
        await stage.connect(past, urls)
        await stage.bind(past)

    await found(past, await desk.passwords.hash(PASSWORD))
    await live(past, hand, until, tickets=size.tickets, today=size.today, hook=connect)
    desk.forget_firm()


async def _serve(settings: Settings, language: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    listener = app.bind(settings)
    try:
        _tell(language, "preparing")
        async with staged(settings) as theatre, serving(theatre, listener) as address:
            _tell(language, "serving", url=f"{address}/demo")
            _tell(language, "console", url=f"{address}/", password=PASSWORD)
            await stopped.wait()
    finally:
        listener.close()


def serving(
    theatre: Theatre, listener: socket.socket | None = None
) -> AbstractAsyncContextManager[str]:
    """The demo's HTTP server; gives its address. Pages may be framed by pages of this desk."""
    return app.serving(
        theatre.desk,
        listener,
        demo=True,
        frame_ancestors="'self'",
        extra=theatre.operations,
    )


def _tell(language: str, code: str, **facts: object) -> None:
    print(say(language, f"demo.{code}", **facts), flush=True)  # noqa: T201
