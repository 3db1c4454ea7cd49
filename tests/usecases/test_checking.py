"""What `paidan check` finds in what an administrator set up."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from server.domain.calendars import Calendar, china_calendar
from server.domain.conditions import AnyOf, Is, Open
from server.domain.events import DESK
from server.domain.firm import Profile
from server.domain.law import Policy
from server.domain.people import Staff
from server.domain.queues import Caps, Queue, Shed
from server.domain.rosters import OnCall, Roster
from server.domain.rules import Rule, Rules, Then
from server.domain.stores import Store
from server.usecases import people
from server.usecases.acts import change
from server.usecases.administration import save_document
from server.usecases.checking import check
from tests.support.world import ADMINISTRATOR, WEEK, World

pytestmark = pytest.mark.anyio
HOURS = {"first": {"*": 3600}}


_save = change(save_document)


async def put(world: World, kind: str, item: str, doc: object) -> None:
    """Save what the desk no longer takes: names that nothing has."""
    await _save(world.desk, kind, item, doc, DESK)


async def found(world: World):
    return {(one.level, one.code): one.facts for one in await check(world.desk)}


async def test_a_policy_that_never_applies_is_found(world: World):
    assert ("error", "dead_policy") not in await found(world)
    late = Policy(name="晚到的", position=9, match={"priority": ("urgent",)}, targets=HOURS)
    await world.save("policy", "late", late)
    facts = (await found(world))["error", "dead_policy"]
    assert facts == {"policy": "晚到的", "by": "重要客户、一般"}


async def test_policies_with_tickets_in_common_are_named_in_their_order(world: World):
    urgent = Policy(name="紧急", position=1, match={"priority": ("urgent",)}, targets=HOURS)
    await world.save("policy", "urgent", urgent)
    facts = (await found(world))["advice", "overlapping_policies"]
    assert facts == {"earlier": "紧急", "later": "重要客户"}


async def test_a_target_that_measures_nothing_is_found(world: World):
    odd = Policy(name="怪", position=1, match={"queue": ("x",)}, targets={"coffee": {"*": 60}})
    await world.save("policy", "odd", odd)
    await world.save("policy", "empty", Policy(name="空", position=1, match={"queue": ("y",)}))
    every = await found(world)
    assert every["error", "policy_without_metric"] == {"policy": "怪", "metric": "coffee"}
    assert every["advice", "policy_without_target"] == {"policy": "空"}


@pytest.mark.parametrize(
    ("now", "codes"),
    [
        (datetime(2026, 10, 1, tzinfo=UTC), set()),
        (datetime(2026, 11, 24, tzinfo=UTC), {"calendar_ends_soon"}),
        (datetime(2027, 1, 1, tzinfo=UTC), {"calendar_ends"}),
    ],
)
async def test_a_calendar_that_ends_is_told_in_time(tmp_path, now, codes):
    async with World(tmp_path, start=now, loops=False) as world:
        await world.set_up()
        assert {code for _, code in await found(world) if code.startswith("calendar")} == codes


async def test_a_year_that_is_said_to_be_known_and_is_not_is_found(world: World):
    await world.save("calendar", "default", replace(china_calendar(WEEK), known_through=2027))
    await world.save("calendar", "always", Calendar(week={1: (("00:00", "24:00"),)}))
    facts = (await found(world))["advice", "calendar_without_year"]
    assert facts == {"calendar": "default", "year": 2027}
    assert date(2027, 1, 1) not in china_calendar(WEEK).overrides


async def test_a_store_with_nothing_behind_its_names_is_found(world: World):
    await put(world, "store", "n", Store(id="n", name="南山店", team="gone", hours="never"))
    every = await found(world)
    assert every["error", "store_without_team"] == {"store": "南山店", "team": "gone"}
    assert every["error", "store_without_calendar"] == {"store": "南山店", "calendar": "never"}


async def test_a_queue_that_names_teams_which_are_gone_is_found(world: World):
    shed = Shed(above=3, teams=("second", "third"))
    await put(world, "queue", "q", Queue(id="q", name="售后", team="first", shed=shed))
    facts = (await found(world))["error", "queue_without_team"]
    assert facts == {"queue": "售后", "team": "third"}


async def test_rules_and_queues_that_name_what_is_gone_are_found(world: World):
    """3.1.6: queues, teams, stores, categories, calendars, levels of skill, and who left."""
    gone = AnyOf(
        (
            *(Is(one, ("gone",)) for one in ("queue", "team", "store", "category")),
            Open(calendar="gone"),
        )
    )
    await world.save("profile", "firm", Profile(name="示例公司", categories=("报修",)))
    welder = Staff(id=0, name="焊工", email="weld@x.cn", skills={"焊接": 2})
    await people.add_staff(world.desk, await world.staff(ADMINISTRATOR), welder, None)
    rule = Rule(id="r", name="旧规则", when=gone, then=Then(queue="gone", skills={"焊接": 4}))
    await put(world, "rules", "default", Rules(rules=(rule,), fallback_team="first"))
    queue = Queue(
        id="q",
        name="售后",
        caps=Caps(by_category={"没有": 3}, people={99: 2}),
        shed=Shed(above=3, teams=("second",), core=("也没有",)),
    )
    await put(world, "queue", "q", queue)
    every = await check(world.desk)
    by_rule = {one.code: one.facts for one in every if one.facts.get("rule") == "旧规则"}
    for what in ("queue", "team", "store", "category", "calendar"):
        assert by_rule[f"rule_names_no_{what}"] == {"rule": "旧规则", "value": "gone"}
    assert by_rule["rule_without_level"] == {
        "rule": "旧规则",
        "skill": "焊接",
        "level": 4,
        "most": 2,
    }
    of_queue = [(one.code, one.facts) for one in every if one.facts.get("queue") == "售后"]
    assert of_queue == [
        ("queue_without_category", {"queue": "售后", "category": "也没有"}),
        ("queue_without_category", {"queue": "售后", "category": "没有"}),
        ("queue_with_who_left", {"queue": "售后", "staff": "99"}),
    ]


async def test_a_roster_with_nothing_behind_its_names_is_found(world: World):
    roster = Roster(
        name="一线",
        teams=("first", "third"),
        calendar="none",
        on_call=OnCall(staff=(99,), first_day=date(2026, 3, 16)),
    )
    await put(world, "roster", "first", roster)
    every = await found(world)
    named = {"roster": "一线"}
    assert every["error", "roster_without_team"] == named | {"team": "third"}
    assert every["error", "roster_without_calendar"] == named | {"calendar": "none"}
    assert every["error", "roster_without_on_call"] == named
    assert every["advice", "roster_with_who_left"] == named | {"staff": "99"}


async def test_rules_that_are_never_read_or_name_what_went_away_are_found(world: World):
    gold = Policy(name="金牌", position=9, match={"customer_level": ("gold",)}, targets=HOURS)
    await world.save("policy", "gold", gold)
    everything = Rule(id="all", name="全收", then=Then(team="first", policy="gold"))
    after = Rule(id="after", name="轮不到", then=Then(team="second"))
    await world.save("rules", "default", Rules(rules=(everything, after)))
    every = await found(world)
    assert every["error", "rule_never_read"] == {"rule": "轮不到", "above": "全收"}
    assert ("error", "rule_without_policy") not in every
    await world.save("policy", "gold", replace(gold, active=False))
    every = await found(world)
    assert every["error", "rule_without_policy"] == {"rule": "全收", "policy": "gold"}


async def test_a_policy_that_only_a_rule_names_is_not_dead(world: World):
    named = Policy(name="点名的", position=9, targets=HOURS)
    await world.save("policy", "gold", named)
    assert ("error", "dead_policy") in await found(world)
    rules = Rules(rules=(Rule(id="a", name="a", then=Then(team="first", policy="gold")),))
    await world.save("rules", "default", rules)
    assert ("error", "dead_policy") not in await found(world)
