"""From an event to who hears of it."""

import pytest

from server.domain import events as e
from server.domain.events import Actor, Candidate, Decision
from server.domain.firm import Reach
from server.domain.ladder_events import RungReached, Told
from server.domain.notices import notices_of
from server.domain.people import Role, Team
from tests.support.builders import MONDAY, a_colleague, a_firm, a_ticket, an_event

FIRM = a_firm()
LOW, URGENT = e.Priority.LOW, e.Priority.URGENT
HELD, FREE, UNROUTED = a_ticket("open"), a_ticket("new"), a_ticket("new", team=None)
DECISION = Decision(
    rule=None, rule_name="", version=1, team="second", candidates=(Candidate(staff=3, load=0),)
)
WARNED = e.Warned(metric="first", instance=1, percent=80, due_at=MONDAY)
BREACHED = e.Breached(metric="first", instance=1, due_at=MONDAY, breached_at=MONDAY)


def a_rung(on="first", **fields):
    """A rung that was reached; 李工 (3) and the group of 二线 were told unless said otherwise."""
    given = {
        "ladder": "default",
        "version": 1,
        "rung": "most",
        "on": on,
        "occasion": f"{on}:1",
        "reached_at": MONDAY,
        "told": (Told(3, "assignee"),),
        "group": "second",
    }
    return RungReached(**(given | fields))


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
        (e.PriorityChanged(old=LOW, new=URGENT), HELD, [("urgent", 3)]),
        (e.PriorityChanged(old=LOW, new=URGENT), FREE, [("urgent", "second")]),
        (e.PriorityChanged(old=URGENT, new=LOW), HELD, []),
        (e.PriorityChanged(old=URGENT, new=URGENT), HELD, []),
        (e.Woke(), HELD, [("woke", 3)]),
        (WARNED, HELD, []),
        (BREACHED, HELD, []),
        (a_rung(percent=80), HELD, [("warned", 3), ("warned", "second")]),
        (a_rung(percent=100, group=None), HELD, [("breached", 3)]),
        (a_rung(minutes=-30, told=()), HELD, [("warned", "second")]),
        (a_rung(minutes=30, told=()), HELD, [("breached", "second")]),
        (a_rung("nudge", group=None), HELD, [("nudged_again", 3)]),
        (a_rung("idle", minutes=60, group=None), HELD, [("idle", 3)]),
        (a_rung("unaccepted", minutes=5, told=()), FREE, [("unaccepted", "second")]),
        (a_rung(percent=150, told=(), group=None), HELD, []),
        (a_rung(by_hand=True), HELD, []),
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


def test_another_system_is_told_under_a_key_of_its_own():
    body = a_rung(percent=100, told=(), group=None, did=("raise_priority:high", "webhook:crm"))
    (notice,) = notices_of(an_event(body), HELD, FIRM)
    assert (notice.webhook, notice.repeat, notice.staff, notice.team) == (
        "crm",
        "keyed",
        None,
        None,
    )


def test_the_worst_comes_first_when_notices_are_gathered():
    def rank(priority, **fields):
        body = a_rung(told=(), due_at=MONDAY, **fields)
        return notices_of(an_event(body), a_ticket("open", priority=priority), FIRM)[0].rank

    urgent, normal = e.Priority.URGENT, e.Priority.NORMAL
    ranks = [
        rank(urgent, percent=100),
        rank(normal, percent=150),
        rank(urgent, percent=80),
        rank(normal, percent=50),
    ]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 4
