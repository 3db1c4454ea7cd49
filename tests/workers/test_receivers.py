import asyncio
from datetime import timedelta

import pytest

from server import vault
from server.domain.events import Actor
from server.usecases import administration
from tests.support.world import SOON, World

pytestmark = pytest.mark.anyio
DESK = Actor("desk")


async def test_a_channel_that_is_switched_on_is_connected_and_one_switched_off_is_left(
    world: World,
) -> None:
    chat = await world.connect_dingtalk()
    assert set(world.desk.connections) == {"dingtalk"}
    assert world.desk.loops["receiver:dingtalk"].state == "running"
    channels = await administration.list_channels(world.desk)
    doc = {"client_id": "dingapp", "api_url": chat.urls.api_url}
    assert channels["dingtalk"].enabled
    await administration.save_channel(world.desk, DESK, "dingtalk", doc, None, enabled=False)
    async with asyncio.timeout(SOON):
        await chat.sim.until(lambda: not chat.sim.connections)
    await world.at_rest()
    assert world.desk.connections == {}


async def test_changed_settings_make_a_new_connection(world: World) -> None:
    chat = await world.connect_dingtalk()
    before = world.desk.connections["dingtalk"]
    chat.sim.add_app("other", "another secret")
    doc = {"client_id": "other", "api_url": chat.urls.api_url, "oapi_url": chat.urls.oapi_url}
    secret = vault.encrypt(world.desk.secret, "another secret")
    await administration.save_channel(world.desk, DESK, "dingtalk", doc, secret, enabled=True)
    async with asyncio.timeout(SOON):
        await chat.sim.until(
            lambda: [one.app.client_id for one in chat.sim.connections] == ["other"]
        )
    await world.at_rest()
    assert world.desk.connections["dingtalk"] is not before


async def test_a_change_elsewhere_leaves_the_connection_alone(world: World) -> None:
    await world.connect_dingtalk()
    before = world.desk.connections["dingtalk"]
    await world.file("打印机卡纸")
    await administration.meet_group(world.desk, "dingtalk", "cid1", "三线", None, DESK)
    await world.at_rest()
    assert world.desk.connections["dingtalk"] is before


async def test_a_secret_of_another_key_is_told_as_trouble_and_no_crash(world: World) -> None:
    stranger = vault.encrypt(b"another key entirely", "dingsecret")
    doc = {"client_id": "dingapp"}
    await administration.save_channel(world.desk, DESK, "dingtalk", doc, stranger, enabled=True)
    await world.at_rest()
    assert world.desk.troubles == {"dingtalk": "wrong_key"}
    assert world.desk.connections == {}
    assert world.desk.loops["receivers"].crashes == 0


async def test_settings_that_cannot_be_used_are_told_by_name(world: World) -> None:
    secret = vault.encrypt(world.desk.secret, "dingsecret")
    await administration.save_channel(world.desk, DESK, "dingtalk", {}, secret, enabled=True)
    await world.at_rest()
    assert world.desk.troubles == {"dingtalk": "bad_setting:client_id"}


class Crashing:
    """A connection that breaks as soon as it runs."""

    sender = None
    reader = None
    state = "trouble"
    trouble = "broken"
    runs = 0

    async def run(self) -> None:
        Crashing.runs += 1
        raise RuntimeError("broken")


async def test_a_connection_that_crashes_is_made_again_after_a_pause(world: World) -> None:
    Crashing.runs = 0
    world.desk.platforms["rough"] = lambda _desk, _doc, _secret: Crashing()
    await administration.save_channel(world.desk, DESK, "rough", {}, None, enabled=True)
    await world.at_rest()
    assert Crashing.runs == 1
    health = world.desk.loops["receiver:rough"]
    assert (health.state, health.crashes) == ("pausing", 1)
    assert health.incident
    await world.clock.advance(timedelta(minutes=5))
    assert 3 <= Crashing.runs <= 6
    assert world.desk.loops["receivers"].state == "running"
