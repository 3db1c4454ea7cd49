"""What colleagues do to tickets, through the one door."""

from datetime import timedelta

import msgspec
import pytest

from server.domain import commands as c
from server.domain.errors import (
    AlreadyClaimed,
    ChangedMeanwhile,
    Invalid,
    NobodyEligible,
    NotAllowed,
    TicketClosed,
    UnknownStaff,
    UnknownStatus,
    UnknownTeam,
    UnknownTicket,
)
from server.domain.events import StatusCategory
from server.domain.people import Role, Staff, Team
from server.domain.statuses import Status
from server.usecases import people, reading
from tests.support.broken import picture
from tests.support.builders import Office

pytestmark = pytest.mark.anyio


async def test_one_tickets_life(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Claim(ticket=number))
    await office.do(office.zhao, c.Reply(ticket=number, text="马上到", then="waiting_customer"))
    await office.do(
        office.zhao,
        c.Resume(
            ticket=number,
        ),
    )
    done = await office.do(office.zhao, c.Resolve(ticket=number, solution="换了硒鼓"))
    assert await office.kinds(number) == [
        "opened", "routed", "claimed", "status_changed", "replied", "status_changed",
        "status_changed", "replied", "resolved", "status_changed",
    ]  # fmt: skip
    assert (done.status, done.message_count, done.first_reply_at) == (
        "resolved", 3, office.clock.now(),
    )  # fmt: skip
    page = await reading.ticket_page(office.desk, office.zhao, number)
    assert [one.body for one in page.messages.values()] == ["打印机卡纸", "马上到", "换了硒鼓"]
    assert page.allowed == ("reply", "note", "close", "reopen", "split", "edit")


async def test_claiming_twice_is_one_event_and_one_version(office: Office):
    number = (await office.file()).number
    first = await office.do(office.zhao, c.Claim(ticket=number))
    again = await office.do(office.zhao, c.Claim(ticket=number))
    assert first == again
    assert (await office.kinds(number)).count("claimed") == 1


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (c.Claim(ticket=99), UnknownTicket),
        (c.Assign(ticket=1, staff=99), UnknownStaff),
        (c.Transfer(ticket=1, team="gone"), UnknownTeam),
        (c.Reply(ticket=1, text="x", then="closed"), UnknownStatus),
        (c.Reply(ticket=1, text="x", then="nonsense"), UnknownStatus),
        (c.Edit(ticket=1, seen_version=7, subject="x"), ChangedMeanwhile),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(office: Office, command, refusal):
    await office.file()
    before = await picture(office.desk.database)
    with pytest.raises(refusal):
        await office.do(office.boss, command, "key-0001")
    assert await picture(office.desk.database) == before


async def test_a_stranger_to_the_team_does_not_even_learn_that_it_exists(office: Office):
    number = (await office.file()).number
    with pytest.raises(UnknownTicket):
        await office.do(office.li, c.Claim(ticket=number))


async def test_only_the_team_gets_its_tickets(office: Office):
    number = (await office.file()).number
    with pytest.raises(NobodyEligible) as refused:
        await office.do(office.boss, c.Assign(ticket=number, staff=office.li.id))
    assert refused.value.facts == {"assignee": "李工", "team": "一线"}
    moved = await office.do(
        office.boss, c.Transfer(ticket=number, team="second", staff=office.li.id)
    )
    assert (moved.team, moved.assignee) == ("second", office.li.id)


async def test_an_auditor_is_given_no_ticket(office: Office):
    auditor = await people.add_staff(
        office.desk,
        office.admin,
        Staff(id=0, name="审计", email="a@x.cn", role=Role.AUDITOR),
        None,
    )
    await office.save("team", "first", Team(id="first", name="一线", members=(auditor.id,)))
    number = (await office.file()).number
    with pytest.raises(NobodyEligible):
        await office.do(office.boss, c.Assign(ticket=number, staff=auditor.id))


async def test_a_role_that_was_taken_away_counts_at_once(office: Office):
    number = (await office.file()).number
    demoted = Staff(
        id=office.boss.id, name="主管", email="boss@x.cn", role=Role.AUDITOR, on_duty=True
    )
    await people.save_staff(office.desk, office.admin, demoted)
    with pytest.raises(NotAllowed):  # the session still says supervisor
        await office.do(office.boss, c.Claim(ticket=number))


@pytest.mark.parametrize("span", [timedelta(0), timedelta(days=-1), timedelta(days=30, seconds=1)])
async def test_a_pause_ends_by_itself_within_thirty_days(sqlite_office: Office, span):
    number = (await sqlite_office.file()).number
    until = sqlite_office.clock.now() + span
    hold = c.Hold(ticket=number, status="waiting_third", reason="等厂家", until=until)
    with pytest.raises(Invalid):
        await sqlite_office.do(sqlite_office.zhao, hold)


async def test_holding_again_keeps_the_new_time(office: Office):
    number = (await office.file()).number
    now = office.clock.now()
    for days in (1, 3):
        hold = c.Hold(
            ticket=number, status="waiting_third", reason="等", until=now + timedelta(days=days)
        )
        await office.do(office.zhao, hold)
    kept = await reading.read_ticket(office.desk, office.zhao, number)
    assert kept.wake_at == now + timedelta(days=3)


async def test_an_answer_that_waits_may_use_the_firms_own_status(office: Office):
    visit = Status(id="visit", category=StatusCategory.WAITING_INTERNAL, public_step=2)
    await office.save("status", "visit", visit)
    number = (await office.file()).number
    after = await office.do(office.zhao, c.Reply(ticket=number, text="约上门", then="visit"))
    assert (after.status, after.status_category) == ("visit", "waiting_internal")
    assert after.wake_at is not None
    back = await office.do(office.zhao, c.Reply(ticket=number, text="到了", then="open"))
    assert (back.status, back.wake_at) == ("open", None)


async def test_a_status_that_was_switched_off_is_kept_but_chosen_no_more(sqlite_office: Office):
    parts = Status(id="parts", category=StatusCategory.WAITING_THIRD, public_step=2)
    await sqlite_office.save("status", "parts", parts)
    number = (await sqlite_office.file()).number
    until = sqlite_office.clock.now() + timedelta(days=1)
    hold = c.Hold(ticket=number, status="parts", reason="等", until=until)
    assert (await sqlite_office.do(sqlite_office.zhao, hold)).status == "parts"
    await sqlite_office.save("status", "parts", msgspec.structs.replace(parts, active=False))
    kept = await reading.read_ticket(sqlite_office.desk, sqlite_office.zhao, number)
    assert kept.status == "parts"
    with pytest.raises(UnknownStatus):
        await sqlite_office.do(sqlite_office.zhao, hold)
    reply = c.Reply(ticket=number, text="到货了", then="parts")
    with pytest.raises(UnknownStatus):
        await sqlite_office.do(sqlite_office.zhao, reply)


async def test_an_answer_to_a_closed_ticket_is_said_and_changes_no_status(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Close(ticket=number))
    after = await office.do(office.zhao, c.Reply(ticket=number, text="补充说明"))
    assert after.status == "closed"
    with pytest.raises(TicketClosed):
        await office.do(office.zhao, c.Reply(ticket=number, text="x", then="waiting_customer"))
    assert (await office.kinds(number)).count("replied") == 1


async def test_the_loser_of_a_claim_is_told_even_when_he_asks_again_with_his_key(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Claim(ticket=number), "key-zhao")
    for _ in range(2):
        with pytest.raises(AlreadyClaimed) as refused:
            await office.do(office.boss, c.Claim(ticket=number), "key-boss")
        assert refused.value.facts["assignee"] == "小赵"


async def test_a_key_that_was_used_for_another_ticket_or_command_holds_nothing_up(office: Office):
    """A program that counts from one on every ticket must not be told that it is done."""
    first, second = (await office.file()).number, (await office.file()).number
    for number in (first, second):
        await office.do(office.zhao, c.Claim(ticket=number), "1")
        await office.do(office.zhao, c.Note(ticket=number, text="看过了"), "1")
        await office.do(office.zhao, c.Note(ticket=number, text="看过了"), "1")
        assert [one for one in await office.kinds(number) if one in {"claimed", "noted"}] == [
            "claimed",
            "noted",
        ]
