"""The demo firm is believable, and every figure of it was made by the desk's own rules."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from bots.rehearsal.firm import COLLEAGUES
from bots.rehearsal.firm.people import callers
from bots.rehearsal.firm.plan import ZONE, draw, read_texts
from server.domain.events import Breached, Rated, Routed
from server.domain.people import Role, Staff
from server.domain.sla import SlaState
from server.storage import ledger, pasts, timers
from server.usecases import reading, verification
from server.usecases.replay import replay
from tests.demo.conftest import OPENED
from tests.support.proof import prove_hindsight

pytestmark = pytest.mark.anyio
HISTORY = 200
ANYONE = Staff(id=0, name="", email="", role=Role.AUDITOR)


async def every_ticket(desk):
    found = []
    after = None
    while True:
        query = reading.TicketQuery(view="all", sort="created", after=after, limit=100)
        page = await reading.list_tickets(desk, ANYONE, query)
        found += [one for one in page.tickets if one.number <= HISTORY]
        if page.next is None:
            return found
        after = page.next


async def test_twelve_people_work_there_and_each_has_a_place(theatre):
    firm = await theatre.desk.firm()
    assert len(firm.staff) == len(COLLEAGUES) == 12
    placed = {number for team in firm.teams.values() for number in team.people}
    idle = [one.name for one in firm.staff.values() if one.id not in placed]
    assert idle == ["王建国"]
    assert all(team.members and team.leaders for team in firm.teams.values())


async def test_two_hundred_tickets_lie_behind_it_and_forty_three_are_of_today(theatre):
    tickets = await every_ticket(theatre.desk)
    assert len(tickets) == HISTORY
    days = Counter(one.created_at.astimezone(ZONE).date() for one in tickets)
    assert days[OPENED.date()] == 43
    assert len(days) >= 20


async def test_its_tickets_are_in_every_state_that_a_working_day_knows(theatre):
    tickets = await every_ticket(theatre.desk)
    states = Counter(one.status_category.value for one in tickets)
    assert {"new", "open", "waiting_customer", "resolved", "closed", "cancelled"} <= set(states)
    assert any(one.assignee is None and one.status_category == "new" for one in tickets)
    assert 1 <= sum(one.breached for one in tickets if one.status_category != "closed") <= 40


async def test_what_customers_say_is_varied(theatre):
    problems = read_texts().problem
    assert len(problems) >= 25
    assert len({text for one in problems for text in one.texts}) >= 40
    assert len({one.subject for one in await every_ticket(theatre.desk)}) >= 25


async def test_its_figures_are_those_of_a_good_firm_that_is_not_perfect(theatre):
    scores, breached, routed_by_rule = [], set(), 0
    for number in range(1, HISTORY + 1):
        for event in await ledger.list_events(theatre.desk.database, number):
            if isinstance(event.body, Rated):
                scores.append(event.body.score)
            elif isinstance(event.body, Breached):
                breached.add((number, event.body.metric))
            elif isinstance(event.body, Routed):
                routed_by_rule += event.body.decision.rule is not None
    assert len(scores) >= 40
    assert 4.0 <= sum(scores) / len(scores) <= 4.9
    assert 0 < len({number for number, metric in breached if metric == "first"}) <= 40
    assert routed_by_rule >= 160


async def test_the_chain_of_its_history_verifies(theatre):
    proof = await verification.verify(theatre.desk)
    assert proof.flaw is None


async def test_its_clocks_folded_from_scratch_differ_in_nothing(theatre):
    found = [one async for one in verification.differences(theatre.desk)]
    assert len(found) >= HISTORY
    assert [one for one in found if one is not None] == []


async def test_the_replay_of_its_history_is_its_history(theatre):
    """3.4.1: clock by clock, and in sum."""
    await prove_hindsight(theatre.desk)
    now = theatre.desk.clock.now()
    found = (await replay(theatre.desk, now - timedelta(days=300), now, [])).sla
    assert found.tickets >= HISTORY
    assert found.changed == 0
    stored = Counter[str]()
    for number in range(1, await pasts.last_ticket(theatre.desk.database) + 1):
        kept = await timers.find_state(theatre.desk.database, number)
        for clock in msgspec.json.decode(kept, type=SlaState).clocks:
            stored[clock.metric] += clock.verdict == "breached"
    assert {one.metric: one.before.breached for one in found.metrics} == stored


def test_the_same_day_and_seed_give_the_same_plan():
    assert draw(OPENED, 1, 200, 43) == draw(OPENED, 1, 200, 43)
    assert draw(OPENED, 1, 200, 43) != draw(OPENED, 2, 200, 43)
    assert draw(OPENED, 1, 200, 43) != draw(OPENED + timedelta(days=1), 1, 200, 43)


def test_nobody_is_planned_after_the_demo_opens():
    plans = draw(OPENED, 1, 200, 43)
    assert max(one.at for one in plans) < OPENED
    assert min(one.at for one in plans) > OPENED - timedelta(days=30)


def test_no_phone_number_of_a_customer_can_be_anybodys():
    import random

    phones = [one.phone for one in callers(random.Random(1))]
    assert len(set(phones)) == len(phones)
    assert all(len(one) == 11 and one.startswith("12") for one in phones)


def test_a_demo_opens_in_working_hours_near_the_machines_time():
    from server.demo import opening

    def at(*when):
        return f"{opening(datetime(*when, tzinfo=UTC)):%m-%d %H:%M}"

    assert at(2026, 3, 18, 3, 15) == "03-18 11:15"
    assert at(2026, 3, 18, 1, 30) == "03-18 10:30"
    assert at(2026, 3, 18, 13, 0) == "03-18 16:00"
    assert at(2026, 3, 18, 20, 0) == "03-18 10:30"  # four in the morning of the next day
    assert at(2026, 3, 22, 4, 0) == "03-20 12:00"  # a Sunday
    assert at(2026, 10, 4, 4, 0) == "09-30 12:00"  # the National Day holidays
    assert at(2026, 10, 10, 4, 0) == "10-10 12:00"  # a make-up Saturday
