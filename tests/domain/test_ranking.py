"""Who of a team comes first: points by part, bounds that hold, and no matter in which order."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from server.domain.events import Claimed, Priority, Resolved, Routed, StatusCategory, StatusChanged
from server.domain.events import Decision as Decided
from server.domain.people import Role
from server.domain.queues import Caps, Fatigue, Queue, Weights
from server.domain.ranking import Field, Need, Place, nearness, rank
from server.domain.standings import (
    NOTHING,
    Cell,
    cell_of,
    count_after,
    counted,
    free_again_at,
    instants,
    moves,
    rests_until,
    seconds_in_work,
    told,
    written,
)
from tests.support.builders import MONDAY, a_colleague, a_ticket

NOW = int(MONDAY.timestamp())
MINUTE = 60


def a_standing(work=None, categories=None, **fields):
    """A standing with so many tickets in work by priority."""
    standing = NOTHING
    for priority, tickets in (work or {}).items():
        for _ in range(tickets):
            standing = counted(standing, None, Cell(1, priority, "", works=True))
    kinds = standing.categories if categories is None else categories
    for name in {"given", "run"} & set(fields):
        fields[name] = "".join(written(instant) for instant in fields[name])
    return replace(standing, categories=kinds, **fields)


def a_field(standings, places=None, **skills):
    staff = {
        number: a_colleague(number, skills=skills.get(f"of_{number}", {})) for number in standings
    }
    return Field(staff=staff, standings=standings, places=places or {}, at=MONDAY)


def order(standings, need=None, queue=None, places=None, **skills):
    field = a_field(standings, places, **skills)
    ranked = rank(standings, field, need or Need(), queue or Queue(id="q", name=""))
    return [one.staff for one in ranked.kept]


def only(**weights):
    nothing = dict.fromkeys(Weights.__struct_fields__, 0)
    return Queue(id="q", name="", weights=Weights(**(nothing | weights)))


# --- the parts


@pytest.mark.parametrize(
    ("least", "best_first"),
    [(1, [1, 2, 3]), (2, [2, 3]), (5, [3]), (3, [3])],
    ids=["easy: the newcomer", "harder", "only the most senior", "3 is not there: the next above"],
)
def test_hard_tickets_are_not_for_newcomers_nor_easy_ones_for_the_most_senior(least, best_first):
    skills = {"of_1": {"net": 1}, "of_2": {"net": 2}, "of_3": {"net": 5}}
    need = Need(skills={"net": least})
    assert order(dict.fromkeys((1, 2, 3), NOTHING), need, only(skill=100), **skills) == best_first


def test_an_urgent_ticket_in_work_weighs_as_three_normal_ones():
    standings = {1: a_standing(work={"urgent": 1}), 2: a_standing(work={"normal": 2})}
    assert order(standings, queue=only(load=100)) == [2, 1]
    standings = {1: a_standing(work={"urgent": 1}), 2: a_standing(work={"normal": 4})}
    assert order(standings, queue=only(load=100)) == [1, 2]


def test_who_solved_faster_lately_comes_first_and_a_new_colleague_between():
    standings = {1: a_standing(pace=7200), 2: a_standing(pace=1800), 3: NOTHING}
    assert order(standings, queue=only(pace=100)) == [2, 3, 1]


def test_who_was_given_less_in_the_last_hours_comes_first():
    old = NOW - 9 * 60 * MINUTE
    standings = {
        1: a_standing(given=(NOW - 20 * MINUTE, NOW - MINUTE)),
        2: a_standing(given=(old, old, old, NOW - 30 * MINUTE)),
    }
    assert order(standings, queue=only(fair=100)) == [2, 1]


@pytest.mark.parametrize(
    ("customer", "colleague", "near"),
    [
        (Place(region="广东省/深圳市/南山区"), Place(region="广东省/深圳市/南山区"), 1.0),
        (Place(region="广东省/深圳市/南山区"), Place(region="广东省/深圳市/福田区"), 2 / 3),
        (Place(region="广东省/深圳市/南山区"), Place(region="广东省"), 1 / 3),
        (Place(region="广东省/深圳市"), Place(region="广东省/深圳市/南山区"), 1.0),
        (Place(region="广东省/深圳市"), Place(region="江苏省/深圳市"), 0.0),
        (Place(region="广东省深圳市南山区"), Place(region="广东 深圳"), 2 / 3),
        (Place(region="广东省"), Place(), 0.0),
        (Place(latitude=22.54, longitude=114.06), Place(latitude=22.54, longitude=114.06), 1.0),
        (
            Place(latitude=22.54, longitude=114.06, region="广东省"),
            Place(latitude=31.23, longitude=121.47, region="广东省"),
            0.0,
        ),
    ],
)
def test_nearness_is_by_distance_or_else_by_the_region(customer, colleague, near):
    assert nearness(customer, colleague) == pytest.approx(near)


def test_the_nearer_colleague_and_the_one_whom_the_customer_knows_come_first():
    standings = dict.fromkeys((1, 2, 3), NOTHING)
    places = {2: Place(region="广东省/深圳市/南山区"), 3: Place(region="广东省/广州市")}
    need = Need(place=Place(region="广东省/深圳市/南山区"), known=1)
    assert order(standings, need, only(near=100), places) == [2, 3, 1]
    assert order(standings, need, only(known=100), places)[0] == 1


# --- the bounds


def why(standing, queue, need=None, **person):
    field = Field(staff={1: a_colleague(1, **person)}, standings={1: standing}, at=MONDAY)
    ranked = rank((1,), field, need or Need(), queue)
    return ranked.dropped[0].dropped if ranked.dropped else None


RUN = (NOW - 20 * MINUTE, NOW - 15 * MINUTE, NOW - 10 * MINUTE)


@pytest.mark.parametrize(
    ("queue", "standing", "need", "reason"),
    [
        (Queue(id="q", name=""), NOTHING, Need(), None),
        (Queue(id="q", name="", caps=Caps(open=2)), a_standing(work={"low": 2}), Need(), "full"),
        (
            Queue(id="q", name="", caps=Caps(open=9, people={1: 1})),
            a_standing(work={"low": 1}),
            Need(),
            "full",
        ),
        (
            Queue(id="q", name="", caps=Caps(by_category={"安装": 1})),
            a_standing(categories={"安装": 1}, work={"low": 1}),
            Need(category="安装"),
            "category_full",
        ),
        (
            Queue(id="q", name="", caps=Caps(by_category={"安装": 1})),
            a_standing(categories={"安装": 1}, work={"low": 1}),
            Need(category="维修"),
            None,
        ),
        (
            Queue(id="q", name="", caps=Caps(hourly=2)),
            a_standing(given=(NOW - 59 * MINUTE, NOW - MINUTE)),
            Need(),
            "hour_full",
        ),
        (
            Queue(id="q", name="", caps=Caps(hourly=2)),
            a_standing(given=(NOW - 60 * MINUTE, NOW - MINUTE)),
            Need(),
            None,
        ),
        (
            Queue(id="q", name="", fatigue=Fatigue(after=3, rest=30)),
            a_standing(run=RUN),
            Need(priority=Priority.URGENT),
            "resting",
        ),
        (Queue(id="q", name="", fatigue=Fatigue(after=3)), a_standing(run=RUN), Need(), None),
        (
            Queue(id="q", name="", fatigue=Fatigue(after=3, rest=10)),
            a_standing(run=RUN),
            Need(priority=Priority.URGENT),
            None,
        ),
        (Queue(id="q", name=""), NOTHING, Need(left_out=frozenset({1})), "left_out"),
        (Queue(id="q", name=""), NOTHING, Need(skills={"net": 1}), "skill"),
    ],
    ids=[
        "nothing in the way",
        "full",
        "full by the own bound",
        "full of this category",
        "another category",
        "enough this hour",
        "an hour is over",
        "resting from urgent ones",
        "a normal one is no strain",
        "rested",
        "was asked already",
        "lacks the skill",
    ],
)
def test_why_a_colleague_gets_nothing_now(queue, standing, need, reason):
    assert why(standing, queue, need) == reason


def test_who_may_not_claim_who_left_and_who_knows_too_little_get_nothing():
    queue = Queue(id="q", name="")
    assert why(NOTHING, queue, role=Role.AUDITOR) == "not_allowed"
    assert why(NOTHING, queue, role=Role.COLLABORATOR) == "not_allowed"
    assert why(NOTHING, queue, active=False) == "inactive"
    assert why(NOTHING, queue, on_duty=False) == "off_duty"
    assert why(NOTHING, queue, on_duty=False, break_until=NOW + MINUTE) == "on_break"
    assert why(NOTHING, queue, Need(skills={"net": 3}), skills={"net": 2}) == "level"


def test_a_rest_begins_with_the_last_of_the_run_and_counts_anew_after_it():
    rest = 30 * MINUTE
    assert rests_until(a_standing(run=RUN), 3, rest) == NOW + 20 * MINUTE
    assert rests_until(a_standing(run=RUN), 4, rest) == 0
    later = NOW + 25 * MINUTE
    assert rests_until(a_standing(run=(*RUN, later)), 3, rest) == 0


def test_the_hour_is_free_again_when_the_oldest_of_its_tickets_is_an_hour_old():
    standing = a_standing(given=(NOW - 50 * MINUTE, NOW - 40 * MINUTE, NOW))
    assert free_again_at(standing, 2) == NOW + 20 * MINUTE
    assert free_again_at(standing, 0) == 0


# --- properties

PRIORITIES = st.sampled_from([one.value for one in Priority])


def _in_order(instants):
    return tuple(sorted(instants))


STANDINGS = st.builds(
    a_standing,
    work=st.dictionaries(PRIORITIES, st.integers(1, 9), max_size=4),
    given=st.lists(st.integers(NOW - 10 * 3600, NOW), max_size=12).map(_in_order),
    run=st.lists(st.integers(NOW - 7200, NOW), max_size=6).map(_in_order),
    pace=st.none() | st.integers(0, 100_000),
)
PEOPLE = st.lists(
    st.builds(
        lambda level, on_duty, active, standing: (level, on_duty, active, standing),
        st.integers(0, 5),
        st.booleans(),
        st.booleans(),
        STANDINGS,
    ),
    max_size=12,
)
NEEDS = st.builds(
    Need,
    priority=st.sampled_from(list(Priority)),
    skills=st.dictionaries(st.just("net"), st.integers(1, 5)),
    known=st.none() | st.integers(1, 12),
    left_out=st.frozensets(st.integers(1, 12), max_size=3),
)
QUEUES = st.builds(
    lambda most, hourly, after: Queue(
        id="q", name="", caps=Caps(open=most, hourly=hourly), fatigue=Fatigue(after=after)
    ),
    st.integers(0, 20),
    st.integers(0, 5),
    st.integers(0, 4),
)


def crowd(people):
    staff = {
        number: a_colleague(number, skills={"net": level}, on_duty=on_duty, active=active)
        for number, (level, on_duty, active, _) in enumerate(people, start=1)
    }
    standings = {number: one[3] for number, one in enumerate(people, start=1)}
    return Field(staff=staff, standings=standings, at=MONDAY)


@given(st.lists(st.integers(NOW - 99, NOW)), st.integers(NOW - 99, NOW))
def test_kept_instants_are_counted_as_numbers_are(found, since):
    text = "".join(written(instant) for instant in sorted(found))
    assert instants(text) == sorted(found)
    assert count_after(text, written(since)) == sum(one > since for one in found)


@given(people=PEOPLE, need=NEEDS, queue=QUEUES, seed=st.randoms())
def test_the_order_in_which_colleagues_are_looked_at_changes_nothing(people, need, queue, seed):
    field = crowd(people)
    numbers = list(field.staff)
    shuffled = numbers.copy()
    seed.shuffle(shuffled)
    turned = Field(
        staff={number: field.staff[number] for number in shuffled},
        standings={number: field.standings[number] for number in shuffled},
        at=field.at,
    )
    assert rank(numbers, field, need, queue) == rank(shuffled, turned, need, queue)


@given(people=PEOPLE, need=NEEDS, queue=QUEUES)
def test_the_winner_is_within_every_bound_and_nobody_is_lost(people, need, queue):
    field = crowd(people)
    ranked = rank(field.staff, field, need, queue)
    kept, dropped = ({one.staff for one in some} for some in (ranked.kept, ranked.dropped))
    assert kept | dropped == set(field.staff)
    assert not kept & dropped
    for number in kept:
        person, standing = field.staff[number], field.standings[number]
        assert person.active
        assert person.on_duty
        assert number not in need.left_out
        assert all(person.skills[skill] >= least for skill, least in need.skills.items())
        assert standing.load < queue.caps.open
        since = NOW - 60 * MINUTE
        assert not queue.caps.hourly or standing.given_since(since) < queue.caps.hourly
    best = [one.score for one in ranked.kept]
    assert best == sorted(best, reverse=True)
    assert all(sum(one.scores.values()) == one.score for one in ranked.kept)


# --- standings are a fold


def test_a_ticket_counts_with_its_holder_while_work_on_it_runs():
    new = a_ticket("new", assignee=3, priority=Priority.HIGH, category="安装")
    assert cell_of(new) == Cell(3, "high", "安装", works=True)
    assert cell_of(a_ticket("waiting_customer")) == Cell(3, "normal", "", works=False)
    assert cell_of(a_ticket("resolved")) is None
    assert cell_of(a_ticket("new")) is None


def test_a_change_moves_the_standing_of_both_colleagues():
    before, after = a_ticket("open", assignee=3), a_ticket("open", assignee=4)
    moved = moves(before, after, (Claimed(assignee=4),))
    assert set(moved) == {3, 4}
    old, new = cell_of(before), cell_of(after)
    assert moved == {3: (old, None, ()), 4: (None, new, ((Claimed(assignee=4), "normal"),))}
    assert counted(counted(NOTHING, None, new), new, None) == NOTHING


def test_what_waits_or_is_solved_for_a_while_is_nobodys_pace():
    """3.2.3"""

    def moved(minutes, old, new):
        change = StatusChanged(
            old=old, new=new, old_category=StatusCategory(old), new_category=StatusCategory(new)
        )
        return MONDAY + timedelta(minutes=minutes), change

    until = MONDAY + timedelta(minutes=100)
    ticket = replace(a_ticket("open", assignee=3), held_at=MONDAY)
    assert seconds_in_work(ticket, [], until) == 6000
    assert seconds_in_work(replace(ticket, held_at=None), [], until) == 0
    assert seconds_in_work(replace(ticket, status_category="waiting_third"), [], until) == 0
    story = [
        moved(-30, "new", "waiting_internal"),
        moved(-10, "waiting_internal", "open"),
        moved(10, "open", "waiting_customer"),
        moved(40, "waiting_customer", "open"),
        moved(50, "open", "resolved"),
        moved(95, "resolved", "open"),
        moved(100, "open", "resolved"),
    ]
    assert seconds_in_work(ticket, story, until) == 60 * (10 + 10 + 5)


def test_what_was_given_and_how_long_solving_took_is_remembered():
    decision = Decided(rule=None, rule_name="", version=1, team="t")
    given = Routed(team="t", assignee=3, decision=decision)
    first = told(NOTHING, given, "urgent", at=MONDAY)
    later = MONDAY + timedelta(hours=9)
    second = told(first, given, "urgent", at=later)
    assert instants(second.given) == [int(later.timestamp())]
    assert instants(second.run) == [NOW, int(later.timestamp())]
    assert told(second, given, "low", at=later).run == ""
    solved = told(second, Resolved(message=None, by=3), "low", at=later, took=9 * 3600)
    assert solved.pace == 9 * 3600
    again = told(solved, Resolved(message=None, by=3), "low", at=later, took=0)
    assert again.pace == solved.pace  # taken in the same breath
    again = told(solved, Resolved(message=None, by=3), "low", at=later, took=3600)
    assert again.pace == 7 * 3600
