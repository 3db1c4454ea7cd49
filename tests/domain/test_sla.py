"""Properties of the SLA fold: whatever happens, the books balance, and a fold in steps is the fold
from scratch (R1). The rules by number are in the files beside this one.
"""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from server.domain import events as e
from server.domain.events import StatusCategory
from server.domain.excuses import holes_of
from server.domain.law_events import DueReleased, LawApplied
from server.domain.sla import SlaState, as_promised, fold, judge, law_of, next_due, step, strip
from server.domain.worktime import is_working, seconds_of
from tests.support.clockwork import (
    ALWAYS,
    ASKED,
    BOT_REPLIED,
    CLAIMED,
    HOUR,
    MINUTE,
    NORMAL,
    NOTED,
    OFFICE,
    OPENED,
    RELEASED,
    REPLIED,
    URGENT,
    at,
    clock_of,
    excused,
    history,
    moved,
    policy,
    sent,
    set_due,
)

START = at("2026-02-12 16:00")


BODIES = st.sampled_from(
    [
        REPLIED,
        BOT_REPLIED,
        NOTED,
        ASKED,
        CLAIMED,
        RELEASED,
        URGENT,
        NORMAL,
        e.Disputed(message=None),
        e.Planned(message=7),
        e.CheckedIn(),
        sent("first", "second"),
        sent("second", "first"),
        e.Edited(fields={"queue": ("default", "repairs")}),
        *(moved("open", category.value) for category in StatusCategory),
        *(LawApplied(job=1, as_of=seq, policies=("p",), calendars=("office",)) for seq in (4, 99)),
        excused("2026-02-12 17:00", "2026-02-13 10:00"),
        excused("2026-02-13 09:30", "2026-02-14 11:00", "resolve", "next"),
        excused("2026-02-14 16:00", "2026-02-24 09:30"),
        set_due("2026-02-14 20:00"),
        set_due("2026-02-13 09:30", "first"),
        DueReleased(metric="resolve", instance=1),
        DueReleased(metric="first", instance=1),
    ]
)
STORIES = st.lists(st.tuples(st.integers(0, 3 * 86_400), st.integers(0, 7200), BODIES), max_size=14)
TARGETS = {
    "accept": 10 * MINUTE,
    "first": HOUR,
    "next": 2 * HOUR,
    "update": 4 * HOUR,
    "plan": 6 * HOUR,
    "onsite": 3 * HOUR,
    "team": 5 * HOUR,
    "resolve": {"*": 8 * HOUR, "urgent": HOUR},
}
STRICTER = TARGETS | {"resolve": {"*": 3 * HOUR}, "next": 30 * MINUTE}
LONGER = replace(
    OFFICE, version=2, week=dict.fromkeys(range(1, 7), (("08:00", "12:00"), ("13:00", "20:00")))
)
EVERYTHING = law_of(
    [policy(TARGETS), policy(STRICTER, version=2, pauses={"resolve": ()})],
    [OFFICE, LONGER, ALWAYS],
    {("policy", "p", 2): 4, ("calendar", "office", 2): 6},
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
@settings(max_examples=150, deadline=None)
def test_r1_whatever_happens_the_books_balance(story):
    """Over the long holiday: nothing due outside working time, parts in order and adding up, a
    verdict that follows from what was used, and a fold in steps like one from scratch.
    """
    events = told_story(story, START)
    state = SlaState()
    for number, event in enumerate(events, start=1):
        state = step(state, event, EVERYTHING)
        state = seen_at(state, event.recorded_at, number)
        for clock in state.clocks:
            check(clock)
            check_strip(clock, event.recorded_at)
        open_ones = [one.metric for one in state.clocks if one.is_open]
        assert len(open_ones) == len(set(open_ones))
        due = next_due(state)
        assert due is None or due.due_at == clock_of(state, due.metric, due.instance).due_at
    assert [strip_told(one) for one in fold(events, EVERYTHING).clocks] == [
        strip_told(one) for one in state.clocks
    ]


@given(STORIES)
@settings(max_examples=60, deadline=None)
def test_r1_a_fold_in_steps_is_the_fold_from_scratch(story):
    events = told_story(story, START)
    state = SlaState()
    for number, event in enumerate(events, start=1):
        state = step(state, event, EVERYTHING)
        assert state == fold(events[:number], EVERYTHING)


def seen_at(state, now, number):
    for body in judge(state, EVERYTHING, now):
        event = replace(history(("09:00", body))[0], seq=number, recorded_at=now, effective_at=now)
        state = step(state, event, EVERYTHING)
    assert judge(state, EVERYTHING, now) == ()
    return state


def strip_told(clock):
    """A clock without what only told events know: flags, and the verdict while it is open. A
    breach told at the very instant of another promise stands in one book only.
    """
    former = tuple(
        replace(one, breached_at=None) if one.breached_at == one.at else one
        for one in clock.retargets
    )
    plain = replace(clock, warned=False, breach_told=False, retargets=former)
    if not clock.is_open:
        return plain
    return replace(plain, verdict="none", breached_at=None, due_at=None, by_retarget=False)


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
    assert (clock.breached_at is None) is (clock.verdict != "breached")
    if clock.manual is not None:
        return
    if clock.state == "running" and clock.verdict == "none":
        last = clock.due_at - timedelta(seconds=1)
        if clock.due_at > clock.since_at:
            assert is_working(EVERYTHING.calendar_of(clock.pin), last)
            holes = holes_of(clock.excuses)
            assert not any(low <= seconds_of(last) < high for low, high in holes)
    if clock.state == "stopped":
        assert (clock.verdict == "met") is (clock.used <= clock.target)


def check_strip(clock, now):
    """What is shown is the whole life of the clock, without gaps."""
    shown = strip(clock, EVERYTHING, now)
    assert sum(one.working for one in shown if one.kind == "ran") >= clock.used
    assert all(one.to_at == other.from_at for one, other in pairwise(shown))
    if shown:
        assert shown[0].from_at == clock.started_at
    assert as_promised(clock, EVERYTHING) in {"met", "breached", "none"}


@given(STORIES, st.integers(0, 3 * 86_400))
@settings(max_examples=60, deadline=None)
def test_more_waiting_never_uses_less(story, longer):
    """The same story told with a longer wait before an answer uses at least as much."""
    for metric in ("first", "accept"):
        used = []
        for gap in (0, longer):
            events = told_story([(gap, 0, REPLIED), (0, 0, CLAIMED), *story], START)
            used.append(clock_of(fold(events[:3], EVERYTHING), metric).used)
        assert used[0] <= used[1]


@given(STORIES)
@settings(max_examples=60, deadline=None)
def test_r14_excusing_more_never_uses_more(story):
    """A window at the end gives time back, whatever happened before it."""
    events = told_story(story, START)
    state = fold(events, EVERYTHING)
    last = events[-1].recorded_at
    (window,) = history(("09:00", excused("2026-02-13 09:00", "2026-02-13 18:00")))
    window = replace(window, seq=100, recorded_at=last, effective_at=last)
    after = step(state, window, EVERYTHING)
    for was, now in zip(state.clocks, after.clocks, strict=True):
        check(now)
        lost = sum(part.used for part in was.parts) - sum(part.used for part in now.parts)
        if was.state != "running":
            assert lost >= 0
