"""Rules, conditions and the priority matrix: tables, and what holds for all of them."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.attributes import assess
from server.domain.conditions import (
    All,
    AnyOf,
    Condition,
    Facts,
    Is,
    LooksLike,
    Not,
    Open,
    Says,
    Within,
    fields_of,
)
from server.domain.events import Priority
from server.domain.matching import Miss, View, compiled, explain, folded, holds
from server.domain.old_rules import modernised
from server.domain.priority import ORDER, Matrix, OnNudges, OnWords, faults, weigh
from server.domain.rules import Known, Rule, Rules, Then, read
from server.domain.rules import faults as rule_faults
from tests.support.builders import a_rule

NOON = datetime(2026, 3, 16, 12, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
ASKED = Facts(
    subject="空调不制冷",
    text="外机漏水，ＶＩＰ客户，电话１３８００１３８０００",
    priority="high",
    urgency="high",
    queue="default",
    category="维修",
    channel="portal",
    customer_level="vip",
    customer="王女士",
    company="云杉科技",
    region="广东省/深圳市/南山区",
    product="家用空调",
    language="zh",
    tags=("加急", "Repeat"),
    nudges=2,
    created_at=NOON - timedelta(minutes=90),
    at=NOON,
    open=frozenset({"office"}),
)


@pytest.mark.parametrize(
    ("condition", "terms"),
    [
        (Is("category", ("投诉", "维修")), ("category=维修",)),
        (Is("customer_level", ("VIP",)), ("customer_level=VIP",)),
        (Is("category", ("投诉",)), None),
        (Is("store", ("",)), ("store=",)),
        (Is("region", ("广东省",)), ("region=广东省",)),
        (Is("region", ("广东 深圳",)), ("region=广东 深圳",)),
        (Is("region", ("广东省深圳市福田区",)), None),
        (Is("tags", ("repeat", "别的")), ("tags=repeat",)),
        (Is("tags", ("",)), None),
        (Says(("制冷", "滴水")), ("keyword=制冷",)),
        (Says(("vip",)), ("keyword=vip",)),
        (Says(("漏水",), places=("subject",)), None),
        (Says(("漏\u200b水",)), ("keyword=漏\u200b水",)),
        (LooksLike(r"1[3-9]\d{9}"), (r"pattern=1[3-9]\d{9}",)),
        (LooksLike(r"^\d+$", "company"), None),
        (LooksLike(r"\bvip\b"), (r"pattern=\bvip\b",)),
        (Within("nudges", least=2), ("nudges=2",)),
        (Within("nudges", most=1), None),
        (Within("hour", least=9, most=12.5), None),
        (Within("hour", least=9, most=13), ("hour=12.5",)),
        (Within("hour", least=20, most=13), ("hour=12.5",)),
        (Within("weekday", least=6, most=1), ("weekday=1",)),
        (Within("weekday", least=2, most=5), None),
        (Within("age", least=60), ("age=90",)),
        (Within("distance", most=10), None),
        (Within("created_at", most=datetime(2026, 3, 17, tzinfo=UTC)), ("created_at=",)),
        (Open("office"), ("open=office",)),
        (Open(), None),
        (Not(Open()), ("not:open=",)),
        (All(), ()),
        (AnyOf(), None),
        (All((Is("channel", ("portal",)), Says(("漏水",)))), ("channel=portal", "keyword=漏水")),
        (AnyOf((Is("channel", ("mail",)), Says(("漏水",)))), ("keyword=漏水",)),
        (All((Says(("漏水",)), Not(Says(("退款",))))), ("keyword=漏水", "not:keyword=退款")),
    ],
)
def test_a_condition_holds_and_says_by_what(condition, terms):
    view = View(ASKED)
    found = explain(condition, view)
    assert holds(condition, view) == compiled(condition)(view) == (terms is not None)
    if terms is None:
        assert isinstance(found, Miss)
    elif terms and terms[0] == "created_at=":
        assert found[0].startswith("created_at=2026-03-16T11:00")
    else:
        assert found == terms


@pytest.mark.parametrize(
    ("condition", "wanted", "found"),
    [
        (Is("channel", ("mail", "form")), ("channel=mail", "channel=form"), "portal"),
        (Says(("退款",)), ("keyword=退款",), ""),
        (Within("nudges", least=3), ("nudges=≥ 3",), "2"),
        (Not(Says(("漏水",))), ("not:keyword=漏水",), ""),
        (All((Is("channel", ("portal",)), Open("night"))), ("open=night",), ""),
    ],
)
def test_what_fails_first_is_told_with_what_is_there(condition, wanted, found):
    assert explain(condition, View(ASKED)) == Miss(wanted=wanted, found=found)


@pytest.mark.parametrize(
    ("written", "folded_text"),
    [("ＡＢＣ１２３", "abc123"), ("ﾊﾟ", "パ"), ("退\u200b款", "退款"), ("Straße", "strasse")],
)
def test_words_are_compared_as_people_read_them(written, folded_text):
    assert folded(written) == folded_text


def test_a_pattern_that_backtracks_elsewhere_takes_linear_time_here():
    text = "a" * 20_000 + "!"
    condition = LooksLike(r"^(a+)+$")
    start = time.process_time()
    assert not holds(condition, View(Facts(text=text)))
    assert time.process_time() - start < 1


# What holds for all conditions

LEAVES = st.sampled_from(
    [
        Is("category", ("维修",)),
        Is("channel", ("mail",)),
        Says(("漏水",)),
        Says(("退款",)),
        Within("nudges", least=2),
        Open("office"),
        Open("night"),
        LooksLike("vip"),
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(TREES)
def test_why_agrees_with_whether(tree):
    view = View(ASKED)
    assert holds(tree, view) != isinstance(explain(tree, view), Miss)
    assert holds(tree, view) == compiled(tree)(view)


@given(TREES, TREES)
def test_not_turns_all_and_any_round(one, other):
    view = View(ASKED)
    assert holds(Not(Not(one)), view) == holds(one, view)
    assert holds(Not(All((one, other))), view) == holds(AnyOf((Not(one), Not(other))), view)
    assert holds(Not(AnyOf((one, other))), view) == holds(All((Not(one), Not(other))), view)
    assert holds(All((one, other)), view) == holds(All((other, one)), view)


@given(TREES)
def test_a_condition_is_the_same_after_it_was_written_down(tree):
    again = msgspec.json.decode(msgspec.json.encode(tree), type=Condition)
    assert again == tree
    assert fields_of(again) == fields_of(tree)


THENS = st.builds(
    Then,
    queue=st.sampled_from([None, "vip"]),
    team=st.sampled_from([None, "a", "b"]),
    priority=st.sampled_from([None, *Priority]),
    tags=st.sampled_from([(), ("x",), ("y",)]),
    skills=st.sampled_from([{}, {"k": 1}, {"k": 3}]),
)
WHENS = st.one_of(
    st.none(),
    TREES,
    st.sampled_from([Is("tags", ("x",)), Is("queue", ("vip",)), Is("team", ("a",))]),
)


@st.composite
def rule_sets(draw, mode):
    parts = draw(st.lists(st.tuples(WHENS, THENS), max_size=6))
    return Rules(
        mode=mode,
        rules=tuple(
            Rule(id=f"r{place}", name="", when=when, then=then)
            for place, (when, then) in enumerate(parts)
        ),
    )


@given(rule_sets("first"))
def test_the_first_rule_that_matches_decides_alone(rules):
    verdict = read(rules, ASKED)
    view = View(ASKED)
    first = next((one for one in rules.rules if one.when is None or holds(one.when, view)), None)
    assert verdict.rule == (first.id if first else None)
    assert len(verdict.rules) == (first is not None)
    if first is not None:
        assert (verdict.team, verdict.skills) == (first.then.team, first.then.skills)


@given(rule_sets("all"))
def test_every_rule_matches_once_at_most_and_the_reading_ends(rules):
    verdict = read(rules, ASKED)
    names = [one.rule for one in verdict.rules]
    assert len(names) == len(set(names))
    assert verdict.rounds <= len(rules.rules) + 1
    view = View(ASKED)
    at_once = {one.id for one in rules.rules if one.when is None or holds(one.when, view)}
    assert at_once <= set(names)


@given(rule_sets("all"))
def test_what_an_earlier_rule_says_a_later_one_does_not_change(rules):
    verdict = read(rules, ASKED)
    first = read(msgspec.structs.replace(rules, mode="first"), ASKED)
    for name in ("queue", "team", "priority"):
        if getattr(first, name) is not None:
            assert getattr(verdict, name) == getattr(first, name)
    assert set(first.tags) <= set(verdict.tags)
    assert all(verdict.skills[skill] >= level for skill, level in first.skills.items())


def test_a_rule_that_is_switched_off_is_not_read():
    off = msgspec.structs.replace(a_rule("off", team="a"), active=False)
    assert read(Rules(rules=(off,)), ASKED).rule is None


def test_of_several_rules_the_one_that_sends_it_gives_the_reason():
    rules = Rules(
        mode="all",
        rules=(
            Rule(id="tag", name="打标签", then=Then(tags=("x",))),
            Rule(id="send", name="派给甲", when=Is("tags", ("x",)), then=Then(team="a")),
        ),
    )
    verdict = read(rules, ASKED)
    assert (verdict.rule, verdict.matched, verdict.rounds) == ("send", ("tags=x",), 2)
    assert [one.rule for one in verdict.rules] == ["tag", "send"]


# Documents

DAY = datetime(2026, 3, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        (a_rule("r", "", LooksLike("(a"), team="a"), "rules[1].when.pattern", "pattern"),
        (
            a_rule("r", "", All((Not(LooksLike(r"(a)\1")),)), team="a"),
            "rules[1].when.of[0].of.pattern",
            "pattern",
        ),
        (a_rule("r", "", Open("nowhere"), team="a"), "rules[1].when.calendar", "no_calendar"),
        (a_rule("r", "", Is("priority", ("很急",))), "rules[1].when.values[0]", "no_such_value"),
        (a_rule("r", "", Says((" ",)), team="a"), "rules[1].when.words[0]", "missing"),
        (a_rule("r", "", Within("hour"), team="a"), "rules[1].when", "does_nothing"),
        (a_rule("r", "", Within("hour", least=DAY), team="a"), "rules[1].when.least", "kind_float"),
        (a_rule("r", "", Within("at", least=9), team="a"), "rules[1].when.least", "instant"),
        (
            a_rule("r", "", Within("created_at", most=DAY.replace(tzinfo=None)), team="a"),
            "rules[1].when.most",
            "instant",
        ),
        (a_rule("r", team="gone"), "rules[1].then.team", "no_team"),
        (a_rule("r", policy="gone"), "rules[1].then.policy", "no_policy"),
        (a_rule("fine", team="a"), "rules[1].id", "twice"),
        (Rule(id="r", name="", then=Then()), "rules[1].then", "does_nothing"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(rule, path, code):
    known = Known(teams=frozenset({"a"}), calendars=frozenset({"office"}))
    found = rule_faults(Rules(rules=(a_rule("fine", team="a"), rule)), known)
    assert [(one.path, one.code) for one in found] == [(path, code)]


def test_conditions_may_not_be_nested_without_end():
    deep = Says(("x",))
    for _ in range(12):
        deep = Not(deep)
    found = rule_faults(Rules(rules=(a_rule("r", "", deep, team="a"),)))
    assert [(one.path, one.code) for one in found] == [("rules[0].when", "too_deep")]


def test_rules_of_version_0_1_are_read_as_they_were_meant():
    old = {
        "rules": [
            {
                "id": "n",
                "name": "网络",
                "keywords": ["网络", "VPN"],
                "where": {"priority": ["high"]},
                "team": "net",
                "skills": ["network"],
                "mode": "grab",
            },
            {"id": "all", "name": "其余", "team": "first"},
        ],
        "fallback_team": "first",
        "most_open": 20,
    }
    rules = msgspec.convert(modernised(old), type=Rules)
    assert rules.rules[0] == Rule(
        id="n",
        name="网络",
        when=All((Is("priority", ("high",)), Says(("网络", "VPN")))),
        then=Then(team="net", skills={"network": 1}, mode="grab"),
    )
    assert rules.rules[1].then == Then(team="first", mode="automatic")
    assert modernised(msgspec.to_builtins(rules)) == msgspec.to_builtins(rules)


# The matrix

MATRIX = Matrix(
    cells={"vip": {Priority.NORMAL: Priority.HIGH}, "*": {Priority.URGENT: Priority.HIGH}},
    nudges=(OnNudges(count=2), OnNudges(count=4, steps=2)),
    words=(OnWords(words=("漏水",)), OnWords(words=("着火",), steps=0, to=Priority.URGENT)),
    most=Priority.HIGH,
)


@pytest.mark.parametrize(
    ("level", "urgency", "nudges", "text", "priority"),
    [
        ("vip", "normal", 0, "", "high"),
        ("vip", "urgent", 0, "", "urgent"),
        ("normal", "urgent", 0, "", "high"),
        ("normal", "normal", 0, "", "normal"),
        ("normal", "normal", 1, "", "normal"),
        ("normal", "normal", 2, "", "high"),
        ("normal", "low", 2, "", "normal"),
        ("normal", "low", 4, "", "high"),
        ("normal", "low", 2, "漏水", "high"),
        ("vip", "normal", 4, "漏水", "high"),
        ("normal", "low", 0, "着火", "urgent"),
        ("vip", "urgent", 4, "漏水", "urgent"),
    ],
)
def test_level_and_urgency_give_the_priority_and_nudges_and_words_raise_it(
    level, urgency, nudges, text, priority
):
    found = weigh(MATRIX, level=level, urgency=Priority(urgency), nudges=nudges, text=text)
    assert found.priority == priority


@given(
    st.sampled_from(["vip", "normal"]),
    st.sampled_from(list(Priority)),
    st.integers(0, 6),
    st.sampled_from(["", "漏水", "着火", "漏水着火"]),
)
def test_a_nudge_or_a_word_never_lowers_the_priority(level, urgency, nudges, text):
    calm = weigh(MATRIX, level=level, urgency=urgency)
    found = weigh(MATRIX, level=level, urgency=urgency, nudges=nudges, text=text)
    more = weigh(MATRIX, level=level, urgency=urgency, nudges=nudges + 1, text=text)
    places = [ORDER.index(one.priority) for one in (calm, found, more)]
    assert places == sorted(places)


def test_a_rule_takes_the_place_of_the_matrix_and_what_is_set_by_hand_stays():
    rules = Rules(rules=(Rule(id="r", name="大客户", then=Then(priority=Priority.LOW)),))
    facts = msgspec.structs.replace(ASKED, nudges=2, text="")
    found = assess(rules, MATRIX, facts).weighed
    assert (found.priority, found.why) == ("normal", ("rule=大客户", "nudges=2"))
    assert assess(rules, MATRIX, facts, fixed=Priority.URGENT).weighed.priority == "urgent"


def test_rules_look_at_the_priority_that_the_matrix_gives():
    rules = Rules(rules=(a_rule("r", "", Is("priority", ("high",)), team="a"),))
    facts = msgspec.structs.replace(ASKED, priority="low", urgency="normal", nudges=0, text="")
    assert assess(rules, MATRIX, facts).verdict.rule == "r"
    assert assess(rules, Matrix(), facts).verdict.rule is None


def test_a_matrix_without_a_document_follows_the_urgency():
    for urgency in Priority:
        assert weigh(Matrix(), level="vip", urgency=urgency).priority is urgency


def test_a_line_of_the_matrix_that_does_nothing_is_told():
    found = faults(Matrix(words=(OnWords(words=(" ",), steps=0),)))
    assert [one.path for one in found] == ["words[0].steps", "words[0].words[0]"]
