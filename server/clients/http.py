"""The one way out over HTTP: timeouts, a size limit, no private addresses unless allowed.

A name is resolved here, every address it has is checked, and the connection goes to the checked
address itself: a name that answers differently a second time gains nothing (DNS rebinding).
Redirects are not followed and proxy variables are not read, since both would step around the
check. Nothing is retried here: only the caller knows what may be repeated.
"""

import asyncio
import socket
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from server.clients import AFTER_NO_CONNECTION, Activity, TryLater
from server.clients.addresses import is_open

if TYPE_CHECKING:
    from server.clients.outgoing import Calls

TIMEOUT: Final = timedelta(seconds=10)
MOST_BYTES: Final = 4 * 1024 * 1024


class Response(msgspec.Struct, frozen=True):
    """What came back. A status of 400 or more is an answer, not an error of this module."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the other side wrote
        """The decoded body; None when it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None


class Http:
    """One pool of outgoing connections. Every call holds a token of `activity`.

    `allowed` are the host-and-port pairs, lower case, that may be private or loopback.
    """

    def __init__(self, activity: Activity, *, allowed: Collection[tuple[str, int]] = ()) -> None:
        self._activity = activity
        self._allowed = frozenset((host.lower(), port) for host, port in allowed)
        self._calls: Calls | None = None
        self._closed = False

    def _opened(self) -> "Calls":
        if self._closed:
            # A delivery may still be under way when its channel ends: it will be tried again.
            raise TryLater("no_connection", "closed", after=AFTER_NO_CONNECTION)
        if self._calls is None:
            # Here and not above: a desk that calls nobody need not load httpx.
            from server.clients.outgoing import Calls  # noqa: PLC0415

            self._calls = Calls(self._allowed)
        return self._calls

    async def close(self) -> None:
        """Close what is kept open, for good: a later call is refused with
        `TryLater("no_connection")`.
        """
        self._closed = True
        calls, self._calls = self._calls, None
        if calls is not None:
            await calls.close()

    async def may_reach(self, host: str, port: int) -> bool:
        """Whether every address of this host may be connected to, for who connects by himself. A
        host that an administrator named may be private on every port.
        """
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
        except OSError:
            return False
        named = host.lower() in {name for name, _ in self._allowed}
        return all(is_open(str(entry[4][0]), named=named) for entry in found)

    async def request(
        self,
        method: str,
        url: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        within: timedelta = TIMEOUT,
        most_bytes: int = MOST_BYTES,
    ) -> Response:
        """Ask once.

        Refused with `Permanent("address_refused" | "bad_address" | "too_large")`,
        `TryLater("no_connection")` when the request cannot have left, and
        `Ambiguous("no_answer")` when it may have.
        """
        self._activity.begin()
        try:
            status, answered, body = await self._opened().ask(
                method,
                url,
                json=json,
                headers=headers,
                params=params,
                within=within,
                most_bytes=most_bytes,
            )
        finally:
            self._activity.end()
        return Response(status, answered, body)
