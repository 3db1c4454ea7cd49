"""A desk that was just set up works: its first ticket has a team and a promise."""

import pytest

from server import vault
from server.usecases import people
from tests.support.world import World

pytestmark = pytest.mark.anyio


async def test_the_first_ticket_of_a_new_firm_has_a_team_and_a_promise(empty_world: World):
    await people.offer_set_up(empty_world.desk, vault.digest("once-only"))
    browser = await empty_world.customer()
    who = {"firm": "云杉", "name": "老陈", "email": "chen@example.com", "password": "long enough"}
    answer = await browser.post("/api/v1/setup", json={"code": "once-only"} | who)
    assert answer.status_code == 200, answer.text
    filed = {"key": "first-ticket", "text": "打印机卡纸", "name": "王女士", "phone": "13800000001"}
    receipt = (await browser.post("/api/v1/portal/tickets", json=filed)).json()
    assert receipt["answer_by"] == "2026-03-16T02:00:00Z"
    page = (await browser.get(f"/api/v1/tickets/{receipt['number']}")).json()
    assert page["ticket"]["team_name"] == "客服"
    assert [clock["metric"] for clock in page["clocks"]] == ["first", "resolve"]
    firm = (await browser.get("/api/v1/firm")).json()
    assert [team["leaders"] for team in firm["teams"]] == [[1]]


async def test_a_new_firm_puts_vip_complaints_on_top(empty_world: World):
    await people.offer_set_up(empty_world.desk, vault.digest("once-only"))
    browser = await empty_world.customer()
    who = {"firm": "云杉", "name": "老陈", "email": "chen@example.com", "password": "long enough"}
    await browser.post("/api/v1/setup", json={"code": "once-only"} | who)
    filed = {"subject": "态度差", "name": "王总", "phone": "13800000001", "category": "投诉"}
    for key, level in (("first-ticket", "vip"), ("second-ticket", "normal")):
        asked = filed | {"key": key, "level": level, "phone": f"1380000000{len(level)}"}
        assert (await browser.post("/api/v1/tickets", json=asked)).status_code == 201
    listed = (await browser.get("/api/v1/tickets")).json()["tickets"]
    assert [(one["customer_level"], one["priority"], one["pinned"]) for one in listed] == [
        ("vip", "urgent", True),
        ("normal", "normal", False),
    ]


async def test_in_a_new_firm_nobody_hoards(empty_world: World):
    """3.2.5"""
    await people.offer_set_up(empty_world.desk, vault.digest("once-only"))
    browser = await empty_world.customer()
    who = {"firm": "云杉", "name": "老陈", "email": "chen@example.com", "password": "long enough"}
    await browser.post("/api/v1/setup", json={"code": "once-only"} | who)
    found = []
    for turn in range(6):
        filed = {
            "subject": "卡纸",
            "name": "王总",
            "phone": "13800000001",
            "key": f"ticket-{turn:04}",
        }
        number = (await browser.post("/api/v1/tickets", json=filed)).json()["ticket"]["number"]
        claim = {"command": "claim", "ticket": number}
        found.append(await browser.post(f"/api/v1/tickets/{number}/commands", json=claim))
    assert [one.status_code for one in found] == [200, 200, 200, 200, 200, 409]
    assert found[-1].json()["error"] == "holds_too_many"
