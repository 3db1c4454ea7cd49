"""A use case that is interrupted between any two statements leaves nothing behind."""

from datetime import timedelta

import pytest

from server.domain import commands as c
from server.domain.ladders import Ladder, OfTarget, RaisePriority, Rung
from server.domain.renewing import Apply
from server.usecases import deadlines, intake, people, promises
from server.usecases.intake import Filing, file_ticket
from tests.support.broken import BrokenDatabase, Crash, picture
from tests.support.builders import Office, a_policy

pytestmark = pytest.mark.anyio


async def prove_all_or_nothing(office: Office, work) -> None:
    """Interrupt before each statement and before the commit; then let it through."""
    real = office.desk.database
    broken = BrokenDatabase(real)
    office.desk.database = broken
    before = await picture(real)
    rung = office.desk.bell.rung
    broken.crash_at = 1
    while True:
        try:
            await work()
        except Crash:
            assert await picture(real) == before, f"something is left of crash {broken.crash_at}"
            assert office.desk.bell.rung == rung
            broken.crash_at += 1
        else:
            break
    office.desk.database = real
    assert broken.crash_at > 5
    assert await picture(real) != before
    assert office.desk.bell.rung > rung


async def test_filing_a_ticket_is_all_or_nothing(office: Office):
    await office.connect()
    filing = Filing(
        channel="form",
        key="key-1",
        subject="网络不通",
        text="三楼网络不通",
        name="王芳",
        phone="13800000001",
        email="wang@x.cn",
    )
    await prove_all_or_nothing(office, lambda: file_ticket(office.desk, filing))


async def test_claiming_is_all_or_nothing(office: Office):
    await office.connect()
    number = (await office.file()).number
    await prove_all_or_nothing(
        office, lambda: office.do(office.zhao, c.Claim(ticket=number), "key-claim")
    )


async def test_replying_is_all_or_nothing(office: Office):
    number = (await office.file()).number
    reply = c.Reply(ticket=number, text="请发照片", then="waiting_customer")
    await prove_all_or_nothing(office, lambda: office.do(office.zhao, reply))


async def test_what_the_customer_writes_is_all_or_nothing(office: Office):
    await office.connect()
    number = (await office.file("网络不通")).number
    await prove_all_or_nothing(
        office, lambda: intake.customer_writes(office.desk, number, "m1", "在吗", "portal")
    )


async def test_a_ticket_that_goes_on_is_opened_and_told_of_or_neither(office: Office):
    await office.connect()
    number = (await office.file()).number
    await office.do(office.zhao, c.Resolve(ticket=number, solution="好了"))
    office.move_by(timedelta(days=8))
    await prove_all_or_nothing(
        office, lambda: intake.customer_writes(office.desk, number, "m1", "又坏了", "portal")
    )
    assert (await office.kinds(number))[-1] == "continued"


async def test_one_ticket_of_a_job_is_all_or_nothing(office: Office):
    number = (await office.file()).number
    await office.save("policy", "standard", a_policy(first="1h", resolve="2h"))
    await prove_all_or_nothing(
        office, lambda: promises.give_order(office.desk, office.boss, Apply())
    )
    (given,) = await promises.list_jobs(office.desk)
    await prove_all_or_nothing(office, lambda: promises.work_on(office.desk, given.job.id, number))
    await prove_all_or_nothing(office, lambda: promises.end(office.desk, given.job.id))


async def test_falling_due_is_all_or_nothing(office: Office):
    await office.connect()
    number = (await office.file("网络不通")).number
    office.move_by(timedelta(hours=1))
    await prove_all_or_nothing(office, lambda: deadlines.fall_due(office.desk, number))


async def test_several_tickets_that_fall_due_in_one_unit_and_what_rungs_do_are_all_or_nothing(
    office: Office,
):
    await office.connect()
    due = Rung(
        id="due", on="first", at=OfTarget(100), tell=("leader", "group"), act=(RaisePriority(),)
    )
    await office.save("ladder", "default", Ladder(rungs=(due,)))
    numbers = [(await office.file("网络不通")).number for _ in range(3)]
    office.move_by(timedelta(hours=1))
    await prove_all_or_nothing(office, lambda: deadlines.fall_due(office.desk, *numbers))
    for number in numbers:
        assert (await office.kinds(number)).count("rung_reached") == 1
    (order,) = await deadlines.list_orders(office.desk)
    await prove_all_or_nothing(office, lambda: deadlines.carry_on(office.desk, order))


async def test_escalating_by_hand_is_all_or_nothing(office: Office):
    await office.connect()
    number = (await office.file("网络不通")).number
    escalate = c.Escalate(ticket=number, reason="要加人")
    await prove_all_or_nothing(office, lambda: office.do(office.li, escalate))
    await prove_all_or_nothing(office, lambda: intake.nudge(office.desk, number, "portal"))


async def test_changing_duty_is_all_or_nothing_and_the_cached_firm_stays_true(office: Office):
    await prove_all_or_nothing(
        office, lambda: people.set_duty(office.desk, office.li, on_duty=False)
    )
    assert (await office.desk.firm()).staff[office.li.id].on_duty is False
