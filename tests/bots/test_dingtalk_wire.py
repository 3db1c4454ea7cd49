"""DingTalk's Stream: the rehearsal against the unmodified package and our receiver."""

import asyncio
import json
import logging
from datetime import timedelta

import dingtalk_stream
import pytest
from aiohttp import web
from dingtalk_stream import AckMessage, CallbackHandler, Credential, DingTalkStreamClient

from bots.dingtalk.stream import ROBOT_TOPIC, ChatLine, Receiver
from server.activity import Activity
from server.clients import Permanent
from server.clients.dingtalk import Text
from server.clients.http import Http
from server.clock import SystemClock
from tests.support.dingtalk_stage import SOON, START, Ledger, Stage, staged

pytestmark = pytest.mark.anyio

MINUTE = timedelta(seconds=60)


@pytest.fixture
async def stage():
    async with staged() as ready:
        yield ready


@pytest.fixture
async def impatient_stage():
    """Here a mute client counts as at rest after a moment: for lines never acknowledged."""
    async with staged(silence=timedelta(milliseconds=20)) as ready:
        yield ready


class Plain(CallbackHandler):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    async def process(self, message):
        self.heard.append(message.data["text"]["content"])
        return AckMessage.STATUS_OK, "OK"


async def test_the_unmodified_package_connects_hears_and_acknowledges(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        DingTalkStreamClient,
        "OPEN_CONNECTION_API",
        f"{stage.urls.api_url}/v1.0/gateway/connections/open",
    )
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    client = DingTalkStreamClient(
        Credential("dingapp", "secret"), logger=logging.getLogger("test.plain")
    )
    plain = Plain()
    client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, plain)
    async with asyncio.timeout(SOON), asyncio.TaskGroup() as tasks:
        tasks.create_task(client.start())
        await stage.sim.until(lambda: len(stage.sim.connections) == 1)
        line = stage.li.says("@派单 待接单", in_=stage.group)
        frame = stage.sim.connections[0].ping("hello")
        await stage.sim.until(lambda: line.acked and frame in stage.sim.acks)
        await client.stop()
    assert plain.heard == [" 待接单"]
    assert line.pushes[0].ack is not None
    assert line.pushes[0].ack.data == {"response": "OK"}
    assert stage.sim.acks[frame].data == {"opaque": "hello"}


async def test_a_line_is_durable_before_it_is_acknowledged(stage: Stage) -> None:
    order: list[str] = []
    written, go = asyncio.Event(), asyncio.Event()

    async def accept(_line: ChatLine) -> None:
        written.set()
        await go.wait()
        order.append("durable")

    async with stage.receiving(accept):
        line = stage.li.says("我的")
        async with asyncio.timeout(SOON):
            await written.wait()
        assert stage.activity.tokens > 0
        frame = stage.sim.connections[0].ping()
        await stage.until(lambda: frame in stage.sim.acks)  # the wire is quick, yet:
        assert not line.acked
        go.set()
        await stage.until(lambda: line.acked)
        order.append("acknowledged")
    assert order == ["durable", "acknowledged"]
    assert line.pushes[0].ack is not None
    assert line.pushes[0].ack.data == {"response": None}
    assert stage.metered == [("stream", 1)]
    assert stage.activity.tokens == 0


async def test_a_line_that_could_not_be_kept_comes_again(impatient_stage: Stage) -> None:
    stage, ledger = impatient_stage, Ledger(refuses=1)
    async with stage.receiving(ledger.accept) as receiver:
        line = stage.li.says("@派单 接单 12", in_=stage.group)
        await stage.clock.advance(MINUTE - timedelta(seconds=1))
        assert (len(ledger.lines), line.acked) == (1, False)
        await stage.clock.advance(timedelta(seconds=1))
        await stage.until(lambda: line.acked)
        assert [kept.key for kept in ledger.lines] == [line.seen.id] * 2
        assert receiver.reconnects == 0
        await stage.clock.advance(MINUTE * 3)
    assert len(ledger.lines) == 2


async def test_a_line_that_nobody_can_keep_is_given_up(impatient_stage: Stage) -> None:
    stage, ledger = impatient_stage, Ledger(refuses=99)
    async with stage.receiving(ledger.accept):
        stage.li.says("我的")
        await stage.clock.advance(MINUTE * 10)
    assert len(ledger.lines) == 3


async def test_a_line_pushed_twice_carries_one_key(stage: Stage) -> None:
    ledger = Ledger()
    stage.sim.faults.duplicate_next = 1
    async with stage.receiving(ledger.accept):
        line = stage.li.says("我的")
        await stage.until(lambda: len(stage.sim.acks) == 2)
    assert [kept.key for kept in ledger.lines] == [line.seen.id] * 2


async def test_lines_may_overtake_each_other_or_come_late(stage: Stage) -> None:
    ledger = Ledger()
    async with stage.receiving(ledger.accept):
        stage.sim.faults.hold_next = 1
        first, second = stage.li.says("一"), stage.li.says("二")
        await stage.until(lambda: first.acked and second.acked)
        stage.sim.faults.delay = timedelta(seconds=30)
        late = stage.li.says("三")
        await stage.clock.advance(timedelta(seconds=29))
        assert not late.acked
        await stage.clock.advance(timedelta(seconds=1))
        await stage.until(lambda: late.acked)
    assert [kept.text for kept in ledger.lines] == ["二", "一", "三"]


async def test_lines_without_a_connection_are_lost_and_the_gap_is_known(stage: Stage) -> None:
    ledger = Ledger()
    async with stage.receiving(ledger.accept) as receiver:
        first = stage.li.says("早")
        await stage.until(lambda: first.acked)
        assert receiver.connected_at == START
        stage.sim.faults.gateway_refuses = 2
        stage.sim.connections[0].abort()
        await stage.until(lambda: not stage.sim.connections)
        lost = stage.li.says("听得到吗")
        await stage.until(lambda: len(stage.sim.connections) == 1)
        heard = stage.li.says("现在呢")
        await stage.until(lambda: heard.acked)
        assert receiver.reconnects == 1
        assert [(gap.started_at, gap.ended_at) for gap in receiver.gaps] == [(START, START)]
    assert lost.pushes[0].lost
    assert [kept.text for kept in ledger.lines] == ["早", "现在呢"]


async def test_a_line_being_kept_when_the_socket_breaks_is_kept(stage: Stage) -> None:
    kept: list[str] = []
    begun, go = asyncio.Event(), asyncio.Event()

    async def accept(line: ChatLine) -> None:
        begun.set()
        await go.wait()
        kept.append(line.key)

    async with stage.receiving(accept):
        line = stage.li.says("我的")
        async with asyncio.timeout(SOON):
            await begun.wait()
        old = stage.sim.connections[0]
        old.abort()
        await stage.until(lambda: [c for c in stage.sim.connections if c is not old] != [])
        go.set()
        await stage.activity.at_rest()
        assert (kept, line.acked) == ([line.seen.id], False)
        await stage.clock.advance(MINUTE)
        await stage.until(lambda: line.acked)
    assert kept == [line.seen.id] * 2


async def test_a_line_may_be_lost_on_the_way(stage: Stage) -> None:
    ledger = Ledger()
    async with stage.receiving(ledger.accept):
        stage.sim.faults.lose_next = 1
        lost, heard = stage.li.says("一"), stage.li.says("二")
        await stage.until(lambda: heard.acked)
    assert lost.pushes[0].lost
    assert [kept.text for kept in ledger.lines] == ["二"]


async def test_asked_to_move_the_receiver_comes_back(stage: Stage) -> None:
    ledger = Ledger()
    async with stage.receiving(ledger.accept) as receiver:
        old = stage.sim.connections[0]
        old.disconnect()
        await stage.until(lambda: [c for c in stage.sim.connections if c is not old] != [])
        line = stage.li.says("我的")
        await stage.until(lambda: line.acked)
        assert (receiver.reconnects, old.open) == (1, False)


async def test_nonsense_on_the_socket_harms_nothing(stage: Stage) -> None:
    ledger = Ledger()
    async with stage.receiving(ledger.accept) as receiver:
        (connection,) = stage.sim.connections
        headers = {"messageId": "f1", "topic": ROBOT_TOPIC}
        for frame in (
            "not json",
            "[1]",
            "{}",
            json.dumps({"type": "CALLBACK", "headers": {"topic": "/unknown"}, "data": "{}"}),
            json.dumps({"type": "CALLBACK", "headers": headers, "data": "{not json"}),
        ):
            connection.send_raw(frame)
        line = stage.li.says("我的")
        await stage.until(lambda: line.acked and "f1" in stage.sim.acks)
        assert receiver.reconnects == 0
        assert receiver.last_frame_at == START
    poison, good = ledger.lines
    assert (poison.key, poison.text) == ("f1", "")
    assert poison.raw == {"unreadable": "{not json"}
    assert good.text == "我的"


async def test_over_the_quota_lines_come_without_content(stage: Stage) -> None:
    ledger = Ledger()
    async with stage.receiving(ledger.accept):
        stage.sim.budget.stream_limit = 0
        line = stage.li.says("@派单 我的", in_=stage.group)
        await stage.until(lambda: line.acked)
    (kept,) = ledger.lines
    assert (kept.over_quota, kept.text, kept.sender_id) == (True, "", "u001")


async def test_a_robot_hears_only_lines_that_name_it(stage: Stage) -> None:
    ledger = Ledger()
    async with stage.receiving(ledger.accept):
        assert stage.li.says("有人在吗", in_=stage.group).pushes == []
        line = stage.li.says("@派单 转给 12 @小赵", in_=stage.group)
        await stage.until(lambda: line.acked)
    (kept,) = ledger.lines
    assert (kept.text, kept.at_ids, kept.title) == ("转给 12 @小赵", ["u002"], "二线")
    assert [seen.text for seen in stage.zhao.messages] == ["有人在吗", "@派单 转给 12 @小赵"]
    with pytest.raises(ValueError, match="not in"):
        stage.sim.person("u003", "主管").says("?", in_=stage.group)


async def test_a_quoted_notice_names_what_we_sent(stage: Stage) -> None:
    ledger = Ledger()
    ref = await stage.client.send_to_group("dingapp", stage.group.id, Text("#12 空调不制冷"))
    (notice,) = stage.group.messages
    async with stage.receiving(ledger.accept):
        line = stage.zhao.says("@派单 已联系", in_=stage.group, quoting=notice)
        await stage.until(lambda: line.acked)
    assert ledger.lines[0].quoted == {"message_id": notice.id, "ref": ref, "text": "#12 空调不制冷"}


async def test_a_picture_can_be_fetched(stage: Stage) -> None:
    ledger = Ledger()
    async with stage.receiving(ledger.accept):
        lines = [
            stage.li.sends_picture(b"png", "@派单 漏水", in_=stage.group),
            stage.li.sends_picture(b"jpg"),
        ]
        await stage.until(lambda: all(line.acked for line in lines))
    assert [kept.text for kept in ledger.lines] == ["漏水", ""]
    codes = [kept.attachments[0].download_code for kept in ledger.lines]
    assert [await stage.client.download_file("dingapp", code) for code in codes] == [b"png", b"jpg"]


async def test_events_are_acknowledged_as_done(stage: Stage) -> None:
    ledger = Ledger()
    async with stage.receiving(ledger.accept, hear=ledger.hear):
        push = stage.sim.send_event(stage.app, "user_leave_org", {"userId": ["u002"]})
        await stage.until(lambda: push.acked)
    assert push.ack is not None
    assert push.ack.data == {"status": "SUCCESS", "message": "ok"}
    (event,) = ledger.events
    assert (event.kind, event.data, event.key) == (
        "user_leave_org",
        {"userId": ["u002"]},
        push.headers["eventId"],
    )


async def test_a_wrong_secret_is_told(stage: Stage) -> None:
    gateway = "/v1.0/gateway/connections/open"
    async with stage.receiving(Ledger().accept, secret="wrong") as receiver:
        await stage.until(lambda: [call.path for call in stage.sim.calls].count(gateway) >= 2)
        assert receiver.last_trouble is not None
        assert receiver.last_trouble.code == "authFailed"
        assert receiver.connected_at is None


async def test_a_ticket_opens_one_socket_within_ninety_seconds(stage: Stage) -> None:
    opening = {
        "clientId": "dingapp",
        "clientSecret": "secret",
        "subscriptions": [{"type": "CALLBACK", "topic": ROBOT_TOPIC}],
    }
    for wait, used in [(timedelta(seconds=91), False), (timedelta(), True)]:
        opened = await stage.http.request(
            "POST", f"{stage.urls.api_url}/v1.0/gateway/connections/open", json=opening
        )
        ticket = opened.json()["ticket"]
        await stage.clock.advance(wait)
        url = f"{stage.urls.api_url}/connect"
        if used:
            # A plain GET with a good ticket is no WebSocket, but the ticket is gone all the same.
            await stage.http.request("GET", url, params={"ticket": ticket})
        refused = await stage.http.request("GET", url, params={"ticket": ticket})
        assert refused.status == 401


async def test_two_receivers_of_one_application_share_its_lines(stage: Stage) -> None:
    one, two = Ledger(), Ledger()
    async with stage.receiving(one.accept), stage.receiving(two.accept):
        await stage.until(lambda: len(stage.sim.connections) == 2)
        lines = [stage.li.says(str(number)) for number in range(20)]
        await stage.until(lambda: all(line.acked for line in lines))
    assert len(one.lines) + len(two.lines) == 20
    assert one.lines
    assert two.lines


async def test_a_page_can_follow_the_world(stage: Stage) -> None:
    calls: list[int] = []
    leave = stage.sim.subscribe(lambda: calls.append(1))
    stage.li.says("在", in_=stage.group)
    leave()
    seen = len(calls)
    stage.li.says("不在", in_=stage.group)
    assert seen > 0
    assert len(calls) == seen
    page = json.loads(json.dumps(stage.sim.snapshot()))
    assert [message["text"] for message in page["messages"]] == ["在", "不在"]
    assert page["groups"][0]["members"] == ["u001", "u002"]


async def test_the_client_refuses_what_the_receiver_never_heard_of(stage: Stage) -> None:
    url = f"{stage.urls.oapi_url}/robot/sendBySession?session=made-up"
    with pytest.raises(Permanent) as refused:
        await stage.client.answer_session(url, Text("x"))
    assert refused.value.code == "300001"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"endpoint": "ws://169.254.169.254/connect", "ticket": "t"}, "address_refused"),
        ({"endpoint": "ws://10.0.0.1/connect", "ticket": "t"}, "address_refused"),
        ({"endpoint": "file:///etc/passwd", "ticket": "t"}, "bad_address"),
        ({"endpoint": "wss://[::1", "ticket": "t"}, "bad_address"),
        ({"endpoint": 7}, "bad_address"),
        ({}, "bad_address"),
    ],
)
async def test_a_socket_is_opened_only_where_the_desk_may_go(answer: dict[str, object], code: str):
    async def gateway(_request: web.Request) -> web.Response:
        return web.json_response(answer)

    application = web.Application()
    application.router.add_post("/{tail:.*}", gateway)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    http = Http(Activity(), allowed=[("127.0.0.1", port)])
    receiver = Receiver(
        http,
        SystemClock(),
        Activity(),
        Ledger().accept,
        client_id="dingapp",
        client_secret="secret",
        api_url=f"http://127.0.0.1:{port}",
    )
    try:
        assert await receiver.open_gateway() is None
    finally:
        await http.close()
        await runner.cleanup()
    assert receiver.last_trouble is not None
    assert receiver.last_trouble.code == code
