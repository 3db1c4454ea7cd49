"""One person plays everybody: the story that the demo page tells, by its own endpoints."""

import asyncio
import re

import httpx
import pytest

from server import app
from server.domain.events import DESK
from server.usecases import administration

pytestmark = pytest.mark.anyio
WISH = "空调不制冷，滴水，明天下午三点前能来吗"


class Page:
    """What the page does and shows."""

    def __init__(self, visitor, theatre):
        self.visitor = visitor
        self.theatre = theatre

    async def state(self):
        await self.theatre.desk.activity.at_rest()
        answer = await self.visitor.get("/api/v1/demo")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def say(self, person, text, *, private=False):
        """One line, and what the bot answered to it."""
        chats = (await self.state())["chats"]
        chat = next(
            one["id"]
            for one in chats
            if (one["person"] == person if private else "浦东" in one["title"])
        )
        line = {"person": person, "chat": chat, "text": text if private else f"@派单 {text}"}
        answer = await self.visitor.post("/api/v1/demo/lines", json=line)
        assert answer.status_code == 204, answer.text
        messages = [one for one in (await self.state())["messages"] if one["chat"] == chat]
        return messages[-1]["text"]

    async def private(self, person):
        """What the bot told somebody in private."""
        state = await self.state()
        chat = next(one["id"] for one in state["chats"] if one["person"] == person)
        return [one["text"] for one in state["messages"] if one["chat"] == chat]


@pytest.fixture
def page(visitor, theatre) -> Page:
    return Page(visitor, theatre)


async def file(visitor, key="demo-story-1"):
    answer = await visitor.post(
        "/api/v1/portal/tickets",
        json={"key": key, "text": WISH, "name": "王小姐", "phone": "12000001234"},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("platform", ["dingtalk", "wecom"])
async def test_one_presses_a_card_and_the_other_reads_who_was_faster(page, platform):
    number = (await file(page.visitor, f"demo-card-{platform}"))["number"]
    state = await page.state()
    group = next(
        one["id"]
        for one in state["chats"]
        if one["platform"] == platform and "浦东" in one["title"]
    )
    card = [one for one in state["messages"] if one["chat"] == group][-1]
    button = {"text": f"接单 {number}", "style": "main"}
    assert button in card["cards"]["liwei"]["buttons"]
    wrong = {"person": "zhaolei", "message": card["id"], "button": "没有这个按钮"}
    assert (await page.visitor.post("/api/v1/demo/presses", json=wrong)).status_code == 422
    for person in ("liwei", "zhaolei"):
        press = {"person": person, "message": card["id"], "button": button["text"]}
        await page.visitor.post("/api/v1/demo/presses", json=press)
    state = await page.state()
    seen = next(one for one in state["messages"] if one["id"] == card["id"])["cards"]["zhaolei"]
    assert f"#{number}" in seen["text"]
    assert "接单" in seen["text"]
    assert [one["text"] for one in seen["buttons"]] != [button["text"]]
    await page.say("liwei", f"解决 {number} 好了")


async def test_a_ticket_lives_its_whole_life_in_the_hands_of_one_visitor(page, visitor):
    receipt = await file(visitor)
    number, token = receipt["number"], receipt["token"]
    state = await page.state()
    assert state["story"]["number"] == number
    group = next(one["id"] for one in state["chats"] if "浦东" in one["title"])
    assert f"#{number}" in [one for one in state["messages"] if one["chat"] == group][-1]["text"]

    await page.say("liwei", f"接单 {number}")
    assert (await page.state())["story"]["assignee"] == "李伟"
    refusal = await page.say("zhaolei", f"接单 {number}")
    assert "李伟" in refusal

    pulled = await visitor.post("/api/v1/demo/lever", json={"hours": 2})
    assert pulled.status_code == 200, pulled.text
    assert pulled.json()["ahead"] == state["ahead"] + 7_200
    story = (await page.state())["story"]
    assert story["breached"]
    assert any(f"#{number}" in text and "80%" in text for text in await page.private("liwei"))
    assert any(f"#{number}" in text and "超时" in text for text in await page.private("liuzq"))

    await page.say("liwei", f"回复 {number} 您好，我明天下午两点前到")
    progress = (await visitor.get(f"/api/v1/portal/tickets/{token}")).json()
    assert progress["messages"][-1]["text"] == "您好，我明天下午两点前到"

    await page.say("liwei", f"解决 {number} 已疏通排水管并补氟")
    assert (await page.state())["story"]["status_category"] == "resolved"
    confirmed = await visitor.post(f"/api/v1/portal/tickets/{token}/confirm")
    assert confirmed.status_code == 200, confirmed.text
    rated = await visitor.post(f"/api/v1/portal/tickets/{token}/rating", json={"score": 5})
    assert rated.status_code == 200, rated.text
    story = (await page.state())["story"]
    assert (story["status_category"], story["rating"]) == ("closed", 5)


async def test_the_latest_notices_waited_for_the_visitor(page):
    state = await page.state()
    group = next(one["id"] for one in state["chats"] if "浦东" in one["title"])
    told = [one["text"] for one in state["messages"] if one["chat"] == group]
    assert sum(bool(re.search(r"#(198|199|200)\b", text)) for text in told) >= 3


async def test_a_seat_at_the_console_is_one_click_away(visitor):
    taken = await visitor.post("/api/v1/demo/seat", json={"account": "liuzq"})
    assert taken.status_code == 204, taken.text
    session = (await visitor.get("/api/v1/session")).json()
    assert session["me"]["name"] == "刘志强"
    assert session["demo"] is True
    assert (await visitor.get("/api/v1/counters")).status_code == 200


async def test_the_password_on_the_page_signs_anybody_in(page, visitor):
    state = await page.state()
    person = next(one for one in state["people"] if one["account"] == "zhengli")
    answer = await visitor.post(
        "/api/v1/session", json={"email": person["email"], "password": state["password"]}
    )
    assert answer.json()["me"]["name"] == "郑丽"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("lines", {"person": "wangjg", "chat": "x", "text": "帮助"}, 403),
        ("lines", {"person": "liwei", "chat": "no such chat", "text": "帮助"}, 422),
        ("seat", {"account": "nobody"}, 422),
        ("lever", {"hours": 0}, 422),
        ("lever", {"hours": 1000}, 422),
    ],
)
async def test_what_cannot_be_played_is_refused(visitor, path, body, status):
    answer = await visitor.post(f"/api/v1/demo/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["message"]


async def test_another_sites_page_cannot_play(visitor):
    answer = await visitor.post(
        "/api/v1/demo/seat", json={"account": "liuzq"}, headers={"origin": "https://evil.example"}
    )
    assert answer.status_code == 403


async def test_nobody_writes_in_a_group_that_he_is_not_in(page, visitor):
    chats = (await page.state())["chats"]
    chat = next(one["id"] for one in chats if "安装" in one["title"])
    line = {"person": "liwei", "chat": chat, "text": "@派单 帮助"}
    assert (await visitor.post("/api/v1/demo/lines", json=line)).status_code == 422


async def test_the_page_hears_of_every_change(theatre, visitor):
    async with asyncio.timeout(20), visitor.stream("GET", "/api/v1/demo/live") as stream:
        lines = stream.aiter_lines()

        async def next_tick():
            async for line in lines:
                if line.startswith("data: "):
                    return line
            return None

        first = await next_tick()
        chat = theatre.stage.groups["cooling_east"].id
        assert theatre.stage.say("liwei", chat, "中午吃什么") is not None
        assert await next_tick() != first


async def test_the_portal_may_be_framed_by_the_page_and_by_nobody_else(visitor):
    answer = await visitor.get("/api/v1/portal")
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers


async def test_nothing_is_played_once_a_real_platform_is_connected(theatre, page, visitor):
    desk = theatre.desk
    doc = {"client_id": "somebody's own"}
    await administration.save_channel(desk, DESK, "wecom", doc, None, enabled=True)
    try:
        assert (await page.state())["real"] is True
        for path, body in (
            ("lever", {"hours": 1}),
            ("seat", {"account": "liuzq"}),
            ("lines", {"person": "liwei", "chat": "x", "text": "帮助"}),
        ):
            answer = await visitor.post(f"/api/v1/demo/{path}", json=body)
            assert answer.status_code == 403, path
    finally:
        await administration.save_channel(desk, DESK, "wecom", doc, None, enabled=False)
        await desk.activity.at_rest()


async def test_a_desk_in_earnest_has_no_such_operations(theatre):
    async with (
        app.serving(theatre.desk) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):
        assert (await client.get("/api/v1/demo")).status_code == 404
        answer = await client.post("/api/v1/demo/seat", json={"account": "liuzq"})
        assert answer.status_code in {404, 405}
    theatre.desk.stopping = False  # the demo's own server goes on
