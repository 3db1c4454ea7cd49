"""交接班: what somebody leaves half-done at the end of his shift, or when he goes on leave."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from server.domain import commands as c
from server.domain.duty_events import HandoverAsked, HandoverLeft
from server.domain.errors import AlreadyTaken, NotAllowed, UnknownHandover
from server.domain.rosters import Handing
from server.domain.ticket import Ticket
from server.usecases import duty, handovers, leave
from tests.support.shifts import QIAN, ZHAO, at, desk_events, hire, until, with_shifts
from tests.support.world import FIRST, SUPERVISOR, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shifts(tmp_path: Path, anyio_backend: str) -> AsyncIterator[World]:
    """A desk at work with a roster."""
    async with World(tmp_path) as world:
        yield await with_shifts(world)


@pytest.fixture
async def either(desk_url: str, tmp_path: Path, anyio_backend: str) -> AsyncIterator[World]:
    """The same on both engines."""
    url = desk_url if desk_url.startswith("postgres") else ""
    async with World(tmp_path, url=url) as world:
        yield await with_shifts(world)


async def held(world: World, subject: str, by: str = ZHAO) -> Ticket:
    """A ticket of 一线 that a colleague has claimed."""
    ticket = await world.file(subject, subject)
    if ticket.team != FIRST:
        await world.perform(SUPERVISOR, c.Transfer(ticket=ticket.number, team=FIRST))
    return await world.perform(by, c.Claim(ticket=ticket.number))


async def asked(world: World) -> list[HandoverAsked]:
    return [event.body for event in await desk_events(world, HandoverAsked)]


async def test_at_the_end_of_a_shift_the_next_one_is_asked_and_told_the_time_left(either: World):
    ticket = await held(either, "屏幕坏了")
    await until(either, at("18:00"))
    (body,) = await asked(either)
    assert (body.staff, body.why) == (either.staff_ids[ZHAO], "shift_end")
    assert body.tickets == (ticket.number,)
    assert either.staff_ids[QIAN] in body.told
    assert body.due_at == at("18:15")
    (listing,) = await handovers.list_open(either.desk, await either.staff(QIAN))
    assert [one.ticket for one in listing.waiting] == [ticket.number]
    assert listing.states[ticket.number].clocks


async def test_a_taker_holds_the_ticket_in_one_step_and_the_others_learn_who(shifts: World):
    ticket = await held(shifts, "屏幕坏了")
    await until(shifts, at("18:00"))
    await handovers.take_ticket(shifts.desk, await shifts.staff(QIAN), ticket.number, "web")
    assert (await shifts.ticket(ticket.number)).assignee == shifts.staff_ids[QIAN]
    with pytest.raises(UnknownHandover):
        await handovers.take_ticket(
            shifts.desk, await shifts.staff(SUPERVISOR), ticket.number, "web"
        )
    (body,) = await asked(shifts)
    with pytest.raises(AlreadyTaken) as refused:
        await handovers.take(
            shifts.desk, await shifts.staff(SUPERVISOR), body.handover, (ticket.number,), "web"
        )
    assert refused.value.facts["assignee"] == QIAN
    await until(shifts, at("19:00"))
    assert await desk_events(shifts, HandoverLeft) == []


async def test_of_many_who_take_at_once_exactly_one_wins_each_ticket(either: World):
    others = [QIAN, "甲", "乙", "丙", "丁"]
    for name in others[1:]:
        await hire(either, name, on_duty=True)
    tickets = [await held(either, f"屏幕坏了 {place}") for place in range(4)]
    await until(either, at("18:00"))
    (body,) = await asked(either)

    async def takes(name: str, number: int) -> str:
        try:
            await handovers.take(
                either.desk, await either.staff(name), body.handover, (number,), "web"
            )
        except AlreadyTaken as refusal:
            return str(refusal.facts["assignee"])
        return name

    for ticket in tickets:
        told = await asyncio.gather(*(takes(name, ticket.number) for name in others * 3))
        holder = (await either.ticket(ticket.number)).assignee
        assert {either.staff_ids[name] for name in told} == {holder}
        kinds = await either.kinds(ticket.number)
        assert kinds.count("assigned") == 1
    assert await handovers.list_open(either.desk, await either.staff(SUPERVISOR)) == []


async def test_what_nobody_takes_in_time_goes_to_the_leader_as_far_as_it_is_pressing(either: World):
    pressing = await held(either, "屏幕坏了")
    waits = await held(either, "键盘坏了")
    hold = c.Hold(
        ticket=waits.number, status="waiting_customer", reason="等客户", until=at("10:00", 20)
    )
    await either.perform(ZHAO, hold)
    reply = c.Reply(ticket=waits.number, text="请把型号告诉我们", then="waiting_customer")
    await either.perform(ZHAO, reply)
    await until(either, at("18:00"))
    await until(either, at("18:15"))
    (left,) = [event.body for event in await desk_events(either, HandoverLeft)]
    boss = either.staff_ids[SUPERVISOR]
    assert left.leader == boss
    assert set(left.tickets) == {pressing.number, waits.number}
    assert left.given == (pressing.number,)
    assert (await either.ticket(pressing.number)).assignee == boss
    assert (await either.ticket(waits.number)).assignee == either.staff_ids[ZHAO]
    assert await handovers.list_open(either.desk, await either.staff(SUPERVISOR)) == []


async def test_a_roster_says_how_long_takers_have_and_what_the_leader_gets(
    tmp_path: Path,
):
    async with World(tmp_path) as world:
        await with_shifts(world, handing=Handing(minutes=40, left="all"))
        ticket = await held(world, "屏幕坏了")
        await until(world, at("18:39"))
        assert (await world.ticket(ticket.number)).assignee == world.staff_ids[ZHAO]
        await until(world, at("18:40"))
        assert (await world.ticket(ticket.number)).assignee == world.staff_ids[SUPERVISOR]


async def test_whoever_comes_back_keeps_his_tickets(shifts: World):
    ticket = await held(shifts, "屏幕坏了")
    await until(shifts, at("18:00"))
    await duty.set_duty(shifts.desk, await shifts.staff(ZHAO), "on_duty")
    await until(shifts, at("19:00"))
    assert (await shifts.ticket(ticket.number)).assignee == shifts.staff_ids[ZHAO]
    assert await desk_events(shifts, HandoverLeft) == []


async def test_nobody_is_bothered_where_all_go_home_and_nothing_falls_due(tmp_path: Path):
    async with World(tmp_path) as world:
        await with_shifts(world)
        for name in (QIAN, SUPERVISOR):
            await duty.set_duty(world.desk, await world.staff(name), "off_duty")
        roster = (await world.desk.firm()).rosters["first"]
        day_only = {
            name: getattr(roster, name) for name in roster.__struct_fields__ if name != "id"
        }
        day_only["lines"] = tuple(one for one in roster.lines if one.cycle == "day")
        await world.save("roster", "first", type(roster)(**day_only))
        ticket = await held(world, "屏幕坏了")
        await world.perform(ZHAO, c.Reply(ticket=ticket.number, text="在看"))
        await until(world, at("18:00"))
        assert await asked(world) == []


async def test_leave_hands_over_at_once_and_at_its_end_duty_comes_back(either: World):
    ticket = await held(either, "屏幕坏了")
    await duty.set_duty(either.desk, await either.staff(QIAN), "on_duty")
    await until(either, at("10:00"))
    boss, zhao = await either.staff(SUPERVISOR), either.staff_ids[ZHAO]
    await leave.ask_leave(either.desk, boss, zhao, "sick", at("10:00"), at("15:00"))
    await either.at_rest()
    assert (await either.staff(ZHAO)).duty == "off_duty"
    (body,) = await asked(either)
    assert (body.why, body.tickets) == ("leave", (ticket.number,))
    await until(either, at("15:00"))
    assert (await either.staff(ZHAO)).duty == "on_duty"


async def test_leave_that_is_approved_after_the_shift_hands_over_then(shifts: World):
    await until(shifts, at("18:00"))
    ticket = await held(shifts, "屏幕坏了", by=ZHAO)
    zhao = await shifts.staff(ZHAO)
    asked_for = await leave.ask_leave(
        shifts.desk, zhao, zhao.id, "annual", at("00:00", 17), at("00:00", 20)
    )
    assert (asked_for.state, await asked(shifts)) == ("asked", [])
    await leave.decide_leave(
        shifts.desk, await shifts.staff(SUPERVISOR), asked_for.id, approve=True
    )
    await shifts.at_rest()
    (body,) = await asked(shifts)
    assert (body.why, body.tickets) == ("leave", (ticket.number,))
    await until(shifts, at("12:00", 17))
    assert (await shifts.staff(ZHAO)).duty == "off_duty"
    await until(shifts, at("10:00", 20))
    assert (await shifts.staff(ZHAO)).duty == "on_duty"


async def test_somebody_without_a_roster_goes_on_leave_and_comes_back_by_his_own_word(
    tmp_path: Path,
):
    async with World(tmp_path) as world:
        await world.set_up()
        await hire(world, on_duty=True)
        ticket = await held(world, "屏幕坏了")
        boss, zhao = await world.staff(SUPERVISOR), world.staff_ids[ZHAO]
        await leave.ask_leave(world.desk, boss, zhao, "personal", at("10:00"), at("18:00"))
        await until(world, at("10:00"))
        assert (await world.staff(ZHAO)).duty == "off_duty"
        assert [one.tickets for one in await asked(world)] == [(ticket.number,)]
        await until(world, at("12:00", 17))
        assert (await world.staff(ZHAO)).duty == "off_duty"


async def test_who_may_not_see_a_ticket_does_not_learn_of_its_hand_over(shifts: World):
    await held(shifts, "屏幕坏了")
    await until(shifts, at("18:00"))
    (body,) = await asked(shifts)
    stranger = await shifts.staff("李工")
    assert await handovers.list_open(shifts.desk, stranger) == []
    with pytest.raises((UnknownHandover, NotAllowed)):
        await handovers.take(shifts.desk, stranger, body.handover, (), "web")


async def test_a_hand_over_that_fell_due_while_the_desk_was_down_is_told_after(shifts: World):
    ticket = await held(shifts, "屏幕坏了")
    await until(shifts, at("18:05"))
    await shifts.stop()
    await shifts.clock.advance(timedelta(hours=2))
    await shifts.start()
    await shifts.at_rest()
    (left,) = [event.body for event in await desk_events(shifts, HandoverLeft)]
    assert left.given == (ticket.number,)


async def test_whoever_goes_early_or_after_working_on_hands_over_when_he_says_so(shifts: World):
    ticket = await held(shifts, "屏幕坏了")
    await until(shifts, at("10:00"))
    zhao = await shifts.staff(ZHAO)
    await duty.set_duty(shifts.desk, zhao, "off_duty")
    (early,) = await asked(shifts)
    assert early.tickets == (ticket.number,)
    await duty.set_duty(shifts.desk, await shifts.staff(ZHAO), "on_duty")
    await until(shifts, at("18:00"))
    await duty.set_duty(shifts.desk, await shifts.staff(ZHAO), "on_duty")
    await until(shifts, at("20:00"))
    await duty.set_duty(shifts.desk, await shifts.staff(ZHAO), "off_duty")
    assert [one.due_at for one in await asked(shifts)] == [
        at("10:15"),
        at("18:15"),
        at("20:15"),
    ]
    await until(shifts, at("20:15"))
    assert (await shifts.ticket(ticket.number)).assignee == shifts.staff_ids[SUPERVISOR]
