"""A rung tells another system: signed, once, tried again, and never inside our own network."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from server import vault
from server.domain.events import Actor
from server.domain.ladders import CallWebhook, Ladder, OfTarget, Rung, Webhook
from server.storage import outbox
from server.usecases import webhooks
from tests.support.world import ADMINISTRATOR, World

pytestmark = pytest.mark.anyio

SECRET = "a secret that both sides know"
LADDER = Ladder(
    rungs=(Rung(id="due", on="first", at=OfTarget(100), act=(CallWebhook(webhook="crm"),)),)
)


class System:
    """Another system; `answers` are its next statuses."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.port = 0

    async def hear(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append((headers, await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 204)


@asynccontextmanager
async def listening() -> AsyncIterator[System]:
    system = System()
    application = web.Application()
    application.router.add_post("/hook", system.hear)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    system.port = runner.addresses[0][1]
    try:
        yield system
    finally:
        await runner.cleanup()


@asynccontextmanager
async def told(folder: Path, *, named: bool = True) -> AsyncIterator[tuple[World, System]]:
    """A desk whose tickets tell the system when they are late."""
    async with listening() as system, World(folder) as world:
        if named:
            hosts = f"127.0.0.1:{system.port}"
            world.settings = msgspec.structs.replace(world.settings, webhook_hosts=hosts)
            await world.restart()
        await world.set_up()
        url = f"http://127.0.0.1:{system.port}/hook"
        await world.save("webhook", "crm", Webhook(id="crm", name="客户系统", url=url))
        by = Actor("staff", world.staff_ids[ADMINISTRATOR])
        kept = vault.encrypt(world.desk.secret, SECRET)
        await webhooks.save_secret(world.desk, "crm", kept, by)
        await world.save("ladder", "default", LADDER)
        await world.at_rest()
        yield world, system


async def test_a_late_ticket_is_told_to_another_system_with_a_signature(tmp_path) -> None:
    async with told(tmp_path) as (world, system):
        ticket = await world.file("打印机卡纸")
        await world.advance(minutes=60)
        ((headers, body),) = system.heard
        stamp = headers["x-paidan-timestamp"]
        proof = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        assert headers["x-paidan-signature"] == f"v1={proof.hexdigest()}"
        said = msgspec.json.decode(body)
        assert (said["event"], said["kind"]) == ("rung_reached", "breached")
        assert (said["rung"]["percent"], said["rung"]["metric"]) == (100, "first")
        assert (said["ticket"]["number"], said["ticket"]["breached"]) == (ticket.number, True)
        reached = (await world.events(ticket.number))[-1].body
        assert reached.did == ("webhook:crm",)
        await world.advance(hours=3)
        assert len(system.heard) == 1


async def test_a_system_that_is_down_is_told_again_under_the_same_key(tmp_path) -> None:
    async with told(tmp_path) as (world, system):
        system.answers = [503, 429]
        await world.file("打印机卡纸")
        await world.advance(minutes=60)
        await world.advance(minutes=1)
        assert len(system.heard) == 3
        assert len({headers["x-paidan-delivery"] for headers, _ in system.heard}) == 1
        assert (await outbox.list_in_state(world.desk.database, "sent", 10))[0].tries == 3


async def test_an_answer_that_is_no_use_to_repeat_is_given_up_where_people_see_it(tmp_path) -> None:
    async with told(tmp_path) as (world, system):
        system.answers = [301, 404]
        ticket = await world.file("打印机卡纸")
        await world.advance(minutes=60)
        failed = (await world.events(ticket.number))[-1].body
        assert (failed.notice, failed.reason) == ("breached", "http_301")
        (kept,) = await webhooks.list_told(world.desk, "crm")
        assert (kept.ticket, kept.state, kept.error) == (ticket.number, "given_up", "http_301")
        await world.advance(minutes=30)
        assert len(system.heard) == 1


async def test_a_private_address_that_nobody_named_is_not_connected_to(tmp_path) -> None:
    async with told(tmp_path, named=False) as (world, system):
        ticket = await world.file("打印机卡纸")
        await world.advance(minutes=60)
        assert (await world.events(ticket.number))[-1].body.reason == "address_refused"
        assert system.heard == []


async def test_an_administrator_tries_a_webhook_and_its_secret_is_never_shown(tmp_path) -> None:
    async with told(tmp_path) as (world, system):
        browser = await world.signed_in(ADMINISTRATOR)
        shown = (await browser.get("/api/v1/webhooks")).json()
        assert shown == [{"id": "crm", "has_secret": True}]
        again = await browser.put(
            "/api/v1/webhooks/crm/secret", json={"secret": "another secret, long enough"}
        )
        assert again.status_code == 204, again.text
        assert (await browser.post("/api/v1/webhooks/crm/trial")).status_code == 204
        await world.at_rest()
        ((headers, body),) = system.heard
        assert msgspec.json.decode(body)["event"] == "trial"
        stamp = headers["x-paidan-timestamp"]
        proof = hmac.new(
            b"another secret, long enough", f"{stamp}.".encode() + body, hashlib.sha256
        )
        assert headers["x-paidan-signature"] == f"v1={proof.hexdigest()}"
        told_of = (await browser.get("/api/v1/webhooks/crm/deliveries")).json()
        assert [(one["kind"], one["state"], one["tries"]) for one in told_of] == [
            ("trial", "sent", 1)
        ]
        assert (await browser.post("/api/v1/webhooks/erp/trial")).status_code == 404
        short = await browser.put("/api/v1/webhooks/crm/secret", json={"secret": "short"})
        assert short.status_code == 422
        rows = await world.desk.database.rows("SELECT secret FROM webhook", [])
        assert "another" not in rows[0]["secret"]
