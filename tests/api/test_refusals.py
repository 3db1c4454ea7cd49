"""One error shape for everything that goes wrong, with words that say what to do."""

import asyncio
import contextlib
import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.support.world import SOON, SUPERVISOR, World

pytestmark = pytest.mark.anyio


async def test_the_second_who_claims_is_told_the_winner(world: World):
    ticket = await world.file("打印机卡纸")
    first, second = await world.signed_in("李工"), await world.signed_in(SUPERVISOR)
    body = {"command": "claim", "ticket": ticket.number}
    path = f"/api/v1/tickets/{ticket.number}/commands"
    assert (await first.post(path, json=body)).status_code == 200
    refused = await second.post(path, json=body)
    assert refused.status_code == 409
    assert refused.json() == {
        "error": "already_claimed",
        "message": "已由李工接单。",
        "facts": {"ticket": ticket.number, "assignee": "李工"},
        "fields": {},
        "incident": None,
    }


async def test_what_is_out_of_sight_is_not_found(world: World):
    ticket = await world.file("打印机卡纸")
    other = await world.signed_in("小赵")
    read = await other.get(f"/api/v1/tickets/{ticket.number}")
    never = await other.get("/api/v1/tickets/4711")
    assert (read.status_code, read.json()["error"]) == (404, "unknown_ticket")
    assert never.json()["message"] == read.json()["message"]


FORM: dict[str, Any] = {
    "key": "a-key-of-the-form",
    "text": "打印机卡纸",
    "name": "王女士",
    "phone": "13800000001",
}


@pytest.mark.parametrize(
    ("change", "status", "fields"),
    [
        ({"phone": ""}, 422, {"phone", "email"}),
        ({"phone": "打电话给我"}, 422, {"phone"}),
        ({"phone": "12"}, 422, {"phone"}),
        ({"email": "wang@"}, 422, {"email"}),
        ({"name": "   "}, 422, {"name"}),
        ({"name": ""}, 422, {"name"}),
        ({"text": "字" * 20_001}, 422, {"text"}),
        ({"key": "short"}, 422, {"key"}),
        ({"name": 12}, 400, {"name"}),
        ({"name": None}, 400, {"name"}),
        ({"priority": "urgent"}, 400, {"priority"}),
    ],
)
async def test_a_form_is_refused_field_by_field(world: World, change, status, fields):
    customer = await world.customer()
    refused = await customer.post("/api/v1/portal/tickets", json=FORM | change)
    assert refused.status_code == status
    problem = refused.json()
    assert problem["error"] == ("invalid" if status == 422 else "malformed")
    assert set(problem["fields"]) == fields
    assert all("field." not in words and words for words in problem["fields"].values())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'"x"', b"null", b"[" * 5000])
async def test_a_body_that_is_no_form_is_malformed(world: World, body):
    customer = await world.customer()
    refused = await customer.post("/api/v1/portal/tickets", content=body)
    assert (refused.status_code, refused.json()["error"]) == (400, "malformed")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"command": "dance", "ticket": 1}, 422, "command"),
        ({"ticket": 1}, 400, "command"),
        ({"command": "claim", "ticket": 2}, 422, "ticket"),
        ({"command": "claim", "ticket": 10**30}, 422, "ticket"),
        ({"command": "note", "ticket": 1, "text": " "}, 422, "text"),
        (
            {
                "command": "hold",
                "ticket": 1,
                "status": "waiting_third",
                "reason": "等配件",
                "until": "2026-03-17T09:00:00",
            },
            422,
            "until",
        ),
        (
            {
                "command": "hold",
                "ticket": 1,
                "status": "waiting_third",
                "reason": "等配件",
                "until": "2020-03-17T09:00:00Z",
            },
            422,
            "until",
        ),
    ],
)
async def test_a_command_is_refused_field_by_field(world: World, body, status, field):
    await world.file("打印机卡纸")
    staff = await world.signed_in("李工")
    refused = await staff.post("/api/v1/tickets/1/commands", json=body)
    assert refused.status_code == status, refused.text
    assert set(refused.json()["fields"]) == {field}


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=5",
        "after=²",
        "after=5~2026-01-01T00:00:00",
        "after=5~9999-99-99T00:00:00Z",
        "sort=created&after=5~2026-01-01T00:00:00Z",
        "limit=0",
        "limit=101",
        "limit=x",
        "view=nothing",
        "priority=none",
        "assignee=99999999999999999999999999",
        "colour=blue",
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(world: World, query):
    staff = await world.signed_in("李工")
    refused = await staff.get(f"/api/v1/tickets?{query}")
    assert refused.status_code in {400, 422}, refused.text
    assert len(refused.json()["fields"]) == 1


async def test_a_document_that_does_not_fit_names_the_place(world: World):
    admin = await world.signed_in("管理员")
    for kind, doc, field in (
        ("team", {"id": "x", "name": 5}, "doc.name"),
        ("team", {"name": "x"}, "doc.id"),
        ("calendar", {"week": {}}, "doc.week"),
        ("calendar", {"week": {"1": [["25:00", "26:00"]]}}, "doc.week"),
        ("policy", {"targets": {"first": {"*": 0}}}, "doc.targets"),
        ("team", {"id": "x", "name": "x", "leaders": [99]}, "doc.leaders[0]"),
        ("queue", {"id": "x", "name": "x", "team": "gone"}, "doc.team"),
        ("queue", {"id": "x", "name": "x", "shed": {"teams": ["gone"]}}, "doc.shed.teams[0]"),
        ("queue", {"id": "x", "name": "x", "acept_within": 5}, "doc.acept_within"),
        ("queue", {"id": "x", "name": "x", "caps": {"people": {"li": 3}}}, "doc.caps.people"),
        ("matrix", {"cells": {"vip": {"awful": "high"}}}, "doc.cells"),
        ("store", {"id": "x", "name": "x", "longitude": "east"}, "doc.longitude"),
        ("store", {"id": "x", "name": "x", "hours": "gone"}, "doc.hours"),
        ("roster", {"zone": "Mars"}, "doc.zone"),
        ("roster", {"teams": ["gone"]}, "doc.teams[0]"),
        ("roster", {"on_call": {"staff": [99], "first_day": "2026-03-16"}}, "doc.on_call.staff[0]"),
        ("roster", {"overrides": {"16.3.": {}}}, "doc.overrides"),
    ):
        refused = await admin.put(
            f"/api/v1/configuration/{kind}/x", json={"doc": doc, "seen_version": 0}
        )
        assert refused.status_code == 422, (kind, refused.text)
        assert set(refused.json()["fields"]) == {field}
        assert re.search(r"[一-鿿]", refused.json()["fields"][field]), refused.text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"on_call": {"staff": [3], "first_day": "16.3."}}, "请写成 2026-03-16 这样的日期"),
        ({"on_call": {"staff": [3] * 201, "first_day": "2026-03-16"}}, "太多，最多 200 项"),
        ({"handing": {"minutes": 0}}, "太小，最小是 1"),
    ],
)
async def test_the_remedy_fits_what_is_wrong(world: World, wrong, words):
    admin = await world.signed_in("管理员")
    body = {"doc": wrong, "seen_version": 0}
    refused = await admin.put("/api/v1/configuration/roster/x", json=body)
    assert list(refused.json()["fields"].values()) == [words]


async def test_a_large_body_is_refused(world: World):
    customer = await world.customer()
    body = FORM | {"company": "x" * (1024 * 1024)}
    refused = await customer.post("/api/v1/portal/tickets", json=body)
    assert (refused.status_code, refused.json()["error"]) == (413, "too_large")


async def test_unknown_paths_and_methods_have_the_same_shape(world: World):
    customer = await world.customer()
    unknown = await customer.get("/api/v1/nothing/here")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_path")
    for number in ("x", "-1", "99999999999999999999999999999999"):
        assert (await customer.get(f"/api/v1/tickets/{number}")).status_code in {401, 404}
    wrong = await customer.patch("/api/v1/session")
    assert (wrong.status_code, wrong.json()["error"]) == (405, "method_not_allowed")
    browser = await customer.get("/help/nothing", headers={"accept": "text/html"})
    assert browser.status_code == 404
    assert "<!doctype html>" in browser.text


async def test_a_fault_of_ours_has_an_incident_number_and_no_details(world: World):
    customer = await world.customer()

    async def broken(_name: str) -> None:
        raise ZeroDivisionError("a secret detail")

    world.desk.firm = broken  # type: ignore[method-assign, assignment]  # a bug, by hand
    refused = await customer.get("/api/v1/portal")
    problem = refused.json()
    assert (refused.status_code, problem["error"]) == (500, "fault")
    assert problem["incident"] in problem["message"]
    assert "secret" not in refused.text


async def test_a_desk_that_is_too_busy_says_when_to_come_again(world: World):
    from datetime import timedelta

    from server.storage.database import Overloaded

    customer = await world.customer()

    async def full() -> None:
        raise Overloaded(timedelta(seconds=3))

    world.desk.firm = full  # type: ignore[method-assign, assignment]  # a full queue, by hand
    refused = await customer.get("/api/v1/portal")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "3")
    assert refused.json()["error"] == "overloaded"


async def test_who_sends_drop_by_drop_does_not_hold_a_connection(world: World):
    world.serve_options = {"slowest_body": timedelta(milliseconds=200)}
    host, port = (await world.url()).removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /api/v1/portal/tickets HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\n"
        b"Accept-Language: zh\r\nContent-Length: 100\r\n\r\n{"
    )
    async with asyncio.timeout(SOON):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408")
        body = await reader.read(1000)
    assert msgspec.json.decode(body)["error"] == "slow_body"
    writer.close()


async def test_who_does_not_say_what_he_wants_loses_the_line(world: World):
    """Nothing at all, headers drop by drop, and a body that nobody reads."""
    world.serve_options = {
        "patience": {"head": timedelta(milliseconds=100), "rest": timedelta(milliseconds=100)}
    }
    host, port = (await world.url()).removeprefix("http://").split(":")
    for said in (
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: desk\r\nX-Slow",
        b"POST /nowhere HTTP/1.1\r\nHost: desk\r\nContent-Length: 100\r\n\r\n{",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(said)
        async with asyncio.timeout(SOON):
            with contextlib.suppress(ConnectionResetError):
                await reader.read()  # until it is closed, or broken off
        writer.close()
    assert (await (await world.customer()).get("/healthz")).status_code == 200
