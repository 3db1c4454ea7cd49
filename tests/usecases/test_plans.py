"""Every question that pages and loops ask often is answered by an index, never by walking all
tickets: SQLite says how it would find the rows of each.
"""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from server.domain import commands as c
from server.storage.database import Database, Statement, Unit
from server.storage.tickets import _FIELDS
from server.usecases import chat, deadlines, deliveries, intake, reading
from server.usecases.reading import TicketQuery
from tests.support.builders import Office

pytestmark = pytest.mark.anyio

_MANY = Statement[None](
    f"INSERT INTO ticket ({', '.join(_FIELDS)})"
    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)"
    " SELECT "
    + ", ".join(
        {
            "number": "1000 + n.i",
            "subject": "'s' || n.i",
            "team": "CASE n.i % 5 WHEN 0 THEN 'second' WHEN 1 THEN NULL ELSE 'first' END",
            "assignee": "CASE n.i % 3 WHEN 0 THEN 3 WHEN 1 THEN 4 END",
            "status": "CASE WHEN n.i % 20 = 0 THEN 'open' ELSE 'closed' END",
            "status_category": "CASE WHEN n.i % 20 = 0 THEN 'open' ELSE 'closed' END",
            "next_due_at": "CASE WHEN n.i % 20 = 0 THEN t.next_due_at END",
        }.get(name, f"t.{name}")
        for name in _FIELDS
    )
    + " FROM ticket t, n WHERE t.number = 1"
)


_MORE_CUSTOMERS = Statement[None](
    "INSERT INTO customer (name, level, language, company, created_at)"
    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
    " SELECT 'c' || n.i, 'normal', 'zh', '', c.created_at FROM customer c, n WHERE c.id = 1"
)


_INDICES = ("ticket_open", "ticket_breached", "ticket_unpromised")
VIEWS = ("mine", "unclaimed", "team", "open", "overdue", "unpromised", "waiting", "resolved", "all")


class Spy:
    """Stands where the database stands and keeps what it is asked."""

    def __init__(self, database: Database) -> None:
        self.real = database
        self.asked: list[tuple[Statement[Any], dict[str, object]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def all(self, statement: Statement[Any], **values: object) -> Any:
        self.asked.append((statement, values))
        return self.real.all(statement, **values)

    def one(self, statement: Statement[Any], **values: object) -> Any:
        self.asked.append((statement, values))
        return self.real.one(statement, **values)

    def look(self, work: Any) -> Any:
        return work(self)


async def plans(spy: Spy) -> list[tuple[str, str]]:
    """How each question is answered: its text, and the plan's steps."""
    found = []
    for statement, values in spy.asked:
        prepared = statement.sqlite
        rows = await spy.real.rows(
            f"EXPLAIN QUERY PLAN {prepared.sql}", list(prepared.bind(values))
        )
        found.append((prepared.sql, " | ".join(row["detail"] for row in rows)))
    spy.asked = []
    return found


@pytest.fixture
async def full_desk(sqlite_office: Office) -> Office:
    await sqlite_office.connect()
    number = (await sqlite_office.file()).number
    await sqlite_office.do(sqlite_office.zhao, c.Claim(ticket=number))

    async def fill(unit: Unit) -> None:
        await unit.run(_MANY)
        await unit.run(_MORE_CUSTOMERS)

    await sqlite_office.desk.database.unit(fill)
    sqlite_office.proven = False  # rows without a history
    return sqlite_office


@pytest.mark.parametrize("statistics", [False, True], ids=["as made", "after ANALYZE"])
async def test_lists_walk_an_index_in_order(full_desk: Office, statistics):
    desk = full_desk.desk
    if statistics:

        async def analyze(unit: Unit) -> None:
            await unit.execute("ANALYZE")

        await desk.database.unit(analyze)
        await desk.database.close()
        await desk.database.open()
    spy = Spy(desk.database)
    desk.database = spy
    for person, view, sort in product((full_desk.boss, full_desk.zhao), VIEWS, ("due", "updated")):
        query = TicketQuery(view=view, sort=sort, limit=10)
        page = await reading.list_tickets(desk, person, query)
        if page.next is not None:
            after = TicketQuery(view=view, sort=sort, limit=10, after=page.next)
            await reading.list_tickets(desk, person, after)
    for sql, plan in await plans(spy):
        assert "USING INDEX" in plan, (sql, plan)
        assert "SEARCH c USING INTEGER PRIMARY KEY" in plan, (sql, plan)
        assert plan.index("ticket_") < plan.index(" c "), "customers are looked up, not walked"
        if "NOT IN" in sql:
            assert any(one in plan for one in _INDICES), (sql, plan)


async def test_no_question_of_a_page_or_loop_walks_a_growing_table(full_desk: Office):
    desk = full_desk.desk
    spy = Spy(desk.database)
    desk.database = spy
    await reading.counters(desk, full_desk.zhao)
    await reading.ticket_page(desk, full_desk.boss, 1)
    await reading.progress(desk, 1)
    await reading.live_since(desk, full_desk.boss, 5, 50)
    await reading.list_load(desk)
    await reading.head_seq(desk)
    for state in ("given_up", "unknown"):
        await reading.list_deliveries(desk, state)
    await reading.list_inbound(desk, "poison")
    await deadlines.list_due(desk)
    await deadlines.next_due_at(desk)
    await deliveries.list_waiting_channels(desk)
    await deliveries.list_ready(desk, "dingtalk")
    await deliveries.next_at(desk, "dingtalk")
    await chat.list_ready(desk)
    await chat.next_at(desk)
    growing = ("ticket", "t", "event", "message", "outbox", "inbound", "timer", "sla", "customer")
    for sql, plan in await plans(spy):
        for step in plan.split(" | "):
            word = step.split()
            walks = word[0] == "SCAN" and word[1] in growing and "INDEX" not in step
            assert not walks, (sql, plan)


async def test_what_a_unit_asks_uses_indexes_too(full_desk: Office):
    desk = full_desk.desk
    asked: list[str] = []
    real = desk.database

    class Watching:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        async def unit(self, work: Any, **options: Any) -> Any:
            async def watched(unit: Unit) -> Any:
                return await work(_Watched(unit, asked))

            return await real.unit(watched, **options)

    desk.database = Watching()
    number = (await full_desk.file("网络不通", email="wang@x.cn")).number
    await full_desk.do(full_desk.li, c.Reply(ticket=number, text="在看"), "key-0001")
    await intake.nudge(desk, number, "portal")
    full_desk.move_by(timedelta(hours=30))
    await deadlines.fall_due(desk, number)
    assert len(asked) > 20
    # Few rows, a list that was given, and rows that are written at once.
    given = ("SCAN tally", "SCAN json_each", "CONSTANT ROW")
    scanned = [plan for plan in asked if "SCAN " in plan and not any(one in plan for one in given)]
    assert scanned == []


class _Watched:
    """A unit that notes how SQLite finds the rows of each statement."""

    def __init__(self, unit: Unit, asked: list[str]) -> None:
        self._unit = unit
        self._asked = asked
        self.dialect = unit.dialect
        self.after_commit = unit.after_commit

    def __getattr__(self, name: str) -> Any:
        wanted = getattr(self._unit, name)

        async def asks(statement: Statement[Any], **values: object) -> Any:
            prepared = statement.sqlite
            rows = await self._unit.rows(
                f"EXPLAIN QUERY PLAN {prepared.sql}", list(prepared.bind(values))
            )
            self._asked.extend(f"{row['detail']}: {prepared.sql}" for row in rows)
            return await wanted(statement, **values)

        return asks
