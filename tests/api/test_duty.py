"""Rosters, leave, swaps, duty and hand-overs by HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.domain.commands import Claim
from tests.support.shifts import QIAN, ZHAO, at, until, with_shifts
from tests.support.world import SUPERVISOR, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shifts(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path) as world:
        yield await with_shifts(world)


async def test_a_roster_is_read_as_a_grid_and_a_draft_previewed(shifts: World):
    lead, zhao = await shifts.signed_in(SUPERVISOR), shifts.staff_ids[ZHAO]
    grid = (
        await lead.get("/api/v1/rosters/first/grid", params={"first": "2026-03-16", "days": 7})
    ).json()
    assert (grid["version"], grid["today"], grid["may_save"]) == (1, "2026-03-16", True)
    assert [one["weekday"] for one in grid["days"]] == [1, 2, 3, 4, 5, 6, 7]
    row = next(one for one in grid["rows"] if one["staff"] == zhao)
    assert [one["shifts"] for one in row["cells"]] == [["day"]] * 5 + [[]] * 2
    doc = (await lead.get("/api/v1/configuration/roster/first")).json()["doc"]
    doc["overrides"] = {"2026-03-17": {str(zhao): ""}}
    draft = {"doc": doc, "first": "2026-03-16", "days": 3}
    preview = (await lead.post("/api/v1/rosters/preview", json=draft)).json()
    row = next(one for one in preview["rows"] if one["staff"] == zhao)
    assert [(one["shifts"], one["override"]) for one in row["cells"]] == [
        (["day"], False),
        ([], True),
        (["day"], False),
    ]
    saved = await lead.put(
        "/api/v1/configuration/roster/first", json={"doc": doc, "seen_version": 1}
    )
    assert saved.status_code == 200
    doc["lines"][0]["cycle"] = "nothing"
    refused = await lead.post("/api/v1/rosters/preview", json=draft)
    assert refused.status_code == 422


async def test_the_board_says_who_is_there_until_when(shifts: World):
    await until(shifts, at("12:10"))
    client = await shifts.signed_in(ZHAO)
    board = (await client.get("/api/v1/duty")).json()
    by_name = {one["name"]: one for one in board["staff"]}
    zhao, qian = by_name[ZHAO], by_name[QIAN]
    assert (zhao["duty"], zhao["shift_name"], zhao["next_duty"]) == ("break", "白班", "on_duty")
    assert zhao["break_until"] == "2026-03-16T05:30:00Z"
    assert zhao["shift_ends_at"] == "2026-03-16T10:00:00Z"
    assert (qian["duty"], qian["shift"], qian["next_at"]) == (
        "off_duty",
        "",
        "2026-03-16T10:00:00Z",
    )
    assert (zhao["may_set"], qian["may_set"]) == (True, False)
    on_call = {one["team"]: one["staff"] for one in board["on_call"]}
    assert on_call["first"] == [shifts.staff_ids[ZHAO]]
    assert board["rosters"] == [{"id": "first", "name": "一线", "teams": ["first"]}]
    other = await shifts.signed_in("李工")
    assert (await other.get("/api/v1/duty")).json()["rosters"] == []


async def test_duty_is_said_in_three_ways_and_of_others_by_their_leader(shifts: World):
    client, lead = await shifts.signed_in(ZHAO), await shifts.signed_in(SUPERVISOR)
    me = (await client.put("/api/v1/duty", json={"duty": "break", "minutes": 20})).json()
    assert (me["duty"], me["on_duty"], me["break_until"]) == (
        "break",
        False,
        "2026-03-16T01:20:00Z",
    )
    assert (await client.put("/api/v1/duty", json={"on_duty": True})).json()["duty"] == "on_duty"
    assert (await client.put("/api/v1/duty", json={})).status_code == 422
    qian = shifts.staff_ids[QIAN]
    path = f"/api/v1/staff/{qian}/duty"
    assert (await client.put(path, json={"duty": "on_duty"})).status_code == 403
    assert (await lead.put(path, json={"duty": "on_duty"})).json()["duty"] == "on_duty"


async def test_leave_is_asked_for_decided_on_and_withdrawn(shifts: World):
    client, lead = await shifts.signed_in(ZHAO), await shifts.signed_in(SUPERVISOR)
    wanted = {
        "starts_at": "2026-03-18T01:00:00Z",
        "ends_at": "2026-03-18T10:00:00Z",
        "reason": "sick",
        "note": "看牙",
    }
    asked = await client.post("/api/v1/leaves", json=wanted)
    assert (asked.status_code, asked.json()["state"], asked.json()["may"]) == (
        201,
        "asked",
        ["withdraw"],
    )
    path = f"/api/v1/leaves/{asked.json()['id']}"
    assert (await client.post(f"{path}/decision", json={"approve": True})).status_code == 403
    (seen,) = (await lead.get("/api/v1/leaves", params={"first": "2026-03-16"})).json()
    assert (seen["note"], seen["may"]) == ("看牙", ["decide", "withdraw"])
    decided = await lead.post(f"{path}/decision", json={"approve": True})
    assert (decided.json()["state"], decided.json()["decided_by"]) == ("approved", SUPERVISOR)
    other = await shifts.signed_in("李工")
    (away,) = (await other.get("/api/v1/leaves", params={"first": "2026-03-16"})).json()
    assert (away["name"], away["reason"], away["note"], away["may"]) == (ZHAO, "other", "", [])
    grid = (await lead.get("/api/v1/rosters/first/grid", params={"first": "2026-03-18"})).json()
    row = next(one for one in grid["rows"] if one["name"] == ZHAO)
    assert [one["leave"] for one in row["cells"][:2]] == ["whole", ""]
    assert (await lead.post(f"{path}/decision", json={"approve": False})).status_code == 409
    assert (await client.post(f"{path}/withdrawal")).json()["state"] == "withdrawn"
    backwards = wanted | {"ends_at": "2026-03-18T00:00:00Z"}
    assert (await client.post("/api/v1/leaves", json=backwards)).status_code == 422


async def test_a_swap_needs_the_other_and_then_a_leader(shifts: World):
    client, lead = await shifts.signed_in(ZHAO), await shifts.signed_in(SUPERVISOR)
    wanted = {"roster": "first", "day": "2026-03-17", "other": shifts.staff_ids[QIAN]}
    swap = (await client.post("/api/v1/swaps", json=wanted)).json()
    path = f"/api/v1/swaps/{swap['id']}"
    assert swap["state"] == "asked"
    early = await lead.post(f"{path}/decision", json={"approve": True})
    assert (early.status_code, early.json()["error"]) == (409, "not_agreed")
    assert (await client.post(f"{path}/agreement")).status_code == 403
    lead_entered = wanted | {"staff": shifts.staff_ids[ZHAO], "day": "2026-03-18"}
    assert (await lead.post("/api/v1/swaps", json=lead_entered)).json()["state"] == "approved"
    await until(shifts, at("09:00", 18))
    assert (await shifts.staff(QIAN)).duty == "on_duty"
    assert (await shifts.staff(ZHAO)).duty == "off_duty"
    free = wanted | {"day": "2026-03-21"}
    refused = await client.post("/api/v1/swaps", json=free)
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["day"])


async def test_half_done_tickets_are_listed_with_their_time_and_taken_over(shifts: World):
    for subject in ("屏幕坏了", "键盘坏了"):
        ticket = await shifts.file(subject, subject)
        await shifts.perform(ZHAO, Claim(ticket=ticket.number))
    await until(shifts, at("18:00"))
    lead = await shifts.signed_in(SUPERVISOR)
    (one,) = (await lead.get("/api/v1/handovers")).json()
    assert (one["name"], one["why"], one["due_at"]) == (ZHAO, "shift_end", "2026-03-16T10:15:00Z")
    assert [left["ticket"] for left in one["tickets"]] == [1, 2]
    assert all(left["pressing"] and left["metric"] for left in one["tickets"])
    path = f"/api/v1/handovers/{one['id']}/takers"
    assert (await lead.post(path, json={"tickets": [1]})).json() == {"tickets": [1]}
    again = await lead.post(path, json={"tickets": [1]})
    assert (again.status_code, again.json()["error"]) == (409, "already_taken")
    assert (await lead.post(path, json={})).json() == {"tickets": [2]}
    assert (await lead.get("/api/v1/handovers")).json() == []
