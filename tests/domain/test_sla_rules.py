"""The rules of the SLA law, by number: what starts, stops and pauses clocks (R1–R6)."""

import msgspec
import pytest
from msgspec.structs import replace

from server.domain import errors, sla
from server.domain import events as e
from server.domain.events import StatusCategory
from server.domain.sla import SlaState, fold, law_of, next_due, step, timers
from tests.support.clockwork import (
    ASKED,
    BOT_REPLIED,
    CLAIMED,
    HOUR,
    MINUTE,
    NOTED,
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


def test_r1_the_state_survives_storage_at_every_step():
    law = law_with({"accept": HOUR, "first": HOUR, "next": HOUR, "resolve": 4 * HOUR})
    events = history(
        ("09:00", OPENED),
        ("09:10", REPLIED, WAITING),
        ("10:00", RESUMED, ASKED),
        ("10:30", URGENT),
        ("11:00", RESOLVED),
        ("11:30", ASKED, REOPENED),
    )
    state = kept = SlaState()
    for event in events:
        state = step(state, event, law)
        kept = step(msgspec.json.decode(msgspec.json.encode(kept), type=SlaState), event, law)
    assert kept == state


def test_r1_a_fold_in_steps_is_the_fold_from_scratch():
    law = law_with({"first": HOUR, "next": HOUR, "resolve": 4 * HOUR, "update": 2 * HOUR})
    events = history(
        ("09:00", OPENED), ("09:10", REPLIED), ("09:20", WAITING), ("10:00", RESUMED, ASKED)
    )
    state = SlaState()
    for number, event in enumerate(events, start=1):
        state = step(state, event, law)
        assert state == fold(events[:number], law)


def test_r2_a_reply_at_the_very_deadline_is_in_time_and_a_second_later_is_not():
    law = law_with({"first": HOUR})
    for when, verdict in (("10:00:00", "met"), ("10:00:01", "breached")):
        moment = f"2026-03-16 {when}"
        state = fold(history(("09:00", OPENED), (moment, REPLIED)), law)
        assert clock_of(state, "first").verdict == verdict


def test_r2_instants_are_floored_to_seconds_before_folding():
    law = law_with({"first": HOUR})
    opened, replied = history(("09:00", OPENED), ("10:00", REPLIED))
    opened = replace(opened, effective_at=opened.effective_at.replace(microsecond=900_000))
    replied = replace(replied, effective_at=replied.effective_at.replace(microsecond=999_999))
    clock = clock_of(fold([opened, replied], law), "first")
    assert (clock.used, clock.verdict) == (HOUR, "met")


def test_r2_an_answer_before_work_resumes_is_still_in_time():
    law = law_with({"first": 180 * MINUTE})
    for when, verdict in (("13:30", "met"), ("2026-03-16 13:30:01", "breached")):
        state = fold(history(("09:00", OPENED), (when, REPLIED)), law)
        assert clock_of(state, "first").verdict == verdict


def test_r3_update_is_due_again_and_again_until_the_ticket_is_solved():
    law = law_with({"update": 2 * HOUR})
    state = fold(
        history(
            ("09:00", OPENED),
            ("10:00", REPLIED),
            ("10:30", WAITING),
            ("14:00", RESUMED),
            ("16:00", REPLIED),
            ("17:00", RESOLVED),
            ("17:30", REPLIED),
        ),
        law,
    )
    assert [(one.instance, one.verdict, one.used / MINUTE) for one in state.clocks] == [
        (1, "met", 60),
        (2, "breached", 150),
        (3, "met", 60),
    ]


def test_r3_a_plan_stops_its_clock_and_a_second_plan_changes_nothing():
    law = law_with({"plan": 4 * HOUR})
    events = history(
        ("09:00", OPENED), ("10:00", e.Planned(message=5)), ("11:00", e.Planned(message=6))
    )
    (clock,) = fold(events, law).clocks
    assert (clock.verdict, clock.used) == ("met", HOUR)


def test_r3_on_site_counts_from_the_first_claim_to_the_check_in():
    law = law_with({"onsite": 2 * HOUR})
    events = history(
        ("09:00", OPENED),
        ("09:30", CLAIMED),
        ("10:00", RELEASED),
        ("10:10", CLAIMED),
        ("11:00", e.CheckedIn(latitude=22.5, longitude=114.0)),
        ("11:30", RELEASED),
        ("11:40", CLAIMED),
    )
    (clock,) = fold(events, law).clocks
    assert (clock.started_at, clock.verdict, clock.used) == (at("09:30"), "met", 90 * MINUTE)


def test_r3_every_stay_in_a_team_has_its_own_clock():
    law = law_with({"team": HOUR})
    events = history(
        ("09:00", OPENED, routed("first")),
        ("09:40", sent("second", "first")),
        ("10:50", sent("first", "second")),
        ("11:00", WAITING),
        ("11:30", RESUMED),
        ("11:40", e.Edited(fields={"queue": ("default", "repairs")})),
        ("11:50", RESOLVED),
    )
    state = fold(events, law)
    assert [(one.instance, one.verdict, one.used / MINUTE) for one in state.clocks] == [
        (1, "met", 40),
        (2, "breached", 70),
        (3, "met", 20),
        (4, "met", 10),
    ]
    assert state.facts.team == "first"


def test_r3_teams_are_not_followed_where_nothing_looks_at_them():
    law = law_with({"resolve": HOUR})
    state = fold(history(("09:00", OPENED, routed("first"))), law)
    assert state.facts.team == ""


def test_r3_a_saved_metric_holds_for_what_comes_after_it():
    calm = sla.Metric(
        id="calm",
        version=1,
        starts=frozenset({"nudged"}),
        stops=frozenset({"answered"}),
        instances="many",
    )
    law = law_of([policy({"calm": HOUR})], [OFFICE], {("metric", "calm", 1): 3}, [calm])
    nudge = e.Nudged(count=1)
    events = history(("09:00", OPENED), ("09:10", nudge), ("09:20", nudge), ("09:50", REPLIED))
    (clock,) = fold(events, law).clocks
    assert (clock.started_at, clock.used) == (at("09:20"), 30 * MINUTE)


def test_r3_a_metric_may_replace_one_of_ours():
    strict = sla.Metric(
        id="resolve",
        version=1,
        starts=frozenset({"held"}),
        stops=frozenset({"resolved"}),
        pauses=frozenset(),
    )
    law = law_of([policy({"resolve": HOUR})], [OFFICE], {}, [strict])
    events = history(("09:00", OPENED), ("09:30", CLAIMED), ("09:40", WAITING))
    (clock,) = fold(events, law).clocks
    assert (clock.started_at, clock.state) == (at("09:30"), "running")


@pytest.mark.parametrize(
    "fields",
    [
        {"starts": frozenset(), "stops": frozenset({"resolved"})},
        {"starts": frozenset({"opened"}), "stops": frozenset()},
        {"starts": frozenset({"answered"}), "stops": frozenset({"answered"})},
    ],
)
def test_r3_a_metric_that_never_starts_or_stops_is_refused(fields):
    with pytest.raises(errors.Invalid):
        sla.Metric(id="odd", **fields)


def test_r4_bot_answers_count_only_if_the_policy_says_so():
    happened = [("09:00", OPENED), ("09:01", BOT_REPLIED)]
    for counts, state in ((False, "running"), (True, "stopped")):
        law = law_with({"first": HOUR}, bot_reply_counts=counts)
        assert clock_of(fold(history(*happened), law), "first").state == state


def test_r4_resolving_stops_the_reply_clocks():
    law = law_with({"first": HOUR, "next": HOUR, "resolve": 4 * HOUR})
    events = history(("09:00", OPENED), ("09:10", REPLIED), ("09:20", ASKED), ("09:30", RESOLVED))
    state = fold(events, law)
    assert {one.state for one in state.clocks} == {"stopped"}
    assert timers(state, law) == ()
    assert next_due(state) is None


def test_r4_the_events_of_one_resolve_command_in_their_order():
    law = law_with({"accept": HOUR, "first": HOUR, "resolve": 4 * HOUR})
    events = history(
        ("09:00", OPENED),
        (
            "09:30",
            CLAIMED,
            REPLIED,
            moved("new", "open"),
            e.Resolved(message=2, by=7),
            RESOLVED,
        ),
        ("10:30", e.Confirmed(), e.Closed(reason="confirmed"), moved("resolved", "closed")),
    )
    state = fold(events, law)
    assert sorted((one.metric, one.verdict, one.used) for one in state.clocks) == [
        ("accept", "met", 1800),
        ("first", "met", 1800),
        ("resolve", "met", 1800),
    ]


def test_r4_notes_and_plans_for_colleagues_are_no_answer():
    law = law_with({"first": HOUR})
    state = fold(history(("09:00", OPENED), ("09:20", NOTED, e.Planned(message=5))), law)
    assert clock_of(state, "first").state == "running"


def test_r5_a_mail_that_was_sent_in_time_takes_a_breach_back():
    law = law_with({"first": HOUR})
    state = seen(fold(history(("09:00", OPENED)), law), law, "10:05")
    assert clock_of(state, "first").verdict == "breached"
    late = replace(history((("10:10", "09:55"), REPLIED))[0], seq=9)
    clock = clock_of(step(state, late, law), "first")
    assert (clock.verdict, clock.stopped_at, clock.breached_at) == ("met", at("09:55"), None)
    assert clock.breach_told


def test_r5_an_earlier_mail_re_judges_a_clock_that_stopped_too_late():
    law = law_with({"first": HOUR})
    events = history(("09:00", OPENED), ("10:30", REPLIED), (("10:40", "09:30"), REPLIED))
    clock = clock_of(fold(events, law), "first")
    assert (clock.verdict, clock.used, clock.stopped_at) == ("met", 30 * MINUTE, at("09:30"))


def test_r5_a_mail_written_before_the_question_does_not_answer_it():
    law = law_with({"next": HOUR})
    events = history(
        ("09:00", OPENED), ("09:10", REPLIED), ("10:00", ASKED), (("10:05", "09:50"), REPLIED)
    )
    assert clock_of(fold(events, law), "next").state == "running"


def test_r5_the_message_that_reopens_counts_from_its_own_instant():
    law = law_with({"next": HOUR})
    events = history(
        ("09:00", OPENED), ("09:10", REPLIED, RESOLVED), (("10:00", "09:50"), ASKED, REOPENED)
    )
    assert clock_of(fold(events, law), "next").due_at == at("10:50")


def test_r5_more_messages_do_not_restart_the_question():
    law = law_with({"next": HOUR})
    events = history(("09:00", OPENED), ("09:10", REPLIED), ("10:00", ASKED), ("10:40", ASKED))
    (clock,) = fold(events, law).clocks
    assert clock.started_at == at("10:00")


@pytest.mark.parametrize("category", ["waiting_customer", "waiting_third", "waiting_internal"])
def test_r6_what_pauses_resolve(category):
    hold = moved("open", category, "等待")
    happened = [("09:00", OPENED), ("10:00", hold)]
    state = fold(history(*happened), law_with({"resolve": HOUR, "first": HOUR}))
    assert (clock_of(state, "resolve").state == "paused") is (category == "waiting_customer")
    assert clock_of(state, "first").state == "running"
    law = law_with({"resolve": HOUR}, pauses={"resolve": (StatusCategory(category),)})
    paused = clock_of(fold(history(*happened), law), "resolve")
    assert (paused.state, paused.pause_reason, paused.due_at) == ("paused", "等待", None)


@pytest.mark.parametrize("metric", ["accept", "first", "next"])
@pytest.mark.parametrize("category", ["waiting_customer", "waiting_third", "waiting_internal"])
def test_r6_what_people_wait_for_is_never_paused(metric, category):
    law = law_with({metric: 4 * HOUR})
    asked = () if metric == "first" else (REPLIED, ASKED)
    events = history(("09:00", OPENED), ("09:10", *asked), ("09:20", moved("open", category)))
    assert clock_of(fold(events, law), metric).state == "running"
