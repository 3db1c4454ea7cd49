"""Replay: the unchanged law gives history back; a draft says what would have been."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from server.domain import commands as c
from server.domain.calendars import Calendar
from server.domain.conditions import Says
from server.domain.errors import Invalid
from server.domain.people import Team
from server.domain.replay import SlaReplay
from server.domain.rules import Rules
from server.domain.shifts import Cycle, Line, Roster, Shift
from server.usecases.drafts import Draft
from server.usecases.replay import ReplayUnderWay, replay
from tests.support.builders import MONDAY, Office, a_policy, a_rule

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


def draft(kind, item, doc):
    return Draft(kind, item, msgspec.to_builtins(doc, str_keys=True))


async def wait(office: Office, **span):
    """Until so long after Monday morning."""
    await office.clock.advance(MONDAY + timedelta(**span) - office.clock.now())


async def live(office: Office):
    """Four tickets: answered after ten minutes and solved in time, never touched, paused, and
    cancelled.
    """
    numbers = [(await office.file(f"第 {number} 张")).number for number in range(4)]
    first, _, third, fourth = numbers
    for number in (first, third, fourth):
        await office.do(office.zhao, c.Claim(ticket=number))
    await wait(office, minutes=10)
    await office.do(office.zhao, c.Reply(ticket=first, text="在修"))
    until = office.clock.now() + timedelta(days=1)
    hold = c.Hold(ticket=third, status="waiting_customer", reason="等客户", until=until)
    await office.do(office.zhao, hold)
    await office.do(office.boss, c.Cancel(ticket=fourth, reason="重复"))
    await wait(office, hours=2)
    await office.do(office.zhao, c.Resolve(ticket=first, solution="好了"))
    return numbers


async def test_the_unchanged_law_gives_history_back(office: Office):
    """3.4.1; the end of every other story compares each clock (tests/support/proof.py)."""
    await live(office)
    found = (await replay(office.desk, MONDAY - DAY, MONDAY + DAY, [])).sla
    assert (found.tickets, found.changed, found.examples) == (4, 0, ())
    tallies = {one.metric: one.before for one in found.metrics}
    assert all(one.before == one.after for one in found.metrics)
    assert (tallies["first"].clocks, tallies["first"].met) == (4, 1)
    assert tallies["first"].cancelled == 1
    # ten minutes and two hours of work, and by the wall clock the same: all in one morning
    assert tallies["first"].working.median == tallies["first"].wall.median == 600
    assert tallies["resolve"].working.p90 == 7200


async def test_a_shorter_promise_would_have_been_missed(office: Office):
    first, second, *_ = await live(office)
    stricter = draft("policy", "standard", a_policy(first="5m", resolve="90m"))
    found = (await replay(office.desk, MONDAY - DAY, MONDAY + DAY, [stricter])).sla
    told = {
        (one.ticket, clock.metric): (clock.before.verdict, clock.after.verdict)
        for one in found.examples
        for clock in one.clocks
    }
    assert told[first, "first"] == ("met", "breached")
    assert told[first, "resolve"] == ("met", "breached")
    assert told[second, "first"][1] == "breached"
    assert found.changed == 4
    again = (await replay(office.desk, MONDAY - DAY, MONDAY + DAY, [stricter])).sla
    assert again == found
    assert msgspec.json.decode(msgspec.json.encode(found), type=SlaReplay) == found
    firm = await office.desk.firm()
    assert firm.law.policies.keys() == {("standard", 1)}, "a draft is not saved"


async def test_another_calendar_would_have_counted_other_hours(office: Office):
    numbers = await live(office)
    await wait(office, hours=3, minutes=45)
    always = Calendar(week=dict.fromkeys(range(1, 8), (("00:00", "24:00"),)))
    found = (
        await replay(office.desk, MONDAY - DAY, MONDAY + DAY, [draft("calendar", "office", always)])
    ).sla
    # the untouched ticket's 4 hours of resolving are not over at 12:45, and nothing else moves
    assert found.newly_breached == 0
    await wait(office, hours=4, minutes=1)
    found = (
        await replay(office.desk, MONDAY - DAY, MONDAY + DAY, [draft("calendar", "office", always)])
    ).sla
    late = {one.ticket for one in found.examples for clock in one.clocks if clock.after.breached}
    assert numbers[1] in late


async def test_a_draft_that_takes_nobody_changes_nothing(office: Office):
    await live(office)
    other = replace(a_policy(first="1m"), id="other", match={"customer_level": ("vip",)})
    found = (
        await replay(office.desk, MONDAY - DAY, MONDAY + DAY, [draft("policy", "o", other)])
    ).sla
    assert (found.tickets, found.changed) == (4, 0)


async def test_only_tickets_of_the_period_are_looked_at(office: Office):
    await office.file("昨天的")
    await wait(office, hours=5)
    await office.file("今天的")
    cut = MONDAY + timedelta(hours=1)

    async def count(from_at, to_at):
        return (await replay(office.desk, from_at, to_at, [])).sla.tickets

    assert await count(MONDAY - DAY, cut) == 1
    assert await count(cut, MONDAY + DAY) == 1
    assert await count(MONDAY - DAY, MONDAY) == 0
    assert await count(MONDAY + DAY, MONDAY + 2 * DAY) == 0


async def test_what_makes_no_sense_is_refused(office: Office):
    async def refused(from_at, to_at, *drafts):
        with pytest.raises(Invalid) as why:
            await replay(office.desk, from_at, to_at, drafts)
        return why.value.facts["fields"]

    assert await refused(MONDAY, MONDAY) == {"to": "replay_order"}
    assert await refused(MONDAY, MONDAY + 500 * DAY) == {"to": "replay_too_long"}
    assert "doc" in await refused(MONDAY, MONDAY + DAY, Draft("policy", "p", {"targets": 3}))
    assert await refused(MONDAY, MONDAY + DAY, Draft("team", "p", {})) == {"kind": "choice"}


async def test_one_replay_at_a_time(office: Office):
    office.desk.replayed = 0.5
    with pytest.raises(ReplayUnderWay):
        await replay(office.desk, MONDAY, MONDAY + DAY, [])
    office.desk.replayed = None
    await replay(office.desk, MONDAY, MONDAY + DAY, [])
    assert office.desk.replayed is None


NETWORK = a_rule("network", "网络", Says(("网络",)), team="second", skills={"network": 1})
RULES = Rules(rules=(NETWORK,), fallback_team="first", fallback_mode="grab")


async def rerouted(office: Office, *drafts):
    found = await replay(office.desk, MONDAY - DAY, MONDAY + DAY, drafts)
    assert found.routing is not None
    assert found.sla.changed == 0, "rules and rosters judge no clock anew"
    return found.routing


async def test_the_unchanged_rules_choose_whom_they_chose(office: Office):
    """3.4.1"""
    for subject in ("网络断了", "打印机卡纸", "网络慢"):
        await office.file(subject)
    found = await rerouted(office, draft("rules", "default", RULES))
    assert (found.decisions, found.same, found.examples) == (3, 3, ())
    assert found.teams == {"first": (1, 1), "second": (2, 2)}
    assert {"first_decisions", "no_consequences"} <= set(found.assumed)


async def test_other_rules_would_have_chosen_another_team(office: Office):
    network, printer = [(await office.file(one)).number for one in ("网络断了", "打印机卡纸")]
    printers = a_rule("printer", "打印机", Says(("打印机",)), team="second")
    drafted = replace(RULES, rules=(NETWORK, printers))
    found = await rerouted(office, draft("rules", "default", drafted))
    assert (found.decisions, found.same, found.other_team) == (2, 1, 1)
    (one,) = found.examples
    assert (one.ticket, one.team_before, one.team_after) == (printer, "first", "second")
    assert (one.assignee_before, one.assignee_after) == (None, office.li.id)
    assert one.ticket != network
    assert (await office.desk.firm()).rules.rules == RULES.rules, "a draft is not saved"


async def test_the_recorded_load_decides_between_colleagues(office: Office):
    """Three went to 李工; with two who can do it, the one with less to do would have got it."""
    both = Team(id="second", name="二线", members=(office.li.id, office.zhao.id))
    await office.save("team", "second", both)
    for number in range(3):
        await office.file(f"网络断了 {number}")
    anybody = a_rule("network", "网络", Says(("网络",)), team="second")
    found = await rerouted(office, draft("rules", "default", replace(RULES, rules=(anybody,))))
    assert found.other_colleague > 0
    assert {one.assignee_after for one in found.examples} == {office.zhao.id}


async def test_a_roster_that_has_somebody_off_duty_would_have_left_him_out(office: Office):
    await office.file("网络断了")
    roster = Roster(
        teams=("second",),
        shifts=(Shift(id="night", name="夜班", hours=("22:00", "23:00")),),
        cycles=(Cycle(id="nights", days=("night",), first_day=MONDAY.date()),),
        lines=(Line(staff=office.li.id, cycle="nights"),),
    )
    found = await rerouted(office, draft("roster", "second", roster))
    assert found.same == 0
    (one,) = found.examples
    assert (one.assignee_before, one.assignee_after) != (office.li.id, office.li.id)


async def test_a_rule_set_that_does_not_fit_is_refused(office: Office):
    with pytest.raises(Invalid):
        await replay(
            office.desk, MONDAY - DAY, MONDAY + DAY, [Draft("rules", "default", {"rules": 7})]
        )
