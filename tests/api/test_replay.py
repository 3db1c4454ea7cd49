"""Replay over HTTP: what would have been, and that nobody waits for it."""

import msgspec
import pytest

from server.domain.law import Policy
from tests.support.world import ADMINISTRATOR, SUPERVISOR, World

pytestmark = pytest.mark.anyio
SPAN = {"from_at": "2026-03-16T00:00:00Z", "to_at": "2026-03-17T00:00:00Z"}


async def test_the_console_asks_what_would_have_been(world: World):
    ticket = await world.file("打印机卡纸")
    await world.advance(hours=2)
    console = await world.signed_in(SUPERVISOR)
    answer = await console.post("/api/v1/replay", json=SPAN)
    assert answer.status_code == 200, answer.text
    assert answer.json()["sla"]["changed"] == 0
    looser = Policy(position=2, targets={"first": {"*": 86_400}, "resolve": {"*": 86_400}})
    drafts = [{"kind": "policy", "id": "normal", "doc": msgspec.to_builtins(looser)}]
    found = (await console.post("/api/v1/replay", json=SPAN | {"drafts": drafts})).json()["sla"]
    assert (found["changed"], found["newly_breached"], found["cured"]) == (1, 0, 1)
    first = found["metrics"][0]
    assert (first["metric"], first["name"]) == ("first", "首次响应")
    assert (first["before"]["breached"], first["after"]["breached"]) == (1, 0)
    clocks = {one["metric"]: one for one in found["examples"][0]["clocks"]}
    assert found["examples"][0]["ticket"] == ticket.number
    assert clocks["first"]["before"]["breached_at"] == "2026-03-16T02:00:00Z"
    assert clocks["first"]["after"]["breached_at"] is None
    assert (await console.get("/api/v1/replay")).json() == {"share": None}


async def test_a_period_or_a_draft_that_makes_no_sense_is_refused_by_field(world: World):
    console = await world.signed_in(ADMINISTRATOR)

    async def fields(**asked):
        answer = await console.post("/api/v1/replay", json=SPAN | asked)
        assert answer.status_code == 422, answer.text
        return answer.json()["fields"]

    assert await fields(to_at=SPAN["from_at"]) == {"to": "结束要在开始之后"}
    drafts = [{"kind": "policy", "id": "x", "doc": {"targets": {"first": {"*": 0}}}}]
    assert list(await fields(drafts=drafts)) == ["doc.targets"]
    world.desk.replayed = 0.25
    answer = await console.post("/api/v1/replay", json=SPAN)
    assert (answer.status_code, answer.json()["error"]) == (409, "replay_under_way")
    assert (await console.get("/api/v1/replay")).json() == {"share": 0.25}
