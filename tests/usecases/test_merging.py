"""R19: what is about one thing becomes one ticket, what is about two becomes two."""

import asyncio
from datetime import timedelta

import pytest

from server.domain import commands as c
from server.domain import errors
from server.domain.events import Opened
from server.domain.merge_events import Absorbed, Merged, SplitOff
from server.domain.sla import Clock
from server.storage import messages, outbox, tickets
from server.usecases import deadlines, intake, reading
from server.usecases.standing import read_standing
from tests.support.builders import Office, at

pytestmark = pytest.mark.anyio


async def clock_of(office: Office, number: int, metric: str) -> Clock:
    state = await read_standing(office.desk.database, number)
    return next(one for one in state.clocks if one.metric == metric)


async def row_of(office: Office, number: int):
    found = await tickets.find(office.desk.database, number)
    assert found is not None
    return found


async def test_r19_a_merged_ticket_goes_on_in_the_other_and_its_clocks_are_cancelled(
    office: Office,
):
    stays, gone = await office.file(), await office.file("还是打印机")
    office.move_to("09:05")
    merged = await office.do(
        office.zhao, c.Merge(ticket=gone.number, into=stays.number, reason="同一台")
    )
    assert (merged.status, merged.merged_into, merged.next_due_at) == ("merged", stays.number, None)
    state = await read_standing(office.desk.database, gone.number)
    assert {(one.state, one.verdict) for one in state.clocks} == {("cancelled", "none")}
    assert Merged(into=stays.number, reason="同一台") in await office.events(gone.number)
    assert Absorbed(ticket=gone.number) in await office.events(stays.number)
    assert (await clock_of(office, stays.number, "first")).state == "running"
    assert await office.kinds(gone.number) == ["opened", "routed", "merged", "status_changed"]


async def test_r19_what_the_customer_does_to_a_merged_ticket_happens_to_the_surviving_one(
    office: Office,
):
    first, second, third = [await office.file() for _ in range(3)]
    await office.do(office.zhao, c.Merge(ticket=first.number, into=second.number))
    await office.do(office.zhao, c.Merge(ticket=second.number, into=third.number))
    heard = await intake.customer_writes(office.desk, first.number, "k1", "好了吗", "portal")
    nudged = await intake.nudge(office.desk, first.number, "portal")
    assert (heard.number, nudged.number, nudged.nudge_count) == (third.number, third.number, 1)
    said = await messages.list_messages(office.desk.database, third.number)
    assert said[-1].body == "好了吗"
    with pytest.raises(errors.AlreadyMerged) as refused:
        await office.do(office.zhao, c.Merge(ticket=third.number, into=first.number))
    assert refused.value.facts == {"ticket": first.number, "into": second.number}


async def test_r19_a_ticket_that_waits_for_the_customer_hears_what_the_merged_one_heard(
    office: Office,
):
    waits = await office.file()
    await office.do(
        office.zhao, c.Reply(ticket=waits.number, text="哪一台？", then="waiting_customer")
    )
    office.move_to("10:00")
    again = await office.file("三楼那台")
    await office.do(office.zhao, c.Merge(ticket=again.number, into=waits.number))
    after = await row_of(office, waits.number)
    assert (after.status, after.last_customer_at) == ("open", at("10:00"))


async def test_r19_what_may_not_be_merged_is_refused_and_changes_nothing(office: Office):
    ticket, done = await office.file(), await office.file()
    other = await office.file(name="李四", phone="13900000009")
    unseen = await office.file("网络断了")
    await office.do(office.zhao, c.Resolve(ticket=done.number, solution="好了"))
    refusals = {
        ticket.number: errors.Invalid,
        done.number: errors.AlreadyResolved,
        other.number: errors.OtherCustomer,
        unseen.number: errors.UnknownTicket,
        9999: errors.UnknownTicket,
    }
    for into, expected in refusals.items():
        with pytest.raises(expected):
            await office.do(office.zhao, c.Merge(ticket=ticket.number, into=into))
    with pytest.raises(errors.AlreadyResolved):
        await office.do(office.zhao, c.Merge(ticket=done.number, into=ticket.number))
    assert await office.kinds(ticket.number) == ["opened", "routed"]


async def test_r19_a_merge_that_is_undone_never_was(office: Office):
    stays, gone = await office.file(), await office.file()
    office.move_to("09:05")
    await office.do(office.zhao, c.Merge(ticket=gone.number, into=stays.number))
    office.move_to("09:12")
    apart = await office.do(office.zhao, c.Unmerge(ticket=gone.number, reason="不是一台"))
    assert (apart.status, apart.merged_into, apart.closed_at) == ("new", None, None)
    clock = await clock_of(office, gone.number, "first")
    same = await clock_of(office, stays.number, "first")
    assert (clock.state, clock.due_at) == ("running", same.due_at)
    assert clock.used == 12 * 60, "the time in between counts"
    assert Absorbed(ticket=gone.number, undone=True) in await office.events(stays.number)
    office.move_to("11:30")
    for due in await deadlines.list_due(office.desk):
        await deadlines.fall_due(office.desk, due.ticket)
    assert (await clock_of(office, gone.number, "first")).verdict == "breached"
    with pytest.raises(errors.NotMerged):
        await office.do(office.zhao, c.Unmerge(ticket=gone.number))


async def test_r19_merging_for_a_while_stops_no_clock(office: Office):
    stays, gone = await office.file(), await office.file()
    await office.do(office.zhao, c.Claim(ticket=gone.number))
    office.move_to("09:05")
    await office.do(office.zhao, c.Merge(ticket=gone.number, into=stays.number))
    office.move_to("17 09:30")
    apart = await office.do(office.zhao, c.Unmerge(ticket=gone.number))
    clock = await clock_of(office, gone.number, "first")
    assert (apart.status, clock.verdict, clock.breached_at) == ("open", "breached", at("09:15"))


async def test_r19_what_stood_still_when_it_was_merged_stood_still_meanwhile(office: Office):
    stays, gone = await office.file(), await office.file()
    await office.do(
        office.zhao, c.Reply(ticket=gone.number, text="哪台？", then="waiting_customer")
    )
    used = (await clock_of(office, gone.number, "resolve")).used
    office.move_to("10:00")
    await office.do(office.zhao, c.Merge(ticket=gone.number, into=stays.number))
    office.move_to("11:00")
    await office.do(office.zhao, c.Unmerge(ticket=gone.number))
    clock = await clock_of(office, gone.number, "resolve")
    assert (clock.state, clock.used) == ("running", used)
    assert (await row_of(office, gone.number)).status == "open"


async def test_r19_a_merge_can_be_undone_within_the_reopen_window(office: Office):
    stays, gone = await office.file(), await office.file()
    await office.do(office.zhao, c.Merge(ticket=gone.number, into=stays.number))
    office.move_by(timedelta(days=7, seconds=1))
    with pytest.raises(errors.MergedTooLongAgo) as refused:
        await office.do(office.zhao, c.Unmerge(ticket=gone.number))
    assert refused.value.facts == {"ticket": gone.number, "days": 7}


async def test_r19_who_holds_them_hears_of_a_merge(office: Office):
    await office.connect()
    gone, stays = await office.file("网络断了"), await office.file("网络还是断的")
    assert (gone.assignee, stays.assignee) == (office.li.id, office.li.id)
    await office.do(office.boss, c.Merge(ticket=gone.number, into=stays.number))
    sent = await outbox.list_in_state(office.desk.database, "waiting", 100)
    kinds = {(one.kind, one.ticket) for one in sent}
    assert {("merged", gone.number), ("absorbed", stays.number)} <= kinds


async def test_r19_what_is_split_off_has_clocks_of_its_own(office: Office):
    whole = await office.file()  # goes to 二线 when the customer speaks of 网络
    office.move_to("10:00")
    await intake.customer_writes(office.desk, whole.number, "k1", "另外网络也断了", "portal")
    await office.do(office.boss, c.Note(ticket=whole.number, text="网络归李工"))
    page = await reading.ticket_page(office.desk, office.boss, whole.number)
    chosen = tuple(sorted(page.messages)[1:])
    before = await read_standing(office.desk.database, whole.number)
    office.move_to("10:20")
    await office.do(office.boss, c.Split(ticket=whole.number, messages=chosen, subject="网络断了"))
    part = await row_of(office, whole.number + 1)
    assert (part.split_from, part.customer, part.created_at) == (
        whole.number,
        whole.customer,
        at("10:20"),
    )
    assert part.assignee == office.li.id, "it goes where its own words send it"
    assert (await clock_of(office, part.number, "first")).started_at == at("10:20")
    said = await messages.list_messages(office.desk.database, part.number)
    assert [(one.body, one.visibility) for one in said] == [
        ("另外网络也断了", "public"),
        ("网络归李工", "internal"),
    ]
    assert (said[0].created_at, part.message_count) == (at("10:00"), 2)
    assert SplitOff(ticket=part.number, messages=chosen) in await office.events(whole.number)
    assert await read_standing(office.desk.database, whole.number) == before


async def test_r19_a_split_ticket_inherits_its_beginning_if_asked(office: Office):
    whole = await office.file()
    page = await reading.ticket_page(office.desk, office.boss, whole.number)
    office.move_to("09:40")
    await office.do(
        office.zhao,
        c.Split(
            ticket=whole.number, messages=tuple(page.messages), subject="网络断了", inherit=True
        ),
    )
    part = await row_of(office, whole.number + 1)
    clock = await clock_of(office, part.number, "first")
    assert (part.created_at, clock.started_at) == (at("09:00"), at("09:00"))
    (opened,) = [one for one in await office.events(part.number) if isinstance(one, Opened)]
    assert (opened.split_from, opened.continues) == (whole.number, None)


async def test_r19_our_replies_are_not_split_off_and_nobody_elses_messages(office: Office):
    whole, other = await office.file(), await office.file()
    await office.do(office.zhao, c.Reply(ticket=whole.number, text="在看"))
    ours = [one.id for one in await messages.list_messages(office.desk.database, whole.number)]
    theirs = [one.id for one in await messages.list_messages(office.desk.database, other.number)]
    for chosen, code in (
        ((ours[-1],), "ours"),
        ((theirs[0],), "no_message"),
        ((10**6,), "no_message"),
    ):
        with pytest.raises(errors.Invalid) as refused:
            await office.do(
                office.zhao, c.Split(ticket=whole.number, messages=chosen, subject="别的")
            )
        assert refused.value.facts["fields"] == {"messages": code}
    gone = await office.do(office.zhao, c.Merge(ticket=whole.number, into=other.number))
    with pytest.raises(errors.AlreadyMerged):
        await office.do(
            office.zhao, c.Split(ticket=gone.number, messages=(ours[0],), subject="别的")
        )
    assert await tickets.find(office.desk.database, other.number + 1) is None


async def test_r19_of_two_who_merge_crosswise_at_once_one_wins(office: Office):
    for _ in range(5):
        one, two = await office.file(), await office.file()
        done = await asyncio.gather(
            office.do(office.zhao, c.Merge(ticket=one.number, into=two.number)),
            office.do(office.boss, c.Merge(ticket=two.number, into=one.number)),
            return_exceptions=True,
        )
        assert sum(isinstance(each, errors.AlreadyMerged) for each in done) == 1
        rows = [await row_of(office, each.number) for each in (one, two)]
        assert sorted(row.status for row in rows) == ["merged", "new"]
