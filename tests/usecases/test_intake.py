"""What customers do."""

from datetime import timedelta

import pytest

from server.domain import commands as c
from server.domain.errors import AlreadyResolved, Invalid, NotResolved, TicketClosed
from server.domain.ladder_events import NudgedAgain
from server.storage import people as people_rows
from server.usecases import intake, reading
from tests.support.builders import MONDAY, Office

pytestmark = pytest.mark.anyio


async def test_a_ticket_is_routed_with_its_reason_and_its_clock_runs(office: Office):
    number = (await office.file("三楼网络不通")).number
    page = await reading.ticket_page(office.desk, office.li, number)
    assert (page.ticket.team, page.ticket.assignee) == ("second", office.li.id)
    decision = page.routing.body.decision
    assert (decision.rule, decision.matched, decision.version) == (
        "network",
        ("keyword=网络",),
        1,
    )
    assert {clock.metric: clock.due_at for clock in page.sla.clocks} == {
        "first": MONDAY + timedelta(minutes=15),
        "resolve": MONDAY + timedelta(hours=5, minutes=30),  # four working hours, noon between
    }
    assert page.ticket.next_due_at == MONDAY + timedelta(minutes=15)


async def test_load_counts_what_is_worked_on(office: Office):
    first = (await office.file("网络一")).number
    await office.file("网络二")
    assert (await reading.list_load(office.desk)) == {office.li.id: 2}
    await office.do(office.li, c.Resolve(ticket=first, solution="好了"))
    assert (await reading.list_load(office.desk)) == {office.li.id: 1}


async def test_a_customer_is_known_again_however_he_types(office: Office):
    one = await office.file(phone="138 0000 0001", email="Wang@X.cn")
    same = await office.file(phone="+86-138-0000-0001")
    by_mail = await office.file(phone="", email=" wang@x.CN ")
    other = await office.file(phone="13900000002", email="")
    assert one.customer == same.customer == by_mail.customer != other.customer


async def test_where_phone_and_mail_are_two_peoples_the_phone_decides_and_neither_moves(
    office: Office,
):
    wang = (await office.file(name="王芳", phone="13800000001", email="wang@x.cn")).customer
    li = (await office.file(name="李雷", phone="13900000002", email="li@x.cn")).customer
    both = (await office.file(phone="13800000001", email="li@x.cn")).customer
    assert both == wang
    assert await people_rows.find_customer_by(office.desk.database, "email", "li@x.cn") == li
    known = await people_rows.find_customer(office.desk.database, wang)
    assert (known.name, known.email) == ("王芳", "wang@x.cn")


async def test_the_first_address_a_customer_adds_is_kept(office: Office):
    number = (await office.file(phone="13800000001", email="")).customer
    await office.file(phone="13800000001", email="wang@x.cn")
    assert (await people_rows.find_customer(office.desk.database, number)).email == "wang@x.cn"


async def test_r17_what_is_nudged_within_ten_minutes_is_one_nudge(office: Office):
    number = (await office.file()).number
    office.move_by(timedelta(minutes=9, seconds=55))
    await intake.nudge(office.desk, number, "portal")
    office.move_by(timedelta(seconds=30))
    for _ in range(2):
        assert (await intake.nudge(office.desk, number, "portal")).nudge_count == 1
    assert (await office.events(number))[-2:] == [
        NudgedAgain(count=1, times=2),
        NudgedAgain(count=1, times=3),
    ]
    office.move_by(timedelta(seconds=570))
    assert (await intake.nudge(office.desk, number, "portal")).nudge_count == 2
    for _ in range(30):
        await intake.nudge(office.desk, number, "portal")
    again = [one for one in await office.events(number) if isinstance(one, NudgedAgain)]
    assert again[-1] == NudgedAgain(count=2, times=intake.MOST_PRESSES)


@pytest.mark.parametrize(
    ("ending", "refusal"), [(c.Resolve, AlreadyResolved), (c.Close, TicketClosed)]
)
async def test_what_is_over_is_not_nudged(office: Office, ending, refusal):
    number = (await office.file()).number
    await office.do(office.zhao, ending(ticket=number))
    with pytest.raises(refusal):
        await intake.nudge(office.desk, number, "portal")


async def test_a_dispute_reopens_with_the_same_colleague_and_his_clock_goes_on(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Resolve(ticket=number, solution="好了"))
    office.move_by(timedelta(hours=1))
    again = await intake.dispute(office.desk, number, "还是卡", "portal")
    assert (again.status, again.assignee, again.reopen_count) == ("open", office.zhao.id, 1)
    assert again.next_due_metric == "resolve"
    assert again.message_count == 3


async def test_after_the_end_a_dispute_is_refused_but_writing_reopens(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Resolve(ticket=number, solution="好了"))
    await intake.confirm(office.desk, number, "portal")
    with pytest.raises(NotResolved):
        await intake.dispute(office.desk, number, "还是卡", "portal")
    again = await intake.customer_writes(office.desk, number, "m1", "又坏了", "portal")
    assert (again.status, again.reopen_count) == ("open", 1)


async def test_a_rating_outside_one_to_five_is_refused(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Resolve(ticket=number, solution="好了"))
    with pytest.raises(Invalid):
        await intake.rate(office.desk, number, 6, "", "portal")


async def test_the_customer_sees_no_internal_note(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Note(ticket=number, text="这客户很急"))
    await office.do(office.zhao, c.Reply(ticket=number, text="您好"))
    seen = await reading.progress(office.desk, number)
    assert [one.body for one in seen.messages] == ["打印机卡纸", "您好"]
