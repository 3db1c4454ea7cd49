"""The HTTP server below the application. By itself, so that only those who serve load it."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server import log

ANSWERING: Final = timedelta(seconds=1.5)
"""How long requests may go on once the desk stops; open event streams end at once."""

SLOWEST_HEAD: Final = timedelta(seconds=20)
"""Within so long a request's line and headers must have come."""
SLOWEST_REST: Final = timedelta(seconds=40)
"""And within so long the rest of it, whoever reads it: more than a body may take that is read, so
that its sender hears why.
"""

_log = logging.getLogger(__name__)


class HttpConfig(uvicorn.Config):
    """Uvicorn's, with how long a request may take to come."""

    def __init__(
        self,
        application: Any,  # noqa: ANN401  # whatever speaks ASGI
        *,
        head: timedelta,
        rest: timedelta,
        trusted: tuple[str, ...],
    ) -> None:
        super().__init__(
            application,
            http=PatientProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            forwarded_allow_ips=list(trusted),
        )
        self.head = head
        self.rest = rest


class PatientProtocol(HttpToolsProtocol):
    """Uvicorn's protocol that does not wait for ever: who sends a request drop by drop holds a
    connection, and there are only so many (slowloris). Idle connections are uvicorn's own affair.
    """

    config: HttpConfig
    _alarm: asyncio.TimerHandle | None = None

    def _within(self, span: timedelta | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = (
            None if span is None else self.loop.call_later(span.total_seconds(), self._hang_up)
        )

    def _hang_up(self) -> None:
        self._alarm = None
        if self.transport is not None and not self.transport.is_closing():
            self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connected: now he has to say what he wants."""
        super().connection_made(transport)
        self._within(self.config.head)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._within(self.config.head)

    def on_headers_complete(self) -> None:
        """Its headers have come."""
        self._within(self.config.rest)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it has come."""
        self._within(None)
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._within(None)
        super().connection_lost(exc)


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


def http_server(
    application: Any,  # noqa: ANN401  # whatever speaks ASGI
    *,
    head: timedelta = SLOWEST_HEAD,
    rest: timedelta = SLOWEST_REST,
    trusted: tuple[str, ...] = (),
) -> HttpServer:
    """A server for this application; sockets are given to it when it starts. What the proxies say
    of a caller is believed of those whose address is `trusted`.
    """
    return HttpServer(HttpConfig(application, head=head, rest=rest, trusted=trusted))
