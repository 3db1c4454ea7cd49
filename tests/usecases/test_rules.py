"""Rules and matrix at work: when a ticket comes in, and again whenever something changes."""

from asyncio import gather
from datetime import timedelta

import pytest

from server.domain import commands as c
from server.domain import events as e
from server.domain.conditions import All, Is, Open, Says, Within
from server.domain.events import Priority
from server.domain.priority import Matrix, OnNudges, OnWords
from server.domain.rules import Rule, Rules, Then
from server.domain.stores import Store
from server.usecases.intake import customer_writes, dispute, nudge
from server.usecases.reading import TicketQuery, list_tickets, read_ticket
from server.usecases.reasons import paragraph
from server.usecases.standing import read_standing
from tests.support.builders import Office, a_policy, a_rule

pytestmark = pytest.mark.anyio

MATRIX = Matrix(
    cells={
        "vip": {Priority.NORMAL: Priority.HIGH, Priority.HIGH: Priority.URGENT},
        "*": {Priority.LOW: Priority.LOW},
    },
    nudges=(OnNudges(count=2),),
    words=(OnWords(words=("漏水", "着火"), steps=0, to=Priority.URGENT),),
)


def bodies(events, kind):
    return [one for one in events if isinstance(one, kind)]


async def test_the_matrix_weighs_what_comes_in_and_says_why(office: Office):
    await office.save("matrix", "default", MATRIX)
    ticket = await office.file(level="vip", name="王总", phone="13900000009")
    assert (ticket.priority, ticket.priority_by) == ("high", "matrix")
    opened = bodies(await office.events(ticket.number), e.Opened)[0]
    assert opened.why == ("customer_level=vip", "urgency=normal")
    urgent = await office.file(level="vip", name="王总", phone="13900000009", urgency=Priority.HIGH)
    assert urgent.priority == "urgent"
    leaking = await office.file(text="天花板漏水了", phone="13900000008")
    assert leaking.priority == "urgent"
    assert bodies(await office.events(leaking.number), e.Opened)[0].why[-1] == "keyword=漏水"


async def test_nudges_raise_the_priority(office: Office):
    await office.save("matrix", "default", MATRIX)
    ticket = await office.file()
    await nudge(office.desk, ticket.number, "portal")
    await office.clock.advance(timedelta(minutes=11))
    after = await nudge(office.desk, ticket.number, "portal")
    assert after.priority == "high"
    changed = bodies(await office.events(ticket.number), e.PriorityChanged)
    assert changed == [
        e.PriorityChanged(
            old=Priority.NORMAL,
            new=Priority.HIGH,
            why=("customer_level=normal", "urgency=normal", "nudges=2"),
        )
    ]


async def test_what_the_customer_says_later_raises_it_too(office: Office):
    await office.save("matrix", "default", MATRIX)
    ticket = await office.file()
    after = await customer_writes(office.desk, ticket.number, "k", "现在着火了！", "portal")
    assert after.priority == "urgent"
    calm = await customer_writes(office.desk, ticket.number, "k2", "灭了", "portal")
    assert calm.priority == "urgent"


async def test_set_by_hand_it_stays_until_it_is_released(office: Office):
    await office.save("matrix", "default", MATRIX)
    ticket = await office.file(text="漏水")
    number = ticket.number
    by_hand = await office.do(
        office.boss, c.SetPriority(ticket=number, priority=Priority.LOW, reason="已关阀")
    )
    assert (by_hand.priority, by_hand.priority_by) == ("low", "hand")
    still = await customer_writes(office.desk, number, "k", "又漏水了", "portal")
    assert still.priority == "low"
    released = await office.do(office.boss, c.SetPriority(ticket=number))
    assert (released.priority, released.priority_by) == ("urgent", "matrix")


async def test_an_edit_moves_a_waiting_ticket_where_the_rules_say_now(office: Office):
    rules = Rules(
        rules=(
            a_rule("sz", "深圳", Is("region", ("广东省/深圳市",)), team="second", mode="grab"),
            a_rule("all", "其余", team="first", mode="grab"),
        )
    )
    await office.save("rules", "default", rules)
    ticket = await office.file()
    assert ticket.team == "first"
    edit = c.Edit(ticket=ticket.number, seen_version=ticket.version, region="广东 深圳 南山")
    after = await office.do(office.boss, edit)
    assert after.team == "second"
    routed = bodies(await office.events(ticket.number), e.Routed)[-1]
    assert (routed.decision.rule, routed.decision.cause) == ("sz", "changed")


@pytest.mark.parametrize(("move", "team"), [(False, "first"), (True, "second")])
async def test_a_held_ticket_stays_with_its_colleague_unless_the_rule_moves_it(
    office: Office, move, team
):
    rule = a_rule(
        "angry", "投诉", Says(("投诉",)), team="second", mode="grab", move=move, tags=("投诉",)
    )
    await office.save(
        "rules", "default", Rules(rules=(rule,), fallback_team="first", fallback_mode="grab")
    )
    ticket = await office.file()
    await office.do(office.zhao, c.Claim(ticket=ticket.number))
    after = await customer_writes(office.desk, ticket.number, "k", "我要投诉", "portal")
    assert (after.team, after.tags) == (team, ("投诉",))
    assert (after.assignee is None) == move


async def test_where_a_colleague_sent_it_no_rule_takes_it_away(office: Office):
    rule = a_rule("second", "二线", Says(("投诉",)), team="second", mode="grab")
    await office.save(
        "rules", "default", Rules(rules=(rule,), fallback_team="first", fallback_mode="grab")
    )
    ticket = await office.file(text="我要投诉")
    assert ticket.team == "second"
    await office.do(office.boss, c.Transfer(ticket=ticket.number, team="first"))
    after = await customer_writes(office.desk, ticket.number, "k", "还要投诉", "portal")
    assert after.team == "first"


async def test_a_rule_gives_priority_tags_policy_and_queue(office: Office):
    await office.save("policy", "gold", a_policy(first="5m"))
    then = Then(priority=Priority.HIGH, tags=("大客户",), policy="gold", queue="vip", pin=True)
    rules = Rules(
        mode="all",
        rules=(
            Rule(id="vip", name="大客户", when=Is("customer_level", ("vip",)), then=then),
            Rule(
                id="tagged", name="有标签", when=Is("tags", ("大客户",)), then=Then(team="second")
            ),
        ),
    )
    await office.save("rules", "default", rules)
    ticket = await office.file(level="vip", name="王总", phone="13900000009")
    assert (ticket.priority, ticket.tags, ticket.queue, ticket.team, ticket.pinned) == (
        "high",
        ("大客户",),
        "vip",
        "second",
        True,
    )
    state = await read_standing(office.desk.database, ticket.number)
    assert {clock.pin.policy for clock in state.clocks} == {"gold"}
    opened = bodies(await office.events(ticket.number), e.Opened)[0]
    assert opened.why == ("rule=大客户",)
    routed = bodies(await office.events(ticket.number), e.Routed)[0]
    assert (routed.decision.rule, routed.decision.also) == ("vip", ("有标签",))
    assert "同时命中：有标签" in paragraph(routed.decision, await office.desk.firm(), "zh")


async def test_what_a_rule_pins_stands_on_top_of_open_tickets(office: Office):
    angry = All((Is("customer_level", ("vip",)), Says(("投诉",))))
    rule = Rule(id="pin", name="大客户投诉", when=angry, then=Then(pin=True))
    await office.save("rules", "default", Rules(rules=(rule,)))
    pinned = await office.file("要投诉", level="vip", phone="13900000009")
    others = [(await office.file(phone=f"1390000001{n}")).number for n in range(5)]
    pages, after = [], None
    while True:
        query = TicketQuery(view="open", sort="created", limit=2, after=after)
        page = await list_tickets(office.desk, office.boss, query)
        pages.append([one.number for one in page.tickets])
        after = page.next
        if after is None:
            break
    assert pages[0] == [pinned.number, *others[:-3:-1]]
    assert sorted(number for page in pages for number in page) == [pinned.number, *others]
    late = await list_tickets(office.desk, office.boss, TicketQuery(view="overdue", sort="due"))
    assert late.tickets == ()


async def test_a_ticket_that_comes_back_is_weighed_again(office: Office):
    again = Rule(
        id="again",
        name="又没修好",
        when=Within("reopens", least=1),
        then=Then(priority=Priority.HIGH, tags=("返修",)),
    )
    await office.save("rules", "default", Rules(rules=(again,), fallback_team="first"))
    number = (await office.file()).number
    await office.do(office.zhao, c.Resolve(ticket=number))
    after = await dispute(office.desk, number, "还是不行", "portal")
    assert (after.priority, after.tags) == ("high", ("返修",))


async def test_changes_at_the_same_time_are_each_weighed(office: Office):
    await office.save("matrix", "default", MATRIX)
    for turn in range(5):
        ticket = await office.file(phone=f"1390000002{turn}")
        number = ticket.number
        await gather(
            customer_writes(office.desk, number, f"a{turn}", "着火了", "portal"),
            customer_writes(office.desk, number, f"b{turn}", "快来", "portal"),
            nudge(office.desk, number, "portal"),
            office.do(office.zhao, c.Claim(ticket=number)),
            office.do(office.boss, c.Note(ticket=number, text="看到了")),
        )
        found = await read_ticket(office.desk, office.boss, number)
        assert (found.priority, found.nudge_count) == ("urgent", 1)
        changed = bodies(await office.events(number), e.PriorityChanged)
        assert [one.new for one in changed] == ["urgent"]


async def test_rules_know_opening_hours_and_stores(office: Office):
    await office.save(
        "store",
        "nanshan",
        Store(
            id="nanshan",
            name="南山店",
            region="广东省/深圳市/南山区",
            latitude=22.53,
            longitude=113.93,
            hours="office",
        ),
    )
    near = All((Within("distance", most=20), Open()))
    await office.save(
        "rules", "default", Rules(rules=(a_rule("near", "近", near, team="second", mode="grab"),))
    )
    close = await office.file(store="nanshan", latitude=22.6, longitude=114.0)
    far = await office.file(store="nanshan", latitude=31.2, longitude=121.5)
    assert (close.team, far.team) == ("second", None)
    await office.clock.advance(timedelta(hours=12))
    assert (await office.file(store="nanshan", latitude=22.6, longitude=114.0)).team is None


async def test_a_new_level_is_the_customers_own(office: Office):
    await office.save("matrix", "default", MATRIX)
    ticket = await office.file(name="王总", phone="13800000001")
    edit = c.Edit(ticket=ticket.number, seen_version=ticket.version, customer_level="vip")
    after = await office.do(office.boss, edit)
    assert (after.customer_level, after.priority) == ("vip", "high")
    assert (await office.file(name="王总", phone="13800000001")).customer_level == "vip"


async def test_what_rules_set_does_not_ask_them_again(office: Office):
    chase = Rules(
        mode="all",
        rules=(
            Rule(id="a", name="甲", when=Is("tags", ("b",)), then=Then(tags=("a",))),
            Rule(id="b", name="乙", when=Is("tags", ("a",)), then=Then(tags=("b",))),
            Rule(id="c", name="丙", when=Says(("开始",)), then=Then(tags=("a",))),
        ),
    )
    await office.save("rules", "default", chase)
    ticket = await office.file(text="开始")
    assert set(ticket.tags) == {"a", "b"}
