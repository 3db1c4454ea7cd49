"""WeCom by a self-built app: real workers, real callbacks over HTTP, the platform rehearsed."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from server.domain.commands import Assign
from server.usecases import reading
from tests.support.chat_stage import WeComAppStage
from tests.support.world import ADMINISTRATOR, SOON, World

pytestmark = pytest.mark.anyio

SEND = "/cgi-bin/message/send"
UNSEALED = b"<xml><Encrypt>A</Encrypt></xml>"


@pytest.fixture
async def stage(tmp_path: Path):
    async with World(tmp_path) as world:
        await world.set_up()
        ready = WeComAppStage(world)
        await ready.connect()
        yield ready
    await ready.stop()


def state_of(stage: WeComAppStage) -> tuple[str, str]:
    connection = stage.world.desk.connections["wecom_app"]
    return connection.state, connection.trouble


async def test_a_ticket_lives_its_life_in_a_chat_with_the_app(stage: WeComAppStage) -> None:
    number = (await stage.world.file("打印机卡纸", "三楼")).number
    assert f"#{number} 打印机卡纸" in await stage.say("李工", "待接单")
    assert f"你已接单\uff1a#{number}" in await stage.say("李工", f"接单 {number}")
    assert "已回复客户" in await stage.say("李工", f"回复 {number} 马上到\n李工")
    assert "等客户确认" in await stage.say("李工", f"解决 {number} 换了搓纸轮")
    (claimed,) = [one for one in await stage.world.events(number) if one.via == "wecom_app"][:1]
    assert claimed.actor.kind == "staff"


async def test_somebody_who_never_wrote_is_told_of_his_ticket_first(stage: WeComAppStage) -> None:
    number = (await stage.world.file("打印机卡纸", "三楼")).number
    li = stage.world.staff_ids["李工"]
    await stage.world.perform(ADMINISTRATOR, Assign(ticket=number, staff=li))
    await stage.world.at_rest()
    (told,) = stage.told("李工")
    assert f"#{number} 打印机卡纸" in told
    assert "**" not in told  # plain words: WeChat draws no markdown


async def test_a_call_that_comes_twice_is_one_line(stage: WeComAppStage) -> None:
    number = (await stage.world.file("打印机卡纸", "三楼")).number
    stage.sim.faults.duplicate_next = 1
    line = stage.begin("李工", f"接单 {number}")
    await stage.settled(line)
    assert line.statuses == [200, 200]
    assert len(stage.answers(line)) == 1


async def test_a_press_in_the_menu_says_its_name(stage: WeComAppStage) -> None:
    (app,) = stage.sim.apps.values()
    assert [one["name"] for one in app.menu] == ["待接单", "我的", "更多"]
    for key in ("我的", "帮助", "值班", "下班"):
        line = stage.chat.people["李工"].presses_menu(key)
        await stage.settled(line)
        assert len(stage.answers(line)) == 1, key
    again = stage.chat.people["李工"].presses_menu("我的")  # in the same second, and no repetition
    other = stage.chat.people["李工"].presses_menu("待接单")
    await stage.settled(again, other)


async def test_events_that_say_nothing_are_acknowledged(stage: WeComAppStage) -> None:
    fields = {"MsgType": "event", "Event": "enter_agent", "EventKey": ""}
    line = stage.sim.call_back(stage.chat.people["李工"], fields, "", message=False)
    await stage.settled(line)
    assert (line.statuses, stage.answers(line)) == ([200], [])


@pytest.mark.parametrize(
    ("wrong", "trouble"),
    [
        ({"token": "another"}, "wecom_app_token"),
        ({"aes_key": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"}, "wecom_app_key"),
    ],
    ids=["token", "key"],
)
async def test_the_wrong_value_is_named_while_wecom_is_being_set_up(
    tmp_path: Path, wrong: dict[str, str], trouble: str
) -> None:
    async with World(tmp_path) as world:
        await world.set_up()
        stage = WeComAppStage(world)
        stage.url = await stage.sim.start()
        stage.sim.add_app(stage.doc["corp_id"], int(stage.doc["app_id"]), "appsecret")
        await stage.save()
        await world.at_rest()
        assert not await stage.calls_back(**wrong)
        assert state_of(stage) == ("trouble", trouble)
        assert await stage.calls_back()
        assert state_of(stage) == ("connected", "")
        assert not await stage.calls_back(**wrong)  # no news once genuine calls have come
        assert state_of(stage) == ("connected", "")
    await stage.stop()


async def test_the_address_to_be_trusted_is_shown(stage: WeComAppStage) -> None:
    stage.sim.faults.untrusted = "203.0.113.9"
    await stage.settled(stage.begin("李工", "我的"))
    assert state_of(stage) == ("trouble", "wecom_app_address:203.0.113.9")
    admin = await stage.world.signed_in(ADMINISTRATOR)
    shown = {one["kind"]: one for one in (await admin.get("/api/v1/channels")).json()}
    assert "203.0.113.9" in shown["wecom_app"]["advice"]
    stage.sim.faults.untrusted = ""
    await stage.world.clock.advance(timedelta(minutes=31))
    assert state_of(stage) == ("connected", "")


async def test_a_withdrawn_token_is_fetched_again_once(stage: WeComAppStage) -> None:
    stage.sim.withdraw_token()
    assert "接单" in await stage.say("李工", "帮助")
    assert [path for path, _ in stage.sim.calls].count(SEND) == 2


@pytest.mark.parametrize("code", [45009, -1], ids=["too often", "busy"])
async def test_what_was_refused_for_now_is_sent_later(stage: WeComAppStage, code: int) -> None:
    stage.sim.faults.answer_next(SEND, code)
    line = stage.begin("李工", "我的")
    await stage.settled(line)
    assert stage.answers(line) == []
    await stage.world.clock.advance(timedelta(minutes=2))
    assert len(stage.answers(line)) == 1


async def test_more_than_a_member_takes_waits_its_turn(stage: WeComAppStage) -> None:
    lines = [stage.begin("李工", "我的") for _ in range(34)]
    await stage.settled(*lines)
    assert len(stage.told("李工")) == 30
    await stage.world.clock.advance(timedelta(minutes=2))
    assert len(stage.told("李工")) == 34


async def test_who_left_the_visible_range_is_shown_as_not_reached(stage: WeComAppStage) -> None:
    del stage.sim.people["w002"]
    number = (await stage.world.file("打印机卡纸", "三楼")).number
    li = stage.world.staff_ids["李工"]
    await stage.world.perform(ADMINISTRATOR, Assign(ticket=number, staff=li))
    await stage.world.at_rest()
    lost = await reading.list_deliveries(stage.world.desk, "given_up", 10)
    assert ("wecom_app", "assigned", "unreachable") in [
        (one.channel, one.kind, one.error) for one in lost
    ]


async def test_a_picture_can_be_fetched_while_wecom_keeps_it(stage: WeComAppStage) -> None:
    line = stage.chat.people["李工"].sends_picture(b"\xff\xd8picture")
    await stage.settled(line)
    assert line.statuses == [200]


async def test_only_genuine_calls_are_taken(stage: WeComAppStage) -> None:
    address = f"{await stage.world.url()}/callbacks/wecom_app"
    query = {"msg_signature": "0" * 40, "timestamp": "1", "nonce": "2"}
    async with httpx.AsyncClient(trust_env=False, timeout=SOON) as client:
        forged = await client.get(address, params=query | {"echostr": "AAAA"})
        assert (forged.status_code, forged.json()["facts"]) == (403, {"why": "signature"})
        for body in (
            b"",
            b"<xml",
            b"\xff\xfe",
            b"<!DOCTYPE x><xml/>",
            b"<xml><Encrypt>A</Encrypt></xml>",
        ):
            refused = await client.post(address, params=query, content=body)
            assert refused.status_code == 403, body
        assert (await client.post(address, content=b"<xml/>")).status_code == 403
        assert (await client.get(address.replace("_app", ""))).status_code == 404
        assert (await client.post(address.replace("wecom_app", "nobody"))).status_code == 404
        answers = [client.post(address, params=query, content=b"<xml/>") for _ in range(80)]
        statuses = [one.status_code for one in await asyncio.gather(*answers)]
    assert set(statuses) == {403, 429}  # guessing is slowed down
    assert "接单" in await stage.say("李工", "帮助")  # genuine ones never


async def test_an_old_copy_of_a_genuine_call_is_refused(stage: WeComAppStage) -> None:
    (app,) = stage.sim.apps.values()
    assert app.envelope is not None
    old = str(int(stage.world.clock.now().timestamp()) - 8000)
    sealed = app.envelope.seal("word", old, "n", b"0123456789abcdef")
    query = {"msg_signature": sealed.signature, "timestamp": old, "nonce": "n"}
    async with httpx.AsyncClient(trust_env=False) as client:
        refused = await client.get(app.callback_url, params=query | {"echostr": sealed.text})
    assert (refused.status_code, refused.json()["facts"]) == (403, {"why": "timestamp"})


async def test_the_domain_is_proved_by_the_file_of_the_settings(stage: WeComAppStage) -> None:
    await stage.save(doc={"proof": "aB3dE5fG7hJ9kL1m"})
    await stage.world.at_rest()
    async with httpx.AsyncClient(trust_env=False, base_url=await stage.world.url()) as client:
        shown = await client.get("/WW_verify_aB3dE5fG7hJ9kL1m.txt")
        assert (shown.status_code, shown.text) == (200, "aB3dE5fG7hJ9kL1m")
        assert (await client.get("/WW_verify_other.txt")).status_code == 404


async def test_inside_wecom_nobody_is_asked_for_a_password(stage: WeComAppStage) -> None:
    url = await stage.world.url()
    async with httpx.AsyncClient(trust_env=False, base_url=url) as browser:
        left = await browser.get("/chat-sign-in/wecom_app", params={"to": "/console/tickets/1"})
        way = httpx.URL(left.headers["location"])
        assert (left.status_code, way.host) == (302, "open.weixin.qq.com")
        assert str(way).endswith("#wechat_redirect")
        asked = way.params
        assert (asked["appid"], asked["scope"]) == (stage.doc["corp_id"], "snsapi_base")
        back = asked["redirect_uri"].removeprefix(url)
        code = stage.sim.sign_in_code("w002")
        come = await browser.get(back, params={"code": code, "state": asked["state"]})
        assert (come.status_code, come.headers["location"]) == (302, "/console/tickets/1")
        me = (await browser.get("/api/v1/session")).json()["me"]
        assert me["name"] == "李工"
        again = await browser.get("/chat-sign-in/wecom_app", params={"to": "/console/tickets/2"})
        assert again.headers["location"] == "/console/tickets/2"


@pytest.mark.parametrize(
    ("account", "state", "refused"),
    [
        ("w002", "another browser's", "not_vouched_for"),
        ("outsider", None, "unbound_account"),
        ("w009", None, "unbound_account"),
        (None, None, "not_vouched_for"),
    ],
    ids=["state", "outsider", "unbound", "code"],
)
async def test_who_is_not_vouched_for_is_not_signed_in(
    stage: WeComAppStage, account: str | None, state: str | None, refused: str
) -> None:
    stage.sim.person("w009", "新人")
    async with httpx.AsyncClient(trust_env=False, base_url=await stage.world.url()) as browser:
        left = await browser.get("/chat-sign-in/wecom_app")
        asked = httpx.URL(left.headers["location"]).params
        code = stage.sim.sign_in_code(account) if account is not None else "over"
        query = {"code": code, "state": state or asked["state"]}
        come = await browser.get("/chat-sign-in/wecom_app/back", params=query)
        assert (come.status_code, come.json()["error"]) == (403, refused)
        assert (await browser.get("/api/v1/session")).json()["me"] is None


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example",
        "/console/\\evil",
        "/api/v1/session",
        "/console/ x",
    ],
)
async def test_nobody_is_led_to_another_site(stage: WeComAppStage, to: str) -> None:
    async with httpx.AsyncClient(trust_env=False, base_url=await stage.world.url()) as browser:
        left = await browser.get("/chat-sign-in/wecom_app", params={"to": to})
        asked = httpx.URL(left.headers["location"]).params
        query = {"code": stage.sim.sign_in_code("w002"), "state": asked["state"]}
        come = await browser.get("/chat-sign-in/wecom_app/back", params=query)
        assert come.headers["location"] == "/console/"
