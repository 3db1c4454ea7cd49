"""The ladder at work: who is told, in how many messages, what is done, and that it is done once."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from server.desk import Never, Sent
from server.domain import commands as c
from server.domain.errors import AlreadyClaimed, UnknownTicket
from server.domain.events import Priority, Released, Routed
from server.domain.ladder_events import RungReached
from server.domain.ladders import (
    After,
    Ladder,
    MoveQueue,
    OfTarget,
    Quiet,
    RaisePriority,
    Reassign,
    Rung,
)
from server.domain.people import Team
from server.domain.queues import Queue
from server.storage import outbox, timers
from server.usecases import deadlines, deliveries, intake, people
from tests.support.builders import Office, a_policy, at

pytestmark = pytest.mark.anyio

DUE = Rung(id="due", on="first", at=OfTarget(100), tell=("assignee", "leader"))


async def pass_to(office: Office, text: str) -> None:
    office.move_to(text)
    while due := await deadlines.list_due(office.desk):
        await deadlines.fall_due(office.desk, *(one.ticket for one in due))


async def climb_by(office: Office, *rungs: Rung, **ladder) -> None:
    await office.save("ladder", "default", Ladder(rungs=rungs, **ladder))
    await retime(office)


async def retime(office: Office) -> None:
    while orders := await deadlines.list_orders(office.desk):
        for order in orders:
            await deadlines.carry_on(office.desk, order)


async def messages(office: Office, who: str) -> list[dict]:
    """What waits for somebody, or for a group, by the ladder: oldest first."""
    waiting = await outbox.list_in_state(office.desk.database, "waiting", 500)
    return [
        msgspec.json.decode(one.body) | {"kind": one.kind, "next_at": one.next_at}
        for one in reversed(waiting)
        if who in one.recipient and "count" in msgspec.json.decode(one.body)
    ]


async def rungs(office: Office, number: int) -> list[RungReached]:
    return [one for one in await office.events(number) if isinstance(one, RungReached)]


async def test_many_breaches_of_one_instant_are_one_message_with_the_count_and_the_worst(
    office: Office,
):
    await office.connect()
    await climb_by(office, DUE)
    numbers = [(await office.file("网络不通")).number for _ in range(15)]
    await office.do(office.boss, c.SetPriority(ticket=numbers[7], priority=Priority.URGENT))
    await pass_to(office, "09:15")
    (told,) = await messages(office, f"user-{office.boss.id}")
    assert (told["kind"], told["count"], told["n_breached"]) == ("gathered", 15, 15)
    assert sorted(map(int, told["numbers"].split())) == numbers
    assert len(await messages(office, f"user-{office.li.id}")) == 1
    waiting = await outbox.list_in_state(office.desk.database, "waiting", 500)
    assert {one.ticket for one in waiting if one.kind == "gathered"} == {numbers[7]}
    for number in numbers:  # and nothing is lost
        (reached,) = await rungs(office, number)
        assert {one.staff for one in reached.told} == {office.li.id, office.boss.id}


async def test_what_breaks_within_five_minutes_comes_together_five_minutes_later(office: Office):
    await office.connect()
    await climb_by(office, DUE)
    boss = f"user-{office.boss.id}"
    for second in range(4):
        office.set_to(at("09:00") + timedelta(seconds=second * 10))
        await office.file("网络不通")
    await pass_to(office, "09:15")
    (first,) = await messages(office, boss)
    assert (first["kind"], first["count"]) == ("breached", 1)
    (sent,) = [
        one
        for one in await outbox.list_in_state(office.desk.database, "waiting", 500)
        if boss in one.recipient and one.kind == "breached"
    ]
    await outbox_send(office, sent.id)
    for second in (10, 20, 30):
        office.set_to(at("09:15") + timedelta(seconds=second))
        for due in await deadlines.list_due(office.desk):
            await deadlines.fall_due(office.desk, due.ticket)
    (rest,) = await messages(office, boss)
    assert (rest["kind"], rest["count"]) == ("gathered", 3)
    assert rest["next_at"] == at("09:20")


async def outbox_send(office: Office, delivery: int) -> None:
    parcel = await deliveries.take(office.desk, delivery)
    await deliveries.settle(office.desk, parcel.delivery, Sent())


async def test_a_message_that_never_arrives_is_written_on_the_tickets_that_it_told_of(
    office: Office,
):
    await office.connect()
    await climb_by(office, DUE)
    numbers = [(await office.file("网络不通")).number for _ in range(3)]
    await pass_to(office, "09:15")
    for one in await outbox.list_in_state(office.desk.database, "waiting", 50):
        if one.kind == "gathered" and f"user-{office.boss.id}" in one.recipient:
            parcel = await deliveries.take(office.desk, one.id)
            await deliveries.settle(office.desk, parcel.delivery, Never("gone"))
    for number in numbers:
        assert (await office.kinds(number)).count("notice_failed") == 1


async def test_quiet_hours_hold_the_message_and_not_the_rung(office: Office):
    await office.connect()
    await office.save("policy", "standard", a_policy(first="15m"))
    await climb_by(office, DUE, quiet=Quiet(starts="09:10", ends="11:00"))
    number = (await office.file("网络不通")).number
    await pass_to(office, "09:15")
    (reached,) = await rungs(office, number)
    assert (reached.late_by, reached.quiet_until) == (0, at("11:00"))
    (told,) = await messages(office, f"user-{office.boss.id}")
    assert told["next_at"] == at("11:00")


async def test_a_rung_raises_the_priority_and_the_new_promise_holds_at_once(office: Office):
    await office.save(
        "policy", "standard", a_policy(first={"high": "40m", "*": "1h"}, resolve="8h")
    )
    half = Rung(id="half", on="first", at=OfTarget(50), act=(RaisePriority(),))
    await climb_by(office, half)
    number = (await office.file()).number
    await pass_to(office, "09:30")
    kinds = await office.kinds(number)
    assert "priority_changed" in kinds
    (reached,) = await rungs(office, number)
    assert reached.did == ("raise_priority:high",)
    assert "breached" not in kinds
    await pass_to(office, "09:40")
    assert (await office.kinds(number)).count("breached") == 1


async def test_a_rung_moves_a_ticket_to_another_queue_and_its_team(office: Office):
    await office.save("queue", "rescue", Queue(id="rescue", name="救火", team="second"))
    await climb_by(
        office, Rung(id="due", on="first", at=OfTarget(100), act=(MoveQueue(queue="rescue"),))
    )
    number = (await office.file()).number
    await pass_to(office, "09:15")
    kinds = await office.kinds(number)
    assert kinds[-2:] == ["edited", "transferred"]
    (reached,) = await rungs(office, number)
    assert reached.did == ("move_queue:rescue",)
    ticket = await office.do(office.boss, c.Note(ticket=number, text="看一下"))
    assert (ticket.queue, ticket.team) == ("rescue", "second")


async def test_a_rung_that_finds_nobody_else_leaves_the_ticket_where_it_is(office: Office):
    await climb_by(office, Rung(id="due", on="first", at=OfTarget(100), act=(Reassign(),)))
    number = (await office.file("网络不通")).number
    await pass_to(office, "09:15")
    (reached,) = await rungs(office, number)
    ticket = await office.do(office.boss, c.Note(ticket=number, text="看一下"))
    assert ticket.assignee is not None
    assert reached.did == (() if ticket.assignee == office.li.id else ("reassign",))


async def test_idle_is_told_to_the_holder_and_then_to_the_leader_until_he_does_something(
    office: Office,
):
    await office.connect()
    await climb_by(
        office,
        Rung(id="ask", on="idle", at=After(30), tell=("assignee",)),
        Rung(id="tell", on="idle", at=After(60), tell=("leader",)),
    )
    number = (await office.file("网络不通")).number
    await office.do(office.li, c.Claim(ticket=number))
    await pass_to(office, "09:30")
    assert [one.rung for one in await rungs(office, number)] == ["ask"]
    office.move_to("09:40")
    await office.do(office.li, c.Note(ticket=number, text="在查"))
    await pass_to(office, "10:09")
    assert len(await rungs(office, number)) == 1
    await pass_to(office, "10:10")
    await pass_to(office, "10:40")
    assert [one.rung for one in await rungs(office, number)] == ["ask", "ask", "tell"]
    (told,) = await messages(office, f"user-{office.boss.id}")
    assert (told["kind"], told["minutes"]) == ("idle", 60)


async def test_by_hand_it_goes_to_the_next_rung_of_the_ladder(office: Office):
    await office.connect()
    number = (await office.file("网络不通")).number
    await office.do(office.li, c.Escalate(ticket=number, reason="要加人"))
    await office.do(office.li, c.Escalate(ticket=number, reason="还是不行"))
    events = await office.events(number)
    first, second = (one for one in events if one.__struct_config__.tag == "escalated")
    assert first.to == (office.boss.id,)
    assert office.boss.id in second.to
    climbed = [one.rung for one in await rungs(office, number)]
    assert climbed == ["due", "over"]
    waiting = await outbox.list_in_state(office.desk.database, "waiting", 50)
    assert [one.kind for one in waiting].count("escalated") == len(first.to) + len(second.to)


async def test_the_second_nudge_alerts_the_leader_once(office: Office):
    await office.connect()
    number = (await office.file("网络不通")).number
    for minute in (1, 12, 23):
        office.move_to(f"09:{minute:02}")
        await intake.nudge(office.desk, number, "portal")
    (told,) = await messages(office, f"user-{office.boss.id}")
    assert (told["kind"], told["n_nudged_again"]) == ("nudged_again", 1)
    assert [one.on for one in await rungs(office, number)] == ["nudge"]
    waiting = await outbox.list_in_state(office.desk.database, "waiting", 50)
    assert [one.kind for one in waiting if f"user-{office.li.id}" in one.recipient] == [
        "nudged",
        "assigned",
    ]
    (heard,) = await messages(office, f"user-{office.li.id}")
    assert heard["n_nudged"] == 3, "one message while it waits"


async def test_saving_a_ladder_gives_open_tickets_other_timers_and_tells_nothing_of_the_past(
    office: Office,
):
    await office.connect()
    numbers = [(await office.file("网络不通")).number for _ in range(3)]
    await pass_to(office, "09:10")
    for number in numbers:
        assert [one.rung for one in await rungs(office, number)] == ["half"]
    early = Rung(id="early", on="first", at=OfTarget(10), tell=("leader",))
    await office.save("ladder", "default", Ladder(rungs=(early, DUE)))
    await retime(office)
    for number in numbers:
        kept = await timers.list_timers(office.desk.database, number)
        assert [one.due_at for one in kept if one.kind == "rung"] == [at("09:15")]
    await pass_to(office, "09:15")
    assert [one.rung for one in await rungs(office, numbers[0])] == ["half", "due"]


@pytest.mark.parametrize("turn", range(5))
async def test_a_claim_beside_a_rung_neither_loses_it_nor_doubles_it(office: Office, turn: int):
    await office.connect()
    await climb_by(office, DUE)
    number = (await office.file()).number
    office.move_to("09:15")
    results = await asyncio.gather(
        deadlines.fall_due(office.desk, number),
        office.do(office.zhao, c.Claim(ticket=number)),
        intake.nudge(office.desk, number, "portal"),
        deadlines.fall_due(office.desk, number),
        office.do(office.li, c.Claim(ticket=number)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, AlreadyClaimed) for one in results) <= 1
    assert not any(isinstance(one, Exception) and type(one) not in KNOWN for one in results)
    (reached,) = await rungs(office, number)
    claimed = (await office.kinds(number)).index("claimed")
    came = (await office.kinds(number)).index("rung_reached")
    assert bool([one for one in reached.told if one.role == "assignee"]) is (claimed < came)


KNOWN = {AlreadyClaimed, UnknownTicket}


async def test_r17_whoever_loses_a_ticket_to_the_ladder_hears_why(office: Office):
    await office.connect()
    both = Team(id="second", name="二线", members=(office.li.id, office.zhao.id))
    await office.save("team", "second", both)
    away = Rung(id="away", on="first", at=OfTarget(100), act=(Reassign(),))
    await office.save("ladder", "default", Ladder(rungs=(away,)))
    skilled = msgspec.structs.replace(office.zhao, skills={"network": 3})
    await people.save_staff(office.desk, office.admin, skilled)
    number = (await office.file("网络不通")).number
    before = await office.do(office.boss, c.Assign(ticket=number, staff=office.li.id))
    assert before.assignee == office.li.id
    await pass_to(office, "09:15")
    events = await office.events(number)
    assert Released(previous=office.li.id, reason="ladder_due") in events
    routed = [one for one in events if isinstance(one, Routed)][-1]
    assert (routed.assignee, routed.decision.cause) == (office.zhao.id, "ladder")
    waiting = await outbox.list_in_state(office.desk.database, "waiting", 50)
    told = [(one.kind, one.recipient) for one in waiting if one.kind in {"taken_back", "released"}]
    assert [kind for kind, _ in told] == ["taken_back"]
    assert f"user-{office.li.id}" in told[0][1]
