"""Routing: which rule, which team, which colleague, and the reason as data."""

import pytest

from server.domain.errors import Invalid
from server.domain.events import Candidate
from server.domain.people import Role, Team
from server.domain.routing import Facts, Rule, Rules, decide, matches
from tests.support.builders import a_colleague

STAFF = {
    one.id: one
    for one in (
        a_colleague(1, "忙", skills={"network": 2}),
        a_colleague(2, "闲", skills={"network": 1}),
        a_colleague(3, "下班", skills={"network": 5}, on_duty=False),
        a_colleague(4, "不会"),
        a_colleague(5, "走了", skills={"network": 5}, active=False),
        a_colleague(6, "审计", skills={"network": 5}, role=Role.AUDITOR),
        a_colleague(7, "一线"),
    )
}
TEAMS = {
    "net": Team(id="net", name="网络组", members=(1, 2, 3, 4, 5, 6)),
    "first": Team(id="first", name="一线", members=(7,)),
    "empty": Team(id="empty", name="空组"),
}
NETWORK = Rule(id="network", name="网络", keywords=("网络", "VPN"), team="net", skills=("network",))
VIP = Rule(id="vip", name="大客户", where={"customer_level": ("vip",)}, team="first")


def facts(**fields):
    given = {
        "subject": "打印机卡纸",
        "text": "",
        "priority": "normal",
        "queue": "default",
        "category": "",
        "channel": "form",
        "customer_level": "normal",
    }
    return Facts(**(given | fields))


def decided(found, *rules, load=None, **options):
    everything = Rules(version=4, rules=rules, **({"fallback_team": "first"} | options))
    return decide(found, everything, TEAMS, STAFF, load or {})


@pytest.mark.parametrize(
    ("found", "matched"),
    [
        (facts(subject="网络断了"), ("keyword=网络",)),
        (facts(text="连不上 vpn"), ("keyword=VPN",)),
        (facts(subject="网络", text="VPN"), ("keyword=网络", "keyword=VPN")),
        (facts(), None),
    ],
)
def test_one_keyword_is_enough_wherever_it_stands(found, matched):
    assert matches(NETWORK, found) == matched


def test_every_condition_must_hold():
    both = Rule(
        id="b", name="", keywords=("网络",), where={"priority": ("urgent", "high")}, team="net"
    )
    assert matches(both, facts(subject="网络")) is None
    assert matches(both, facts(subject="网络", priority="high")) == (
        "priority=high",
        "keyword=网络",
    )


def test_the_first_rule_that_matches_wins():
    found = facts(subject="网络", customer_level="vip")
    assert decided(found, VIP, NETWORK).rule == "vip"
    assert decided(found, NETWORK, VIP).rule == "network"


def test_the_least_loaded_skilled_colleague_on_duty_gets_it_and_the_rest_know_why_not():
    decision = decided(facts(subject="网络"), NETWORK, load={1: 3, 2: 1})
    assert (decision.team, decision.assignee, decision.outcome) == ("net", 2, "assigned")
    assert decision.candidates == (
        Candidate(staff=2, load=1),
        Candidate(staff=1, load=3),
        Candidate(staff=3, load=0, dropped="off_duty"),
        Candidate(staff=4, load=0, dropped="skill"),
        Candidate(staff=5, load=0, dropped="inactive"),
        Candidate(staff=6, load=0, dropped="inactive"),
    )
    assert (decision.rule_name, decision.version, decision.matched) == (
        "网络",
        4,
        ("keyword=网络",),
    )


def test_equal_load_goes_to_the_first_colleague():
    assert decided(facts(subject="网络"), NETWORK).assignee == 1


def test_when_everybody_is_full_the_team_keeps_it():
    decision = decided(facts(subject="网络"), NETWORK, load={1: 2, 2: 2}, most_open=2)
    assert (decision.team, decision.assignee, decision.outcome) == ("net", None, "team")
    assert [(one.staff, one.dropped) for one in decision.candidates] == [
        (3, "off_duty"),
        (4, "skill"),
        (5, "inactive"),
        (6, "inactive"),
        (1, "full"),
        (2, "full"),
    ]


def test_when_nobody_has_the_skill_the_fallback_team_gets_it_and_it_is_told():
    rare = Rule(id="sap", name="SAP", team="net", skills=("sap",))
    decision = decided(facts(), rare)
    assert (decision.team, decision.assignee) == ("first", 7)
    assert (decision.fallback, decision.outcome, decision.rule) == (True, "fallback", "sap")
    dropped = {one.staff: one.dropped for one in decision.candidates}
    assert dropped == {
        1: "skill",
        2: "skill",
        3: "skill",
        4: "skill",
        5: "inactive",
        6: "inactive",
        7: None,
    }


def test_a_grab_rule_leaves_it_to_the_team():
    grab = Rule(id="g", name="抢", team="net", mode="grab")
    decision = decided(facts(), grab)
    assert (decision.team, decision.assignee, decision.candidates) == ("net", None, ())


def test_without_a_match_the_fallback_team_gets_it():
    decision = decided(facts(), NETWORK)
    assert (decision.rule, decision.team, decision.fallback) == (None, "first", True)
    waiting = decided(facts(), NETWORK, fallback_mode="grab")
    assert (waiting.team, waiting.assignee) == ("first", None)


@pytest.mark.parametrize("fallback", [None, "gone"])
def test_without_any_team_nobody_gets_it_and_that_is_told(fallback):
    decision = decided(facts(), NETWORK, fallback_team=fallback)
    assert (decision.team, decision.assignee, decision.outcome) == (None, None, "nobody")


def test_a_rule_for_a_team_that_is_gone_falls_back():
    gone = Rule(id="x", name="旧", team="gone")
    assert decided(facts(), gone).team == "first"


def test_a_team_without_people_falls_back():
    assert decided(facts(), Rule(id="e", name="", team="empty")).team == "first"


def test_a_rule_on_something_nobody_knows_is_refused():
    with pytest.raises(Invalid):
        Rule(id="x", name="", where={"weather": ("rain",)}, team="net")
