"""Hindsight folds a whole past as sla.py does, only faster: whatever happens, both say the same."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import events as e
from server.domain import law_events, signals, sla
from server.domain.calendars import Calendar, china_calendar
from server.domain.courts import Court, KeptState, judged_as_kept, judged_of
from server.domain.events import Actor, Event, Priority, StatusCategory
from server.domain.hindsight import _Ticket, judge, stood
from server.domain.law import Policy, law_of
from server.domain.pasts import IGNORED, Past, events_of, past_of
from tests.support.clockwork import (
    moved,
    routed,
)

START = datetime(2026, 2, 12, 8, tzinfo=UTC)
MINUTE, HOUR = 60, 3600
LOW = int(START.timestamp()) - 86_400
HIGH = LOW + 400 * 86_400
WEEK = dict.fromkeys(range(1, 6), (("09:00", "12:00"), ("13:30", "18:00")))


def calendar(id_, version=1, **more):
    return msgspec.structs.replace(china_calendar(WEEK, id=id_), version=version, **more)


CALENDARS = (
    calendar("office"),
    Calendar(id="office", version=2, week={1: (("10:00", "11:00"),), 5: (("09:00", "18:00"),)}),
    Calendar(id="always", version=1, week=dict.fromkeys(range(1, 8), (("00:00", "24:00"),))),
)
TARGETS = {
    "accept": {"*": 10 * MINUTE},
    "first": {"*": HOUR},
    "next": {"*": 2 * HOUR, "low": 4 * HOUR},
    "update": {"*": 3 * HOUR},
    "plan": {"*": 4 * HOUR},
    "resolve": {"*": 8 * HOUR, "urgent": HOUR},
    "team": {"*": 2 * HOUR},
}
POLICIES = (
    Policy(
        id="vip",
        version=1,
        position=1,
        match={"customer_level": ("vip",)},
        calendar="always",
        targets={"first": {"*": 15 * MINUTE}, "resolve": {"*": 4 * HOUR}},
        bot_reply_counts=True,
        reopen="restart",
    ),
    Policy(
        id="named",
        version=1,
        position=2,
        match={"channel": ("nothing",)},
        calendar="always",
        targets={"resolve": {"*": 2 * HOUR}, "onsite": {"*": HOUR}},
        reopen="keep",
    ),
    Policy(
        id="team",
        version=1,
        position=3,
        match={"team": ("二线",), "priority": ("normal", "urgent")},
        calendar="office",
        targets=TARGETS,
        pauses={"resolve": (StatusCategory.WAITING_THIRD,)},
    ),
    Policy(id="p", version=1, position=4, calendar="office", targets=TARGETS),
    Policy(
        id="p",
        version=2,
        position=4,
        match={"category": ("", "报修")},
        calendar="office",
        targets={"first": {"*": HOUR}, "resolve": {"urgent": 2 * HOUR}},
    ),
)
LAWS = {
    "two versions": law_of(
        POLICIES, CALENDARS, {("policy", "p", 2): 5, ("calendar", "office", 2): 7}
    ),
    "teamless": law_of([POLICIES[0], POLICIES[3]], CALENDARS[:1] + CALENDARS[2:]),
    "no policy at first": law_of(POLICIES[3:4], CALENDARS, {("policy", "p", 1): 4}),
}


PLAIN = st.sampled_from(
    [
        e.Replied(message=2),
        e.Replied(message=2, human=False),
        e.CustomerWrote(message=4),
        e.Claimed(assignee=7),
        e.Assigned(assignee=8, previous=None),
        e.Released(previous=7),
        e.Disputed(message=None),
        e.PriorityChanged(old=Priority.NORMAL, new=Priority.URGENT),
        e.PriorityChanged(old=Priority.NORMAL, new=Priority.LOW),
        e.PriorityChanged(old=Priority.URGENT, new=Priority.NORMAL),
        e.Edited(fields={"customer_level": ("normal", "vip"), "subject": ("a", "b")}),
        e.Edited(fields={"category": ("", "报修"), "queue": ("default", "other")}),
        e.Edited(fields={"category": ("报修", "别的")}),
        e.Noted(message=3),
        e.Planned(message=5),
        e.CheckedIn(),
        e.Nudged(count=1),
        routed("一线"),
        routed("二线", 7),
        routed("二线", None, "named"),
        e.Transferred(team="一线", previous_team="二线", assignee=None, previous=7, reason="x"),
        e.Transferred(team="二线", previous_team=None, assignee=9, previous=None, reason="x"),
        *(moved("open", one.value) for one in StatusCategory),
    ]
)
RARE = st.sampled_from(
    [
        law_events.DueSet(
            metric="resolve", instance=1, due_at=START + timedelta(days=1), reason="约好"
        ),
        law_events.DueReleased(metric="resolve", instance=1),
        law_events.LawApplied(job=1, as_of=9, policies=("p",), calendars=("office",)),
        law_events.Excused(
            job=2,
            from_at=START,
            to_at=START + timedelta(hours=20),
            cause="停电",
            reason="停电",
            approver=1,
        ),
    ]
)
GAPS = st.sampled_from([0, 1, 600, 1800, HOUR, 2 * HOUR, 5 * HOUR]) | st.integers(0, 3 * 86_400)
STEPS = st.tuples(GAPS, st.just(0) | st.integers(0, 7200), PLAIN, st.booleans())


def event(number, recorded_at, effective_at, body):
    return Event(
        seq=number,
        ticket=1,
        ticket_seq=number,
        recorded_at=recorded_at,
        effective_at=effective_at,
        actor=Actor("desk"),
        via="desk",
        body=body,
    )


def opened(level="normal", **more):
    return e.Opened(
        subject="x",
        priority=Priority.NORMAL,
        queue="default",
        category=None,
        customer=1,
        customer_level=level,
        channel="form",
        message=None,
        **more,
    )


def lived(story, law, first, *, late):
    """A history in which the desk tells what is due before each event, at once or too late."""
    law, now, found = LAWS[law], START, [event(1, START, START, first)]
    state = sla.step(sla.SlaState(), found[0], law)

    def add(body, effective_at):
        nonlocal state
        found.append(event(len(found) + 1, now, effective_at, body))
        state = sla.step(state, found[-1], law)

    for gap, earlier, body, tells in story:
        now += timedelta(seconds=gap, microseconds=7)
        if tells:
            for told in sla.judge(state, law, now):
                add(told, now)
        add(body, now - timedelta(seconds=min(earlier, gap)) if late else now)
    return found


def quickly(past, law):
    """Whether the quick way was good enough."""
    return _Ticket(Court(LAWS[law], LOW, HIGH)).fold(past) is not None


def agree(history, law):
    law = LAWS[law]
    quick = judge(Court(law, LOW, HIGH), past_of(history), until=0)
    state = sla.fold(history, law)
    slow = [judged_of(clock) for clock in state.clocks]
    read = msgspec.json.decode(msgspec.json.encode(state), type=KeptState)
    kept = [judged_as_kept(clock) for clock in read.clocks]
    assert [one.told() for one in quick] == [one.told() for one in slow]
    assert [one.gap for one in quick] == [one.gap for one in slow] == [one.gap for one in kept]
    assert [one.told() for one in kept] == [one.told() for one in slow]
    later = START + timedelta(days=4)
    lapsed = [one.told() for one in stood(state, law, int(later.timestamp()))]
    assert lapsed == [one.told() for one in slow] or not read.lasts(later)


laws = st.sampled_from(list(LAWS))
levels = st.sampled_from(["normal", "vip"])


@given(st.lists(STEPS, max_size=16), laws, levels)
@settings(max_examples=400, deadline=None)
def test_ordinary_histories_are_judged_as_sla_judges_them(story, law, level):
    """3.4.1"""
    history = lived(story, law, opened(level), late=False)
    assert quickly(past_of(history), law)
    agree(history, law)


@given(st.lists(STEPS, max_size=10), laws, st.booleans())
@settings(max_examples=200, deadline=None)
def test_late_mails_and_imports_too(story, law, imported):
    agree(lived(story, law, opened(imported=imported), late=True), law)


@given(st.lists(STEPS, max_size=8), st.lists(st.tuples(st.integers(0, 8), RARE), max_size=3), laws)
@settings(max_examples=200, deadline=None)
def test_what_people_do_to_promises_too(story, rare, law):
    for place, body in rare:
        story = [*story[:place], (HOUR, 0, body, True), *story[place:]]
    agree(lived(story, law, opened(), late=False), law)


@given(st.lists(STEPS, max_size=12), laws)
@settings(max_examples=100, deadline=None)
def test_a_history_that_the_log_gives_back_is_the_same(story, law):
    """What is read of a routing event is enough."""
    history = lived(story, law, opened(), late=False)
    past = past_of(history)
    stored = msgspec.json.decode(msgspec.json.encode(past), type=Past)
    assert stored == past
    again = sla.fold(events_of(stored), LAWS[law])
    whole = sla.fold(history, LAWS[law])
    assert [judged_of(one).told() for one in again.clocks] == [
        judged_of(one).told() for one in whole.clocks
    ]


def test_a_clock_whose_time_was_up_is_breached_whoever_noticed():
    law = LAWS["teamless"]
    history = past_of([event(1, START, START, opened())])
    found = judge(Court(law, LOW, HIGH), history, until=HIGH - 1)
    assert {one.verdict for one in found} == {"breached"}
    first = next(one for one in found if one.metric == "first")
    assert datetime.fromtimestamp(first.breached, UTC) == START + timedelta(hours=1)


def test_what_is_not_read_means_nothing_to_clocks():
    looked_at = {*signals._READERS, *sla._CHANGES} - {e.Warned}  # noqa: SLF001
    assert not looked_at & set(IGNORED)
    body = next(one for one in msgspec.inspect.type_info(Past).fields if one.name == "bodies")
    read = {one.tag for one in body.type.item_type.types}
    assert read == {one.__struct_config__.tag for one in looked_at}
