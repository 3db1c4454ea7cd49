"""The one way out: which addresses are open, and what every failure is called."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web

from server.activity import Activity
from server.clients import Ambiguous, Permanent, TryLater
from server.clients.http import Http, is_open

pytestmark = pytest.mark.anyio

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("address", "open_", "open_when_named"),
    [
        pytest.param("223.5.5.5", True, True, id="public"),
        pytest.param("2400:3200::1", True, True, id="public, IPv6"),
        pytest.param("127.0.0.1", False, True, id="loopback"),
        pytest.param("::1", False, True, id="loopback, IPv6"),
        pytest.param("10.1.2.3", False, True, id="private"),
        pytest.param("192.168.1.1", False, True, id="private, home"),
        pytest.param("100.64.0.1", False, True, id="carrier's own"),
        pytest.param("fd12::1", False, True, id="private, IPv6"),
        pytest.param("::ffff:10.0.0.1", False, True, id="private, mapped into IPv6"),
        pytest.param("169.254.169.254", False, False, id="metadata"),
        pytest.param("::ffff:169.254.169.254", False, False, id="metadata, mapped"),
        pytest.param("100.100.100.200", False, False, id="metadata of Alibaba"),
        pytest.param("fd00:ec2::254", False, False, id="metadata, IPv6"),
        pytest.param("64:ff9b::a01:203", False, True, id="private, by NAT64"),
        pytest.param("64:ff9b::a9fe:a9fe", False, False, id="metadata, by NAT64"),
        pytest.param("2002:a9fe:a9fe::1", False, False, id="metadata, by 6to4"),
        pytest.param("169.254.1.1", False, False, id="link-local"),
        pytest.param("fe80::1%eth0", False, False, id="link-local, IPv6"),
        pytest.param("224.0.0.1", False, False, id="multicast"),
        pytest.param("0.0.0.0", False, False, id="nowhere"),  # noqa: S104
    ],
)
async def test_which_addresses_are_open(
    address: str, *, open_: bool, open_when_named: bool
) -> None:
    assert is_open(address, named=False) is open_
    assert is_open(address, named=True) is open_when_named


async def test_loopback_is_refused_unless_host_and_port_are_named() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"method": request.method, "body": await request.json()})

    async with serving(answer) as port:
        activity = Activity()
        closed = Http(activity, allowed=[("127.0.0.1", port + 1)])
        with pytest.raises(Permanent) as refused:
            await closed.request("POST", f"http://127.0.0.1:{port}/", json={"a": 1})
        assert refused.value.code == "address_refused"
        with pytest.raises(Permanent):
            await closed.request("GET", f"http://localhost:{port}/")
        named = Http(activity, allowed=[("127.0.0.1", port)])
        response = await named.request("POST", f"http://127.0.0.1:{port}/", json={"a": "派"})
        assert response.json() == {"method": "POST", "body": {"a": "派"}}
        await closed.close()
        await named.close()
        assert activity.tokens == 0


async def test_metadata_is_refused_even_when_named() -> None:
    http = Http(Activity(), allowed=[("169.254.169.254", 80)])
    with pytest.raises(Permanent) as refused:
        await http.request("GET", "http://169.254.169.254/latest")
    assert refused.value.code == "address_refused"
    await http.close()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.example/", "http://", "nonsense"])
async def test_only_http_addresses_are_asked(url: str) -> None:
    http = Http(Activity())
    with pytest.raises(Permanent) as refused:
        await http.request("GET", url)
    assert refused.value.code == "bad_address"
    await http.close()


async def test_a_call_is_under_way_until_it_is_answered() -> None:
    activity = Activity()
    counted: list[int] = []

    async def answer(_request: web.Request) -> web.Response:
        counted.append(activity.tokens)
        return web.Response(status=503)

    async with serving(answer) as port:
        http = Http(activity, allowed=[("127.0.0.1", port)])
        response = await http.request("GET", f"http://127.0.0.1:{port}/")
        await http.close()
    assert (response.status, counted, activity.tokens) == (503, [1], 0)


async def test_an_answer_that_is_too_long_is_not_kept() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 5000)

    async with serving(answer) as port:
        http = Http(Activity(), allowed=[("127.0.0.1", port)])
        with pytest.raises(Permanent) as refused:
            await http.request("GET", f"http://127.0.0.1:{port}/", most_bytes=4999)
        assert refused.value.code == "too_large"
        await http.close()


async def test_redirects_are_not_followed() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"location": "http://169.254.169.254/"})

    async with serving(answer) as port:
        http = Http(Activity(), allowed=[("127.0.0.1", port)])
        assert (await http.request("GET", f"http://127.0.0.1:{port}/")).status == 302
        await http.close()


async def test_nobody_listening_means_that_nothing_happened() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response()

    async with serving(answer) as port:
        pass
    http = Http(Activity(), allowed=[("127.0.0.1", port)])
    with pytest.raises(TryLater) as refused:
        await http.request("POST", f"http://127.0.0.1:{port}/", json={})
    assert refused.value.code == "no_connection"
    assert refused.value.after > timedelta()
    await http.close()


async def test_a_line_that_breaks_after_the_request_is_ambiguous() -> None:
    async def answer(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serving(answer) as port:
        http = Http(Activity(), allowed=[("127.0.0.1", port)])
        with pytest.raises(Ambiguous) as refused:
            await http.request("POST", f"http://127.0.0.1:{port}/", json={})
        assert refused.value.code == "no_answer"
        await http.close()


async def test_who_asks_after_the_end_is_told_to_come_again():
    http = Http(Activity())
    await http.close()
    with pytest.raises(TryLater) as refused:
        await http.request("GET", "https://example.com/")
    assert refused.value.code == "no_connection"
