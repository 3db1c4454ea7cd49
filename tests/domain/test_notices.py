"""From an event to who hears of it."""

import pytest

from server.domain import events as e
from server.domain.events import Actor, Candidate, Decision
from server.domain.firm import Reach
from server.domain.notices import notices_of
from server.domain.people import Role, Team
from tests.support.builders import MONDAY, a_colleague, a_firm, a_ticket, an_event

FIRM = a_firm()
HELD, FREE, UNROUTED = a_ticket("open"), a_ticket("new"), a_ticket("new", team=None)
DECISION = Decision(
    rule=None, rule_name="", version=1, team="second", candidates=(Candidate(staff=3, load=0),)
)
WARNED = e.Warned(metric="first", instance=1, percent=80, due_at=MONDAY)
BREACHED = e.Breached(metric="first", instance=1, due_at=MONDAY, breached_at=MONDAY)


def told(body, after=HELD, by=None, **fields):
    """(kind, colleague or team) of each notice."""
    return [
        (one.kind, one.staff or one.team)
        for one in notices_of(an_event(body, by, **fields), after, FIRM)
    ]


@pytest.mark.parametrize(
    ("body", "after", "expected"),
    [
        (e.Routed(team="second", assignee=3, decision=DECISION), HELD, [("assigned", 3)]),
        (e.Routed(team="second", assignee=None, decision=DECISION), FREE, [("routed", "second")]),
        (e.Routed(team=None, assignee=None, decision=DECISION), UNROUTED, []),
        (e.Assigned(assignee=3, previous=None), HELD, [("assigned", 3)]),
        (
            e.Transferred(team="second", previous_team=None, assignee=None, previous=3, reason=""),
            FREE,
            [("transferred", "second")],
        ),
        (e.Claimed(assignee=3), HELD, [("claimed", "second")]),
        (e.Released(previous=3), FREE, [("released", "second")]),
        (e.CustomerWrote(message=1), HELD, [("customer_wrote", 3)]),
        (e.CustomerWrote(message=1), FREE, [("customer_wrote", "second")]),
        (e.CustomerWrote(message=1), UNROUTED, []),
        (e.Disputed(message=1), HELD, [("disputed", 3)]),
        (e.Nudged(count=2), HELD, [("nudged", 3)]),
        (e.Woke(), HELD, [("woke", 3)]),
        (WARNED, HELD, [("warned", 3)]),
        (WARNED, FREE, [("warned", "second")]),
        (BREACHED, HELD, [("breached", 3), ("breached", 2)]),
        (BREACHED, FREE, [("breached", 2), ("breached", "second")]),
        (e.Escalated(reason="急", to=(2, 3)), HELD, [("escalated", 2), ("escalated", 3)]),
        (e.Rated(score=2, comment="", assignee=3, team="second"), HELD, [("rated_low", 2)]),
        (e.Rated(score=3, comment="", assignee=3, team="second"), HELD, []),
        (e.Noted(message=1), HELD, []),
        (e.Replied(message=1), HELD, []),
        (e.Confirmed(), HELD, []),
    ],
)
def test_who_hears_of_what(body, after, expected):
    assert told(body, after, Actor("customer", 1)) == expected


def test_nobody_is_told_of_his_own_actions():
    assert told(e.Assigned(assignee=3, previous=None), by=Actor("staff", 3)) == []
    assert told(e.Escalated(reason="急", to=(2, 3)), by=Actor("staff", 2)) == [("escalated", 3)]
    assert told(e.CustomerWrote(message=1), by=Actor("customer", 3)) == [("customer_wrote", 3)]


def test_a_claim_in_chat_is_answered_there_and_not_told_again():
    assert told(e.Claimed(assignee=3), by=Actor("staff", 3), via="dingtalk") == []


def test_leaders_who_left_are_replaced_by_those_who_lead_the_firm():
    gone = a_firm(
        staff={
            2: a_colleague(2, "主管", role=Role.SUPERVISOR),
            9: a_colleague(9, "前主管", active=False),
        },
        teams={"second": Team(id="second", name="二线", leaders=(9,))},
    )
    assert gone.leaders_of("second") == (2,)
    assert FIRM.leaders_of("second") == (2,)
    assert FIRM.leaders_of(None) == (2,)


def test_a_colleague_is_reached_by_every_platform_that_knows_him():
    reach = Reach(
        people={"dingtalk": {3: "u3"}, "wecom": {3: "w3", 4: "w4"}},
        groups={"dingtalk": {"second": "g2"}, "wecom": {}},
    )
    assert reach.ways(3, None) == (("dingtalk", {"person": "u3"}), ("wecom", {"person": "w3"}))
    assert reach.ways(4, None) == (("wecom", {"person": "w4"}),)
    assert reach.ways(None, "second") == (("dingtalk", {"group": "g2"}),)
    assert reach.ways(None, "first") == reach.ways(5, None) == ()
    assert reach.staff_of("wecom", "w4") == 4
    assert reach.staff_of("mail", "w4") is None
