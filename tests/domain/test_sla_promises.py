"""The rules of the SLA law, by number: which promise holds, and how it is told (R11–R23)."""

import msgspec
import pytest
from msgspec.structs import replace

from server.domain import events as e
from server.domain import sla
from server.domain.events import Priority
from server.domain.sla import SlaState, fold, judge, law_of, next_due, step, timers
from tests.support.clockwork import (
    ALWAYS,
    ASKED,
    CLAIMED,
    HOUR,
    MINUTE,
    NORMAL,
    OFFICE,
    OPENED,
    RELEASED,
    REOPENED,
    REPLIED,
    RESOLVED,
    RESUMED,
    URGENT,
    WAITING,
    at,
    clock_of,
    history,
    law_with,
    moved,
    policy,
    routed,
    seen,
    sent,
)


def test_r11_without_a_policy_there_is_no_clock_until_one_matches():
    law = law_with({"first": HOUR, "resolve": 4 * HOUR}, match={"priority": ("urgent",)})
    events = history(("09:00", OPENED), ("10:00", URGENT), ("10:30", NORMAL), ("11:00", URGENT))
    none, begun, gone, back = (fold(events[: number + 1], law) for number in range(4))
    assert (none.pin, none.clocks) == (None, ())
    assert clock_of(begun, "first").due_at == at("11:00")
    assert {one.state for one in gone.clocks} == {"cancelled"}
    assert clock_of(back, "first").due_at == at("11:30")


def test_r11_the_first_matching_policy_wins():
    law = law_of(
        [
            policy({}, id="late", position=2),
            policy({}, id="web", position=1, match={"channel": ("form", "portal")}),
            policy({}, id="off", position=0, active=False),
        ],
        [OFFICE],
    )
    assert law.choose(sla.TicketFacts(channel="form")).id == "web"
    assert law.choose(sla.TicketFacts(channel="mail")).id == "late"
    assert law.current == (("web", 1), ("late", 1))


def test_r11_a_policy_that_a_rule_names_comes_before_the_order():
    named = policy({"first": 5 * MINUTE}, id="q", position=9, match={"channel": ("mail",)})
    law = law_of([policy({"first": HOUR}), named], [OFFICE])
    state = fold(history(("09:00", OPENED, routed("first", policy="q"))), law)
    clock = clock_of(state, "first")
    assert (clock.pin.policy, clock.due_at) == ("q", at("09:05"))
    gone = fold(history(("09:00", OPENED, routed("first", policy="gone"))), law)
    assert clock_of(gone, "first").pin.policy == "p"


def test_r11_a_policy_may_ask_for_the_team():
    second = policy({"resolve": HOUR}, id="q", match={"team": ("second",)})
    law = law_of([second, policy({"resolve": 4 * HOUR}, position=1)], [OFFICE])
    state = fold(history(("09:00", OPENED, routed("first")), ("10:00", sent("second"))), law)
    clock = clock_of(state, "resolve")
    assert (clock.pin.policy, clock.used, clock.due_at) == ("q", HOUR, at("10:00"))


def test_r11_no_policy_means_no_clock_and_is_shown_so():
    law = law_with({"first": HOUR}, match={"channel": ("mail",)})
    state = fold(history(("09:00", OPENED)), law)
    assert (state.pin, state.clocks, next_due(state)) == (None, (), None)


def test_r12_a_breach_by_retarget_is_told_once():
    law = law_with({"resolve": {"*": 8 * HOUR, "urgent": 30 * MINUTE}})
    state = fold(history(("09:00", OPENED), ("09:50", URGENT)), law)
    (told,) = judge(state, law, at("09:50"))
    assert (type(told), told.breached_at) == (e.Breached, at("09:50"))
    state = seen(state, law, "09:50")
    for body in (NORMAL, URGENT):
        state = step(state, replace(history(("10:00", body))[0], seq=50), law)
    assert judge(state, law, at("18 18:00")) == ()


def test_r12_loosening_after_a_breach_shows_both():
    law = law_with({"resolve": {"*": 8 * HOUR, "urgent": 30 * MINUTE}})
    opened = msgspec.structs.replace(OPENED, priority=Priority.URGENT)
    state = fold(history(("09:00", opened), ("10:00", NORMAL)), law)
    clock = clock_of(state, "resolve")
    assert (clock.verdict, clock.used, clock.target) == ("none", HOUR, 8 * HOUR)
    assert clock.retargets[0].breached_at == at("09:30")
    assert clock.retargets[0].target == 30 * MINUTE


def test_r12_another_policy_takes_over_with_the_used_time_and_its_own_calendar():
    vip = policy(
        {"resolve": 2 * HOUR}, id="vip", calendar="always", match={"customer_level": ("vip",)}
    )
    rest = policy({"resolve": 8 * HOUR}, id="rest", position=1)
    law = law_of([vip, rest], [OFFICE, ALWAYS])
    raised = e.Edited(fields={"customer_level": ("normal", "vip")})
    state = fold(history(("11:00", OPENED), ("13:00", raised)), law)
    clock = clock_of(state, "resolve")
    assert (clock.pin.policy, clock.used, clock.due_at) == ("vip", HOUR, at("14:00"))
    assert [part.working for part in sla.strip(clock, law, at("13:30"))] == [HOUR, 1800]


def test_r12_a_new_question_without_a_promise_begins_its_own_clock_when_one_comes():
    law = law_of(
        [policy({"accept": HOUR}, match={"priority": ("normal", "urgent"), "category": ("",)})],
        [OFFICE],
    )
    repair = e.Edited(fields={"category": ("", "维修")})
    back = e.Edited(fields={"category": ("维修", "")})
    events = history(
        ("09:00", OPENED),
        ("09:10", CLAIMED),
        ("09:20", repair),
        ("09:30", RELEASED),
        ("09:40", back),
    )
    first, second = fold(events, law).clocks
    assert (first.state, first.used, first.retargets) == ("stopped", 10 * MINUTE, ())
    assert (second.instance, second.started_at) == (2, at("09:40"))


def test_r13_an_edited_policy_leaves_open_clocks_alone():
    old, new = policy({"resolve": 4 * HOUR}), policy({"resolve": 2 * HOUR}, version=2)
    before = law_of([old], [OFFICE])
    after = law_of([old, new], [OFFICE], {("policy", "p", 2): 2})
    opened, raised = history(("09:00", OPENED), ("10:00", URGENT))
    state = step(SlaState(), opened, before)
    raised = replace(raised, seq=3)
    assert clock_of(step(state, raised, after), "resolve").target == 4 * HOUR
    assert fold([opened, raised], after) == step(state, raised, after)
    later = fold([replace(opened, seq=4)], after)
    assert clock_of(later, "resolve").target == 2 * HOUR


def test_r16_thanks_after_the_solution_starts_nothing():
    law = law_with({"next": HOUR, "resolve": 4 * HOUR})
    events = history(("09:00", OPENED), ("09:10", REPLIED, RESOLVED), ("09:20", ASKED))
    assert all(one.metric != "next" for one in fold(events, law).clocks)


def test_r16_thanks_do_not_count_as_old_when_somebody_reopens_later():
    law = law_with({"next": HOUR})
    events = history(
        ("09:00", OPENED), ("09:10", REPLIED, RESOLVED), ("09:20", ASKED), ("17 09:00", REOPENED)
    )
    assert clock_of(fold(events, law), "next").due_at == at("17 10:00")


@pytest.mark.parametrize(
    ("reopen", "states"),
    [("resume", ["running"]), ("restart", ["stopped", "running"]), ("keep", ["stopped"])],
)
def test_r16_what_reopening_does(reopen, states):
    law = law_with({"resolve": 4 * HOUR}, reopen=reopen)
    events = history(("09:00", OPENED), ("10:00", RESOLVED), ("11:00", REOPENED))
    assert [one.state for one in fold(events, law).clocks] == states


def test_r17_a_warning_comes_at_eighty_percent_and_only_once():
    law = law_with({"first": 100 * MINUTE})
    state = fold(history(("09:00", OPENED)), law)
    assert [(one.kind, one.due_at) for one in timers(state, law)] == [
        ("sla_warn", at("10:20")),
        ("sla_breach", at("10:40")),
    ]
    assert judge(state, law, at("10:19")) == ()
    (warned,) = judge(state, law, at("10:21"))
    assert (warned.percent, warned.due_at, warned.late_by) == (80, at("10:40"), 60)
    state = seen(state, law, "10:21")
    assert clock_of(state, "first").warned
    assert [one.kind for one in timers(state, law)] == ["sla_breach"]


def test_r18_what_was_missed_is_told_late_and_says_so():
    law = law_with({"first": 165 * MINUTE})
    state = fold(history(("09:00", OPENED)), law)
    (told,) = judge(state, law, at("12:00"))
    assert (told.breached_at, told.due_at, told.late_by) == (at("11:45"), at("11:45"), 900)


def test_r19_cancelling_cancels_the_clocks():
    law = law_with({"first": HOUR, "resolve": 4 * HOUR})
    cancelled = moved("new", "cancelled")
    events = history(("09:00", OPENED), ("09:30", e.Cancelled(reason="误报"), cancelled))
    state = fold(events, law)
    assert {(one.state, one.verdict) for one in state.clocks} == {("cancelled", "none")}
    assert (timers(state, law), next_due(state)) == ((), None)
    after = step(state, replace(history(("10:00", ASKED))[0], seq=9), law)
    assert after.clocks == state.clocks


def test_r19_a_merged_ticket_has_no_clocks_to_watch():
    law = law_with({"first": HOUR, "resolve": HOUR})
    state = fold(history(("09:00", OPENED), ("09:30", moved("new", "merged"))), law)
    assert {one.state for one in state.clocks} == {"cancelled"}
    assert judge(state, law, at("17:00")) == ()


def test_r19_a_ticket_that_goes_on_from_another_has_its_own_clocks():
    law = law_with({"resolve": 4 * HOUR})
    opened = replace(OPENED, continues=7)
    (clock,) = fold(history(("11:00", opened)), law).clocks
    assert (clock.instance, clock.started_at, clock.used) == (1, at("11:00"), 0)


def test_r20_imported_tickets_alert_nobody_and_are_judged_if_asked():
    law = law_with({"first": HOUR, "resolve": 8 * HOUR, "next": HOUR})
    opened = replace(OPENED, imported=True)
    events = history((("17 09:00", "09:00"), opened), (("17 09:00", "10:30"), REPLIED))
    state = fold(events, law)
    assert (timers(state, law), judge(state, law, at("18 09:00"))) == ((), ())
    assert next_due(state) is None
    assert [(one.metric, one.imported, one.is_live) for one in state.clocks] == [
        ("first", True, False),
        ("resolve", True, False),
    ]
    assert clock_of(state, "first").verdict == "breached"
    state = step(state, replace(history(("17 10:00", ASKED))[0], seq=9), law)
    assert [one.metric for one in timers(state, law)] == ["next", "next"]


def test_r21_the_strip_tells_ran_paused_and_closed():
    law = law_with({"resolve": 8 * HOUR})
    events = history(
        ("11:00", OPENED),
        ("14:00", WAITING),
        ("15:00", RESUMED),
        ("16:00", RESOLVED),
        ("17 10:00", REOPENED),
    )
    clock = clock_of(fold(events, law), "resolve")
    shown = sla.strip(clock, law, at("17 10:30"))
    assert [(one.kind, one.wall / HOUR, one.working / HOUR, one.reason) for one in shown] == [
        ("ran", 3, 1.5, ""),
        ("paused", 1, 1, "等客户"),
        ("ran", 1, 1, ""),
        ("closed", 18, 3, ""),
        ("ran", 0.5, 0.5, ""),
    ]


def test_r21_lists_are_sorted_by_what_falls_due_first():
    law = law_with({"first": HOUR, "resolve": 2 * HOUR})
    state = fold(history(("09:00", OPENED)), law)
    assert next_due(state).metric == "first"
    state = fold(history(("09:00", OPENED), ("09:30", REPLIED, WAITING)), law)
    assert next_due(state) is None


def test_r21_what_is_left_is_working_time():
    law = law_with({"resolve": 8 * HOUR})
    clock = clock_of(fold(history(("09:00", OPENED)), law), "resolve")
    assert sla.remaining(clock, law, at("12:00")) == sla.remaining(clock, law, at("13:30"))
    assert sla.remaining(clock, law, at("17 11:00")) == -90 * MINUTE


def test_r22_a_verdict_can_be_given_by_what_was_promised_first():
    law = law_with({"resolve": {"*": 8 * HOUR, "urgent": HOUR}})
    strict = replace(OPENED, priority=Priority.URGENT)
    loosened = fold(history(("09:00", strict), ("09:30", NORMAL), ("11:00", RESOLVED)), law)
    clock = clock_of(loosened, "resolve")
    assert (clock.verdict, sla.as_promised(clock, law)) == ("met", "breached")
    tightened = fold(history(("09:00", OPENED), ("09:30", URGENT), ("11:00", RESOLVED)), law)
    clock = clock_of(tightened, "resolve")
    assert (clock.verdict, sla.as_promised(clock, law)) == ("breached", "met")


def test_r22_the_strip_has_its_sums_by_the_wall_and_in_working_time():
    law = law_with({"resolve": 8 * HOUR})
    events = history(("11:00", OPENED), ("11:30", WAITING), ("14:00", RESUMED), ("15:00", RESOLVED))
    clock = clock_of(fold(events, law), "resolve")
    sums = sla.totals(sla.strip(clock, law, at("17:00")))
    assert (sums.ran_wall, sums.ran_working) == (90 * MINUTE, 90 * MINUTE)
    assert (sums.paused_wall, sums.paused_working) == (150 * MINUTE, 60 * MINUTE)


def test_r23_a_due_instant_in_a_year_without_holiday_table_is_provisional():
    law = law_with({"first": HOUR, "resolve": 80 * HOUR})
    state = fold(history(("2026-12-31 09:00", OPENED)), law)
    assert not clock_of(state, "first").provisional
    assert clock_of(state, "resolve").provisional
