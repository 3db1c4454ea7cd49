"""What administrators look after: channels and their secrets, groups, and what did not arrive."""

import pytest

from server.desk import LoopHealth
from server.domain.events import Actor
from server.storage import inbound, outbox
from server.usecases import administration
from server.usecases.acts import Act, change
from tests.support.world import ADMINISTRATOR, World

pytestmark = pytest.mark.anyio

DOC = {"client_id": "dingapp", "robot_code": "dingapp"}
SECRET = "a-secret-of-the-platform"


@pytest.fixture
async def connectable(world: World) -> World:
    """A desk that knows how DingTalk is connected; nothing is connected."""
    from bots import BOTS

    world.desk.platforms = {kind: platform.connect for kind, platform in BOTS.items()}
    return world


async def test_a_channels_secret_is_kept_and_never_shown(connectable: World):
    admin = await connectable.signed_in(ADMINISTRATOR)
    before = (await admin.get("/api/v1/channels")).json()
    assert [(one["kind"], one["enabled"], one["has_secret"]) for one in before] == [
        ("dingtalk", False, False),
        ("wecom", False, False),
        ("wecom_app", False, False),
        ("wecom_robot", False, False),
    ]
    wanted = {"enabled": True, "doc": DOC, "secret": SECRET}
    saved = await admin.put("/api/v1/channels/dingtalk", json=wanted)
    assert saved.status_code == 200, saved.text
    assert (saved.json()["has_secret"], saved.json()["state"]) == (True, "connecting")
    kept = (await administration.list_channels(connectable.desk))["dingtalk"]
    assert SECRET not in (kept.secret or "")
    again = await admin.put("/api/v1/channels/dingtalk", json={"enabled": True, "doc": DOC})
    assert again.json()["has_secret"] is True
    assert SECRET not in saved.text + again.text + (await admin.get("/api/v1/channels")).text
    off = await admin.put("/api/v1/channels/dingtalk", json={"enabled": False, "doc": {}})
    assert (off.json()["state"], off.json()["has_secret"]) == ("off", True)


async def test_settings_that_cannot_work_are_refused_before_they_are_saved(connectable: World):
    admin = await connectable.signed_in(ADMINISTRATOR)
    wanted = {"enabled": True, "doc": {"robot_code": "x"}, "secret": SECRET}
    refused = await admin.put("/api/v1/channels/dingtalk", json=wanted)
    assert refused.status_code == 422
    assert refused.json()["fields"] == {"client_id": "请填写"}
    assert (await administration.list_channels(connectable.desk)) == {}
    unknown = await admin.put("/api/v1/channels/pigeon", json=wanted)
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_channel")


async def test_a_group_chat_is_given_to_a_team(world: World):
    admin = await world.signed_in(ADMINISTRATOR)
    await administration.meet_group(
        world.desk, "dingtalk", "cidABC==", "二线值班群", None, Actor("desk")
    )
    assert [one["team"] for one in (await admin.get("/api/v1/groups")).json()] == [None]
    path = "/api/v1/groups/dingtalk/cidABC=="
    given = await admin.put(path, json={"team": "second"})
    assert given.json()["title"] == "二线值班群"
    assert [one["team"] for one in (await admin.get("/api/v1/groups")).json()] == ["second"]
    unknown = await admin.put(path, json={"team": "nobody"})
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_team")


@change
async def _leave_behind(act: Act) -> None:
    """A notice that was given up, and an arrival that was set aside."""
    await outbox.add(
        act.unit,
        event_seq=None,
        ticket=None,
        kind="answer",
        channel="dingtalk",
        recipient="{}",
        body="{}",
        repeat="at_least_once",
        key="left-behind",
        at=act.at,
    )
    (waiting,) = await outbox.list_in_state(act.unit, "waiting", 1)
    taken = await outbox.take(act.unit, waiting.id, act.at)
    assert taken is not None
    await outbox.settle(
        act.unit, taken, "given_up", next_at=act.at, settled_at=act.at, error="no_such_user"
    )
    arrival = await inbound.add(act.unit, "dingtalk", "poisoned", "{}", act.at)
    assert arrival is not None
    await inbound.fail(act.unit, arrival, "cannot_read", act.at, poison=True)


async def test_what_did_not_arrive_is_listed_and_tried_again(world: World):
    await _leave_behind(world.desk)
    admin = await world.signed_in(ADMINISTRATOR)
    (delivery,) = (await admin.get("/api/v1/deliveries")).json()
    assert (delivery["error"], delivery["state"]) == ("no_such_user", "given_up")
    path = f"/api/v1/deliveries/{delivery['id']}/retry"
    assert (await admin.post(path)).status_code == 204
    assert (await admin.post(path)).json()["error"] == "unknown_delivery"
    assert (await admin.get("/api/v1/deliveries")).json() == []

    (arrival,) = (await admin.get("/api/v1/arrivals")).json()
    assert arrival["error"] == "cannot_read"
    path = f"/api/v1/arrivals/{arrival['id']}/replay"
    assert (await admin.post(path)).status_code == 204
    assert (await admin.post(path)).json()["error"] == "unknown_inbound"


@pytest.mark.parametrize(
    ("field", "value"),
    [("zone", "Mars/Base"), ("zone", ""), ("quiet_close_hours", 10**12), ("quiet_close_hours", 0)],
)
async def test_a_profile_that_would_stop_the_desk_is_refused_by_field(
    world: World, field: str, value: object
) -> None:
    admin = await world.signed_in(ADMINISTRATOR)
    known = (await admin.get("/api/v1/configuration/profile/firm")).json()
    wanted = {"doc": known["doc"] | {field: value}, "seen_version": known["version"]}
    refused = await admin.put("/api/v1/configuration/profile/firm", json=wanted)
    assert refused.status_code == 422
    assert any(field in name for name in refused.json()["fields"]), refused.text


async def test_the_versions_of_a_thing_tell_who_saved_them(world: World):
    admin = await world.signed_in(ADMINISTRATOR)
    path = "/api/v1/configuration/profile/firm"
    for hours in (48, 24):
        known = (await admin.get(path)).json()
        wanted = known["doc"] | {"quiet_close_hours": hours}
        body = {"doc": wanted, "seen_version": known["version"]}
        assert (await admin.put(path, json=body)).status_code == 200
    newest, earlier, *_ = (await admin.get(f"{path}/versions")).json()
    assert newest["version"] == earlier["version"] + 1
    assert (newest["by"], newest["doc"]["quiet_close_hours"]) == (ADMINISTRATOR, 24)
    assert earlier["doc"]["quiet_close_hours"] == 48
    before = (await admin.get(f"{path}/versions?before={newest['version']}")).json()
    assert before[0] == earlier
    assert (await admin.get("/api/v1/configuration/profile/none/versions")).status_code == 404


async def test_a_channels_trouble_is_told_in_words(connectable: World):
    admin = await connectable.signed_in(ADMINISTRATOR)
    by = Actor("staff", connectable.staff_ids[ADMINISTRATOR])
    await administration.save_channel(
        connectable.desk, by, "dingtalk", {"client_id": "x"}, None, enabled=True
    )
    connectable.desk.troubles = {"dingtalk": "wrong_key"}
    shown, *_others = (await admin.get("/api/v1/channels")).json()
    assert (shown["state"], shown["trouble"]) == ("trouble", "wrong_key")
    assert "重新填写" in shown["advice"]
    connectable.desk.troubles = {"dingtalk": "bad_setting:client_id"}
    shown, *_others = (await admin.get("/api/v1/channels")).json()
    assert "client_id" in shown["advice"]
    connectable.desk.troubles = {}
    crashed = LoopHealth(
        state="pausing", since_at=connectable.clock.now(), crashes=1, incident="i-7"
    )
    connectable.desk.loops = {"receiver:dingtalk": crashed}
    shown, *_others = (await admin.get("/api/v1/channels")).json()
    assert (shown["state"], shown["trouble"]) == ("trouble", "crashed")
    assert "i-7" in shown["advice"]
