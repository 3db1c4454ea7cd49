"""The HTTP server below the application. By itself, so that only those who serve load it."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import uvicorn

from server import log

ANSWERING: Final = timedelta(seconds=1.5)
"""How long requests may go on once the desk stops; open event streams end at once."""

_log = logging.getLogger(__name__)


class HttpServer(uvicorn.Server):
    """Uvicorn that begins and ends when it is told to: signals are the composition root's, and
    nothing polls.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self.ending = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def main_loop(self) -> None:
        """Keep the Date header right until told to end."""
        self.listening.set()
        while not self.ending.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, let requests end in time, cancel the rest."""
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWERING.total_seconds()):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        late = list(self.server_state.tasks)
        for task in late:
            task.cancel()
        if late:
            _log.warning("cut off", extra=log.facts(requests=len(late)))
            await asyncio.wait(late, timeout=0.5)
        await self.lifespan.shutdown()


def http_server(application: Any) -> HttpServer:  # noqa: ANN401  # whatever speaks ASGI
    """A server for this application; sockets are given to it when it starts."""
    return HttpServer(
        uvicorn.Config(
            application,
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
        )
    )
