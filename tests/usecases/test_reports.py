"""R22: what was kept of what was promised, on a firm small enough to reckon by hand.

Targets: first 15 minutes, resolve 4 hours; Monday to Friday 9–12 and 13:30–18.
"""

from datetime import date

import pytest
from msgspec.structs import replace

from server.domain import commands as c
from server.domain.errors import Invalid
from server.domain.renewing import Apply, ExcuseTime
from server.domain.replay import Spread
from server.domain.reports import Figures, Pausing
from server.usecases import checking, promises, reading, reports
from tests.support.builders import Office, a_policy, at
from tests.usecases.test_promises import work_through

pytestmark = pytest.mark.anyio
MINUTE, HOUR = 60, 3600


async def a_small_day(office: Office) -> list[int]:
    """四张工单: one in time, one late and held, one moved to a tighter promise, one cancelled."""
    quick, slow, tight, gone = [await office.file() for _ in range(4)]
    office.move_to("09:10")
    await office.do(office.zhao, c.Reply(ticket=quick.number, text="马上"))
    office.move_to("09:20")
    await office.do(office.zhao, c.Reply(ticket=slow.number, text="在看", then="waiting_customer"))
    office.move_to("09:40")
    await office.do(office.zhao, c.Resolve(ticket=quick.number, solution="好了"))
    office.move_to("10:20")
    await office.do(office.zhao, c.Resolve(ticket=slow.number, solution="好了"))
    office.move_to("10:30")
    await office.do(office.boss, c.Cancel(ticket=gone.number, reason="误报"))
    await office.do(office.boss, c.Transfer(ticket=tight.number, team="second"))
    await office.save("policy", "standard", a_policy(first="15m", resolve="1h"))
    given = await promises.give_order(office.desk, office.boss, Apply(policies=("standard",)))
    await work_through(office, given.job.id)
    office.move_to("11:00")
    await office.do(office.li, c.Resolve(ticket=tight.number, solution="换了"))
    return [one.number for one in (quick, slow, tight, gone)]


def figures_of(metrics: tuple[Figures, ...], metric: str) -> Figures:
    return next(one for one in metrics if one.metric == metric)


async def test_r22_a_small_day_reckoned_by_hand(office: Office):
    await a_small_day(office)
    found = await reports.report(office.desk, office.boss, "2026-03-16", "2026-03-16", "final")
    told = found.attainment
    first, resolve = (figures_of(told.metrics, metric) for metric in ("first", "resolve"))
    # First replies after 10, 20 and 120 minutes; the cancelled ticket was breached before it was
    # cancelled, and 90 minutes are on its record. Of four the third is called the median.
    assert (first.clocks, first.met, first.breached) == (4, 1, 3)
    assert first.working == Spread(median=90 * MINUTE, p90=120 * MINUTE)
    # Solved after 40 minutes; 20 and an hour's wait; 120 against a promise that became an hour.
    assert (resolve.clocks, resolve.met, resolve.breached, resolve.by_retarget) == (3, 2, 1, 1)
    assert resolve.working == Spread(median=40 * MINUTE, p90=120 * MINUTE)
    assert resolve.wall == Spread(median=80 * MINUTE, p90=120 * MINUTE)
    assert (resolve.paused, resolve.wall_sum) == (60 * MINUTE, 240 * MINUTE)
    assert told.pauses == (Pausing("replied", 1, 60 * MINUTE),)
    assert (told.cancelled, told.imported, told.excused) == (1, 0, 0)
    assert figures_of(told.teams["second"], "resolve").breached == 1
    assert figures_of(told.people[office.zhao.id], "resolve").met == 2
    assert figures_of(told.policies["standard"], "first").clocks == 4


async def test_r22_the_report_says_by_which_law(office: Office):
    await a_small_day(office)
    found = await reports.report(office.desk, office.boss, "2026-03-16", "2026-03-16", "start")
    resolve = figures_of(found.attainment.metrics, "resolve")
    assert (resolve.met, resolve.breached) == (3, 0), "four hours were promised at the start"


async def test_r22_what_is_reopened_counts_when_it_ends_again(office: Office):
    ticket = await office.file()
    office.move_to("10:00")
    await office.do(office.zhao, c.Resolve(ticket=ticket.number, solution="好了"))
    office.move_to("11:00")
    await office.do(office.zhao, c.Reopen(ticket=ticket.number))
    found = await reports.report(office.desk, office.boss, None, None, "final")
    assert [one.metric for one in found.attainment.metrics] == ["first"]
    office.move_to("17 09:00")
    await office.do(office.zhao, c.Resolve(ticket=ticket.number, solution="真好了"))
    for day, expected in (("2026-03-16", ["first"]), ("2026-03-17", ["resolve"])):
        found = await reports.report(office.desk, office.boss, day, day, "final")
        assert [one.metric for one in found.attainment.metrics] == expected
    resolve = figures_of(found.attainment.metrics, "resolve")
    assert resolve.working.median == HOUR + 5 * HOUR + HOUR // 2, "the gap counts for nobody"
    assert resolve.wall_sum == 23 * HOUR


async def test_r22_excused_time_is_told_apart(office: Office):
    ticket = await office.file()
    office.move_to("09:30")
    window = ExcuseTime(from_at=at("09:05"), to_at=at("09:25"), cause="power", reason="停电")
    given = await promises.give_order(office.desk, office.admin, window)
    await work_through(office, given.job.id)
    await office.do(office.zhao, c.Resolve(ticket=ticket.number, solution="好了"))
    told = (await reports.report(office.desk, office.boss, None, None, "final")).attainment
    assert (told.excused, told.excused_seconds) == (2, 2 * 20 * MINUTE)
    assert figures_of(told.metrics, "first").met == 1


async def test_r22_staff_see_their_own_team_and_themselves(office: Office):
    await a_small_day(office)
    mine = await reports.report(office.desk, office.li, None, None, "final")
    assert not mine.whole
    assert set(mine.attainment.teams) == {"second"}
    assert set(mine.attainment.people) == {office.li.id}
    assert sum(one.clocks for one in mine.attainment.metrics) == 2
    others = await reports.report(office.desk, office.zhao, None, None, "final")
    assert set(others.attainment.people) == {office.zhao.id}
    assert (await reports.report(office.desk, office.boss, None, None, "final")).whole


async def test_r22_days_are_the_firms_and_a_wrong_one_is_named(office: Office):
    office.move_to("16 07:30")
    found = await reports.report(office.desk, office.boss, None, None, "final")
    assert (found.from_day, found.to_day) == (date(2026, 3, 1), date(2026, 3, 16))
    wrong = {
        ("gestern", None): {"from_day": "day"},
        ("2026-03-02", "2026-03-01"): {"to_day": "replay_order"},
        ("2024-01-01", "2026-03-01"): {"to_day": "replay_too_long"},
    }
    for (first, last), fields in wrong.items():
        with pytest.raises(Invalid) as refused:
            await reports.report(office.desk, office.boss, first, last, "final")
        assert refused.value.facts["fields"] == fields


async def test_r11_tickets_without_sla_are_listed_and_counted(office: Office):
    plain = await office.file()
    strict = a_policy(first="15m", resolve="4h")
    await office.save("policy", "standard", replace(strict, match={"customer_level": ("vip",)}))
    none, vip = await office.file(), await office.file(level="vip", phone="13700000001")
    query = reading.TicketQuery(view="unpromised")
    page = await reading.list_tickets(office.desk, office.boss, query)
    assert [one.number for one in page.tickets] == [none.number]
    counted = await reading.counters(office.desk, office.boss)
    assert (counted["unpromised"], counted["open"]) == (1, 3)
    found = {one.code: one.facts for one in await checking.check(office.desk)}
    assert found["tickets_without_sla"] == {"count": 1}
    level = c.Edit(ticket=none.number, seen_version=none.version, customer_level="vip")
    await office.do(office.zhao, level)
    assert (await reading.counters(office.desk, office.boss))["unpromised"] == 0
    assert {plain.number, vip.number}.isdisjoint(
        one.number for one in (await reading.list_tickets(office.desk, office.boss, query)).tickets
    )
