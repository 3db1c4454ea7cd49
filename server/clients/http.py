"""The one way out over HTTP: timeouts, a size limit, no private addresses unless allowed.

A name is resolved here, every address it has is checked, and the connection goes to the checked
address itself: a name that answers differently a second time gains nothing (DNS rebinding).
Redirects are not followed and proxy variables are not read, since both would step around the
check. Nothing is retried here: only the caller knows what may be repeated.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import httpcore
import httpx
import msgspec

from server.clients import Activity, Ambiguous, Permanent, TryLater

TIMEOUT: Final = timedelta(seconds=10)
MOST_BYTES: Final = 4 * 1024 * 1024
AFTER_NO_CONNECTION: Final = timedelta(seconds=5)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA: Final = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)
"""Where clouds (AWS and most others, AWS on IPv6, Alibaba, Azure) keep a machine's credentials."""


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


_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


def _unmapped(address: Address) -> Address:
    """`::ffff:10.0.0.1` is `10.0.0.1`, and so are the other ways to write it in IPv6: NAT64, 6to4
    and Teredo.
    """
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def is_open(address: str, *, named: bool) -> bool:
    """May we connect there? `named`: an administrator allowed this host and port.

    Link-local and metadata addresses are never open; private, loopback and every other address
    that is not public only by name (decision 15).
    """
    ip = _unmapped(ipaddress.ip_address(address.partition("%")[0]))
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip in _METADATA:
        return False
    return named or ip.is_global


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


class Http:
    """One pool of outgoing connections. Every call holds a token of `activity`.

    `allowed` are the host-and-port pairs, lower case, that may be private or loopback.
    """

    def __init__(self, activity: Activity, *, allowed: Collection[tuple[str, int]] = ()) -> None:
        self._activity = activity
        self._allowed = frozenset((host.lower(), port) for host, port in allowed)
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    def _opened(self) -> httpx.AsyncClient:
        if self._closed:
            # A delivery may still be under way when its channel ends: it will be tried again.
            raise TryLater("no_connection", "closed", after=AFTER_NO_CONNECTION)
        if self._client is None:
            transport = _CheckedTransport(self._allowed)
            self._client = httpx.AsyncClient(transport=transport, trust_env=False)
        return self._client

    async def close(self) -> None:
        """Close what is kept open, for good: a later call is refused with
        `TryLater("no_connection")`.
        """
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

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
        finally:
            self._activity.end()

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
    ) -> Response:
        content = None if json is None else msgspec.json.encode(json)
        sent = {"accept": "application/json", **(headers or {})}
        if content is not None:
            sent.setdefault("content-type", "application/json")
        target = httpx.URL(url)
        if target.scheme not in {"http", "https"} or not target.host:
            raise Permanent("bad_address", "only http and https")
        if params:
            target = target.copy_merge_params(dict(params))
        call = self._opened().stream(
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
            return Response(answer.status_code, dict(answer.headers), bytes(body))
