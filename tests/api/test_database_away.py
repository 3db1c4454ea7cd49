"""PostgreSQL goes away while people work: they are told to come again, and then it goes on."""

from pathlib import Path

import asyncpg
import pytest

from tests.support import databases
from tests.support.world import World

pytestmark = pytest.mark.anyio

REQUEST = {"key": "away-key-1", "text": "打印机卡纸", "name": "王女士", "phone": "13800000001"}


async def _let_in(url: str, *, allowed: bool) -> None:
    """Open or shut the database for everybody; who is in is thrown out."""
    line = await asyncpg.connect(url.replace("/desk?", "/postgres?"))
    await line.execute(f"ALTER DATABASE desk ALLOW_CONNECTIONS {str(allowed).lower()}")
    if not allowed:
        await line.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'desk'"
        )
    await line.close()


async def test_while_the_database_is_away_people_are_told_to_come_again(
    migrated_postgres: str, tmp_path: Path
) -> None:
    await databases.delete_everything(migrated_postgres)
    async with World(tmp_path, url=migrated_postgres, loops=False) as world:
        await world.set_up()
        staff = await world.signed_in("李工")
        customer = await world.customer()
        await _let_in(migrated_postgres, allowed=False)
        try:
            read = await staff.get("/api/v1/tickets")
            written = await customer.post("/api/v1/portal/tickets", json=REQUEST)
            ready = await customer.get("/readyz")
        finally:
            await _let_in(migrated_postgres, allowed=True)
        assert (read.status_code, read.json()["error"]) == (503, "not_read")
        assert (written.status_code, written.json()["error"]) == (503, "not_saved")
        for answer in (read, written):
            assert answer.headers["retry-after"] == "5"
            assert answer.json()["incident"] in answer.json()["message"]
        assert ready.status_code == 503
        assert (await staff.get("/api/v1/tickets")).json()["tickets"] == []
        again = await customer.post("/api/v1/portal/tickets", json=REQUEST)
        assert (again.status_code, again.json()["repeated"]) == (201, False)
        assert (await customer.get("/readyz")).status_code == 200
