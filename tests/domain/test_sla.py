"""The SLA law: the conformance vectors V1–V13, the rules beside them, and the fold's properties.

Monday is 2026-03-16; the office works 09:00–12:00 and 13:30–18:00 in Shanghai.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from server.domain import events as e
from server.domain import sla
from server.domain.calendars import china_calendar
from server.domain.events import Actor, Event, Priority, StatusCategory
from server.domain.sla import (
    Calendar,
    Policy,
    SlaState,
    fold,
    judge,
    law_of,
    next_due,
    step,
    timers,
)
from server.domain.worktime import is_working

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = china_calendar(
    dict.fromkeys(range(1, 6), (("09:00", "12:00"), ("13:30", "18:00"))), id="office"
)
ALWAYS = Calendar(id="always", version=1, week=dict.fromkeys(range(1, 8), (("00:00", "24:00"),)))
MINUTE, HOUR = 60, 3600
OPENED = e.Opened(
    subject="打印机卡纸",
    priority=Priority.NORMAL,
    queue="default",
    category=None,
    customer=1,
    customer_level="normal",
    channel="form",
    message=1,
)
REPLIED = e.Replied(message=2)
BOT_REPLIED = e.Replied(message=2, human=False)
NOTED = e.Noted(message=3)
ASKED = e.CustomerWrote(message=4)
CLAIMED = e.Claimed(assignee=7)
RELEASED = e.Released(previous=7)


def moved(old, new, reason=""):
    return e.StatusChanged(
        old=old,
        new=new,
        old_category=StatusCategory(old),
        new_category=StatusCategory(new),
        reason=reason,
    )


WAITING = moved("open", "waiting_customer", "等客户")
RESUMED = moved("waiting_customer", "open")
RESOLVED = moved("open", "resolved")
REOPENED = moved("resolved", "open")
URGENT = e.PriorityChanged(old=Priority.NORMAL, new=Priority.URGENT)
NORMAL = e.PriorityChanged(old=Priority.URGENT, new=Priority.NORMAL)


def at(text):
    """ "10:00" on Monday, "18 10:00" in March 2026, or a whole date."""
    if len(text) <= 5:
        text = f"2026-03-16 {text}"
    elif len(text) == 8:
        text = f"2026-03-{text}"
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def policy(targets, **more):
    every = {
        metric: target if isinstance(target, dict) else {"*": target}
        for metric, target in targets.items()
    }
    return Policy(**({"id": "p", "version": 1, "calendar": "office", "targets": every} | more))


def law_with(targets, **more):
    return law_of([policy(targets, **more)], [OFFICE, ALWAYS])


def history(*happened):
    """Events from (instant, body …) rows; an instant may be (recorded, effective)."""
    found = []
    for when, *bodies in happened:
        recorded, effective = when if isinstance(when, tuple) else (when, when)
        for body in bodies:
            seq = len(found) + 1
            found.append(
                Event(
                    seq=seq,
                    ticket=1,
                    ticket_seq=seq,
                    recorded_at=at(recorded),
                    effective_at=at(effective),
                    actor=Actor("desk"),
                    via="desk",
                    body=body,
                )
            )
    return found


def clock_of(state, metric, instance=1):
    return next(one for one in state.clocks if (one.metric, one.instance) == (metric, instance))


def minutes_used(clock, law, now):
    return (clock.target - sla.remaining(clock, law, at(now))) / 60


def seen(state, law, now):
    """The verdict that a person sees now: told events are written first."""
    for body in judge(state, law, at(now)):
        state = step(state, replace(history((now, body))[0], seq=99, ticket_seq=99), law)
    return state


VECTORS = {
    "V1": (
        {"first": HOUR},
        [("11:30", OPENED)],
        "13:45",
        {("first", 1): {"used": 45, "due": "14:00"}},
    ),
    "V2": (
        {"resolve": 4 * HOUR, "next": HOUR},
        [("09:00", OPENED), ("09:30", REPLIED, WAITING), ("14:00", RESUMED, ASKED)],
        "14:00",
        {("resolve", 1): {"due": "17:30"}, ("next", 1): {"due": "15:00"}},
    ),
    "V3": (
        {"next": HOUR},
        [
            ("09:00", OPENED),
            ("09:10", REPLIED),
            ("10:00", ASKED),
            ("10:20", ASKED),
            ("10:50", ASKED),
        ],
        "10:50",
        {("next", 1): {"due": "11:00", "state": "running"}},
    ),
    "V4": (
        {"resolve": 4 * HOUR},
        [("09:00", OPENED), ("10:00", REPLIED, RESOLVED), ("18 09:00", ASKED, REOPENED)],
        "18 09:30",
        {("resolve", 1): {"used": 90, "due": "18 12:00", "verdict": "none"}},
    ),
    "V5": (
        {"first": HOUR},
        [("09:00", OPENED), ("09:20", NOTED), ("09:40", RESOLVED)],
        "10:00",
        {("first", 1): {"used": 40, "verdict": "met", "state": "stopped"}},
    ),
    "V6": (
        {"accept": 10 * MINUTE},
        [("09:00", OPENED), ("09:05", CLAIMED), ("10:00", RELEASED), ("10:12", CLAIMED)],
        "10:12",
        {
            ("accept", 1): {"used": 5, "verdict": "met"},
            ("accept", 2): {"used": 12, "verdict": "breached", "breached": "10:10"},
        },
    ),
    "V7": (
        {"first": 30 * MINUTE},
        [("2026-02-14 08:00", OPENED)],
        "2026-02-14 08:00",
        {("first", 1): {"due": "2026-02-14 09:30"}},
    ),
    "V8": (
        {"resolve": HOUR},
        [("09:00", OPENED), ("11:00", WAITING)],
        "17:00",
        {("resolve", 1): {"state": "paused", "verdict": "breached", "breached": "10:00"}},
    ),
    "V9": (
        {"resolve": 4 * HOUR},
        [("2026-02-13 17:30", OPENED)],
        "2026-02-13 17:30",
        {("resolve", 1): {"due": "2026-02-14 14:00"}},
    ),
    "V10": (
        {"resolve": {"*": 8 * HOUR, "urgent": 30 * MINUTE}},
        [("09:00", OPENED), ("09:50", URGENT)],
        "09:50",
        {
            ("resolve", 1): {
                "used": 50,
                "verdict": "breached",
                "breached": "09:50",
                "by_retarget": True,
            }
        },
    ),
    "V12": (
        {"first": 165 * MINUTE},
        [("09:00", OPENED)],
        "12:00",
        {("first", 1): {"due": "11:45", "verdict": "breached", "breached": "11:45"}},
    ),
    "V13 an answer at noon": (
        {"first": 180 * MINUTE},
        [("09:00", OPENED), ("12:40", REPLIED)],
        "12:40",
        {("first", 1): {"used": 180, "due": "12:00", "verdict": "met"}},
    ),
    "V13 no answer": (
        {"first": 180 * MINUTE},
        [("09:00", OPENED)],
        "13:30",
        {("first", 1): {"due": "12:00", "verdict": "breached", "breached": "13:30"}},
    ),
}


@pytest.mark.parametrize(
    ("targets", "happened", "now", "expected"), VECTORS.values(), ids=VECTORS.keys()
)
def test_vector(targets, happened, now, expected):
    law = law_with(targets)
    state = seen(fold(history(*happened), law), law, now)
    assert {(one.metric, one.instance) for one in state.clocks} == set(expected)
    for (metric, instance), facts in expected.items():
        clock = clock_of(state, metric, instance)
        for name, value in facts.items():
            match name:
                case "used":
                    assert minutes_used(clock, law, now) == value
                case "due":
                    assert clock.due_at == at(value)
                case "breached":
                    assert clock.breached_at == at(value)
                case _:
                    assert getattr(clock, name) == value


def test_v10_a_breach_by_retarget_is_told_once():
    law = law_with({"resolve": {"*": 8 * HOUR, "urgent": 30 * MINUTE}})
    state = fold(history(("09:00", OPENED), ("09:50", URGENT)), law)
    (told,) = judge(state, law, at("09:50"))
    assert (type(told), told.breached_at) == (e.Breached, at("09:50"))
    state = seen(state, law, "09:50")
    for body in (NORMAL, URGENT):
        state = step(state, replace(history(("10:00", body))[0], seq=50), law)
    assert judge(state, law, at("18 18:00")) == ()


def test_v11_an_edited_policy_leaves_open_clocks_alone():
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


def test_v12_what_was_missed_is_told_late_and_says_so():
    law = law_with({"first": 165 * MINUTE})
    state = fold(history(("09:00", OPENED)), law)
    (told,) = judge(state, law, at("12:00"))
    assert (told.breached_at, told.due_at, told.late_by) == (at("11:45"), at("11:45"), 900)


def test_a_warning_comes_at_eighty_percent_and_only_once():
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


def test_a_reply_at_the_very_deadline_is_in_time_and_a_second_later_is_not():
    law = law_with({"first": HOUR})
    for when, verdict in (("10:00:00", "met"), ("10:00:01", "breached")):
        moment = f"2026-03-16 {when}"
        state = fold(history(("09:00", OPENED), (moment, REPLIED)), law)
        assert clock_of(state, "first").verdict == verdict


def test_a_mail_that_was_sent_in_time_takes_a_breach_back():
    law = law_with({"first": HOUR})
    state = seen(fold(history(("09:00", OPENED)), law), law, "10:05")
    assert clock_of(state, "first").verdict == "breached"
    late = replace(history((("10:10", "09:55"), REPLIED))[0], seq=9)
    clock = clock_of(step(state, late, law), "first")
    assert (clock.verdict, clock.stopped_at, clock.breached_at) == ("met", at("09:55"), None)
    assert clock.breach_told


def test_an_earlier_mail_re_judges_a_clock_that_stopped_too_late():
    law = law_with({"first": HOUR})
    events = history(("09:00", OPENED), ("10:30", REPLIED), (("10:40", "09:30"), REPLIED))
    clock = clock_of(fold(events, law), "first")
    assert (clock.verdict, clock.used, clock.stopped_at) == ("met", 30 * MINUTE, at("09:30"))


def test_a_mail_written_before_the_question_does_not_answer_it():
    law = law_with({"next": HOUR})
    events = history(
        ("09:00", OPENED), ("09:10", REPLIED), ("10:00", ASKED), (("10:05", "09:50"), REPLIED)
    )
    assert clock_of(fold(events, law), "next").state == "running"


def test_bot_answers_count_only_if_the_policy_says_so():
    happened = [("09:00", OPENED), ("09:01", BOT_REPLIED)]
    for counts, state in ((False, "running"), (True, "stopped")):
        law = law_with({"first": HOUR}, bot_reply_counts=counts)
        assert clock_of(fold(history(*happened), law), "first").state == state


def test_resolving_stops_the_reply_clocks():
    law = law_with({"first": HOUR, "next": HOUR, "resolve": 4 * HOUR})
    events = history(("09:00", OPENED), ("09:10", REPLIED), ("09:20", ASKED), ("09:30", RESOLVED))
    state = fold(events, law)
    assert {one.state for one in state.clocks} == {"stopped"}
    assert timers(state, law) == ()
    assert next_due(state) is None


def test_thanks_after_the_solution_starts_nothing():
    law = law_with({"next": HOUR, "resolve": 4 * HOUR})
    events = history(("09:00", OPENED), ("09:10", REPLIED, RESOLVED), ("09:20", ASKED))
    assert all(one.metric != "next" for one in fold(events, law).clocks)


def test_the_message_that_reopens_counts_from_its_own_instant():
    law = law_with({"next": HOUR})
    events = history(
        ("09:00", OPENED), ("09:10", REPLIED, RESOLVED), (("10:00", "09:50"), ASKED, REOPENED)
    )
    assert clock_of(fold(events, law), "next").due_at == at("10:50")


def test_thanks_do_not_count_as_old_when_somebody_reopens_later():
    law = law_with({"next": HOUR})
    events = history(
        ("09:00", OPENED), ("09:10", REPLIED, RESOLVED), ("09:20", ASKED), ("17 09:00", REOPENED)
    )
    assert clock_of(fold(events, law), "next").due_at == at("17 10:00")


def test_the_events_of_one_resolve_command_in_their_order():
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


@pytest.mark.parametrize("category", ["waiting_customer", "waiting_third", "waiting_internal"])
def test_what_pauses_resolve(category):
    hold = moved("open", category, "等待")
    happened = [("09:00", OPENED), ("10:00", hold)]
    state = fold(history(*happened), law_with({"resolve": HOUR, "first": HOUR}))
    assert (clock_of(state, "resolve").state == "paused") is (category == "waiting_customer")
    assert clock_of(state, "first").state == "running"
    law = law_with({"resolve": HOUR}, pauses={"resolve": (StatusCategory(category),)})
    paused = clock_of(fold(history(*happened), law), "resolve")
    assert (paused.state, paused.pause_reason, paused.due_at) == ("paused", "等待", None)


def test_cancelling_cancels_the_clocks():
    law = law_with({"first": HOUR, "resolve": 4 * HOUR})
    cancelled = moved("new", "cancelled")
    events = history(("09:00", OPENED), ("09:30", e.Cancelled(reason="误报"), cancelled))
    state = fold(events, law)
    assert {(one.state, one.verdict) for one in state.clocks} == {("cancelled", "none")}
    assert (timers(state, law), next_due(state)) == ((), None)
    after = step(state, replace(history(("10:00", ASKED))[0], seq=9), law)
    assert after.clocks == state.clocks


@pytest.mark.parametrize(
    ("reopen", "states"),
    [("resume", ["running"]), ("restart", ["stopped", "running"]), ("keep", ["stopped"])],
)
def test_what_reopening_does(reopen, states):
    law = law_with({"resolve": 4 * HOUR}, reopen=reopen)
    events = history(("09:00", OPENED), ("10:00", RESOLVED), ("11:00", REOPENED))
    assert [one.state for one in fold(events, law).clocks] == states


def test_loosening_after_a_breach_shows_both():
    law = law_with({"resolve": {"*": 8 * HOUR, "urgent": 30 * MINUTE}})
    opened = msgspec.structs.replace(OPENED, priority=Priority.URGENT)
    state = fold(history(("09:00", opened), ("10:00", NORMAL)), law)
    clock = clock_of(state, "resolve")
    assert (clock.verdict, clock.used, clock.target) == ("none", HOUR, 8 * HOUR)
    assert clock.retargets[0].breached_at == at("09:30")
    assert clock.retargets[0].target == 30 * MINUTE


def test_another_policy_takes_over_with_the_used_time_and_its_own_calendar():
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


def test_without_a_policy_there_is_no_clock_until_one_matches():
    law = law_with({"first": HOUR, "resolve": 4 * HOUR}, match={"priority": ("urgent",)})
    events = history(("09:00", OPENED), ("10:00", URGENT), ("10:30", NORMAL), ("11:00", URGENT))
    none, begun, gone, back = (fold(events[: number + 1], law) for number in range(4))
    assert (none.pin, none.clocks) == (None, ())
    assert clock_of(begun, "first").due_at == at("11:00")
    assert {one.state for one in gone.clocks} == {"cancelled"}
    assert clock_of(back, "first").due_at == at("11:30")


def test_the_first_matching_policy_wins():
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


def test_a_due_instant_in_a_year_without_holiday_table_is_provisional():
    law = law_with({"first": HOUR, "resolve": 80 * HOUR})
    state = fold(history(("2026-12-31 09:00", OPENED)), law)
    assert not clock_of(state, "first").provisional
    assert clock_of(state, "resolve").provisional


def test_the_strip_tells_ran_paused_and_closed():
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


def test_the_state_survives_storage_at_every_step():
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


BODIES = st.sampled_from(
    [
        REPLIED,
        BOT_REPLIED,
        ASKED,
        CLAIMED,
        RELEASED,
        URGENT,
        NORMAL,
        e.Disputed(message=None),
        *(moved("open", category.value) for category in StatusCategory),
    ]
)
STORIES = st.lists(st.tuples(st.integers(0, 3 * 86_400), st.integers(0, 7200), BODIES), max_size=12)
EVERYTHING = law_with(
    {
        "accept": 10 * MINUTE,
        "first": HOUR,
        "next": 2 * HOUR,
        "resolve": {"*": 8 * HOUR, "urgent": HOUR},
    }
)


def told_story(story, start):
    now, rows = start, [(start, start, OPENED)]
    for gap, earlier, body in story:
        now += timedelta(seconds=gap)
        rows.append((now, now - timedelta(seconds=min(earlier, gap)), body))
    return [
        replace(
            history(("09:00", body))[0],
            seq=seq,
            ticket_seq=seq,
            recorded_at=one,
            effective_at=other,
        )
        for seq, (one, other, body) in enumerate(rows, start=1)
    ]


@given(STORIES)
@settings(max_examples=300, deadline=None)
def test_whatever_happens_the_books_balance(story):
    """Over the long holiday: nothing due outside working time, parts in order and adding up, a
    verdict that follows from what was used, and a fold in steps like one from scratch.
    """
    events = told_story(story, at("2026-02-12 16:00"))
    state = SlaState()
    for number, event in enumerate(events, start=1):
        state = step(state, event, EVERYTHING)
        state = seen_at(state, event.recorded_at, number)
        for clock in state.clocks:
            check(clock)
        live = [one.metric for one in state.clocks if one.is_live]
        assert len(live) == len(set(live))
    assert [strip_told(one) for one in fold(events, EVERYTHING).clocks] == [
        strip_told(one) for one in state.clocks
    ]
    assert fold(events, EVERYTHING) == fold(events, EVERYTHING)


def seen_at(state, now, number):
    for body in judge(state, EVERYTHING, now):
        event = replace(history(("09:00", body))[0], seq=number, recorded_at=now, effective_at=now)
        state = step(state, event, EVERYTHING)
    assert judge(state, EVERYTHING, now) == ()
    return state


def strip_told(clock):
    """A clock without what only told events know: flags, and the verdict while it runs."""
    plain = replace(clock, warned=False, breach_told=False)
    return replace(plain, verdict="none", breached_at=None) if clock.is_live else plain


def check(clock):
    assert sum(part.used for part in clock.parts) == clock.used
    edges = [
        clock.started_at,
        *(edge for part in clock.parts for edge in (part.from_at, part.to_at)),
    ]
    assert edges == sorted(edges)
    assert all(
        one.to_at == other.from_at for one, other in zip(clock.parts, clock.parts[1:], strict=False)
    )
    if clock.due_at is not None and not clock.by_retarget and clock.due_at > clock.since_at:
        assert is_working(OFFICE, clock.due_at - timedelta(seconds=1))
    if clock.state == "stopped":
        assert (clock.verdict == "met") is (clock.used <= clock.target)
        assert (clock.breached_at is None) is (clock.verdict == "met")


@given(STORIES, st.integers(0, 3 * 86_400))
@settings(max_examples=100, deadline=None)
def test_more_waiting_never_uses_less(story, longer):
    """The same story told with a longer wait before an answer uses at least as much."""
    start = at("2026-02-12 16:00")
    for metric in ("first", "accept"):
        used = []
        for gap in (0, longer):
            events = told_story([(gap, 0, REPLIED), (0, 0, CLAIMED), *story], start)
            used.append(clock_of(fold(events[:3], EVERYTHING), metric).used)
        assert used[0] <= used[1]
