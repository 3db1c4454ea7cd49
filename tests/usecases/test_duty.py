"""The roster switches duty at the edges of shifts; in between everybody's own word counts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from server.domain.duty_events import DutyChanged
from server.domain.errors import Invalid, NotAllowed, NotOnDuty
from server.storage import rosters
from server.usecases import duty
from tests.support.shifts import QIAN, ZHAO, at, desk_events, until, with_shifts
from tests.support.world import ADMINISTRATOR, SUPERVISOR, World

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


async def duties(world: World, *names: str) -> list[str]:
    return [(await world.staff(name)).duty for name in names or (ZHAO, QIAN)]


async def says(world: World, name: str, what: str, **more: object) -> None:
    await duty.set_duty(world.desk, await world.staff(name), what, **more)
    await world.at_rest()


async def test_duty_follows_the_roster_through_a_day_a_night_and_the_lunch_between(either: World):
    assert await duties(either) == ["on_duty", "off_duty"]
    await until(either, at("12:00"))
    assert (await either.staff(ZHAO)).break_until == at("13:30")
    assert await duties(either) == ["break", "off_duty"]
    await until(either, at("13:30"))
    assert await duties(either) == ["on_duty", "off_duty"]
    await until(either, at("18:00"))
    assert await duties(either) == ["off_duty", "on_duty"]
    await until(either, at("02:00", 17))
    assert await duties(either) == ["off_duty", "off_duty"]
    await until(either, at("09:00", 17))
    assert await duties(either) == ["on_duty", "off_duty"]
    await until(either, at("12:00", 21))
    assert await duties(either) == ["off_duty", "off_duty"]


async def test_whoever_went_by_hand_is_not_called_back_before_the_next_shift(shifts: World):
    await until(shifts, at("10:00"))
    await says(shifts, ZHAO, "off_duty")
    for text in ("12:00", "13:30", "18:00"):
        await until(shifts, at(text))
        assert await duties(shifts, ZHAO) == ["off_duty"]
    await until(shifts, at("09:00", 17))
    assert await duties(shifts, ZHAO) == ["on_duty"]


async def test_whoever_works_on_says_so_and_stays_until_the_next_shift_ends(shifts: World):
    await until(shifts, at("18:00"))
    await says(shifts, ZHAO, "on_duty")
    await until(shifts, at("08:59", 17))
    assert await duties(shifts, ZHAO) == ["on_duty"]
    await until(shifts, at("18:00", 17))
    assert await duties(shifts, ZHAO) == ["off_duty"]


async def test_a_break_ends_by_itself_and_at_the_end_of_the_shift(either: World):
    await says(either, ZHAO, "break", span=timedelta(minutes=15))
    assert await duties(either, ZHAO) == ["break"]
    assert not (await either.staff(ZHAO)).on_duty
    await until(either, at("09:15"))
    assert await duties(either, ZHAO) == ["on_duty"]
    await until(either, at("17:50"))
    await says(either, ZHAO, "break", span=timedelta(minutes=30))
    await until(either, at("18:20"))
    assert await duties(either, ZHAO) == ["off_duty"]


async def test_a_break_before_lunch_goes_over_into_lunch(shifts: World):
    await until(shifts, at("11:55"))
    await says(shifts, ZHAO, "break", span=timedelta(minutes=15))
    await until(shifts, at("12:30"))
    assert (await shifts.staff(ZHAO)).break_until == at("13:30")
    await until(shifts, at("13:30"))
    assert await duties(shifts, ZHAO) == ["on_duty"]


async def test_a_break_needs_somebody_on_duty_and_a_sensible_span(shifts: World):
    with pytest.raises(NotOnDuty):
        await says(shifts, QIAN, "break")
    for span in (timedelta(0), timedelta(hours=5)):
        with pytest.raises(Invalid):
            await says(shifts, ZHAO, "break", span=span)
    assert await duties(shifts) == ["on_duty", "off_duty"]


async def test_only_leaders_say_it_of_others(shifts: World):
    zhao, qian = shifts.staff_ids[ZHAO], shifts.staff_ids[QIAN]
    with pytest.raises(NotAllowed):
        await says(shifts, ZHAO, "on_duty", of=qian)
    await says(shifts, SUPERVISOR, "on_duty", of=qian)
    await says(shifts, ADMINISTRATOR, "off_duty", of=zhao)
    assert await duties(shifts) == ["off_duty", "on_duty"]


async def test_after_downtime_every_turn_is_done_in_order_and_says_how_late(either: World):
    await either.stop()
    await either.clock.advance_to(at("20:00", 17))
    await either.start()
    await either.at_rest()
    assert await duties(either) == ["off_duty", "on_duty"]
    done = [
        (event.effective_at, event.body.staff, event.body.late_by)
        for event in await desk_events(either, DutyChanged)
        if event.body.by_roster and event.recorded_at == at("20:00", 17)
    ]
    assert [one[0] for one in done] == sorted(one[0] for one in done)
    zhao, qian = either.staff_ids[ZHAO], either.staff_ids[QIAN]
    hours = 3600
    assert done == [
        (at("12:00"), zhao, 32 * hours),
        (at("13:30"), zhao, 30 * hours + 1800),
        (at("18:00"), zhao, 26 * hours),
        (at("18:00"), qian, 26 * hours),
        (at("02:00", 17), qian, 18 * hours),
        (at("09:00", 17), zhao, 11 * hours),
        (at("12:00", 17), zhao, 8 * hours),
        (at("13:30", 17), zhao, 6 * hours + 1800),
        (at("18:00", 17), zhao, 2 * hours),
        (at("18:00", 17), qian, 2 * hours),
    ]


async def test_without_a_roster_duty_is_what_everybody_says(tmp_path: Path):
    async with World(tmp_path) as world:
        await world.set_up()
        await says(world, ZHAO, "off_duty")
        await world.advance(days=3)
        assert await duties(world, ZHAO, "李工") == ["off_duty", "on_duty"]
        assert await rosters.list_turns(world.desk.database) == {}
        assert await rosters.next_due_at(world.desk.database) is None


async def test_a_changed_roster_counts_at_once(shifts: World):
    await until(shifts, at("10:00"))
    doc = (await shifts.desk.firm()).rosters["first"]
    free = {at("10:00").date(): {shifts.staff_ids[ZHAO]: "", shifts.staff_ids[QIAN]: "day"}}
    await shifts.save("roster", "first", msgspec.structs.replace(doc, overrides=free))
    await shifts.at_rest()
    assert await duties(shifts) == ["off_duty", "on_duty"]
    await until(shifts, at("18:00"))
    assert await duties(shifts) == ["off_duty", "off_duty"]


async def test_what_waits_is_routed_the_moment_a_break_is_over_or_a_shift_begins(shifts: World):
    await until(shifts, at("12:00"))
    over_lunch = await shifts.file("网络断了")
    assert over_lunch.assignee is None
    await until(shifts, at("13:30"))
    assert (await shifts.ticket(over_lunch.number)).assignee == shifts.staff_ids[ZHAO]
    await until(shifts, at("03:00", 17))
    at_night = await shifts.file("网络又断了")
    assert at_night.assignee is None
    await until(shifts, at("09:00", 17))
    assert (await shifts.ticket(at_night.number)).assignee == shifts.staff_ids[ZHAO]


async def test_of_many_who_act_on_a_turn_one_does(desk_url: str, tmp_path: Path):
    url = desk_url if desk_url.startswith("postgres") else ""
    async with World(tmp_path, url=url, loops=False) as world:
        await with_shifts(world)
        await duty.follow(world.desk)
        await until(world, at("12:00"))
        zhao = world.staff_ids[ZHAO]
        done = await asyncio.gather(*(duty.turn(world.desk, zhao) for _ in range(8)))
        assert sorted(done) == [False] * 7 + [True]
        assert (await world.staff(ZHAO)).break_until == at("13:30")
        await until(world, at("13:30"))
        said = duty.set_duty(world.desk, await world.staff(ZHAO), "off_duty")
        ended = [duty.end_break(world.desk, zhao) for _ in range(4)]
        await asyncio.gather(*ended, said, duty.turn(world.desk, zhao))
        assert (await world.staff(ZHAO)).duty in {"on_duty", "off_duty"}
        assert len(await desk_events(world, DutyChanged)) in {3, 4}
