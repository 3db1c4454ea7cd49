from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server import vault
from server.storage import ledger
from server.usecases import people, verification
from server.workers.housekeeping import night_after
from tests.support.world import World

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("zone", "now", "night"),
    [
        ("Asia/Shanghai", "2026-03-16T01:00", "2026-03-16T19:00"),
        ("Asia/Shanghai", "2026-03-16T19:00", "2026-03-17T19:00"),
        ("UTC", "2026-12-31T23:59", "2027-01-01T03:00"),
        ("America/New_York", "2026-03-08T06:30", "2026-03-08T07:00"),
    ],
)
def test_the_night_is_three_o_clock_where_the_firm_is(zone: str, now: str, night: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert night_after(at, ZoneInfo(zone)) == datetime.fromisoformat(night).replace(tzinfo=UTC)


async def seals(world: World) -> list[ledger.Row]:
    rows = await ledger.list_rows_since(world.desk.database, 0, 1000)
    return [row for row in rows if row.kind == "sealed"]


async def test_the_log_is_sealed_after_a_start_and_every_night_in_which_something_happened(
    world: World,
) -> None:
    await world.advance(hours=1)
    assert len(await seals(world)) == 1
    await world.file("断网")
    await world.advance(hours=17)
    assert len(await seals(world)) == 2
    proof = await verification.verify(world.desk)
    assert (proof.flaw, proof.seals) == (None, 2)


async def test_a_quiet_night_adds_no_seal(empty_world: World) -> None:
    await empty_world.advance(days=3)
    assert await seals(empty_world) == []


async def test_expired_sessions_are_forgotten(world: World) -> None:
    until = world.clock.now() + timedelta(minutes=30)
    staff = world.staff_ids["李工"]
    await people.open_session(world.desk, staff, vault.digest("short"), until)
    await people.open_session(world.desk, staff, vault.digest("long"), until + timedelta(days=9))
    await world.advance(hours=2)
    left = await world.desk.database.rows("SELECT digest FROM session", [])
    assert left == [{"digest": vault.digest("long")}]
