"""派单 in earnest: bounds hold, what waits is routed again, what nobody accepts goes on, and of
many who grab one wins.
"""

import asyncio
from datetime import timedelta
from functools import partial

import msgspec
import pytest

from server.domain import commands as c
from server.domain.errors import AlreadyClaimed, HoldsTooMany, NotAllowed
from server.domain.events import Priority, Released, Routed
from server.domain.people import Role, Staff, Team
from server.domain.queues import Caps, Fatigue, Queue
from server.domain.standings import Standing, instants
from server.domain.stores import Store
from server.storage import standings as kept
from server.storage import tickets
from server.storage import timers as timer_rows
from server.storage.database import Statement, Unit
from server.usecases import deadlines, grabbing, people, standings, waiting
from tests.support.builders import Office

pytestmark = pytest.mark.anyio

NETWORK = "网络不通"
TOLD = Statement("SELECT kind FROM outbox WHERE ticket = :ticket ORDER BY id", str)


async def a_queue(office: Office, **fields) -> None:
    await office.save("queue", "default", Queue(id="default", name="默认", **fields))


async def colleagues(office: Office, count: int, team: str = "second") -> list[Staff]:
    """So many who know networks, beside 李工."""
    fresh = [
        await people.add_staff(
            office.desk,
            office.admin,
            Staff(id=0, name=f"网{n}", email=f"w{n}@x.cn", skills={"network": 3}, on_duty=True),
            None,
        )
        for n in range(count)
    ]
    members = (office.li.id, *(one.id for one in fresh))
    leaders = (office.boss.id,)
    await office.save("team", team, Team(id=team, name="二线", members=members, leaders=leaders))
    return fresh


async def now(office: Office, number: int):
    found = await tickets.find(office.desk.database, number)
    assert found is not None
    return found


async def go_round(office: Office, *, everything: bool = False) -> int:
    given = await waiting.route_waiting(office.desk, everything=everything)
    head = await waiting.head_seq(office.desk)
    assert await waiting.route_waiting(office.desk, everything=everything) == 0
    assert await waiting.head_seq(office.desk) == head, "a decision that changes nothing is silent"
    return given


async def timers(office: Office, number: int) -> set[str]:
    rows = await timer_rows.list_timers(office.desk.database, number)
    return {row.kind for row in rows if row.kind in {"accept_by", "touch_by"}}


async def all_is_kept(office: Office) -> None:
    assert await standings.find_astray(office.desk) == standings.Astray()


# --- standings


async def test_a_standing_counts_what_is_in_work_and_can_be_made_again(office: Office):
    li = office.li.id
    numbers = [(await office.file(NETWORK)).number for _ in range(3)]
    await office.do(office.li, c.SetPriority(ticket=numbers[0], priority=Priority.URGENT))
    office.move_by(timedelta(minutes=40))
    await office.do(office.li, c.Reply(ticket=numbers[1], text="您看好了没有"))
    until = office.desk.clock.now() + timedelta(hours=9)
    hold = c.Hold(ticket=numbers[1], status="waiting_customer", reason="等回话", until=until)
    await office.do(office.li, hold)
    office.move_by(timedelta(hours=3))  # which nobody works
    await office.do(office.li, c.Resolve(ticket=numbers[1], solution="好了"))
    until = office.desk.clock.now() + timedelta(hours=4)
    hold = c.Hold(ticket=numbers[2], status="waiting_customer", reason="等回电", until=until)
    await office.do(office.li, hold)
    standing = (await kept.read_all(office.desk.database))[li]
    assert (standing.load, standing.weight, standing.held, standing.pace) == (1, 6, 2, 2400)
    assert len(instants(standing.given)) == 3
    await all_is_kept(office)

    async def spoil(unit):
        await kept.put(unit, li, msgspec.structs.replace(standing, load=0, given=""))
        await kept.leave(unit, numbers[0])

    await office.desk.database.unit(spoil)
    assert (await standings.find_astray(office.desk)).staff == (li,)
    assert await standings.rebuild(office.desk) == 1
    assert (await kept.read_all(office.desk.database))[li] == standing
    assert await standings.rebuild(office.desk) == 0


async def test_the_waiting_queue_can_be_made_again(office: Office):
    number = (await office.file()).number

    async def spoil(unit):
        await kept.leave(unit, number)

    await office.desk.database.unit(spoil)
    assert (await standings.find_astray(office.desk)).tickets == (number,)
    await standings.rebuild(office.desk)
    await all_is_kept(office)


async def test_caps_hold_when_many_tickets_come_at_once(office: Office):
    await colleagues(office, 2)
    await a_queue(office, caps=Caps(open=4))
    filed = await asyncio.gather(*(office.file(NETWORK) for _ in range(30)))
    held = [one.assignee for one in filed if one.assignee is not None]
    assert sorted(held.count(one) for one in set(held)) == [4, 4, 4]
    await go_round(office)
    assert {one.load for one in (await kept.read_all(office.desk.database)).values()} == {4}
    await all_is_kept(office)


# --- what waits is routed again


async def test_a_solved_ticket_makes_room_for_the_most_pressing_one_that_waits(office: Office):
    await a_queue(office, caps=Caps(open=1))
    first, plain, pressing = [(await office.file(NETWORK)).number for _ in range(3)]
    await office.do(office.boss, c.SetPriority(ticket=pressing, priority=Priority.URGENT))
    seen = await waiting.head_seq(office.desk)
    assert await go_round(office) == 0
    await office.do(office.li, c.Resolve(ticket=first, solution="好了"))
    assert (await waiting.read_news(office.desk, seen)).freed
    assert await go_round(office) == 1
    assert (await now(office, pressing)).assignee == office.li.id
    assert (await now(office, plain)).assignee is None
    body = (await office.events(pressing))[-1]
    assert isinstance(body, Routed)
    assert (body.decision.cause, body.decision.assignee) == ("waiting", office.li.id)
    await all_is_kept(office)


@pytest.mark.parametrize("how", ["duty", "skill", "cap", "transfer", "hold", "member"])
async def test_whatever_frees_somebody_routes_what_waits(office: Office, how: str):
    other = (await colleagues(office, 1))[0]
    await a_queue(office, caps=Caps(open=1))
    busy = [(await office.file(NETWORK)).number for _ in range(2)]
    assert {(await now(office, number)).assignee for number in busy} == {office.li.id, other.id}
    number = (await office.file(NETWORK)).number
    assert (await now(office, number)).assignee is None
    seen = await waiting.head_seq(office.desk)
    await _free(office, how, busy)
    news = await waiting.read_news(office.desk, seen)
    assert news.freed or news.everything
    assert await go_round(office, everything=news.everything) >= 1
    assert (await now(office, number)).assignee is not None
    await all_is_kept(office)


async def _free(office: Office, how: str, busy: list[int]) -> None:
    fresh = Staff(id=0, name="新来的", email="new@x.cn", on_duty=False, role=Role.STAFF)
    match how:
        case "duty":
            skilled = msgspec.structs.replace(fresh, skills={"network": 1})
            one = await people.add_staff(office.desk, office.admin, skilled, None)
            await _join(office, one)
            await people.set_duty(office.desk, one, True)  # noqa: FBT003
        case "skill":
            one = await people.add_staff(
                office.desk, office.admin, msgspec.structs.replace(fresh, on_duty=True), None
            )
            await _join(office, one)
            learned = msgspec.structs.replace(one, skills={"network": 1})
            await people.save_staff(office.desk, office.admin, learned)
        case "cap":
            await a_queue(office, caps=Caps(open=2))
        case "transfer":
            await office.do(office.boss, c.Transfer(ticket=busy[0], team="first"))
        case "hold":
            until = office.desk.clock.now() + timedelta(hours=4)
            held = await now(office, busy[0])
            firm = await office.desk.firm()
            hold = c.Hold(ticket=busy[0], status="waiting_customer", reason="等", until=until)
            await office.do(firm.staff[held.assignee], hold)
        case "member":
            await _join(office, office.zhao)
            learned = msgspec.structs.replace(office.zhao, skills={"network": 1})
            await people.save_staff(office.desk, office.admin, learned)


async def _join(office: Office, one: Staff) -> None:
    team = (await office.desk.firm()).teams["second"]
    members = (*team.members, one.id)
    await office.save("team", "second", msgspec.structs.replace(team, members=members))


async def test_what_a_colleague_sent_to_a_team_stays_with_it(office: Office):
    number = (await office.file(NETWORK)).number
    await office.do(office.li, c.Transfer(ticket=number, team="first", reason="不是网络"))
    await go_round(office, everything=True)
    after = await now(office, number)
    assert (after.team, after.assignee) == ("first", None)


async def test_who_gave_it_back_does_not_get_it_again(office: Office):
    other = (await colleagues(office, 1))[0]
    number = (await office.file(NETWORK)).number
    held = (await now(office, number)).assignee
    firm = await office.desk.firm()
    await office.do(firm.staff[held], c.Release(ticket=number))
    assert await go_round(office) == 1
    assert (await now(office, number)).assignee == ({office.li.id, other.id} - {held}).pop()


async def test_many_that_wait_are_worked_off_in_batches_in_order(office: Office):
    await a_queue(office, caps=Caps(open=1))
    numbers = [(await office.file(NETWORK)).number for _ in range(60)]
    await a_queue(office, caps=Caps(open=41))
    assert await go_round(office, everything=True) == 40
    held = [number for number in numbers if (await now(office, number)).assignee is not None]
    assert held == numbers[:41]


# --- bounds of time


async def test_who_had_enough_this_hour_gets_the_next_one_when_it_is_over(office: Office):
    await a_queue(office, caps=Caps(hourly=2))
    numbers = [(await office.file(NETWORK)).number for _ in range(3)]
    assert (await now(office, numbers[2])).assignee is None
    free_at = await waiting.next_free_at(office.desk)
    assert free_at == office.desk.clock.now() + timedelta(hours=1)
    office.set_to(free_at)
    assert await go_round(office) == 1
    assert await waiting.next_free_at(office.desk) is None


async def test_after_urgent_tickets_in_a_row_a_colleague_rests_from_them(office: Office):
    await a_queue(office, fatigue=Fatigue(after=2, rest=30))
    for _ in range(2):
        await office.file(NETWORK, priority=Priority.URGENT)
    third = (await office.file(NETWORK, priority=Priority.URGENT)).number
    assert (await now(office, third)).assignee is None
    dropped = (await office.events(third))[-1].decision.candidates
    assert [(one.staff, one.dropped) for one in dropped] == [(office.li.id, "resting")]
    rested_at = await waiting.next_free_at(office.desk)
    assert rested_at == office.desk.clock.now() + timedelta(minutes=30)
    office.set_to(rested_at)
    assert await go_round(office) == 1


# --- not accepted, not begun


async def test_what_is_not_accepted_goes_to_the_next_then_to_a_supervisor(office: Office):
    other = (await colleagues(office, 1))[0]
    await a_queue(office, accept_within=10, tries=2)
    number = (await office.file(NETWORK)).number
    first = (await now(office, number)).assignee
    assert await timers(office, number) == {"accept_by"}
    office.move_by(timedelta(minutes=10))
    await deadlines.fall_due(office.desk, number)
    second = await now(office, number)
    assert second.assignee == ({office.li.id, other.id} - {first}).pop()
    decision = (await office.events(number))[-1].decision
    assert (decision.cause, decision.left_out) == ("unaccepted", (first,))
    office.move_by(timedelta(minutes=10))
    await deadlines.fall_due(office.desk, number)
    third = await now(office, number)
    assert third.assignee == office.boss.id
    last = [body for body in await office.events(number) if isinstance(body, Routed)][-1]
    assert last.decision.outcome == "supervisor"
    assert await timers(office, number) == set()
    await all_is_kept(office)


async def test_accepting_in_time_ends_it_and_nothing_happens_later(office: Office):
    await a_queue(office, accept_within=10, touch_within=0)
    number = (await office.file(NETWORK)).number
    await office.do(office.li, c.Claim(ticket=number))
    assert await timers(office, number) == set()
    office.move_by(timedelta(minutes=30))
    await deadlines.fall_due(office.desk, number)
    assert (await now(office, number)).assignee == office.li.id


async def test_where_people_help_themselves_what_is_not_accepted_goes_back(office: Office):
    await a_queue(office, accept_within=10)
    number = (await office.file()).number
    await office.do(office.boss, c.Assign(ticket=number, staff=office.zhao.id))
    office.move_by(timedelta(minutes=10))
    await deadlines.fall_due(office.desk, number)
    after = await now(office, number)
    assert (after.team, after.assignee) == ("first", None)
    assert Released(previous=office.zhao.id, reason="unaccepted") in await office.events(number)


async def test_what_was_grabbed_and_not_begun_is_taken_back(office: Office):
    await a_queue(office, touch_within=30)
    idle, begun = (await office.file()).number, (await office.file()).number
    for number in (idle, begun):
        await office.do(office.zhao, c.Claim(ticket=number))
        assert await timers(office, number) == {"touch_by"}
    await office.do(office.zhao, c.Note(ticket=begun, text="已联系客户"))
    assert await timers(office, begun) == set()
    office.move_by(timedelta(minutes=30))
    for number in (idle, begun):
        await deadlines.fall_due(office.desk, number)
    assert (await now(office, idle)).assignee is None
    assert Released(previous=office.zhao.id, reason="untouched") in await office.events(idle)
    assert (await now(office, begun)).assignee == office.zhao.id
    await all_is_kept(office)


# --- 抢单


async def test_who_holds_as_many_as_the_queue_allows_can_grab_no_more(office: Office):
    await a_queue(office, hoard=2)
    numbers = [(await office.file()).number for _ in range(3)]
    for number in numbers[:2]:
        await office.do(office.zhao, c.Claim(ticket=number))
    until = office.desk.clock.now() + timedelta(hours=4)
    hold = c.Hold(ticket=numbers[0], status="waiting_customer", reason="等", until=until)
    await office.do(office.zhao, hold)
    with pytest.raises(HoldsTooMany) as refusal:
        await office.do(office.zhao, c.Claim(ticket=numbers[2]))
    assert refusal.value.facts["held"] == refusal.value.facts["most"] == 2
    await office.do(office.zhao, c.Resolve(ticket=numbers[1], solution="好了"))
    await office.do(office.zhao, c.Claim(ticket=numbers[2]))


async def test_of_fifty_who_grab_one_wins_and_every_try_is_counted(office: Office):
    crowd = [
        await people.add_staff(
            office.desk,
            office.admin,
            Staff(id=0, name=f"同事{n}", email=f"n{n}@x.cn", role=Role.STAFF, on_duty=True),
            None,
        )
        for n in range(50)
    ]
    members = tuple(one.id for one in crowd)
    await office.save("team", "first", Team(id="first", name="一线", members=members))
    winners: list[int] = []
    for rounds in range(1, 6):
        number = (await office.file()).number
        office.move_by(timedelta(seconds=rounds))
        answers = await asyncio.gather(
            *(office.do(one, c.Claim(ticket=number)) for one in crowd), return_exceptions=True
        )
        won = [one for one, answer in zip(crowd, answers, strict=True) if not _lost(answer)]
        assert len(won) == 1
        winners.append(won[0].id)
        losers = [answer for answer in answers if _lost(answer)]
        assert {answer.facts["assignee"] for answer in losers} == {won[0].name}
    figures = await grabbing.list_grabbing(office.desk, office.boss, days=1)
    queue = figures[0]
    assert (queue.queue, queue.staff) == ("default", None)
    assert (queue.tries, queue.grabs, queue.median) == (250, 5, 3)
    own = {one.staff: one.grabs for one in figures[1:]}
    assert own == {one.id: winners.count(one.id) for one in crowd}
    with pytest.raises(NotAllowed):
        await grabbing.list_grabbing(office.desk, office.zhao, days=1)


def _lost(answer: object) -> bool:
    if isinstance(answer, BaseException):
        assert isinstance(answer, AlreadyClaimed), answer
        return True
    return False


async def test_a_queue_by_hand_tells_its_leaders_and_nobody_else(office: Office):
    await office.connect()
    await a_queue(office, mode="manual", team="second")
    number = (await office.file()).number
    assert await office.desk.database.all(TOLD, ticket=number) == ["to_dispatch"]
    await office.do(office.boss, c.Assign(ticket=number, staff=office.li.id))
    assert (await office.desk.database.all(TOLD, ticket=number))[1:] == ["assigned"]


# --- where people are


async def test_the_colleague_of_the_nearest_store_comes_first(office: Office):
    near, far = await colleagues(office, 2)
    for name, latitude, person in (("nanshan", 22.53, near), ("tianhe", 23.12, far)):
        place = Store(id=name, name=name, latitude=latitude, longitude=113.93, radius=200)
        await office.save("store", name, place)
        placed = msgspec.structs.replace(person, store=name)
        await people.save_staff(office.desk, office.admin, placed)
    ticket = await office.file(NETWORK, latitude=22.54, longitude=113.95)
    assert ticket.assignee == near.id
    decision = (await office.events(ticket.number))[-1].decision
    scores = {one.staff: one.scores["near"] for one in decision.candidates if one.scores}
    assert scores[near.id] == 10
    assert scores[near.id] > scores[far.id] > scores[office.li.id] == 0


async def test_a_queue_may_send_to_the_team_of_the_nearest_store(office: Office):
    await a_queue(office, by_store=True, team="first")
    region = "广东省/深圳市/南山区"
    await office.save("store", "sz", Store(id="sz", name="深圳", team="second", region=region))
    assert (await office.file(region="广东 深圳 南山")).team == "second"
    assert (await office.file(region="北京市")).team == "first"


# --- standings in memory


async def test_standings_in_memory_are_those_of_the_database(office: Office):
    """After an undone unit, after a batch that ran twice, and after another desk has written."""
    staff, memory = office.li.id, office.desk.standings

    async def read(unit: Unit) -> Standing | None:
        return (await memory.read(unit)).get(staff)

    async def put(unit: Unit, load: int, *, fails: bool) -> None:
        await memory.put(unit, {staff: Standing(load=load)})
        assert await read(unit) == Standing(load=load)
        if fails:
            raise LookupError

    database = office.desk.database
    await database.unit(partial(put, load=1, fails=False))
    for _ in range(5):
        units = [partial(put, load=load, fails=load % 2 == 0) for load in (2, 3, 4)]
        ended = await asyncio.gather(*map(database.unit, units), return_exceptions=True)
        assert [isinstance(one, LookupError) for one in ended] == [True, False, True]
        assert await database.unit(read) == Standing(load=3)
    await database.unit(lambda unit: kept.put(unit, staff, Standing(load=9)))
    assert await database.unit(read) == Standing(load=9), "somebody else has written"
    await database.unit(lambda unit: kept.put(unit, staff, Standing()))
    office.proven = False
