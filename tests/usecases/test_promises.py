"""Orders to many clocks: previewed, worked on ticket by ticket, interrupted, and proved."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from server.domain import commands as c
from server.domain.errors import ClockNotRunning, Invalid, NotAllowed
from server.domain.events import Breached
from server.domain.firm import Profile
from server.domain.law_events import Excused, LawApplied, LawJobEnded
from server.domain.metrics import Metric
from server.domain.renewing import Apply, ExcuseTime, Tally
from server.domain.sla import SlaState
from server.storage import ledger
from server.usecases import deadlines, intake, promises, verification
from server.usecases.standing import read_standing
from tests.support.builders import Office, a_calendar, a_policy, at

pytestmark = pytest.mark.anyio


async def work_through(office: Office, job: int) -> Tally:
    """What the loop does."""
    ordered = await promises.find_job(office.desk, job)
    number = ordered.job.reached
    while page := await promises.list_next(office.desk, ordered, number):
        for number, concerned in page:
            if concerned:
                await promises.work_on(office.desk, job, number)
    await promises.end(office.desk, job)
    return (await promises.find_job(office.desk, job)).tally


async def clocks_of(office: Office, number: int) -> SlaState:
    return await read_standing(office.desk.database, number)


async def due_of(office: Office, number: int, metric: str):
    state = await clocks_of(office, number)
    clock = next(one for one in state.clocks if one.metric == metric)
    return clock.due_at


async def tell_what_is_due(office: Office) -> None:
    for due in await deadlines.list_due(office.desk):
        await deadlines.fall_due(office.desk, due.ticket)


async def no_differences(office: Office) -> None:
    assert [one async for one in verification.differences(office.desk) if one is not None] == []
    assert (await verification.verify(office.desk)).flaw is None


async def test_r13_an_edited_policy_is_applied_to_open_clocks_after_a_preview(office: Office):
    first, second, done = [await office.file() for _ in range(3)]
    await office.do(office.zhao, c.Resolve(ticket=done.number, solution="好了"))
    office.move_to("10:30")
    await tell_what_is_due(office)
    await office.save("policy", "standard", a_policy(first="2h", resolve="1h"))
    assert await due_of(office, first.number, "resolve") == at("14:30")
    seen = await promises.preview(office.desk, office.boss, Apply(policies=("standard",)))
    assert seen.tally == Tally(looked_at=2, tickets=2, moved=4, breached=2, cured=2)
    assert {one.ticket for one in seen.examples} == {first.number, second.number}
    assert await due_of(office, first.number, "resolve") == at("14:30")
    given = await promises.give_order(office.desk, office.boss, Apply(policies=("standard",)))
    assert await work_through(office, given.job.id) == seen.tally
    assert await due_of(office, first.number, "first") == at("11:00")
    events = await ledger.list_events(office.desk.database, first.number)
    applied = next(event for event in events if isinstance(event.body, LawApplied))
    assert applied.cause_seq == given.job.order_seq
    assert applied.actor.id == office.boss.id
    await tell_what_is_due(office)
    breached = [
        one.metric for one in await office.events(first.number) if isinstance(one, Breached)
    ]
    assert breached == ["first", "resolve"]
    await no_differences(office)


async def test_r13_applying_what_is_applied_already_changes_nothing(office: Office):
    number = (await office.file()).number
    before = await office.kinds(number)
    given = await promises.give_order(office.desk, office.boss, Apply())
    assert await work_through(office, given.job.id) == Tally(looked_at=1)
    assert await office.kinds(number) == before


async def test_r13_a_policy_that_was_switched_off_cancels_its_clocks_when_applied(office: Office):
    number = (await office.file()).number
    off = replace(a_policy(first="15m", resolve="4h"), active=False)
    await office.save("policy", "standard", off)
    given = await promises.give_order(office.desk, office.boss, Apply())
    assert (await work_through(office, given.job.id)).cancelled == 2
    state = await clocks_of(office, number)
    assert {one.state for one in state.clocks} == {"cancelled"}
    await office.save("policy", "standard", a_policy(first="15m", resolve="4h"))
    given = await promises.give_order(office.desk, office.boss, Apply())
    assert (await work_through(office, given.job.id)).begun == 2
    await no_differences(office)


async def test_r13_a_job_goes_on_where_it_was_interrupted(office: Office):
    numbers = [(await office.file()).number for _ in range(4)]
    await office.save("policy", "standard", a_policy(first="2h", resolve="4h"))
    given = await promises.give_order(office.desk, office.boss, Apply())
    for number in numbers[:2]:
        await promises.work_on(office.desk, given.job.id, number)
        await promises.work_on(office.desk, given.job.id, number)
    assert (await promises.find_running(office.desk)).job.reached == numbers[1]
    tally = await work_through(office, given.job.id)
    assert (tally.looked_at, tally.tickets, tally.moved) == (4, 4, 4)
    for number in numbers:
        assert (await office.kinds(number)).count("law_applied") == 1
    assert await promises.find_running(office.desk) is None
    rows = await ledger.list_rows_since(office.desk.database, 0, 500)
    ended = [row.event().body for row in rows if row.kind == "law_job_ended"]
    assert ended == [
        LawJobEnded(job=given.job.id, tickets=4, moved=4, breached=0, cured=0, begun=0, cancelled=0)
    ]
    await promises.end(office.desk, given.job.id)


async def test_r13_a_policy_saved_during_the_job_waits_for_the_next_one(office: Office):
    first, second = [(await office.file()).number for _ in range(2)]
    await office.save("policy", "standard", a_policy(first="1h"))
    given = await promises.give_order(office.desk, office.boss, Apply())
    await promises.work_on(office.desk, given.job.id, first)
    await office.save("policy", "standard", a_policy(first="3h"))
    await work_through(office, given.job.id)
    assert await due_of(office, second, "first") == await due_of(office, first, "first")
    await no_differences(office)


async def test_r14_a_calendar_is_applied_from_now_on_and_leaves_the_past(office: Office):
    number = (await office.file()).number
    office.move_to("11:00")
    longer = a_calendar()
    longer = replace(longer, week=dict.fromkeys(range(1, 6), (("09:00", "20:00"),)))
    await office.save("calendar", "office", longer)
    assert await due_of(office, number, "resolve") == at("14:30")
    given = await promises.give_order(office.desk, office.boss, Apply(calendars=("office",)))
    tally = await work_through(office, given.job.id)
    assert (tally.tickets, tally.moved, tally.breached) == (1, 1, 0)
    assert await due_of(office, number, "resolve") == at("13:00")
    state = await clocks_of(office, number)
    resolve = next(one for one in state.clocks if one.metric == "resolve")
    assert [one.cause for one in resolve.retargets] == ["calendar"]
    await no_differences(office)


def a_power_cut(**fields):
    given = {
        "from_at": at("09:30"),
        "to_at": at("11:00"),
        "cause": "power",
        "reason": "园区停电",
    }
    return ExcuseTime(**(given | fields))


async def test_r14_excused_time_cures_what_it_made_late(office: Office):
    late, other = (await office.file()).number, (await office.file("网络不通")).number
    office.move_to("09:40")
    await tell_what_is_due(office)
    await office.do(office.zhao, c.Reply(ticket=late, text="来电了"))
    office.move_to("11:10")
    order = a_power_cut(from_at=at("09:05"), teams=("first",))
    seen = await promises.preview(office.desk, office.boss, order)
    assert (seen.tally.tickets, seen.tally.cured, seen.tally.moved) == (1, 1, 1)
    given = await promises.give_order(office.desk, office.boss, order)
    assert await work_through(office, given.job.id) == seen.tally
    state = await clocks_of(office, late)
    first, resolve = state.clocks
    assert (first.verdict, first.used, first.breached_at) == ("met", 300, None)
    assert resolve.due_at == at("16:25")
    assert await due_of(office, other, "resolve") == at("14:30")
    (excused,) = [one for one in await office.events(late) if isinstance(one, Excused)]
    assert (excused.reason, excused.approver) == ("园区停电", office.boss.id)
    await no_differences(office)


async def test_r14_a_ticket_that_is_filed_during_the_window_is_not_chosen_by_number(office: Office):
    first, second = [(await office.file()).number for _ in range(2)]
    office.move_to("11:10")
    given = await promises.give_order(
        office.desk, office.boss, a_power_cut(tickets=(second,), metrics=("resolve",))
    )
    await work_through(office, given.job.id)
    assert await due_of(office, first, "resolve") == at("14:30")
    assert await due_of(office, second, "resolve") == at("16:00")
    assert await due_of(office, second, "first") == at("09:15")
    await no_differences(office)


async def test_r14_a_window_that_lasts_holds_for_tickets_that_are_filed_in_it(office: Office):
    await office.file()
    order = a_power_cut(from_at=at("09:00"), teams=("first",))
    given = await promises.give_order(office.desk, office.boss, order)
    await work_through(office, given.job.id)
    office.move_to("10:00")
    inside, elsewhere = (await office.file()).number, (await office.file("网络不通")).number
    assert await due_of(office, inside, "first") == at("11:15")
    assert await due_of(office, elsewhere, "first") == at("10:15")
    office.move_to("11:00")
    after = (await office.file()).number
    assert "excused" not in await office.kinds(after)
    await no_differences(office)


async def test_r16_within_seven_days_a_message_reopens_and_later_it_opens_a_linked_ticket(
    office: Office,
):
    old = (await office.file()).number
    await office.do(office.zhao, c.Resolve(ticket=old, solution="好了"))
    await office.do(office.zhao, c.Close(ticket=old))
    office.move_to("23 09:00")
    again = await intake.customer_writes(office.desk, old, "m1", "又坏了", "portal")
    assert (again.number, again.reopen_count) == (old, 1)
    await office.do(office.zhao, c.Resolve(ticket=old, solution="好了"))
    await office.do(office.zhao, c.Close(ticket=old))
    office.move_to("30 09:01")
    new = await intake.customer_writes(office.desk, old, "m2", "换了个毛病", "portal")
    assert (new.number, new.continues, new.status) == (old + 1, old, "new")
    before = await intake.customer_writes(office.desk, old, "m2", "换了个毛病", "portal")
    assert before.number == new.number
    assert (await office.kinds(old))[-1] == "continued"
    later = await intake.customer_writes(office.desk, old, "m3", "在吗", "portal")
    assert (later.number, later.message_count) == (new.number, 2)
    state = await clocks_of(office, new.number)
    assert [(one.metric, one.used) for one in state.clocks] == [("first", 0), ("resolve", 0)]
    closed = next(one for one in (await clocks_of(office, old)).clocks if one.metric == "resolve")
    assert (closed.state, closed.verdict) == ("stopped", "met")
    reopened = await office.do(office.zhao, c.Reopen(ticket=old))
    assert reopened.status == "open"
    await no_differences(office)


async def test_r16_the_window_is_the_firms_own(office: Office):
    await office.save("profile", "firm", Profile(name="示例公司", reopen_days=0))
    old = (await office.file()).number
    await office.do(office.zhao, c.Resolve(ticket=old, solution="好了"))
    office.move_to("09:01")
    new = await intake.customer_writes(office.desk, old, "m1", "又坏了", "portal")
    assert new.continues == old


async def test_r7_a_pause_needs_a_reason_and_ends_by_itself(office: Office):
    number = (await office.file("网络不通")).number
    hold = c.Hold(ticket=number, status="waiting_customer", reason="等照片", until=at("09:30"))
    for until in (at("08:59"), at("09:00") + timedelta(days=31)):
        with pytest.raises(Invalid):
            await office.do(office.li, replace(hold, until=until))
    await office.do(office.li, hold)
    office.move_to("09:30")
    await tell_what_is_due(office)
    assert (await office.kinds(number))[-2:] == ["woke", "status_changed"]
    clock = next(one for one in (await clocks_of(office, number)).clocks if one.metric == "resolve")
    assert (clock.state, clock.parts[-1].reason) == ("running", "等照片")


async def test_what_cannot_be_excused_or_applied_is_refused(office: Office):
    for order in (
        a_power_cut(to_at=at("09:00")),
        a_power_cut(from_at=at("09:30") - timedelta(days=90)),
        a_power_cut(to_at=at("09:30") + timedelta(days=40)),
        a_power_cut(teams=("nobody",)),
        a_power_cut(metrics=("nothing",)),
        a_power_cut(approver=office.li.id),
        Apply(policies=("unknown",)),
    ):
        with pytest.raises(Invalid):
            await promises.give_order(office.desk, office.boss, order)
    with pytest.raises(NotAllowed):
        await promises.give_order(office.desk, office.zhao, Apply())
    with pytest.raises(promises.UnknownLawJob):
        await promises.find_job(office.desk, 99)


async def test_r15_a_due_instant_set_by_hand_stays_until_it_is_released(office: Office):
    number = (await office.file("网络不通")).number
    set_due = c.SetDue(ticket=number, metric="resolve", due_at=at("18 12:00"), reason="已约好")
    after = await office.do(office.boss, set_due)
    assert after.next_due_metric == "first"
    await office.do(office.li, c.Reply(ticket=number, text="在看", then="waiting_customer"))
    assert await due_of(office, number, "resolve") == at("18 12:00")
    await office.save("policy", "standard", a_policy(first="15m", resolve="1h"))
    given = await promises.give_order(office.desk, office.boss, Apply())
    await work_through(office, given.job.id)
    assert await due_of(office, number, "resolve") == at("18 12:00")
    office.move_to("18 12:00")
    await tell_what_is_due(office)
    (told,) = [one for one in await office.events(number) if isinstance(one, Breached)]
    assert (told.metric, told.breached_at) == ("resolve", at("18 12:00"))
    await office.do(office.li, c.Resume(ticket=number))
    released = c.ReleaseDue(ticket=number, metric="resolve", reason="客户改期")
    await office.do(office.boss, released)
    assert await due_of(office, number, "resolve") == at("18 14:30")
    assert await office.do(office.boss, released)
    await no_differences(office)


async def test_r15_only_an_open_clock_takes_a_due_instant_in_the_future(office: Office):
    number = (await office.file()).number
    set_due = c.SetDue(ticket=number, metric="plan", due_at=at("18 12:00"), reason="约好")
    with pytest.raises(ClockNotRunning):
        await office.do(office.boss, set_due)
    with pytest.raises(Invalid):
        await office.do(office.boss, replace(set_due, metric="first", due_at=at("08:00")))
    with pytest.raises(NotAllowed):
        await office.do(office.zhao, replace(set_due, metric="first"))


async def test_r3_an_administrator_adds_a_metric_of_his_own(office: Office):
    before = (await office.file()).number
    await office.save(
        "metric",
        "calm",
        Metric(
            name={"zh": "催单安抚"},
            starts=frozenset({"nudged"}),
            stops=frozenset({"answered", "resolved"}),
            instances="many",
        ),
    )
    policy = a_policy(first="15m", resolve="4h", calm="30m")
    await office.save("policy", "standard", policy)
    number = (await office.file()).number
    for one in (before, number):
        await intake.nudge(office.desk, one, "portal")
    assert await due_of(office, number, "calm") == at("09:30")
    assert all(one.metric != "calm" for one in (await clocks_of(office, before)).clocks)
    await office.do(office.zhao, c.Reply(ticket=number, text="马上"))
    state = await clocks_of(office, number)
    assert next(one for one in state.clocks if one.metric == "calm").verdict == "met"
    await no_differences(office)


async def test_r3_a_plan_and_an_arrival_on_site_stop_their_clocks(office: Office):
    await office.save("policy", "standard", a_policy(plan="2h", onsite="1h", team="4h"))
    number = (await office.file("网络不通")).number
    office.move_to("09:30")
    await office.do(office.li, c.Plan(ticket=number, text="明天换交换机", public=False))
    await office.do(office.li, c.CheckIn(ticket=number, latitude=22.5, longitude=114.1))
    await office.do(office.li, c.Transfer(ticket=number, team="first"))
    state = await clocks_of(office, number)
    assert [(one.metric, one.instance, one.verdict, one.used) for one in state.clocks] == [
        ("plan", 1, "met", 1800),
        ("team", 1, "met", 1800),
        ("onsite", 1, "met", 1800),
        ("team", 2, "none", 0),
    ]
    await no_differences(office)
