"""Reports over HTTP (R22)."""

import pytest

from server.domain import commands as c
from tests.support.world import SUPERVISOR, World

pytestmark = pytest.mark.anyio


async def test_a_supervisor_reads_what_was_kept_and_a_wrong_day_is_named(world: World):
    ticket = await world.file("打印机卡纸")
    await world.advance(minutes=30)
    await world.perform("李工", c.Resolve(ticket=ticket.number, solution="好了"))
    console = await world.signed_in(SUPERVISOR)
    address = "/api/v1/reports/attainment"
    found = (await console.get(address)).json()
    assert (found["from_day"], found["to_day"], found["whole"]) == (
        "2026-03-01",
        "2026-03-16",
        True,
    )
    first = found["metrics"][0]
    assert (first["metric_name"], first["kept"], first["working"]) == (
        "首次响应",
        1.0,
        {"median": 1800, "p90": 1800},
    )
    assert [(one["name"], len(one["figures"])) for one in found["teams"]] == [("二线", 2)]
    assert [one["name"] for one in found["people"]] == ["李工"]
    assert [one["name"] for one in found["policies"]] == ["一般"]
    refused = await console.get(address, params={"from_day": "昨天"})
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["from_day"])
    staff = await world.signed_in("小赵")
    theirs = (await staff.get(address)).json()
    assert (theirs["whole"], theirs["metrics"], theirs["people"]) == (False, [], [])
