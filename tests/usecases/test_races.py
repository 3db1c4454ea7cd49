"""Two at once: one wins, the others are told, and it is told once."""

import asyncio
from collections import Counter

import pytest

from server.domain import commands as c
from server.domain.errors import (
    AlreadyClaimed,
    AlreadyResolved,
    Conflict,
    NotAllowed,
    Refusal,
    UnknownTicket,
)
from server.domain.events import Priority
from server.domain.habits import TeamHabits, Wish
from server.domain.people import Role, Staff, Team
from server.storage.database import Statement
from server.usecases import intake, people, reading
from tests.support.builders import Office

pytestmark = pytest.mark.anyio

NOTICES = Statement("SELECT kind FROM outbox WHERE ticket = :ticket ORDER BY id", str)


async def a_crowd(office: Office, size: int) -> list[Staff]:
    """So many colleagues of 一线."""
    crowd = await asyncio.gather(
        *(
            people.add_staff(
                office.desk,
                office.admin,
                Staff(id=0, name=f"同事{n}", email=f"n{n}@x.cn", role=Role.STAFF),
                None,
            )
            for n in range(size)
        )
    )
    members = tuple(one.id for one in crowd)
    await office.save("team", "first", Team(id="first", name="一线", members=members))
    return list(crowd)


async def test_fifty_claims_leave_one_winner_and_49_who_are_told_his_name(office: Office):
    await office.connect()
    crowd = await a_crowd(office, 50)
    each = TeamHabits(topics={"queue": Wish(minutes=0)})
    await office.save("team_habits", "first", each)
    for _ in range(100):
        ticket = await office.file()
        answers = await asyncio.gather(
            *(office.do(one, c.Claim(ticket=ticket.number)) for one in crowd),
            return_exceptions=True,
        )
        winners = [
            one
            for one, answer in zip(crowd, answers, strict=True)
            if not isinstance(answer, BaseException)
        ]
        assert len(winners) == 1
        losers = [answer for answer in answers if isinstance(answer, BaseException)]
        assert all(isinstance(one, AlreadyClaimed) for one in losers)
        assert Counter(one.facts["assignee"] for one in losers) == {winners[0].name: 49}
        assert (await office.kinds(ticket.number)).count("claimed") == 1
        told = await office.desk.database.all(NOTICES, ticket=ticket.number)
        assert told == ["routed", "claimed"]
        now = await reading.read_ticket(office.desk, winners[0], ticket.number)
        assert (now.assignee, now.version) == (winners[0].id, 2)


async def outcomes(*doing) -> list[object]:
    """Each answer, or the refusal's code; anything else is a bug."""
    answers = await asyncio.gather(*doing, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
            raise answer
    return list(answers)


def refusals(answers: list[object]) -> list[type]:
    return [type(one) for one in answers if isinstance(one, Refusal)]


async def test_of_many_who_resolve_one_does(office: Office):
    for _ in range(10):
        number = (await office.file()).number
        resolving = c.Resolve(ticket=number, solution="换了硒鼓")
        answers = await outcomes(*(office.do(office.boss, resolving) for _ in range(8)))
        assert refusals(answers) == [AlreadyResolved] * 7
        assert (await office.kinds(number)).count("resolved") == 1
        page = await reading.ticket_page(office.desk, office.boss, number)
        assert len(page.messages) == 2  # the customer's, and one solution


async def test_a_transfer_and_a_claim_at_once_leave_a_ticket_that_somebody_sees(office: Office):
    for _ in range(10):
        number = (await office.file()).number
        answers = await outcomes(
            office.do(office.zhao, c.Claim(ticket=number)),
            office.do(office.boss, c.Transfer(ticket=number, team="second", staff=office.li.id)),
        )
        assert set(refusals(answers)) <= {UnknownTicket, AlreadyClaimed}
        now = await reading.read_ticket(office.desk, office.boss, number)
        assert (now.team, now.assignee) == ("second", office.li.id)


async def test_two_transfers_at_once_are_two_steps_of_one_history(office: Office):
    number = (await office.file()).number
    to_second = c.Transfer(ticket=number, team="second", reason="网络问题")
    to_first = c.Transfer(ticket=number, team="first", reason="不是网络")
    answers = await outcomes(*(office.do(office.boss, one) for one in (to_second, to_first) * 4))
    assert refusals(answers) == []
    last = (await office.events(number))[-1]
    now = await reading.read_ticket(office.desk, office.boss, number)
    assert now.team == last.team == "first"


async def test_the_same_transfer_twice_is_one_event(office: Office):
    number = (await office.file()).number
    moving = c.Transfer(ticket=number, team="second")
    await outcomes(*(office.do(office.boss, moving) for _ in range(6)))
    assert (await office.kinds(number)).count("transferred") == 1


async def test_confirming_many_times_at_once_closes_once(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Resolve(ticket=number, solution="好了"))
    answers = await outcomes(*(intake.confirm(office.desk, number, "portal") for _ in range(8)))
    assert refusals(answers) == []
    kinds = await office.kinds(number)
    assert (kinds.count("confirmed"), kinds.count("closed")) == (1, 1)


async def test_confirm_and_dispute_at_once_end_one_way(office: Office):
    for _ in range(10):
        number = (await office.file()).number
        await office.do(office.zhao, c.Resolve(ticket=number, solution="好了"))
        answers = await outcomes(
            intake.confirm(office.desk, number, "portal"),
            intake.dispute(office.desk, number, "还是不行", "portal"),
        )
        assert len(refusals(answers)) == 1
        kinds = await office.kinds(number)
        assert ("confirmed" in kinds) != ("disputed" in kinds)


async def test_ratings_at_once_leave_the_last_one_and_all_of_them_on_record(office: Office):
    number = (await office.file()).number
    await office.do(office.zhao, c.Resolve(ticket=number, solution="好了"))
    await outcomes(*(intake.rate(office.desk, number, n, "", "portal") for n in range(1, 6)))
    scores = [body.score for body in await office.events(number) if hasattr(body, "score")]
    now = await reading.read_ticket(office.desk, office.boss, number)
    assert sorted(scores) == [1, 2, 3, 4, 5]
    assert now.rating == scores[-1]


async def test_a_nudge_that_is_pressed_many_times_counts_once(office: Office):
    number = (await office.file()).number
    answers = await outcomes(*(intake.nudge(office.desk, number, "portal") for _ in range(6)))
    assert refusals(answers) == []
    kinds = await office.kinds(number)
    assert (kinds.count("nudged"), kinds.count("nudged_again")) == (1, 5)


async def test_every_command_at_once_leaves_a_history_without_gaps(office: Office):
    number = (await office.file("网络不通")).number
    hold = c.Hold(
        ticket=number,
        status="waiting_third",
        reason="等厂家",
        until=office.desk.clock.now().replace(hour=9),
    )
    doing: list[c.AnyCommand] = [
        c.Claim(ticket=number),
        c.Release(ticket=number),
        c.Assign(ticket=number, staff=office.li.id),
        c.Reply(ticket=number, text="在看"),
        c.Note(ticket=number, text="像是交换机"),
        hold,
        c.Resume(ticket=number),
        c.SetPriority(ticket=number, priority=Priority.URGENT),
        c.Escalate(ticket=number, reason="大客户"),
        c.Resolve(ticket=number, solution="重启了"),
        c.Reopen(ticket=number),
        c.Close(ticket=number),
        c.Cancel(ticket=number, reason="误报"),
    ]
    people_ = (office.li, office.boss, office.admin)
    answers = await outcomes(
        *(office.do(by, one) for one in doing for by in people_),
        *(intake.customer_writes(office.desk, number, f"k{n}", "急", "portal") for n in range(4)),
    )
    assert {type(one) for one in answers if isinstance(one, Refusal)} <= {
        *Conflict.__subclasses__(),
        NotAllowed,
        UnknownTicket,
    }
    page = await reading.ticket_page(office.desk, office.admin, number)
    assert [event.ticket_seq for event in page.events] == list(range(1, len(page.events) + 1))
    assert page.ticket.ticket_seq == len(page.events)
