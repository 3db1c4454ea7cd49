"""The law by HTTP: metrics, previews, jobs, and a ticket's clocks with everything that explains
them.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from server.domain import commands as c
from server.domain.metrics import Metric
from tests.support.world import POLICIES, SUPERVISOR, World

pytestmark = pytest.mark.anyio

HOUR = 3600


@pytest.fixture
async def world(tmp_path: Path, anyio_backend: str) -> AsyncIterator[World]:
    """A firm whose loops work: jobs are done and breaches told."""
    async with World(tmp_path) as world:
        await world.set_up()
        yield world


async def promise(world: World, **targets: int) -> None:
    """Everybody is promised this."""
    for policy in POLICIES:
        promised = {metric: {"*": target} for metric, target in targets.items()}
        await world.save("policy", policy.id, replace(policy, targets=promised))


def clock_of(page: dict, metric: str) -> dict:
    return next(one for one in page["clocks"] if one["metric"] == metric)


async def test_a_clock_tells_its_whole_life(world: World):
    await promise(world, resolve=8 * HOUR)
    number = (await world.file("打印机卡纸")).number
    await world.advance(minutes=30)
    await world.perform("李工", c.Claim(ticket=number))
    reply = c.Reply(ticket=number, text="请发照片", then="waiting_customer")
    await world.perform("李工", reply)
    await world.advance(hours=4)
    await world.perform("李工", c.Resume(ticket=number))
    boss = await world.signed_in(SUPERVISOR)
    page = (await boss.get(f"/api/v1/tickets/{number}")).json()
    clock = clock_of(page, "resolve")
    assert (clock["target"], clock["used"], clock["remaining"]) == (28800, 1800, 27000)
    assert [(one["kind"], one["wall"], one["working"], one["why"]) for one in clock["strip"]] == [
        ("ran", 1800, 1800, ""),
        ("paused", 4 * HOUR, 4 * HOUR - 5400, "待客户回复（已回复客户）"),
    ]
    assert clock["totals"]["paused_working"] == 4 * HOUR - 5400
    assert (clock["policy_version"], clock["late_by"], clock["as_promised"]) == (2, None, "none")


async def test_a_breach_says_how_late_it_was_noticed_and_a_due_instant_who_set_it(world: World):
    await promise(world, resolve=HOUR)
    number = (await world.file("打印机卡纸")).number
    await world.advance(hours=1)
    boss = await world.signed_in(SUPERVISOR)
    clock = clock_of((await boss.get(f"/api/v1/tickets/{number}")).json(), "resolve")
    assert (clock["verdict"], clock["late_by"]) == ("breached", 0)
    until = world.clock.now() + timedelta(days=2)
    body = {
        "command": "set_due",
        "ticket": number,
        "metric": "resolve",
        "due_at": until.isoformat(),
        "reason": "客户约了后天",
    }
    assert (await boss.post(f"/api/v1/tickets/{number}/commands", json=body)).status_code == 200
    page = (await boss.get(f"/api/v1/tickets/{number}")).json()
    clock = clock_of(page, "resolve")
    assert (clock["verdict"], clock["manual"]["reason"]) == ("none", "客户约了后天")
    (former,) = clock["retargets"]
    assert (former["cause"], former["why"]) == ("manual", "指定了期限")
    assert former["breached_at"] is not None
    assert "客户约了后天" in page["timeline"][-1]["summary"]


async def test_an_edited_policy_is_previewed_and_applied_by_a_job(world: World):
    number = (await world.file("打印机卡纸")).number
    await promise(world, first=2 * HOUR)
    boss = await world.signed_in(SUPERVISOR)
    order = {"order": "apply", "policies": [policy.id for policy in POLICIES]}
    seen = (await boss.post("/api/v1/law/preview", json=order)).json()
    assert (seen["tally"]["tickets"], seen["tally"]["moved"]) == (1, 1)
    (example,) = seen["examples"]
    assert (example["ticket"], example["effects"][0]["label"]) == (number, "首次响应")
    given = await boss.post("/api/v1/law/jobs", json=order)
    assert given.status_code == 201
    await world.at_rest()
    job = (await boss.get(given.headers["location"])).json()
    assert (job["state"], job["tally"]["moved"], job["by"]) == ("done", 1, SUPERVISOR)
    assert "已完成" in job["text"]
    assert (await boss.get("/api/v1/law/jobs")).json()[0] == job
    clock = clock_of((await boss.get(f"/api/v1/tickets/{number}")).json(), "first")
    assert clock["target"] == 2 * HOUR
    again = (await boss.post("/api/v1/law/preview", json=order)).json()
    assert again["tally"]["tickets"] == 0


async def test_excused_time_is_ordered_and_shown(world: World):
    number = (await world.file("打印机卡纸")).number
    await world.advance(minutes=30)
    now = world.clock.now()
    boss = await world.signed_in(SUPERVISOR)
    order = {
        "order": "excuse",
        "from_at": (now - timedelta(minutes=20)).isoformat(),
        "to_at": now.isoformat(),
        "cause": "power",
        "reason": "园区停电",
    }
    given = await boss.post("/api/v1/law/jobs", json=order)
    assert given.status_code == 201
    await world.at_rest()
    page = (await boss.get(f"/api/v1/tickets/{number}")).json()
    clock = clock_of(page, "first")
    assert (clock["used"], clock["totals"]["excused_working"]) == (600, 1200)
    assert [one["why"] for one in clock["strip"] if one["kind"] == "excused"] == ["免计：园区停电"]
    wrong = order | {"to_at": order["from_at"]}
    refused = await boss.post("/api/v1/law/preview", json=wrong)
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["to_at"])


async def test_metrics_are_listed_with_what_they_may_look_at(world: World):
    calm = Metric(
        name={"zh": "催单安抚", "en": "Calming"},
        starts=frozenset({"nudged"}),
        stops=frozenset({"answered"}),
    )
    await world.save("metric", "calm", calm)
    staff = await world.signed_in("李工")
    found = (await staff.get("/api/v1/metrics")).json()
    shown = {one["id"]: one for one in found["metrics"]}
    assert set(shown) == {
        "accept", "first", "next", "update", "plan", "resolve", "onsite", "help", "team", "calm",
    }  # fmt: skip
    assert (shown["calm"]["label"], shown["calm"]["own"]) == ("催单安抚", True)
    assert (shown["first"]["own"], shown["first"]["promised"]) == (False, True)
    assert {"id": "nudged", "label": "客户催单"} in found["signals"]
    boss = await world.signed_in(SUPERVISOR)
    doc = {"starts": [], "stops": ["answered"]}
    body = {"doc": doc, "seen_version": 0}
    refused = await boss.put("/api/v1/configuration/metric/odd", json=body)
    assert refused.status_code == 422


async def test_a_customer_who_writes_too_late_is_led_to_the_ticket_that_goes_on(world: World):
    number = (await world.file("打印机卡纸")).number
    boss = await world.signed_in(SUPERVISOR)
    link = (await boss.get(f"/api/v1/tickets/{number}")).json()["link"]
    await world.perform("李工", c.Resolve(ticket=number, solution="好了"))
    await world.advance(days=12)
    customer = await world.customer()
    token = link.rpartition("/")[2]
    said = await customer.post(
        f"/api/v1/portal/tickets/{token}/messages", json={"key": world.key(), "text": "又坏了"}
    )
    following = said.json()["continued_by"]
    assert following["number"] == number + 1
    shown = (await customer.get(f"/api/v1/portal/tickets/{following['token']}")).json()
    assert (shown["continues"], shown["messages"][0]["text"]) == (number, "又坏了")
    page = (await boss.get(f"/api/v1/tickets/{number}")).json()
    assert page["continued_by"] == number + 1
    assert f"#{number + 1}" in page["timeline"][-1]["summary"]
