"""Time passes: warned, breached, woken, closed; once each, and as late as it was."""

import asyncio
from datetime import timedelta

import pytest

from server.domain import commands as c
from server.domain import events as e
from server.usecases import deadlines, intake, reading
from tests.support.builders import MONDAY, Office, at

pytestmark = pytest.mark.anyio


async def pass_to(office: Office, text: str) -> None:
    office.move_to(text)
    for due in await deadlines.list_due(office.desk):
        await deadlines.fall_due(office.desk, due.ticket)


async def test_a_ticket_is_warned_of_at_eighty_percent_and_breached_at_its_time(office: Office):
    number = (await office.file()).number
    assert await deadlines.next_due_at(office.desk) == MONDAY + timedelta(minutes=7, seconds=30)
    await pass_to(office, "09:07")
    assert await office.kinds(number) == ["opened", "routed"]
    await pass_to(office, "09:11")
    assert await office.kinds(number) == ["opened", "routed", "rung_reached"]
    await pass_to(office, "09:12")
    await pass_to(office, "09:15")
    half, warned, most, breached, due = (await office.events(number))[2:]
    assert [one.rung for one in (half, most, due)] == ["half", "most", "due"]
    assert (half.reached_at, half.late_by) == (MONDAY + timedelta(minutes=7, seconds=30), 210)
    assert (warned.metric, warned.percent, warned.late_by) == ("first", 80, 0)
    assert (breached.breached_at, breached.late_by) == (MONDAY + timedelta(minutes=15), 0)
    ticket = await reading.read_ticket(office.desk, office.boss, number)
    assert ticket.breached
    assert await deadlines.list_due(office.desk) == []


async def test_after_a_standstill_it_is_told_how_late_and_no_warning_comes_after(office: Office):
    number = (await office.file()).number
    await pass_to(office, "09:45")
    breached, *rungs = (await office.events(number))[2:]
    assert isinstance(breached, e.Breached)
    assert [one.rung for one in rungs] == ["half", "most", "due", "over"]
    assert (breached.breached_at, breached.late_by) == (MONDAY + timedelta(minutes=15), 1800)


async def test_two_who_look_at_once_tell_it_once(office: Office):
    number = (await office.file()).number
    office.move_to("09:30")
    await asyncio.gather(*(deadlines.fall_due(office.desk, number) for _ in range(5)))
    assert (await office.kinds(number)).count("breached") == 1


async def test_an_answer_in_time_leaves_nothing_to_tell(office: Office):
    number = (await office.file()).number
    office.move_to("09:10")
    await office.do(office.zhao, c.Reply(ticket=number, text="在看"))
    await pass_to(office, "09:30")
    assert "breached" not in await office.kinds(number)


async def test_a_pause_ends_when_it_was_due_to_though_it_was_noticed_late(office: Office):
    number = (await office.file()).number
    hold = c.Hold(ticket=number, status="waiting_customer", reason="等照片", until=at("10:00"))
    await office.do(office.zhao, c.Reply(ticket=number, text="请发照片"))
    await office.do(office.zhao, hold)
    await pass_to(office, "11:00")
    kinds = await office.kinds(number)
    assert kinds[-2:] == ["woke", "status_changed"]
    page = await reading.ticket_page(office.desk, office.boss, number)
    assert page.events[-1].recorded_at == at("11:00")
    assert page.events[-1].effective_at == at("10:00")
    resolve = next(one for one in page.sla.clocks if one.metric == "resolve")
    # Two of four hours' work: three after the pause began at nine and ended at ten.
    assert resolve.due_at == at("15:30")


async def test_a_solution_that_nobody_questions_closes_after_three_days(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Resolve(ticket=number, solution="好了"))
    await pass_to(office, "19 08:59")
    assert (await office.kinds(number))[-1] == "status_changed"
    await pass_to(office, "19 09:00")
    ticket = await reading.read_ticket(office.desk, office.boss, number)
    assert (ticket.status, ticket.closed_at) == ("closed", office.clock.now())
    assert await deadlines.next_due_at(office.desk) is None


async def test_a_ticket_that_cannot_be_worked_on_is_put_off(office: Office):
    number = (await office.file()).number
    office.move_to("09:30")
    await deadlines.postpone(office.desk, number)
    assert await deadlines.list_due(office.desk) == []
    await pass_to(office, "09:31")
    assert (await office.kinds(number)).count("breached") == 1


async def test_working_time_counts_half_days_and_the_firms_zone(office: Office):
    from datetime import date

    from server.domain.calendars import Explicit
    from tests.support.builders import a_calendar

    half = {date(2026, 3, 16): Explicit((("09:00", "09:10"),), "半天")}
    await office.save("calendar", "office", a_calendar(own=half))
    number = (await office.file()).number
    ticket = await reading.read_ticket(office.desk, office.boss, number)
    assert ticket.next_due_at == at("17 09:05")


async def test_a_new_policy_leaves_what_was_promised(office: Office):
    from tests.support.builders import a_policy

    old = await office.file()
    await office.save("policy", "standard", a_policy(first="5m"))
    new = await office.file()
    assert old.next_due_at == MONDAY + timedelta(minutes=15)
    assert new.next_due_at == MONDAY + timedelta(minutes=5)
    office.move_to("09:10")
    after = await intake.customer_writes(office.desk, old.number, "m1", "在吗", "portal")
    assert after.next_due_at == old.next_due_at
