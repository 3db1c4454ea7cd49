"""Two desks on one PostgreSQL: one stream of changes, and no stale view of the firm."""

import asyncio

import pytest

from server.domain import commands as c
from server.domain.errors import AlreadyClaimed
from server.usecases import people, tickets, verification
from server.usecases.intake import Filing, file_ticket
from tests.support import databases
from tests.support.builders import a_desk, an_office

pytestmark = pytest.mark.anyio


@pytest.fixture
def shared(migrated_postgres: str) -> str:
    asyncio.run(databases.delete_everything(migrated_postgres))
    return migrated_postgres


async def test_a_change_in_one_desk_is_the_law_in_the_other(shared: str):
    async with an_office(shared) as office:
        other = a_desk(shared)
        await other.database.open()
        try:
            await other.firm()
            await people.set_duty(office.desk, office.li, on_duty=False)
            filing = Filing(channel="form", key="k-1", subject="网络", text="网络", name="王芳")
            filed = (await file_ticket(other, filing)).ticket
            assert filed.assignee is None, "nobody of 二线 is on duty any more"
            assert (await other.firm()).staff[office.li.id].on_duty is False
        finally:
            await other.database.close()


async def test_claims_in_two_desks_leave_one_winner_and_one_log(shared: str):
    async with an_office(shared) as office:
        other = a_desk(shared)
        await other.database.open()
        try:
            for _ in range(10):
                number = (await office.file()).number
                claim = c.Claim(ticket=number)
                answers = await asyncio.gather(
                    *(
                        tickets.perform(desk, claim, by, "web")
                        for desk in (office.desk, other)
                        for by in (office.zhao, office.boss, office.admin)
                    ),
                    return_exceptions=True,
                )
                lost = [one for one in answers if isinstance(one, AlreadyClaimed)]
                assert len(lost) == 4, "the winner's own second claim changes nothing"
                assert (await office.kinds(number)).count("claimed") == 1
            assert (await verification.verify(other)).flaw is None
        finally:
            await other.database.close()
