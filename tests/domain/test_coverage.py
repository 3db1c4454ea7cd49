"""Which policies can never apply, and which have tickets in common."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from server.domain.coverage import find_dead, find_overlaps
from server.domain.law import Policy, TicketFacts, law_of

LEVELS, PRIORITIES = ("vip", "normal", "new"), ("urgent", "high", "normal", "low")


def policy(position, **match):
    return Policy(id=f"p{position}", version=1, position=position, match=match)


def dead(*policies, named=frozenset()):
    return {one.policy.id: [by.id for by in one.taken_by] for one in find_dead(policies, named)}


def test_nothing_comes_after_a_policy_for_everybody():
    assert dead(policy(1), policy(2, customer_level=("vip",))) == {"p2": ["p1"]}


def test_a_policy_within_an_earlier_one_is_dead():
    vip = policy(1, customer_level=("vip", "svip"))
    assert dead(vip, policy(2, customer_level=("vip",), priority=("urgent",))) == {"p2": ["p1"]}
    assert dead(vip, policy(2, customer_level=("vip", "normal"))) == {}


def test_earlier_policies_may_take_everything_together():
    urgent = policy(1, priority=("urgent", "high"))
    rest = policy(2, priority=("normal", "low"))
    assert dead(urgent, rest, policy(3)) == {"p3": ["p1", "p2"]}
    assert dead(policy(1, queue=("a",)), policy(2, queue=("b",)), policy(3)) == {}


def test_a_policy_that_a_rule_names_is_not_dead():
    assert dead(policy(1), policy(2), named=frozenset({"p2"})) == {}


def test_policies_that_have_tickets_in_common_are_told_of():
    vip = policy(1, customer_level=("vip",))
    urgent = policy(2, priority=("urgent",))
    found = find_overlaps((vip, urgent, policy(3), policy(4, customer_level=("normal",))))
    # the one for everybody contains the others: that is what it is for
    assert [(one.earlier.id, one.later.id) for one in found] == [("p1", "p2"), ("p2", "p4")]


matches = st.fixed_dictionaries(
    {},
    optional={
        "customer_level": st.sets(st.sampled_from(LEVELS[:2]), min_size=1).map(tuple),
        "priority": st.sets(st.sampled_from(PRIORITIES), min_size=1).map(tuple),
        "channel": st.sets(st.sampled_from(("form", "mail")), min_size=1).map(tuple),
    },
)


@given(st.lists(matches, min_size=1, max_size=6))
def test_a_dead_policy_is_one_that_no_ticket_ever_falls_under(every):
    policies = [policy(place, **match) for place, match in enumerate(every)]
    law = law_of(policies, ())
    chosen = {
        law.choose(TicketFacts(customer_level=level, priority=priority, channel=channel)).id
        for level, priority, channel in product(LEVELS, PRIORITIES, ("form", "mail", "web"))
        if law.choose(TicketFacts(customer_level=level, priority=priority, channel=channel))
    }
    assert set(dead(*policies)) == {one.id for one in policies} - chosen
