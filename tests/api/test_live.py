"""The live feed: told at once, resumed after a gap, only what is in sight, ended in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from server.api.live import MOST_STREAMS
from server.domain import commands as c
from tests.support.world import SOON, SUPERVISOR, World

pytestmark = pytest.mark.anyio


class Feed:
    """One open stream, read event by event."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self.lines = lines
        self.comments = 0

    async def next(self) -> dict[str, Any]:
        """The next event with a name: its name, id and data."""
        found: dict[str, Any] = {}
        async with asyncio.timeout(SOON):
            async for line in self.lines:
                if line.startswith(":"):
                    self.comments += 1
                    return {"event": "comment"}
                if line:
                    name, _, value = line.partition(": ")
                    found[name] = value
                elif "event" in found:
                    return found | {"data": msgspec.json.decode(found["data"])}
                else:
                    found = {}
        return {"event": "end"}


@asynccontextmanager
async def following(client: httpx.AsyncClient, **headers: str) -> AsyncIterator[Feed]:
    async with client.stream("GET", "/api/v1/live", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Feed(answer.aiter_lines())


async def test_a_change_is_told_at_once_with_its_row(world: World):
    staff = await world.signed_in("李工")
    async with following(staff) as feed:
        hello = await feed.next()
        assert hello["event"] == "hello"
        ticket = await world.file("打印机卡纸")
        opened = await feed.next()
        assert opened["event"] == "change"
        assert int(opened["id"]) == hello["data"]["seq"] + 1
        assert opened["data"]["kind"] == "opened"
        assert opened["data"]["ticket"]["number"] == ticket.number
        assert opened["data"]["ticket"]["customer_name"] == "王女士"
        assert opened["data"]["ticket"]["remaining"] == 3600


async def test_after_a_gap_nothing_is_missing_and_nothing_comes_twice(world: World):
    staff = await world.signed_in("李工")
    async with following(staff) as feed:
        await feed.next()
        ticket = await world.file("打印机卡纸")
        last = await feed.next()
    await world.perform("李工", c.Claim(ticket=ticket.number))
    async with following(staff, **{"last-event-id": last["id"]}) as feed:
        assert (await feed.next())["event"] == "hello"
        seen = [await feed.next() for _ in range(3)]
    assert [one["data"]["kind"] for one in seen] == ["routed", "claimed", "status_changed"]
    first = int(last["id"])
    assert [int(one["id"]) for one in seen] == [first + 1, first + 2, first + 3]


async def test_a_long_gap_is_caught_up_in_pages(world: World):
    staff = await world.signed_in(SUPERVISOR)
    async with following(staff) as feed:
        head = (await feed.next())["data"]["seq"]
    for number in range(110):
        await world.file(f"打印机 {number}")
    async with staff.stream("GET", f"/api/v1/live?after={head}") as answer:
        feed = Feed(answer.aiter_lines())
        await feed.next()
        ids = [int((await feed.next())["id"]) for _ in range(220)]
    assert ids == list(range(head + 1, head + 221))


async def test_what_is_out_of_sight_is_not_told(world: World):
    other = await world.signed_in("小赵")
    async with following(other) as feed:
        await feed.next()
        await world.file("打印机卡纸")
        mine = await world.file("断网了")
        told = await feed.next()
        assert told["data"]["ticket"]["number"] == mine.number


async def test_a_change_of_the_firm_is_told_without_a_ticket(world: World):
    staff = await world.signed_in("李工")
    async with following(staff) as feed:
        await feed.next()
        await staff.put("/api/v1/duty", json={"on_duty": False})
        told = await feed.next()
        assert (told["data"]["kind"], told["data"]["ticket"]) == ("duty_changed", None)


async def test_a_quiet_feed_shows_that_it_is_alive(world: World):
    staff = await world.signed_in("李工")
    async with following(staff) as feed:
        await feed.next()
        beat = asyncio.ensure_future(feed.next())
        await world.clock.advance(timedelta(seconds=15))
        assert (await beat)["event"] == "comment"


async def test_a_feed_ends_with_the_session_and_with_the_desk(world: World):
    staff = await world.signed_in("李工")
    async with following(staff) as feed:
        await feed.next()
        await staff.delete("/api/v1/session")
        end = asyncio.ensure_future(feed.next())
        await world.clock.advance(timedelta(seconds=15))
        assert (await end)["event"] == "end"
    other = await world.signed_in("小赵")
    async with following(other) as feed:
        await feed.next()
        world.desk.stopping = True
        world.desk.bell.ring()
        assert (await feed.next())["event"] == "end"


async def test_a_feed_ends_with_the_token_that_opened_it(world: World):
    staff = await world.signed_in("李工")
    token = (await staff.post("/api/v1/tokens", json={"name": "看板"})).json()
    program = await world.customer(authorization=f"Bearer {token['token']}")
    async with following(program) as feed:
        await feed.next()
        await staff.delete(f"/api/v1/tokens/{token['id']}")
        end = asyncio.ensure_future(feed.next())
        await world.clock.advance(timedelta(seconds=15))
        assert (await end)["event"] == "end"


async def test_one_session_holds_only_so_many_feeds(world: World):
    staff = await world.signed_in("李工")
    async with AsyncExitStack() as tabs:
        feeds = [await tabs.enter_async_context(following(staff)) for _ in range(MOST_STREAMS)]
        for feed in feeds:
            await feed.next()
        refused = await staff.get("/api/v1/live")
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many_tries")
        other = await world.signed_in("小赵")
        async with following(other) as feed:
            assert (await feed.next())["event"] == "hello"
