"""The rules of the SLA law, by number: new law for open clocks, excused time, due instants set by
hand (R13–R16), one clock at a time. The jobs are in tests/usecases/test_promises.py.
"""

import msgspec
import pytest
from msgspec.structs import replace

from server.domain import sla
from server.domain.calendars import Closed, Explicit, overlay
from server.domain.events import Breached
from server.domain.law_events import DueReleased
from server.domain.renewing import effects_of, matters
from server.domain.sla import SlaState, fold, judge, law_of, step, timers
from tests.support.clockwork import (
    ALWAYS,
    ASKED,
    HOUR,
    MINUTE,
    OFFICE,
    OPENED,
    REOPENED,
    REPLIED,
    RESOLVED,
    RESUMED,
    URGENT,
    WAITING,
    applied,
    at,
    clock_of,
    excused,
    history,
    law_with,
    policy,
    seen,
    set_due,
)

RELEASED_DUE = DueReleased(metric="resolve", instance=1)


def law_then(before, after, calendars=(OFFICE,), **more):
    """A policy that was edited at the event 50."""
    return law_of(
        [policy(before), policy(after, version=2, **more)], calendars, {("policy", "p", 2): 50}
    )


def later(state, law, when, *bodies):
    """What happens after the edit."""
    for number, body in enumerate(bodies, start=60):
        state = step(state, replace(history((when, body))[0], seq=number), law)
    return state


def test_r13_applying_an_edited_policy_keeps_used_time_and_moves_the_due_instant():
    law = law_then({"resolve": 4 * HOUR}, {"resolve": 2 * HOUR})
    state = fold(history(("09:00", OPENED)), law)
    after = later(state, law, "10:00", applied())
    clock = clock_of(after, "resolve")
    assert (clock.used, clock.target, clock.due_at) == (HOUR, 2 * HOUR, at("11:00"))
    (former,) = clock.retargets
    assert (former.cause, former.target, former.at) == ("policy", 4 * HOUR, at("10:00"))
    assert [one.what for one in effects_of(state, after, law, at("10:00"))] == [("moved",)]


def test_r13_what_is_applied_may_breach_and_cure():
    tight = law_then({"resolve": 4 * HOUR}, {"resolve": 30 * MINUTE})
    state = fold(history(("09:00", OPENED)), tight)
    after = later(state, tight, "10:00", applied())
    assert clock_of(after, "resolve").by_retarget
    assert [one.what for one in effects_of(state, after, tight, at("10:00"))] == [
        ("moved", "breached")
    ]
    loose = law_then({"resolve": 30 * MINUTE}, {"resolve": 4 * HOUR})
    state = seen(fold(history(("09:00", OPENED)), loose), loose, "10:00")
    after = later(state, loose, "10:00", applied())
    clock = clock_of(after, "resolve")
    assert (clock.verdict, clock.retargets[0].breached_at) == ("none", at("09:30"))
    assert [one.what for one in effects_of(state, after, loose, at("10:00"))] == [
        ("moved", "cured")
    ]


def test_r13_a_breach_that_nobody_was_told_of_yet_is_cured_too():
    law = law_then({"resolve": 30 * MINUTE}, {"resolve": 4 * HOUR})
    state = fold(history(("09:00", OPENED)), law)
    after = later(state, law, "10:00", applied())
    assert [one.what for one in effects_of(state, after, law, at("10:00"))] == [("moved", "cured")]


def test_r13_a_new_policy_is_applied_only_where_it_is_named():
    front = policy({"resolve": HOUR}, id="q", position=-1)
    law = law_of([policy({"resolve": 4 * HOUR}), front], [OFFICE], {("policy", "q", 1): 50})
    state = fold(history(("09:00", OPENED)), law)
    untouched = later(state, law, "09:30", replace(applied(), policies=(), calendars=("office",)))
    assert not matters(state, untouched, law, at("09:30"))
    named = later(state, law, "09:30", replace(applied(), policies=("q",)))
    assert clock_of(named, "resolve").pin.policy == "q"


def test_r13_applied_pauses_hold_at_once():
    law = law_then({"resolve": 4 * HOUR}, {"resolve": 4 * HOUR}, pauses={"resolve": ()})
    state = fold(history(("09:00", OPENED), ("10:00", WAITING)), law)
    assert clock_of(state, "resolve").state == "paused"
    after = later(state, law, "11:00", applied())
    clock = clock_of(after, "resolve")
    assert (clock.state, clock.used, clock.due_at) == ("running", HOUR, at("15:30"))


def test_r13_a_policy_that_promises_more_begins_clocks_for_open_questions():
    law = law_then({"resolve": 4 * HOUR}, {"resolve": 4 * HOUR, "first": HOUR})
    state = fold(history(("09:00", OPENED)), law)
    after = later(state, law, "10:00", applied())
    assert clock_of(after, "first").due_at == at("11:00")


OFFICE_2 = replace(
    OFFICE,
    version=2,
    overrides=overlay(
        OFFICE.overrides,
        {
            at("10:00").date(): Explicit((("09:00", "10:00"),)),
            at("17 10:00").date(): Closed("厂庆"),
        },
    ),
)


def test_r14_a_calendar_holds_for_the_future_and_leaves_the_past_alone():
    """Of Monday, which the new calendar ends at 10:00, two hours are used already; Tuesday, which
    it closes, does not count.
    """
    law = law_of(
        [policy({"resolve": 4 * HOUR})], [OFFICE, OFFICE_2], {("calendar", "office", 2): 50}
    )
    state = fold(history(("09:00", OPENED)), law)
    after = later(state, law, "11:00", applied())
    clock = clock_of(after, "resolve")
    assert (clock.used, clock.due_at) == (2 * HOUR, at("18 11:00"))
    assert clock.pin.calendar_version == 2
    only_policies = later(state, law, "11:00", replace(applied(), calendars=()))
    assert clock_of(only_policies, "resolve").due_at == at("14:30")


def test_r14_excused_time_is_given_back_and_told_apart():
    law = law_with({"resolve": 4 * HOUR})
    state = fold(history(("09:00", OPENED), ("11:30", excused("10:00", "11:00"))), law)
    clock = clock_of(state, "resolve")
    assert (clock.used, clock.due_at) == (90 * MINUTE, at("15:30"))
    shown = sla.strip(clock, law, at("12:00"))
    assert [(one.kind, one.working / MINUTE, one.reason) for one in shown] == [
        ("ran", 60, ""),
        ("excused", 60, "停电"),
        ("ran", 30, ""),
        ("ran", 30, ""),
    ]


def test_r14_a_window_that_lasts_moves_the_due_instant_and_holds_for_later_questions():
    law = law_with({"next": HOUR, "resolve": 4 * HOUR})
    state = fold(
        history(
            ("09:00", OPENED),
            ("09:10", REPLIED),
            ("09:20", excused("09:20", "11:00")),
            ("10:00", ASKED),
        ),
        law,
    )
    assert clock_of(state, "resolve").due_at == at("16:10")
    assert clock_of(state, "next").due_at == at("12:00")
    assert clock_of(fold(history(("09:00", OPENED)), law), "resolve").due_at == at("14:30")


def test_r14_excused_time_cures_a_breach_and_the_next_one_is_told_again():
    law = law_with({"resolve": HOUR})
    state = seen(fold(history(("09:00", OPENED)), law), law, "10:30")
    assert clock_of(state, "resolve").breach_told
    state = step(state, replace(history(("10:30", excused("09:30", "10:30")))[0], seq=50), law)
    clock = clock_of(state, "resolve")
    assert (clock.verdict, clock.due_at, clock.breach_told) == ("none", at("11:00"), False)
    (told,) = [one for one in judge(state, law, at("11:30")) if isinstance(one, Breached)]
    assert told.breached_at == at("11:00")


def test_r14_a_breach_that_stays_has_the_instant_that_the_law_names():
    law = law_with({"resolve": HOUR})
    state = seen(fold(history(("09:00", OPENED)), law), law, "12:00")
    state = step(state, replace(history(("12:00", excused("09:30", "10:00")))[0], seq=50), law)
    clock = clock_of(state, "resolve")
    assert (clock.verdict, clock.breached_at, clock.due_at) == (
        "breached",
        at("10:30"),
        at("10:30"),
    )
    assert judge(state, law, at("12:00")) == ()


def test_r14_a_clock_that_stopped_late_is_judged_anew():
    law = law_with({"first": HOUR, "resolve": 8 * HOUR})
    events = history(
        ("09:00", OPENED), ("10:30", REPLIED), ("11:00", excused("09:10", "09:50", "first"))
    )
    state = fold(events, law)
    assert (clock_of(state, "first").verdict, clock_of(state, "first").used) == ("met", 50 * MINUTE)
    assert clock_of(state, "resolve").used == 0
    assert clock_of(state, "resolve").due_at == at("17 09:30")


def test_r14_windows_that_overlap_count_once_and_pauses_are_not_excused_twice():
    law = law_with({"resolve": 4 * HOUR})
    events = history(
        ("09:00", OPENED),
        ("10:00", WAITING),
        ("11:00", RESUMED),
        ("14:30", excused("09:30", "10:30"), excused("09:45", "11:30")),
    )
    clock = clock_of(fold(events, law), "resolve")
    assert (clock.used, clock.due_at) == (HOUR + 60 * MINUTE, at("16:30"))


def test_r15_an_instant_set_by_hand_is_the_deadline_whatever_pauses():
    law = law_with({"resolve": 4 * HOUR})
    events = history(("09:00", OPENED), ("09:30", set_due("20:00")), ("10:00", WAITING))
    state = fold(events, law)
    clock = clock_of(state, "resolve")
    assert (clock.state, clock.due_at) == ("paused", at("20:00"))
    assert sla.next_due(state).due_at == at("20:00")
    assert [(one.kind, one.due_at) for one in timers(state, law)] == [
        ("sla_warn", at("17:54")),
        ("sla_breach", at("20:00")),
    ]
    for when, verdict in (("20:00", "met"), ("2026-03-16 20:00:01", "breached")):
        done = step(state, replace(history((when, RESOLVED))[0], seq=50), law)
        assert clock_of(done, "resolve").verdict == verdict


def test_r15_priority_and_policy_do_not_move_it_and_hold_after_it_was_released():
    law = law_with({"resolve": {"*": 8 * HOUR, "urgent": 2 * HOUR}})
    state = fold(history(("09:00", OPENED), ("09:30", set_due("17 12:00")), ("10:00", URGENT)), law)
    assert clock_of(state, "resolve").due_at == at("17 12:00")
    state = step(state, replace(history(("10:30", RELEASED_DUE))[0], seq=50), law)
    clock = clock_of(state, "resolve")
    assert (clock.manual, clock.due_at) == (None, at("11:00"))
    assert [one.cause for one in clock.retargets] == ["manual", "priority", "released"]


def test_r15_releasing_what_is_overdue_by_the_policy_is_a_breach_at_that_instant():
    law = law_with({"resolve": HOUR})
    state = fold(
        history(("09:00", OPENED), ("09:30", set_due("17:00")), ("11:00", RELEASED_DUE)), law
    )
    clock = clock_of(state, "resolve")
    assert (clock.verdict, clock.breached_at, clock.by_retarget) == (
        "breached",
        at("11:00"),
        True,
    )


def test_r15_an_instant_that_has_passed_served_its_purpose_when_the_ticket_is_reopened():
    law = law_with({"resolve": 4 * HOUR})
    state = fold(
        history(
            ("09:00", OPENED),
            ("09:30", set_due("11:00")),
            ("10:00", RESOLVED),
            ("14:00", REOPENED),
        ),
        law,
    )
    clock = clock_of(state, "resolve")
    assert (clock.verdict, clock.manual, clock.due_at) == ("none", None, at("17:00"))


def test_r16_reopening_withdraws_what_was_met_and_judges_anew():
    law = law_with({"resolve": HOUR, "first": HOUR})
    events = history(
        ("09:00", OPENED), ("09:50", REPLIED, RESOLVED), ("14:00", REOPENED), ("14:30", RESOLVED)
    )
    reopened = clock_of(fold(events[:-1], law), "resolve")
    assert (reopened.verdict, reopened.state, reopened.due_at) == ("none", "running", at("14:10"))
    again = clock_of(fold(events, law), "resolve")
    assert (again.verdict, again.used, again.breached_at) == ("breached", 80 * MINUTE, at("14:10"))
    assert clock_of(fold(events, law), "first").verdict == "met"


def test_r16_next_update_and_team_begin_again_after_a_reopening():
    law = law_with({"update": HOUR, "resolve": 4 * HOUR})
    events = history(("09:00", OPENED), ("09:30", REPLIED, RESOLVED), ("14:00", REOPENED))
    state = fold(events, law)
    assert [(one.instance, one.state) for one in state.clocks if one.metric == "update"] == [
        (1, "stopped"),
        (2, "running"),
    ]


@pytest.mark.parametrize("calendar", [OFFICE, ALWAYS], ids=["office", "always"])
def test_r23_a_year_file_that_is_applied_makes_due_instants_final(calendar):
    known = replace(calendar, id="office", version=2, known_through=2027)
    unknown = replace(OFFICE, known_through=2026)
    law = law_of(
        [policy({"resolve": 80 * HOUR})], [unknown, known], {("calendar", "office", 2): 50}
    )
    state = fold(history(("2026-12-31 09:00", OPENED)), law)
    assert clock_of(state, "resolve").provisional
    after = later(state, law, "2026-12-31 09:30", applied())
    assert not clock_of(after, "resolve").provisional


def test_the_state_with_orders_survives_storage():
    law = law_with({"resolve": 4 * HOUR})
    events = history(
        ("09:00", OPENED), ("09:30", set_due("11:00")), ("10:00", excused("09:10", "09:20"))
    )
    state = fold(events, law)
    assert msgspec.json.decode(msgspec.json.encode(state), type=SlaState) == state
