"""The outgoing calls themselves, by httpx over connections that were checked. By itself, so that a
desk which calls nobody need not load it: httpx brings seven megabytes.
"""

import asyncio
import socket
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import httpcore
import httpx
import msgspec

from server.clients import AFTER_NO_CONNECTION, Ambiguous, Permanent, TryLater
from server.clients.addresses import is_open


class _CheckedConnections(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses only. TLS still verifies the name of the request."""

    def __init__(self, allowed: Collection[tuple[str, int]]) -> None:
        self._allowed = allowed
        self._below = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check every address, connect to the first that answers."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"no address for {host}") from error
        named = (host.lower(), port) in self._allowed
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not all(is_open(address, named=named) for address in addresses):
            # One closed address is enough: a name that also points inwards is up to no good.
            raise Permanent("address_refused", f"{host}:{port} is not a public address")
        trouble: Exception = httpcore.ConnectError(f"no address for {host}")
        for address in addresses:
            try:
                return await self._below.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble

    async def sleep(self, seconds: float) -> None:
        """Wait between tries (httpcore asks for it; we give it none)."""
        await self._below.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, below: Any) -> None:  # noqa: ANN401 - httpcore's stream has no public type
        self._below = below

    async def __aiter__(self) -> Any:  # noqa: ANN401
        async for part in self._below:
            yield part

    async def aclose(self) -> None:
        await self._below.aclose()


class _CheckedTransport(httpx.AsyncBaseTransport):
    """httpx has no public way to hand its own transport a network backend; its pool has."""

    def __init__(self, allowed: Collection[tuple[str, int]]) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=50,
            max_keepalive_connections=10,
            keepalive_expiry=30,
            network_backend=_CheckedConnections(allowed),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    async def aclose(self) -> None:
        await self._pool.aclose()


_NOT_SENT: Final = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
)
_LOST: Final = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpx.HTTPError,
    TimeoutError,
)
"""Every break after the request may have left."""


Answered = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


class Calls:
    """One pool of outgoing connections."""

    def __init__(self, allowed: Collection[tuple[str, int]]) -> None:
        self._client = httpx.AsyncClient(transport=_CheckedTransport(allowed), trust_env=False)

    async def close(self) -> None:
        """Close what is kept open."""
        await self._client.aclose()

    async def ask(
        self,
        method: str,
        url: str,
        *,
        json: object,
        headers: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        within: timedelta,
        most_bytes: int,
    ) -> Answered:
        """Ask once; refused as `Http.request` tells."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await self._ask(
                    method,
                    url,
                    json=json,
                    headers=headers,
                    params=params,
                    within=within,
                    most_bytes=most_bytes,
                )
        except _NOT_SENT as error:
            raise TryLater("no_connection", str(error), after=AFTER_NO_CONNECTION) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Permanent("bad_address", str(error)) from error
        except _LOST as error:
            raise Ambiguous("no_answer", type(error).__name__) from error

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        json: object,
        headers: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        within: timedelta,
        most_bytes: int,
    ) -> Answered:
        content = None if json is None else msgspec.json.encode(json)
        sent = {"accept": "application/json", **(headers or {})}
        if content is not None:
            sent.setdefault("content-type", "application/json")
        target = httpx.URL(url)
        if target.scheme not in {"http", "https"} or not target.host:
            raise Permanent("bad_address", "only http and https")
        if params:
            target = target.copy_merge_params(dict(params))
        call = self._client.stream(
            method,
            target,
            content=content,
            headers=sent,
            timeout=within.total_seconds(),
            follow_redirects=False,
        )
        async with call as answer:
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > most_bytes:
                    raise Permanent("too_large", f"more than {most_bytes} bytes")
            return answer.status_code, dict(answer.headers), bytes(body)
