"""What people see: what is in sight, every ticket once, as quickly with many as with few."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from server.domain import commands as c
from server.domain.errors import Invalid, UnknownTicket
from server.domain.people import Role, Staff
from server.storage.database import Statement, Unit
from server.usecases import intake, outlook, people, reading
from server.usecases.reading import TicketQuery, View
from tests.support.broken import BrokenDatabase
from tests.support.builders import Office

pytestmark = pytest.mark.anyio

VIEWS: tuple[View, ...] = (
    "mine", "unclaimed", "team", "open", "overdue", "unpromised", "waiting", "resolved", "closed",
    "all",
)  # fmt: skip


async def a_mixed_desk(office: Office) -> None:
    """Tickets of both teams in many states, many of them with the same instants."""
    for n in range(24):
        number = (await office.file("网络不通" if n % 3 == 0 else "打印机卡纸")).number
        by = office.boss
        if n % 4 == 1:
            await office.do(
                office.boss,
                c.Assign(ticket=number, staff=office.li.id if n % 3 == 0 else office.zhao.id),
            )
        if n % 6 == 2:
            await office.do(by, c.Reply(ticket=number, text="?", then="waiting_customer"))
        if n % 6 == 3:
            await office.do(by, c.Resolve(ticket=number, solution="好了"))
        if n % 8 == 4:
            await office.do(by, c.Close(ticket=number))
        if n % 8 == 6:
            await office.do(by, c.Cancel(ticket=number, reason="误报"))
        if n % 5 == 0:
            office.move_by(timedelta(minutes=7))


async def pages_of(office: Office, by: Staff, query: TicketQuery) -> list[list[int]]:
    """The numbers on each page, to the end."""
    from msgspec.structs import replace

    pages: list[list[int]] = []
    after = None
    while True:
        page = await reading.list_tickets(office.desk, by, replace(query, after=after))
        pages.append([one.number for one in page.tickets])
        after = page.next
        if after is None:
            return pages


@pytest.mark.parametrize("sort", ["due", "updated", "created"])
async def test_paging_visits_every_ticket_once_also_among_equals(office: Office, sort):
    await a_mixed_desk(office)
    whole = await pages_of(office, office.boss, TicketQuery(view="all", sort=sort, limit=200))
    assert len(whole) == 1
    assert sorted(whole[0]) == list(range(1, 25))
    for limit in (1, 5, 8, 24):
        pages = await pages_of(office, office.boss, TicketQuery(view="all", sort=sort, limit=limit))
        assert [number for page in pages for number in page] == whole[0]
        assert all(len(page) == limit for page in pages[:-1])
        assert len(pages) == -(-24 // limit)


async def test_each_sort_means_what_it_says(office: Office):
    await a_mixed_desk(office)

    async def listed(sort):
        page = await reading.list_tickets(
            office.desk, office.boss, TicketQuery(view="all", sort=sort, limit=50)
        )
        return page.tickets

    due = [one.next_due_at for one in await listed("due")]
    known = [one for one in due if one is not None]
    assert due == sorted(known) + [None] * (len(due) - len(known))
    updated = [one.updated_at for one in await listed("updated")]
    assert updated == sorted(updated, reverse=True)
    assert [one.number for one in await listed("created")] == list(range(24, 0, -1))


@pytest.mark.parametrize(
    ("cursor", "sort"),
    [
        ("x", "updated"),
        ("12", "updated"),
        ("12~2026-03-16T01:00:00+00:00", "created"),
        ("12~2026-03-16T01:00:00", "updated"),
        ("12~9999999999999999999", "due"),
        ("٣~2026-03-16T01:00:00+00:00", "due"),
        ("", "created"),
    ],
)
async def test_a_cursor_that_was_made_up_is_refused(sqlite_office: Office, cursor, sort):
    query = TicketQuery(sort=sort, after=cursor)
    with pytest.raises(Invalid):
        await reading.list_tickets(sqlite_office.desk, sqlite_office.boss, query)


async def people_of_every_role(office: Office) -> dict[str, Staff]:
    async def added(name: str, role: Role) -> Staff:
        fresh = Staff(id=0, name=name, email=f"{role}@x.cn", role=role)
        return await people.add_staff(office.desk, office.admin, fresh, None)

    return {
        "administrator": office.admin,
        "supervisor": office.boss,
        "staff of 一线": office.zhao,
        "staff of 二线": office.li,
        "staff without a team": await added("新人", Role.STAFF),
        "collaborator": await added("财务", Role.COLLABORATOR),
        "auditor": await added("审计", Role.AUDITOR),
    }


async def test_everybody_sees_what_is_his_in_lists_counters_pages_and_the_live_feed(
    office: Office,
):
    await a_mixed_desk(office)
    everybody = await people_of_every_role(office)
    own = await office.file("合同发票")
    await office.do(
        office.boss,
        c.Transfer(ticket=own.number, team="second"),
    )

    async def assign(unit: Unit, who: int | None) -> None:
        # Nobody can assign to somebody outside the team; collaborators are named by forms later.
        await unit.run(
            Statement[None]("UPDATE ticket SET assignee = :who WHERE number = :number"),
            who=who,
            number=own.number,
        )

    held_by = (await reading.read_ticket(office.desk, office.boss, own.number)).assignee
    await office.desk.database.unit(lambda unit: assign(unit, everybody["collaborator"].id))
    every = {
        one.number: one
        for one in (
            await reading.list_tickets(
                office.desk, office.admin, TicketQuery(view="all", limit=100)
            )
        ).tickets
    }
    assert len(every) == 25
    expected = {
        "administrator": set(every),
        "supervisor": set(every),
        "auditor": set(every),
        "staff of 一线": {n for n, one in every.items() if one.team == "first"},
        "staff of 二线": {n for n, one in every.items() if one.team == "second"},
        "staff without a team": set(),
        "collaborator": {own.number},
    }
    for name, person in everybody.items():
        listed = await pages_of(office, person, TicketQuery(view="all", limit=7))
        assert {n for page in listed for n in page} == expected[name], name
        _, steps = await reading.live_since(office.desk, person, 0, 1000)
        assert {one.ticket.number for one in steps if one.ticket} == expected[name], name
        for number in every:
            if number in expected[name]:
                await reading.ticket_page(office.desk, person, number)
                continue
            with pytest.raises(UnknownTicket):
                await reading.ticket_page(office.desk, person, number)
            with pytest.raises(UnknownTicket):
                await reading.read_ticket(office.desk, person, number)
    # Behind the back of `record()` no counter followed: put it back before the books are looked at.
    await office.desk.database.unit(lambda unit: assign(unit, held_by))


async def test_the_counter_of_each_view_is_the_length_of_its_list(office: Office):
    await a_mixed_desk(office)
    office.move_by(timedelta(hours=9))
    from server.usecases import deadlines

    for due in await deadlines.list_due(office.desk):
        await deadlines.fall_due(office.desk, due.ticket)
    for person in (office.admin, office.boss, office.li, office.zhao):
        counted = await reading.counters(office.desk, person)
        for view, number in counted.items():
            page = await reading.list_tickets(
                office.desk, person, TicketQuery(view=view, limit=100)
            )
            assert len(page.tickets) == number, (person.name, view)
    assert (await reading.counters(office.desk, office.boss))["overdue"] > 0


async def test_queries_do_not_grow_with_rows(office: Office):
    desk = office.desk
    broken = BrokenDatabase(desk.database)

    async def cost() -> list[int]:
        number = (await office.file()).number
        for n in range(8):
            await office.do(office.zhao, c.Note(ticket=number, text="记"))
            await intake.customer_writes(desk, number, f"{number}.{n}", "在吗", "portal")
        asked: list[Callable[[], Awaitable[object]]] = [
            lambda: reading.list_tickets(desk, office.boss, TicketQuery(view="all", limit=25)),
            lambda: reading.list_tickets(desk, office.zhao, TicketQuery(view="team", sort="due")),
            lambda: reading.counters(desk, office.zhao),
            lambda: reading.ticket_page(desk, office.zhao, number),
            lambda: reading.progress(desk, number),
            lambda: reading.live_since(desk, office.zhao, 0, 200),
            lambda: outlook.list_outlooks(desk, range(1, number + 1)),
            lambda: reading.list_load(desk),
        ]
        await desk.firm()
        real, desk.database = desk.database, broken
        found = []
        for ask in asked:
            broken.reads = 0
            await ask()
            found.append(broken.reads)
        desk.database = real
        return found

    for _ in range(9):
        await office.file()
    with_10 = await cost()
    for _ in range(9):
        await office.file("网络不通")
    with_20 = await cost()
    assert with_10 == with_20
    assert max(with_20) <= 5


async def test_what_changed_while_the_firm_was_read_is_not_missed(office: Office):
    desk = office.desk
    desk.forget_firm()
    await asyncio.gather(
        *(desk.firm() for _ in range(5)), people.set_duty(desk, office.li, on_duty=False)
    )
    assert (await desk.firm()).staff[office.li.id].on_duty is False
    assert desk.knows_firm((await desk.firm()).seq)
