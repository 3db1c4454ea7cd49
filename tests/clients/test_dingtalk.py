"""The DingTalk client against the rehearsal: what arrives, and what every refusal is called."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest

from server.clients import Ambiguous, Permanent, Trouble, TryLater
from server.clients.dingtalk import DingTalk, Markdown, Text, mentioning, sign
from server.clients.dingtalk_errors import ADVICE, read_trouble
from tests.support.dingtalk_stage import START, Stage, staged

pytestmark = pytest.mark.anyio

OTO = "/v1.0/robot/oToMessages/batchSend"
GROUP = "/v1.0/robot/groupMessages/send"
HOUR = timedelta(hours=1)
SECRET = "SECsim000"


@pytest.fixture
async def stage():
    async with staged() as ready:
        yield ready


def paths(stage: Stage) -> list[str]:
    return [call.path for call in stage.sim.calls]


async def test_a_message_reaches_people_and_the_others_are_named(stage: Stage) -> None:
    stage.sim.faults.flow_controlled.add("u002")
    sent = await stage.client.send_to_people(
        "dingapp", ["u001", "u002", "u404"], Markdown("新工单", "### #12 空调")
    )
    assert (sent.unreachable, sent.slowed) == (["u404"], ["u002"])
    (seen,) = stage.li.private_messages
    assert (seen.title, seen.text, seen.ref) == ("新工单", "### #12 空调", sent.ref)
    assert stage.zhao.private_messages == []
    assert stage.metered == [("api", 1)]  # the token is free


async def test_a_group_message_wakes_nobody(stage: Stage) -> None:
    ref = await stage.client.send_to_group("dingapp", stage.group.id, Text("@u001 看一下"))
    (seen,) = stage.group.messages
    assert (seen.text, seen.mentions, seen.ref) == ("@u001 看一下", [], ref)


async def test_a_session_answer_wakes_who_is_listed_and_present(stage: Stage) -> None:
    line = stage.li.says("@派单 待接单", in_=stage.group)
    webhook = line.pushes[0].data["sessionWebhook"]
    await stage.client.answer_session(webhook, Text("#12 归你"), ["u001", "u404"])
    await stage.client.answer_session(webhook, Markdown("待接单", "- #12"), ["u002"])
    first, second = stage.group.messages[1:]
    assert (first.text, first.mentions) == ("#12 归你 @李工 @u404", ["u001"])
    assert (second.kind, second.text, second.mentions) == ("markdown", "- #12 @小赵", ["u002"])
    assert stage.metered == [("stream", 1), ("stream", 1)]


async def test_a_session_ends_after_ninety_minutes(stage: Stage) -> None:
    webhook = stage.li.says("我的").pushes[0].data["sessionWebhook"]
    await stage.clock.advance(timedelta(minutes=90))
    await stage.client.answer_session(webhook, Text("在"))
    await stage.clock.advance(timedelta(seconds=1))
    with pytest.raises(Permanent) as over:
        await stage.client.answer_session(webhook, Text("晚了"))
    assert over.value.code == "300001"


async def test_a_session_webhook_of_another_host_is_not_asked(stage: Stage) -> None:
    for webhook in [
        "https://evil.example/robot",
        "http://api.dingtalk.com/x",
        "http://127.0.0.1:9/",
    ]:
        with pytest.raises(Permanent) as refused:
            await stage.client.answer_session(webhook, Text("x"))
        assert refused.value.code == "address_refused"


async def test_one_token_serves_all_until_five_minutes_before_its_end(stage: Stage) -> None:
    client, count = stage.client, lambda: paths(stage).count("/v1.0/oauth2/accessToken")
    await asyncio.gather(*(client.read_token() for _ in range(5)))
    await client.send_to_group("dingapp", stage.group.id, Text("1"))
    assert count() == 1
    await stage.clock.advance(timedelta(minutes=114, seconds=59))
    await client.read_token()
    assert count() == 1
    await stage.clock.advance(timedelta(seconds=1))
    await client.read_token()
    assert count() == 2


async def test_a_token_that_was_revoked_is_fetched_once_more(stage: Stage) -> None:
    await stage.client.read_token()
    stage.app.token = "revoked"
    await stage.client.send_to_group("dingapp", stage.group.id, Text("新令牌"))
    assert [seen.text for seen in stage.group.messages] == ["新令牌"]
    body = {"code": "InvalidAuthentication", "message": "不合法的access_token"}
    for _ in range(2):
        stage.sim.faults.answer_next(GROUP, 401, dict(body))
    with pytest.raises(Permanent) as refused:
        await stage.client.send_to_group("dingapp", stage.group.id, Text("x"))
    assert refused.value.code == "InvalidAuthentication"


async def test_a_wrong_secret_is_permanent(stage: Stage) -> None:
    client = DingTalk(
        stage.http,
        stage.clock,
        client_id="dingapp",
        client_secret="wrong",
        api_url=stage.urls.api_url,
    )
    with pytest.raises(Permanent) as refused:
        await client.read_token()
    assert ADVICE[refused.value.code] == "credentials"


@pytest.mark.parametrize(
    ("chat", "code"),
    [("cidNowhere==", "invalid.openConversationId"), ("", "miss.param.openConversationId")],
)
async def test_an_unknown_group_is_permanent(stage: Stage, chat: str, code: str) -> None:
    with pytest.raises(Permanent) as refused:
        await stage.client.send_to_group("dingapp", chat, Text("x"))
    assert refused.value.code == code


async def test_groups_without_the_robot_and_disbanded_ones_are_permanent(stage: Stage) -> None:
    strangers = stage.sim.group("别的群", members=[stage.li], robots=[])
    with pytest.raises(Permanent) as refused:
        await stage.client.send_to_group("dingapp", strangers.id, Text("x"))
    assert refused.value.code == "resource.not.found"
    stage.group.disbanded = True
    with pytest.raises(Permanent) as refused:
        await stage.client.send_to_group("dingapp", stage.group.id, Text("x"))
    assert refused.value.code == "group.disbanded"


async def test_nobody_known_an_empty_text_and_a_long_one(stage: Stage) -> None:
    for people, message, code in [
        (["u404"], Text("x"), "staffId.notExisted"),
        (["u009"], Text("x"), "staffId.notExisted"),
        (["u001"], Text(""), "miss.param.content"),
        (["u001"], Markdown("", "x"), "miss.param.title"),
        (["u001"], Text("派" * 5001), "too_long"),
    ]:
        with pytest.raises(Permanent) as refused:
            await stage.client.send_to_people("dingapp", people, message)
        assert refused.value.code == code
    for people in ([], [f"u{n}" for n in range(21)]):
        with pytest.raises(ValueError, match="20 people"):
            await stage.client.send_to_people("dingapp", people, Text("x"))


async def test_a_gateway_timeout_is_ambiguous_and_may_have_acted(stage: Stage) -> None:
    stage.sim.faults.time_out_next(GROUP, acted=True)
    with pytest.raises(Ambiguous):
        await stage.client.send_to_group("dingapp", stage.group.id, Text("到了"))
    assert [seen.text for seen in stage.group.messages] == ["到了"]
    stage.sim.faults.time_out_next(OTO)
    with pytest.raises(Ambiguous):
        await stage.client.send_to_people("dingapp", ["u001"], Text("没到"))
    assert stage.li.private_messages == []


async def test_qps_is_waited_out_and_costs_nothing(stage: Stage) -> None:
    stage.sim.faults.hurry_next(GROUP)
    with pytest.raises(TryLater) as refused:
        await stage.client.send_to_group("dingapp", stage.group.id, Text("x"))
    assert refused.value.after >= timedelta(seconds=1)
    assert stage.metered == []


async def test_an_ip_ban_is_waited_out_for_five_minutes(stage: Stage) -> None:
    stage.sim.faults.ban_next(GROUP)
    with pytest.raises(TryLater) as refused:
        await stage.client.send_to_group("dingapp", stage.group.id, Text("x"))
    assert (refused.value.code, refused.value.after) == ("ip_flood", timedelta(minutes=5))


async def test_a_spent_quota_is_permanent_on_both_meters(stage: Stage) -> None:
    webhook = stage.li.says("我的").pushes[0].data["sessionWebhook"]
    stage.sim.budget.api_limit = stage.sim.budget.stream_limit = 0
    for call in (
        stage.client.send_to_group("dingapp", stage.group.id, Text("x")),
        stage.client.answer_session(webhook, Text("x")),
    ):
        with pytest.raises(Permanent) as refused:
            await call
        assert ADVICE[refused.value.code] == "quota"


async def test_the_sixth_call_within_a_second_waits_for_the_clock(stage: Stage) -> None:
    async def send(number: int) -> None:
        await stage.client.send_to_group("dingapp", stage.group.id, Text(str(number)))

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        for number in range(6):
            tasks.create_task(send(number))
        await stage.sim.until(lambda: len(stage.group.messages) == 5)
        await stage.activity.at_rest()
        assert len(stage.group.messages) == 5
        await stage.clock.advance(timedelta(seconds=1))
    assert len(stage.group.messages) == 6


async def test_a_custom_robot_takes_signed_messages_once_per_key(stage: Stage) -> None:
    robot = stage.sim.custom_robot(stage.group, secret=SECRET, keywords=("工单",))
    send = stage.client.send_to_custom_robot
    for _ in range(2):
        await send(robot.token, Text("工单 #12"), secret=SECRET, at_ids=["u001"], key="k1")
    (seen,) = stage.group.messages
    assert (seen.text, seen.mentions) == ("工单 #12 @李工", ["u001"])
    for text, secret in [("工单", "SECwrong"), ("工单", None), ("别的", "SECsim000")]:
        with pytest.raises(Permanent) as refused:
            await send(robot.token, Text(text), secret=secret)
        assert refused.value.code == "310000"
    with pytest.raises(Permanent) as refused:
        await send("unknown", Text("工单"))
    assert refused.value.code == "400101"
    with pytest.raises(Permanent) as refused:
        await send(robot.token, Text("工单" * 5000), secret=SECRET)
    assert refused.value.code == "too_long"


async def test_a_lost_answer_of_a_keyed_message_may_be_repeated(stage: Stage) -> None:
    robot = stage.sim.custom_robot(stage.group)
    stage.sim.faults.time_out_next("/robot/send", acted=True)
    with pytest.raises(TryLater):
        await stage.client.send_to_custom_robot(robot.token, Text("一次"), key="k")
    await stage.client.send_to_custom_robot(robot.token, Text("一次"), key="k")
    assert [seen.text for seen in stage.group.messages] == ["一次"]
    stage.sim.faults.time_out_next("/robot/send")
    with pytest.raises(Ambiguous):
        await stage.client.send_to_custom_robot(robot.token, Text("无键"))


async def test_the_twenty_first_robot_message_of_a_minute_waits(stage: Stage) -> None:
    robot = stage.sim.custom_robot(stage.group)
    for number in range(20):
        await stage.client.send_to_custom_robot(robot.token, Text(str(number)))
    with pytest.raises(TryLater) as refused:
        await stage.client.send_to_custom_robot(robot.token, Text("20"))
    assert refused.value.after == timedelta(minutes=1)
    assert paths(stage).count("/robot/send") == 20
    other = DingTalk(
        stage.http,
        stage.clock,
        client_id="dingapp",
        client_secret="secret",
        oapi_url=stage.urls.oapi_url,
    )
    for _ in range(2):  # a client that does not count silences the robot for ten minutes
        with pytest.raises(TryLater) as refused:
            await other.send_to_custom_robot(robot.token, Text("20"))
        assert refused.value.code == "410100"
        await stage.clock.advance(timedelta(minutes=5))
    await other.send_to_custom_robot(robot.token, Text("又好了"))


async def test_a_file_is_fetched_while_its_code_lives(stage: Stage) -> None:
    line = stage.li.sends_file("日志.txt", b"log")
    code = line.pushes[0].data["content"]["downloadCode"]
    assert await stage.client.download_file("dingapp", code) == b"log"
    with pytest.raises(Permanent) as refused:
        await stage.client.download_file("dingother", code)
    assert refused.value.code == "invalidParameter.robotCode.auth"
    await stage.clock.advance(HOUR + timedelta(seconds=1))
    with pytest.raises(Permanent) as refused:
        await stage.client.download_file("dingapp", code)
    assert refused.value.code == "invalidParameter.robotCode.downloadCode"


async def test_a_signature_matches_the_published_vector() -> None:
    at = datetime.fromtimestamp(1700000000, UTC)
    assert sign("SECsim000", at) == {
        "timestamp": "1700000000000",
        "sign": "ahlEgH1r4QoWR/kcVyyIv95nuqwOApBLojn1OQ8e//w=",
    }
    assert len(base64.b64decode(sign("s", START)["sign"])) == 32


async def test_a_mention_is_written_once() -> None:
    assert mentioning(Text("@u001 好"), ["u001"]) == Text("@u001 好")
    assert mentioning(Markdown("t", "好"), ["a", "b"]) == Markdown("t", "好 @a @b")


def told(status: int, code: str) -> tuple[int, dict[str, object]]:
    return status, {"code": code, "requestid": "r", "message": "m"}


FORBIDDEN = "Forbidden.AccessDenied."


@pytest.mark.parametrize(
    ("status", "answer", "kind", "code"),
    [
        pytest.param(200, {"errcode": 0}, None, "", id="old success"),
        pytest.param(200, {"errcode": "0"}, None, "", id="old success, as a string"),
        pytest.param(200, {"processQueryKey": "k"}, None, "", id="new success"),
        *[
            pytest.param(*told(403, FORBIDDEN + name), kind, FORBIDDEN + name, id=name)
            for name, kind in [
                ("QpsLimitForAppkeyAndApi", TryLater),
                ("QpmLimitForAppkeyAndApi", TryLater),
                ("QpsLimitForApi", TryLater),
                ("ApiCountLimitForOrg", Permanent),
                ("AccessTokenPermissionDenied", Permanent),
                ("IpNotInWhiteList", Permanent),
            ]
        ],
        *[
            pytest.param(*told(status, code), kind, code, id=code)
            for status, code, kind in [
                (400, "send.too.fast", TryLater),
                (400, "too.many.people", TryLater),
                (400, "bot.stopped", Permanent),
                (400, "contain.unsafe.url", Permanent),
                (401, "authFailed", Permanent),
                (403, "orgAuthLevelNotEnough", Permanent),
                (500, "system.error", Ambiguous),
                (500, "unknown.send.result", Ambiguous),
            ]
        ],
        *[
            pytest.param(200, {"errcode": code, "errmsg": "m"}, kind, str(code), id=f"old {code}")
            for code, kind in [
                (90018, TryLater),
                (90002, TryLater),
                (-1, TryLater),
                (410100, TryLater),
                (130101, TryLater),
                (90020, Permanent),
                (60011, Permanent),
                (60020, Permanent),
                (310000, Permanent),
                (300001, Permanent),
                (40014, Permanent),
                (15, Ambiguous),
                (88, Ambiguous),
            ]
        ],
        pytest.param(200, {"errcode": 88, "sub_code": "40014"}, Permanent, "40014", id="wrapped"),
        pytest.param(200, {"status": 1111, "wait": 5}, TryLater, "ip_flood", id="ban"),
        pytest.param(200, None, TryLater, "http_200", id="ban page"),
        pytest.param(504, None, Ambiguous, "http_504", id="gateway timeout"),
        pytest.param(502, {}, Ambiguous, "http_502", id="bad gateway, empty object"),
        pytest.param(401, {}, Permanent, "InvalidAuthentication", id="bare 401"),
        pytest.param(404, {}, Permanent, "http_404", id="bare 404"),
        pytest.param(429, {}, TryLater, "http_429", id="bare 429"),
    ],
)
async def test_what_an_answer_means(
    status: int, answer: object, kind: type[Trouble] | None, code: str
) -> None:
    trouble = read_trouble(status, answer, repeatable=False)
    assert type(trouble) is (kind or type(None))
    assert trouble is None or trouble.code == code
    if isinstance(trouble, TryLater):
        assert trouble.after >= timedelta(seconds=1)
    if kind is Ambiguous:
        assert isinstance(read_trouble(status, answer, repeatable=True), TryLater)
