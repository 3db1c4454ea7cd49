"""`python3 dev.py bench fuzz`: 20 000 frames, XML bodies and chat lines that nobody would send.

Each edge of chat gets what looks like the platform's, changed in places: fields that are missing,
of the wrong kind, far too long, nested, cut off, sent twice. It comes over the real wire from the
rehearsed platforms, and the desk works on it with its real loops. Nothing may crash, nothing may
be set aside because of a fault of ours, memory must stay bounded, and one line makes one ticket at
most. After each thousand somebody says 「帮助」 and must be answered.
"""

import asyncio
import gc
import json
import logging
import sys
import tempfile
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from server.domain.phrases import VERBS
from server.storage import pasts
from server.usecases import reading
from tests.bench.harness import Report
from tests.support.chat_stage import DingTalkStage, WeComAppStage, WeComStage
from tests.support.world import SOON, World

FRAMES: Final = 20_000
SOME: Final = 100
MOST_GROWTH: Final = 120
"""MB: the rehearsals keep what was said to them in the same process."""

_WORDS = st.one_of(st.sampled_from(sorted(VERBS)), st.text(max_size=12))
_NUMBERS = st.one_of(st.integers(-3, 40), st.integers(), st.just(""))
LINES = st.one_of(
    st.builds("新建 {}".format, st.text(min_size=1, max_size=90)),
    st.builds("{} {} {}".format, _WORDS, _NUMBERS, st.text(max_size=200)),
    st.builds("@派单 {}{}\n{}".format, _WORDS, _NUMBERS, st.text(max_size=40)),
    st.text(max_size=400),
    st.builds(
        lambda one, times: one * times, st.text(min_size=1, max_size=4), st.integers(1, 9000)
    ),
)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=60),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=3),
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    """Every place inside decoded JSON."""
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, one in inside:
        yield (*at, key)
        yield from places(one, (*at, key))


@st.composite
def changed(draw: Any, whole: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """Something whole with up to three places taken out or replaced."""
    found = json.loads(json.dumps(draw(whole)))
    for _ in range(draw(st.integers(0, 3))):
        known = list(places(found))
        if not known:
            break
        *way, last = draw(st.sampled_from(known))
        there = found
        for key in way:
            there = there[key]
        if isinstance(there, dict) and draw(st.booleans()):
            del there[last]
        else:
            there[last] = draw(_LEAVES)
    return dict(found)


def dingtalk_messages() -> st.SearchStrategy[dict[str, Any]]:
    """What a robot is sent (facts/dingtalk 3)."""
    return st.builds(
        lambda number, person, group, text: {
            "conversationId": "cid1" if group else f"p-{person}",
            "conversationType": "2" if group else "1",
            "conversationTitle": "二线",
            "chatbotCorpId": "dingcorp",
            "chatbotUserId": "$:LWCP_v1:$bot",
            "msgId": f"m{number}",
            "senderNick": "李工",
            "senderStaffId": person,
            "senderId": "$:LWCP_v1:$x",
            "createAt": 1773622800000,
            "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=1",
            "sessionWebhookExpiredTime": 1773628200000,
            "robotCode": "dingapp",
            "msgtype": "text",
            "text": {"content": text, "isReplyMsg": False},
            "atUsers": [{"dingtalkId": "$:LWCP_v1:$bot"}],
        },
        st.uuids(),
        st.sampled_from(["u001", "u002", "u003", "stranger"]),
        st.booleans(),
        LINES,
    )


def wecom_messages() -> st.SearchStrategy[dict[str, Any]]:
    """What an AI bot is sent (facts/wecom 4.3)."""
    return st.builds(
        lambda number, person, group, text: {
            "msgid": f"w{number}",
            "aibotid": "aibot",
            "chattype": "group" if group else "single",
            "chatid": "wr1",
            "from": {"userid": person},
            "create_time": 1773622800,
            "msgtype": "text",
            "text": {"content": text},
            "quote": {"msgtype": "text", "text": {"content": "#1 打印机"}},
        },
        st.uuids(),
        st.sampled_from(["u001", "u002", "u003", "stranger"]),
        st.booleans(),
        LINES,
    )


@st.composite
def dingtalk_frames(draw: Any) -> str:
    """A frame of the Stream, now and then no JSON at all."""
    topic = "/v1.0/im/bot/messages/get"
    if draw(st.integers(0, 9)) == 0:
        topic = "/v1.0/card/instances/callback"
    message = draw(changed(dingtalk_messages()))
    whole = {
        "specVersion": "1.0",
        "type": "CALLBACK",
        "headers": {"topic": topic, "messageId": str(draw(st.uuids()))},
        "data": json.dumps(message),
    }
    return _cut(draw, json.dumps(draw(changed(st.just(whole))), ensure_ascii=False))


@st.composite
def wecom_frames(draw: Any) -> str:
    """A frame of the long connection."""
    whole = {
        "cmd": draw(st.sampled_from(["aibot_msg_callback", "aibot_event_callback"])),
        "headers": {"req_id": str(draw(st.uuids()))},
        "body": draw(changed(wecom_messages())),
    }
    return _cut(draw, json.dumps(draw(changed(st.just(whole))), ensure_ascii=False))


@st.composite
def xml_bodies(draw: Any) -> tuple[str, bool]:
    """What a self-built app is called with, and whether it is sealed as it should be."""
    fields = {
        "ToUserName": "ww1234567890abcdef",
        "FromUserName": draw(st.sampled_from(["w001", "w002", "stranger"])),
        "CreateTime": str(draw(st.integers(-(10**12), 10**12))),
        "MsgType": draw(st.sampled_from(["text", "image", "event", "location", "x"])),
        "Content": draw(LINES),
        "MsgId": str(draw(st.uuids())),
        "Event": "click",
        "EventKey": draw(st.text(max_size=20)),
    }
    for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=3)):
        fields[name] = draw(st.text(max_size=30))
    inside = "".join(f"<{name}>{_escaped(text)}</{name}>" for name, text in fields.items())
    return _cut(draw, f"<xml>{inside}</xml>"), draw(st.integers(0, 9)) > 0


def _escaped(text: str) -> str:
    kept = "".join(
        one for one in text if one in "\t\n\r" or (one >= " " and one not in "\ufffe\uffff")
    )
    return f"<![CDATA[{kept.replace(']]>', '')}]]>"


def _cut(draw: Any, text: str) -> str:
    if draw(st.integers(0, 19)) == 0:
        at = draw(st.integers(0, len(text)))
        return text[:at] + draw(st.text(max_size=5)) + text[at + draw(st.integers(0, 5)) :]
    return text


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """So many of them, the same ones every time."""
    found: list[Any] = []

    @seed(20261124)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(one: Any) -> None:
        found.append(one)

    keep()
    return found[:count]


def resident() -> float:
    """MB of this process that lie in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1024 / 1024


class Faults(logging.Handler):
    """Counts what the desk calls a fault of its own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        cause = ""
        if record.exc_info and record.exc_info[1] is not None:
            last = traceback.extract_tb(record.exc_info[1].__traceback__)[-1]
            cause = f" {record.exc_info[1]!r} at {Path(last.filename).name}:{last.lineno}"
        self.seen.append(f"{record.name}: {text}{cause}")


class Outcome(msgspec.Struct):
    """What a run of one edge came to. `twice`: tickets that were made by lines sent again."""

    faults: list[str] = []
    poisoned: list[str] = []
    unanswered: int = 0
    tickets: int = 0
    twice: int = 0
    grown: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Nothing crashed, was set aside, went unanswered or was done twice."""
        return not (self.faults or self.poisoned or self.unanswered or self.twice)


class Edge(ABC):
    """One platform's edge, and how what nobody would send is put on its wire."""

    kind = ""
    whole: st.SearchStrategy[Any]

    def __init__(self, world: World) -> None:
        self.stage: Any = {
            "dingtalk": DingTalkStage,
            "wecom": WeComStage,
            "wecom_app": WeComAppStage,
        }[self.kind](world)

    @abstractmethod
    async def send(self, ones: list[Any]) -> None:
        """Put them on the wire, and return when the desk has read them."""


class DingTalkEdge(Edge):
    """Frames of the Stream."""

    kind = "dingtalk"
    whole = dingtalk_frames()

    async def send(self, ones: list[str]) -> None:
        sim = self.stage.sim
        await sim.until(lambda: len(sim.connections) > 0)
        connection = sim.connections[-1]
        for one in ones:
            await connection.write(one)
        frame = connection.ping()
        await sim.until(lambda: frame in sim.acks or not connection.open)


class WeComEdge(Edge):
    """Frames of the long connection."""

    kind = "wecom"
    whole = wecom_frames()

    async def send(self, ones: list[str]) -> None:
        sim = self.stage.sim
        await sim.until(lambda: len(sim.connections) > 0)
        socket = sim.connections[-1].socket
        for one in ones:
            await socket.send(one)
        await (await socket.ping())


class WeComAppEdge(Edge):
    """Calls back, most of them sealed as they should be."""

    kind = "wecom_app"
    whole = xml_bodies()

    async def send(self, ones: list[tuple[str, bool]]) -> None:
        (app,) = self.stage.sim.apps.values()
        at = str(int(self.stage.world.clock.now().timestamp()))
        async with httpx.AsyncClient(trust_env=False, timeout=SOON) as client:
            for text, is_sealed in ones:
                sealed = app.envelope.seal(text, at, "n", b"0123456789abcdef")
                inside = sealed.text if is_sealed else text
                query = {"msg_signature": sealed.signature, "timestamp": at, "nonce": "n"}
                answer = await client.post(
                    app.callback_url,
                    params=query,
                    content=f"<xml><Encrypt>{inside}</Encrypt></xml>".encode(),
                )
                assert answer.status_code in {200, 403, 429}, (answer.status_code, text)


EDGES: Final[tuple[type[Edge], ...]] = (DingTalkEdge, WeComEdge, WeComAppEdge)


async def run_edge(edge: type[Edge], count: int) -> Outcome:
    """So many of what nobody would send, over the wire; every tenth batch is sent twice."""
    found, faults = Outcome(), Faults()
    whole = drawn(edge.whole, count)
    logging.getLogger().addHandler(faults)
    try:
        with tempfile.TemporaryDirectory(prefix="paidan-fuzz-") as name:
            async with World(Path(name)) as world:
                await world.set_up()
                made = edge(world)
                await made.stage.connect()
                await world.file("打印机卡纸", "三楼")
                before = resident()
                for start in range(0, count, SOME):
                    some = whole[start : start + SOME]
                    await _send(made, some)
                    if start % (10 * SOME) == 0:
                        tickets = await pasts.last_ticket(world.desk.database)
                        await _send(made, some)
                        found.twice += await pasts.last_ticket(world.desk.database) - tickets
                        found.unanswered += not await _answers(made.stage)
                found.grown = resident() - before
                found.tickets = await pasts.last_ticket(world.desk.database)
                poison = await reading.list_inbound(world.desk, "poison", 100)
                found.poisoned = [str(one.error) for one in poison]
            await made.stage.stop()
    finally:
        logging.getLogger().removeHandler(faults)
    found.faults = faults.seen
    return found


async def _send(edge: Edge, ones: list[Any]) -> None:
    async with asyncio.timeout(6 * SOON):
        await edge.send(ones)
        await edge.stage.world.at_rest()


async def _answers(stage: Any) -> bool:
    """Whether somebody is answered; the pace of the platform may want a moment first."""
    line = stage.begin("李工", "帮助")
    await stage.settled(line)
    await stage.world.clock.advance(timedelta(minutes=2))
    return bool(stage.answers(line))


async def main() -> int:
    report = Report("bench fuzz")
    for edge in EDGES:
        found = await run_edge(edge, FRAMES)
        report.show(f"{edge.kind}: sent, and tickets that came of it", [FRAMES, found.tickets], "")
        report.judge(f"{edge.kind}: faults of ours", [len(found.faults)], 0, "")
        report.judge(f"{edge.kind}: lines set aside", [len(found.poisoned)], 0, "")
        report.judge(f"{edge.kind}: 帮助 unanswered", [found.unanswered], 0, "")
        report.judge(f"{edge.kind}: tickets made twice", [found.twice], 0, "")
        report.judge(f"{edge.kind}: memory grown", [found.grown], MOST_GROWTH, "MB")
        for told in sorted(set(found.faults + found.poisoned))[:20]:
            print(f"{edge.kind}: {told}")
    return report.finish()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
