"""Routing: which rule, which team, which colleague, and the reason as data."""

import pytest

from server.domain.conditions import Facts, Is, Says
from server.domain.events import Candidate
from server.domain.people import Role, Team
from server.domain.queues import Caps, Queue, Shed
from server.domain.ranking import Field, Need
from server.domain.routing import (
    MOST_TOLD,
    Pool,
    decide,
    need_of,
)
from server.domain.rules import Rules, Verdict, read
from server.domain.standings import Standing
from tests.support.builders import MONDAY, a_colleague, a_rule

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
        a_colleague(8, "主管", role=Role.SUPERVISOR),
    )
}
TEAMS = {
    "net": Team(id="net", name="网络组", members=(1, 2, 3, 4, 5, 6)),
    "first": Team(id="first", name="一线", members=(7,)),
    "empty": Team(id="empty", name="空组"),
}
NETWORK = a_rule("network", "网络", Says(("网络", "VPN")), team="net", skills={"network": 1})
VIP = a_rule("vip", "大客户", Is("customer_level", ("vip",)), team="first")


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


def a_pool(load=None, queue=None, staff=None, **fields):
    given = {
        "queue": queue or Queue(id="default", name="默认"),
        "need": Need(),
        "field": Field(
            staff=staff or STAFF,
            standings={
                one: Standing(load=n, weight=2 * n, held=n) for one, n in (load or {}).items()
            },
            at=MONDAY,
        ),
        "teams": TEAMS,
        "general": "first",
        "leaders": {"net": (8,), "first": (8,), "empty": (8,)},
    }
    return Pool(**(given | fields))


def decided(found, *rules, load=None, most_open=20, **options):
    everything = Rules(version=4, rules=rules, **({"fallback_team": "first"} | options))
    verdict = read(everything, found)
    queue = Queue(id="default", name="默认", caps=Caps(open=most_open))
    return decide(
        verdict,
        a_pool(load, queue, need=Need(skills=verdict.skills), general=everything.fallback_team),
    )


def test_the_first_rule_that_matches_wins():
    found = facts(subject="网络", customer_level="vip")
    assert decided(found, VIP, NETWORK).rule == "vip"
    assert decided(found, NETWORK, VIP).rule == "network"


def test_the_least_loaded_skilled_colleague_on_duty_gets_it_and_the_rest_know_why_not():
    decision = decided(facts(subject="网络"), NETWORK, load={1: 3, 2: 1})
    assert (decision.team, decision.assignee, decision.outcome) == ("net", 2, "assigned")
    assert decision.candidates == (
        Candidate(staff=2, load=1, score=68, scores={"skill": 20, "load": 38, "fair": 10}),
        Candidate(staff=1, load=3, score=59, scores={"skill": 15, "load": 34, "fair": 10}),
        Candidate(staff=3, load=0, dropped="off_duty"),
        Candidate(staff=4, load=0, dropped="skill"),
        Candidate(staff=5, load=0, dropped="inactive"),
        Candidate(staff=6, load=0, dropped="not_allowed"),
    )
    assert (decision.pool, decision.counts) == (
        6,
        {"inactive": 1, "not_allowed": 1, "off_duty": 1, "skill": 1},
    )
    assert (decision.rule_name, decision.version, decision.matched) == (
        "网络",
        4,
        ("keyword=网络",),
    )


def test_who_is_just_skilled_enough_comes_before_who_is_over_skilled():
    assert decided(facts(subject="网络"), NETWORK).assignee == 2


def test_equals_go_to_the_first_colleague():
    assert decided(facts(), a_rule("all", team="net")).assignee == 1


def test_when_everybody_is_full_the_team_keeps_it():
    decision = decided(facts(subject="网络"), NETWORK, load={1: 2, 2: 2}, most_open=2)
    assert (decision.team, decision.assignee, decision.outcome) == ("net", None, "team")
    assert [(one.staff, one.dropped) for one in decision.candidates] == [
        (3, "off_duty"),
        (4, "skill"),
        (5, "inactive"),
        (6, "not_allowed"),
        (1, "full"),
        (2, "full"),
    ]


def test_when_nobody_has_the_skill_the_fallback_team_gets_it_and_it_is_told():
    rare = a_rule("sap", "SAP", team="net", skills={"sap": 1})
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
        6: "not_allowed",
        7: None,
    }


def test_a_grab_rule_leaves_it_to_the_team():
    grab = a_rule("g", "抢", team="net", mode="grab")
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
    gone = a_rule("x", "旧", team="gone")
    assert decided(facts(), gone).team == "first"


def test_a_team_without_people_falls_back():
    assert decided(facts(), a_rule("e", team="empty")).team == "first"


# --- the ladder, the queue and the crowd


def a_verdict(team="net", **fields):
    return Verdict(rule="r", rule_name="规则", version=3, team=team, **fields)


def test_where_nobody_can_at_all_a_supervisor_on_duty_gets_it():
    nobody = a_pool(general="empty", need=Need(skills={"sap": 1}))
    decision = decide(a_verdict(skills={"sap": 1}), nobody)
    assert (decision.outcome, decision.team, decision.assignee) == ("supervisor", "empty", 8)
    asleep = STAFF | {8: a_colleague(8, "主管", role=Role.SUPERVISOR, on_duty=False)}
    decision = decide(a_verdict(team="empty"), a_pool(general=None, staff=asleep))
    assert (decision.outcome, decision.team, decision.assignee) == ("team", "empty", None)


@pytest.mark.parametrize(
    ("mode", "rule_mode", "assigned"),
    [
        ("automatic", None, True),
        ("grab", None, False),
        ("manual", None, False),
        ("grab", "automatic", True),
        ("automatic", "grab", False),
    ],
)
def test_the_queue_says_how_it_is_handed_out_unless_the_rule_does(mode, rule_mode, assigned):
    queue = Queue(id="default", name="", mode=mode)
    decision = decide(a_verdict(mode=rule_mode), a_pool(queue=queue))
    assert (decision.assignee is not None) == assigned
    assert decision.mode == (rule_mode or mode)


def test_without_a_rule_the_queue_has_a_team():
    queue = Queue(id="default", name="", team="net")
    assert decide(Verdict(), a_pool(queue=queue)).team == "net"


def test_without_a_rule_the_nearest_store_may_have_a_team():
    queue = Queue(id="default", name="", team="net", by_store=True)
    assert decide(Verdict(), a_pool(queue=queue, nearest="first")).team == "first"
    assert decide(Verdict(), a_pool(queue=queue)).team == "net"
    assert decide(a_verdict(), a_pool(queue=queue, nearest="first")).team == "net"


def test_where_a_colleague_sent_it_it_stays():
    decision = decide(a_verdict(team="first"), a_pool(sent_to="net"))
    assert (decision.team, decision.by_hand) == ("net", True)


def test_who_did_not_accept_is_left_out_and_at_last_a_supervisor_gets_it():
    skilled = {"network": 1}
    need = Need(skills=skilled, left_out=frozenset({2}))
    decision = decide(a_verdict(skills=skilled), a_pool(need=need, cause="unaccepted"))
    assert (decision.assignee, decision.left_out) == (1, (2,))
    need = Need(skills=skilled, left_out=frozenset({1, 2}))
    last = decide(a_verdict(skills=skilled), a_pool(need=need, cause="unaccepted"))
    assert (last.outcome, last.assignee) == ("supervisor", 8)
    tried = decide(a_verdict(), a_pool(cause="unaccepted", exhausted=True))
    assert (tried.outcome, tried.assignee) == ("supervisor", 8)


def test_what_its_only_colleague_gave_back_waits_in_the_team():
    need = Need(left_out=frozenset({7}))
    decision = decide(a_verdict(team="first"), a_pool(need=need, cause="waiting"))
    assert (decision.team, decision.assignee, decision.outcome) == ("first", None, "team")


@pytest.mark.parametrize(
    ("load", "need", "team"),
    [
        ({1: 3, 2: 3, 4: 3}, Need(), "first"),
        ({1: 3, 2: 3, 4: 2}, Need(), "net"),
        ({1: 3, 2: 3, 4: 3}, Need(category="故障"), "net"),
        ({1: 3, 2: 3, 4: 3}, Need(priority="urgent"), "net"),
        ({1: 3, 2: 3, 4: 3, 7: 3}, Need(), "net"),
    ],
    ids=["too much", "not too much", "a core category", "urgent", "the other has too much, too"],
)
def test_an_overloaded_team_sheds_what_is_not_core_to_an_idle_one(load, need, team):
    shed = Shed(above=3, teams=("gone", "empty", "first"), core=("故障",))
    queue = Queue(id="default", name="", shed=shed)
    decision = decide(a_verdict(), a_pool(load, queue, need=need))
    assert decision.team == team
    assert decision.shed_from == ("net" if team == "first" else None)


def test_a_crowd_is_counted_and_few_are_named():
    crowd = {n: a_colleague(n, f"同事{n}", on_duty=n % 2 == 0) for n in range(1, 201)}
    teams = {"net": Team(id="net", name="网络组", members=tuple(crowd))}
    pool = a_pool(staff=crowd, teams=teams)
    decision = decide(a_verdict(), pool)
    assert len(decision.candidates) == 2 * MOST_TOLD
    assert (decision.pool, decision.counts) == (200, {"off_duty": 100})
    assert decision.candidates[0].staff == decision.assignee == 2


def test_tickets_that_the_same_colleagues_could_do_have_the_same_need():
    full = a_pool({1: 20, 2: 20, 4: 20})
    first, again = (decide(a_verdict(matched=(term,)), full) for term in ("a", "b"))
    assert need_of(first, None, "normal") == need_of(again, None, "normal")
    assert need_of(first, None, "normal") != need_of(first, None, "urgent")
    skilled = decide(a_verdict(skills={"network": 2}), full)
    assert need_of(first, None, "normal") != need_of(skilled, None, "normal")
