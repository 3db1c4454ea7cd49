"""试运行 over HTTP: which rules match and why not, who would get it, what is promised; and what a
document that cannot be is told.
"""

import pytest

from server.storage import ledger
from tests.support.world import ADMINISTRATOR, SUPERVISOR, World

pytestmark = pytest.mark.anyio


async def head(world: World) -> int:
    return (await ledger.read_head(world.desk.database)).seq


async def test_a_text_is_tried_and_nothing_is_written(world: World):
    boss = await world.signed_in(SUPERVISOR)
    before = await head(world)
    answer = await boss.post(
        "/api/v1/dry-run",
        json={"subject": "断网了", "text": "打印机也不行", "customer_level": "normal"},
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [(one["rule"], one["outcome"]) for one in found["rules"]] == [
        ("vip", "missed"),
        ("printer", "matched"),
        ("network", "covered"),
    ]
    assert found["rules"][0]["miss"] == {"wanted": ["客户等级是「重要客户」"], "found": "normal"}
    assert found["rules"][1]["terms"] == ["提到「打印机」"]
    assert found["verdict"]["team"] == "second"
    assert "打印机" in found["routing"]["paragraph"]
    assert {one["metric"] for one in found["clocks"]} >= {"first", "resolve"}
    assert found["policy"]
    assert await head(world) == before


async def test_a_ticket_that_is_there_is_tried_as_it_stands(world: World):
    boss = await world.signed_in(SUPERVISOR)
    filed = await boss.post(
        "/api/v1/tickets",
        json={"key": "key-0001", "subject": "断网", "name": "王女士", "phone": "13800000009"},
    )
    number = filed.json()["ticket"]["number"]
    found = (await boss.post("/api/v1/dry-run", json={"ticket": number})).json()
    assert found["routing"]["rule"] == "网络"
    gone = await boss.post("/api/v1/dry-run", json={"ticket": 999})
    assert (gone.status_code, gone.json()["error"]) == (404, "unknown_ticket")


async def test_drafts_take_the_place_of_what_is_in_force(world: World):
    boss = await world.signed_in(SUPERVISOR)
    rule = {
        "id": "night",
        "name": "夜里的急单",
        "when": {
            "if": "all",
            "of": [
                {"if": "says", "words": ["停机"]},
                {"if": "not", "of": {"if": "open", "calendar": "default"}},
            ],
        },
        "then": {"team": "second", "priority": "urgent", "policy": "draft"},
    }
    drafts = {
        "rules": {"default": {"rules": [rule]}},
        "policy": {"draft": {"name": "急单", "targets": {"first": {"*": 300}}}},
    }
    asked = {"text": "产线停机", "at": "2026-03-16T22:00:00+08:00", "drafts": drafts}
    found = (await boss.post("/api/v1/dry-run", json=asked)).json()
    assert found["verdict"]["priority"] == "urgent"
    assert found["rules"][0]["terms"] == ["提到「停机」", "不是：在「default」的工作时间内"]
    assert found["verdict"]["why"] == ["规则「夜里的急单」"]
    assert (found["policy"], found["policy_name"]) == ("draft", "急单")
    assert [(one["metric"], one["target"]) for one in found["clocks"]] == [("first", 300)]
    matrix = {"cells": {"vip": {"normal": "urgent"}}}
    asked = {"text": "你好", "customer_level": "vip", "drafts": {"matrix": {"default": matrix}}}
    found = (await boss.post("/api/v1/dry-run", json=asked)).json()
    assert found["verdict"]["priority"] == "urgent"


@pytest.mark.parametrize(
    ("rule", "place", "words"),
    [
        (
            {"id": "r", "name": "", "when": {"if": "looks_like", "pattern": "(a"}},
            "doc.rules[0].when.pattern",
            "RE2",
        ),
        ({"id": "r", "name": "", "when": {"if": "rain"}}, "doc.rules[0].when", ""),
        (
            {
                "id": "r",
                "name": "",
                "when": {"if": "any", "of": [{"if": "all"}, {"if": "is", "field": "weather"}]},
            },
            "doc.rules[0].when.of[1].",
            "",
        ),
        ({"id": "r", "name": "", "then": {"team": "gone"}}, "doc.rules[0].then.team", "gone"),
        ({"id": "r", "name": "", "keywords": ["x"]}, "doc.rules[0].keywords", "拼写"),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_with_its_place(world: World, rule, place, words):
    admin = await world.signed_in(ADMINISTRATOR)
    doc = {"rules": [{"then": {"team": "first"}} | rule]}
    answer = await admin.put(
        "/api/v1/configuration/rules/default", json={"doc": doc, "seen_version": 1}
    )
    assert answer.status_code == 422, answer.text
    fields = answer.json()["fields"]
    assert any(name.startswith(place) and words in said for name, said in fields.items()), fields


async def test_a_ticket_tells_its_attributes_and_where_its_priority_comes_from(world: World):
    admin = await world.signed_in(ADMINISTRATOR)
    matrix = {"cells": {"vip": {"high": "urgent"}}}
    await admin.put("/api/v1/configuration/matrix/default", json={"doc": matrix, "seen_version": 0})
    store = {"id": "n", "name": "南山店", "region": "广东省/深圳市/南山区"}
    await admin.put("/api/v1/configuration/store/n", json={"doc": store, "seen_version": 0})
    filed = await admin.post(
        "/api/v1/tickets",
        json={
            "key": "key-0001",
            "subject": "空调",
            "name": "王总",
            "phone": "13800000019",
            "level": "vip",
            "urgency": "high",
            "store": "n",
            "tags": ["加急"],
        },
    )
    assert filed.status_code == 201, filed.text
    number = filed.json()["ticket"]["number"]
    shown = (await admin.get(f"/api/v1/tickets/{number}")).json()
    assert shown["ticket"]["priority"] == "urgent"
    attributes = shown["attributes"]
    assert (attributes["store_name"], attributes["tags"]) == ("南山店", ["加急"])
    assert attributes["priority_by"] == "matrix"
    assert attributes["why"] == ["客户等级是「重要客户」", "紧急程度是「高」"]
    edit = {
        "command": "edit",
        "ticket": number,
        "seen_version": shown["ticket"]["version"],
        "urgency": "normal",
    }
    await admin.post(f"/api/v1/tickets/{number}/commands", json=edit)
    shown = (await admin.get(f"/api/v1/tickets/{number}")).json()
    lines = [one["summary"] for one in shown["timeline"]]
    assert any("依据：" in line for line in lines), lines
    wrong = await admin.post(
        "/api/v1/tickets", json={"key": "key-0002", "subject": "x", "name": "x", "store": "gone"}
    )
    assert wrong.json()["fields"].keys() == {"store"}
