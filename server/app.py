"""The composition root: the one file that knows every part. It opens the desk, starts HTTP, loops
and chat platforms, and stops them in order.

    open_desk   folder, lock, key, database, schema     everything a command that writes needs
    running     the loops and the chat connections      a desk that works
    serving     the HTTP server on an address           a desk that can be reached
    serve       all of it, until a signal comes
"""

import asyncio
import fcntl
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bots import BOTS
from server import VERSION, log, vault
from server.activity import Activity
from server.channels import webhook
from server.clock import Clock, SystemClock
from server.desk import Connect, Desk, Entropy, SystemEntropy
from server.settings import Settings
from server.storage.database import Database
from server.storage.migrate import STEPS, DatabaseIsNewer, migrate, read_version
from server.usecases import deliveries, people
from server.workers import (
    arrivals,
    deadlines,
    duty,
    housekeeping,
    promises,
    receivers,
    replies,
    waiting,
)
from server.workers import deliveries as delivering
from server.workers.runner import Loop, Runner

LOOPS: Final[dict[str, Loop]] = {
    "receivers": receivers.run,
    "deadlines": deadlines.run,
    "waiting": waiting.run,
    "promises": promises.run,
    "duty": duty.run,
    "arrivals": arrivals.run,
    "replies": replies.run,
    "deliveries": delivering.run,
    "housekeeping": housekeeping.run,
}
"""Every loop of a desk, by name."""

Welcome = Callable[[str, str | None], None]
"""Told once the desk can be reached: its address, and the set-up link while it needs one."""

NEWEST: Final = STEPS[-1].number
"""The schema that this program knows."""

_SWITCH_SECONDS: Final = 0.0005
"""How long a thread keeps the interpreter: the loop must not wait for the writer (decision 3)."""

_log = logging.getLogger(__name__)


class Refused(Exception):
    """The desk cannot be opened as it is. Words are `cli.refusal.CODE`, filled with `facts`."""

    code = "refused"

    def __init__(self, **facts: object) -> None:
        super().__init__(f"{self.code}: {facts}")
        self.facts = facts


class FolderInUse(Refused):
    """Another server runs on this data folder; `holder` is its process, where it is known."""

    code = "folder_in_use"


class AddressInUse(Refused):
    """The address to listen on is taken, or is not ours; `why` is the system's word."""

    code = "address_in_use"


class BadFolder(Refused):
    """The data folder cannot be made or used; `why` is the system's word."""

    code = "bad_folder"


class CannotOpen(Refused):
    """The database does not open; `why` is the driver's word."""

    code = "cannot_open"


class NoDesk(Refused):
    """There is nothing to look at yet."""

    code = "no_desk"


class DatabaseIsOlder(Refused):
    """Looking changes nothing, so the schema stays behind; starting the server moves it on."""

    code = "database_older"


# Opening


def make_folder(folder: Path) -> None:
    """The data folder, for its owner alone if it is new. Refuses `BadFolder`."""
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise BadFolder(folder=folder, why=error.strerror or str(error)) from error


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Hold the data folder's lock: one server a folder. Refuses `FolderInUse`, `BadFolder`."""
    try:
        file = os.open(folder / "desk.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadFolder(folder=folder, why=error.strerror or str(error)) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(file, 20).decode("ascii", "replace").strip()
            raise FolderInUse(folder=folder, holder=holder or "?") from error
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)


def read_secret(settings: Settings) -> bytes:
    """The desk's secret key: from the settings, else from the key file, which is made if need
    be.
    """
    if settings.secret_key:
        return vault.key_of(settings.secret_key)
    return vault.read_key(settings.data / "secret.key")


@asynccontextmanager
async def open_desk(
    settings: Settings,
    *,
    clock: Clock | None = None,
    activity: Activity | None = None,
    entropy: Entropy | None = None,
    passwords: vault.Passwords | None = None,
) -> AsyncIterator[Desk]:
    """A desk that may be written to, with its database migrated. Nothing runs yet. Refuses
    `FolderInUse`, `BadFolder`, `CannotOpen` and `DatabaseIsNewer`.
    """
    make_folder(settings.data)
    with holding(settings.data):
        async with _desk(settings, clock, activity, entropy, passwords) as desk:
            for step in await migrate(desk.database, desk.clock.now()):
                _log.info("migrated", extra=log.facts(step=step))
            # One server a folder; a PostgreSQL database may have others, who are at work.
            alone = desk.database.dialect == "sqlite"
            stranded = await deliveries.recover(desk, alone=alone)
            if stranded:
                _log.info("found interrupted notices", extra=log.facts(notices=stranded))
            yield desk


@asynccontextmanager
async def look_at(settings: Settings) -> AsyncIterator[Desk]:
    """A desk to read from only, also beside a running server: no lock, no migration. Refuses
    `NoDesk`, `DatabaseIsOlder` and `DatabaseIsNewer`.
    """
    if not settings.database_url and not (settings.data / "desk.db").is_file():
        raise NoDesk(folder=settings.data)
    async with _desk(settings, None, None, None, None) as desk:
        found = await read_version(desk.database)
        if found > NEWEST:
            raise DatabaseIsNewer(found, NEWEST)
        if found < NEWEST:
            raise DatabaseIsOlder(found=found, known=NEWEST)
        yield desk


@asynccontextmanager
async def _desk(
    settings: Settings,
    clock: Clock | None,
    activity: Activity | None,
    entropy: Entropy | None,
    passwords: vault.Passwords | None,
) -> AsyncIterator[Desk]:
    database = Database.from_url(settings.database, synchronous=settings.synchronous)
    desk = Desk(
        database=database,
        clock=clock or SystemClock(),
        settings=settings,
        entropy=entropy or SystemEntropy(),
        activity=activity or Activity(),
        secret=read_secret(settings),
        passwords=passwords,
    )

    def elsewhere(_seq: int) -> None:
        desk.forget_firm()
        desk.bell.ring()

    database.on_commit(elsewhere)
    try:
        await database.open()
    except Exception as error:
        raise CannotOpen(why=log.without_secrets(str(error) or type(error).__name__)) from error
    try:
        yield desk
    finally:
        await database.close()
        desk.passwords.close()


# Running


@asynccontextmanager
async def running(
    desk: Desk, platforms: Mapping[str, Connect] | None = None
) -> AsyncIterator[Runner]:
    """The desk at work: its loops, and the chat platforms that are switched on. `platforms` are
    known besides those of `bots`.
    """
    desk.platforms = {kind: platform.connect for kind, platform in BOTS.items()}
    desk.platforms |= platforms or {}
    webhooks = webhook.WebhookSender(desk)
    desk.senders[webhook.CHANNEL] = webhooks
    await receivers.connect(desk)
    runner = Runner(desk, LOOPS)
    runner.start()
    try:
        yield runner
    finally:
        await runner.stop()
        await webhooks.close()


# Answering


def bind(settings: Settings) -> socket.socket:
    """A listening socket on the address of the settings. Refuses `AddressInUse`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise AddressInUse(listen=settings.listen, why=error.strerror or str(error)) from error
    return listener


@asynccontextmanager
async def serving(
    desk: Desk,
    listener: socket.socket | None = None,
    *,
    patience: Mapping[str, timedelta] | None = None,
    **options: Any,  # noqa: ANN401  # those of make_api
) -> AsyncIterator[str]:
    """The desk's HTTP server; gives its address, say `http://127.0.0.1:8000`. It ends before
    this context does: requests first, event streams at once. `options` go to `make_api`,
    `patience` is for how long requests may take to come, as in `http_server`.
    """
    # Here and not above: commands that only read need not load the web framework.
    from server.api.application import make_api  # noqa: PLC0415
    from server.api.listening import http_server  # noqa: PLC0415

    listener = listener or bind(desk.settings)
    application = make_api(desk, **({"version": VERSION} | options))
    server = http_server(application, trusted=desk.settings.proxies, **(patience or {}))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]))
        try:
            await server.listening.wait()
            yield _address(desk.settings.host, listener)
        finally:
            desk.stopping = True
            desk.bell.ring()
            server.ending.set()


def _address(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # to be opened here
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


# All of it


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Uvloop's, where there is one."""
    try:
        import uvloop  # noqa: PLC0415  # not on every system
    except ImportError:
        return None
    return uvloop.new_event_loop


async def offer_set_up(desk: Desk, address: str) -> str | None:
    """The link with which the first administrator sets the desk up, or None when there is one.
    A new code each time; earlier ones end.
    """
    if not await people.needs_set_up(desk):
        return None
    code = desk.entropy.token_bytes(12).hex()
    await people.offer_set_up(desk, vault.digest(code))
    return f"{desk.settings.public_url or address}/console/setup#code={code}"


async def serve(settings: Settings, *, welcome: Welcome | None = None) -> None:
    """Run the desk until SIGTERM or SIGINT; ended in order within five seconds."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with open_desk(settings) as desk:
        listener = bind(settings)
        async with running(desk), serving(desk, listener) as address:
            _log.info("serving", extra=log.facts(url=address, database=desk.database.dialect))
            if welcome is not None:
                welcome(address, await offer_set_up(desk, address))
            await stopped.wait()
            _log.info("stopping")
    _log.info("stopped")
