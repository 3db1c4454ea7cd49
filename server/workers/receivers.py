"""Keeps one connection running for every chat channel that is switched on, and connects anew when
an administrator changed its settings.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Final

import msgspec

from server import log, vault
from server.desk import BadChannel, Connection, Desk
from server.storage.policies import Channel
from server.usecases import administration
from server.workers.runner import keep

LETTING_GO: Final = timedelta(seconds=1)
"""How long a connection may take to free what it opened."""

_log = logging.getLogger(__name__)


class EndedByItself(Exception):
    """A connection's `run` returned, although nobody had cancelled it."""


class _Line:
    """A channel as it was when it was connected, and the task that receives from it."""

    def __init__(self, channel: Channel, task: "asyncio.Task[None]") -> None:
        self.channel = channel
        self.task = task


async def connect(desk: Desk) -> None:
    """Make the connections of all enabled channels; they are not run yet. Done before any loop
    starts: what waits in the outbox must not meet a desk that has no way out yet.
    """
    for channel in (await administration.list_channels(desk)).values():
        if not channel.enabled:
            continue
        try:
            _connect(desk, channel)
        except Exception as error:  # noqa: BLE001  # its loop will try again
            log.incident(error, "receivers", channel=channel.kind)


async def run(desk: Desk) -> None:
    """Until the desk stops."""
    lines: dict[str, _Line] = {}
    known: int | None = None
    async with asyncio.TaskGroup() as tasks:
        try:
            while not desk.stopping:
                seen = desk.bell.office.rung
                with desk.activity.busy():
                    firm = await desk.firm()
                    if firm.seq != known:
                        known = firm.seq
                        await _match(desk, lines, tasks)
                await desk.clock.wait(desk.bell.office, seen, None)
        finally:
            await _hang_up(desk, lines, set(lines))


async def _match(desk: Desk, lines: dict[str, _Line], tasks: asyncio.TaskGroup) -> None:
    """End the connections whose channel was changed or switched off, and start those missing."""
    channels = await administration.list_channels(desk)
    wanted = {kind: one for kind, one in channels.items() if one.enabled}
    await _hang_up(desk, lines, {k for k, line in lines.items() if wanted.get(k) != line.channel})
    for kind in set(desk.troubles) - set(wanted):
        del desk.troubles[kind]
    for kind, channel in wanted.items():
        if kind not in lines:
            work = _Receiving(desk, channel, desk.connections.get(kind))
            lines[kind] = _Line(channel, tasks.create_task(keep(desk, f"receiver:{kind}", work)))


async def _hang_up(desk: Desk, lines: dict[str, _Line], kinds: set[str]) -> None:
    ending = [lines.pop(kind) for kind in sorted(kinds)]
    for line in ending:
        line.task.cancel()
    if ending:
        tasks = {line.task for line in ending}
        _, stuck = await asyncio.wait(tasks, timeout=LETTING_GO.total_seconds())
        for task in stuck:
            _log.error("does not let go", extra=log.facts(loop=task.get_name()))
    for line in ending:
        desk.connections.pop(line.channel.kind, None)
        desk.loops.pop(f"receiver:{line.channel.kind}", None)


class _Receiving:
    """What a receiver's loop does: run the connection that there is; after a crash, a new one.
    It ends at once where none can be made.
    """

    def __init__(self, desk: Desk, channel: Channel, connection: Connection | None) -> None:
        self._desk = desk
        self._channel = channel
        self._connection = connection

    async def __call__(self) -> None:
        connection = self._connection or _connect(self._desk, self._channel)
        self._connection = None
        if connection is None:
            return
        try:
            await connection.run()
        finally:
            if self._desk.connections.get(self._channel.kind) is connection:
                del self._desk.connections[self._channel.kind]
        if not self._desk.stopping:
            raise EndedByItself(self._channel.kind)


def _connect(desk: Desk, channel: Channel) -> Connection | None:
    """Make a connection, or keep in `desk.troubles` why it cannot be made."""
    desk.troubles.pop(channel.kind, None)
    connect_ = desk.platforms.get(channel.kind)
    if connect_ is None:
        desk.troubles[channel.kind] = "unknown_platform"
        return None
    try:
        secret = vault.decrypt(desk.secret, channel.secret) if channel.secret else ""
        connection = connect_(desk, msgspec.json.decode(channel.doc, type=dict[str, str]), secret)
    except vault.WrongKey:
        desk.troubles[channel.kind] = "wrong_key"
    except BadChannel as bad:
        desk.troubles[channel.kind] = f"bad_setting:{bad.key}"
    else:
        desk.connections[channel.kind] = connection
        return connection
    _log.warning(
        "cannot connect",
        extra=log.facts(channel=channel.kind, why=desk.troubles[channel.kind]),
    )
    return None
