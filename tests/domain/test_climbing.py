"""R17: which rung a ticket reaches when, on which occasion, and whom that concerns."""

from functools import reduce

import pytest
from msgspec.structs import replace

from server.domain import events as e
from server.domain.climbing import by_hand, due, next_at, nudged, quiet_until
from server.domain.climbs import NONE, climb_on
from server.domain.errors import Invalid
from server.domain.events import Priority
from server.domain.ladders import (
    DEFAULT,
    After,
    CallWebhook,
    FromDue,
    Ladder,
    Nth,
    OfTarget,
    Quiet,
    Repeat,
    Rung,
)
from server.domain.people import Role, Team
from server.domain.sla import fold
from tests.support.builders import a_colleague, a_firm, a_ticket
from tests.support.clockwork import (
    CLAIMED,
    HOUR,
    OPENED,
    RESUMED,
    URGENT,
    WAITING,
    at,
    history,
    law_with,
    set_due,
)

MINUTES_60 = {"first": HOUR}
STARTED = e.StatusChanged(
    old="new",
    new="open",
    old_category=e.StatusCategory.NEW,
    new_category=e.StatusCategory.OPEN,
)


def a_desk(law, *rungs, **ladder):
    """The firm, with this ladder for all policies; the default one without rungs."""
    ladders = {"default": Ladder(version=1, rungs=rungs, **ladder)} if rungs else {}
    staff = (
        a_colleague(1, "总监", role=Role.STAFF),
        a_colleague(2, "主管", role=Role.SUPERVISOR),
        a_colleague(3, "李工"),
        a_colleague(4, "小赵"),
        a_colleague(5, "班长"),
    )
    teams = {
        "first": Team(id="first", name="一线", members=(4,)),
        "second": Team(id="second", name="二线", members=(3,), leaders=(5,), parent="tech"),
        "tech": Team(id="tech", name="技术部", leaders=(1,)),
    }
    return a_firm(law=law, ladders=ladders, staff={one.id: one for one in staff}, teams=teams)


class Life:
    """A ticket whose rungs are written as they are reached."""

    def __init__(self, firm, *happened, **ticket):
        self.firm = firm
        self.events = history(*happened)
        self.ticket = a_ticket(**({"status": "open"} | ticket))

    @property
    def state(self):
        return fold(self.events, self.firm.law)

    @property
    def climbs(self):
        return reduce(climb_on, self.events, NONE)

    def happen(self, when, *bodies):
        for event in history((when, *bodies)):
            seq = len(self.events) + 1
            self.events.append(replace(event, seq=seq, ticket_seq=seq))

    def reach(self, when):
        """What is reached at this instant, written."""
        found = due(self.ticket, self.state, self.climbs, self.firm, at(when))
        self.happen(when, *found)
        return [one.rung for one in found]

    def next(self):
        return next_at(self.ticket, self.state, self.climbs, self.firm)


def test_r17_the_default_ladder_goes_from_the_holder_to_the_supervisors():
    life = Life(a_desk(law_with(MINUTES_60)), ("09:00", OPENED))
    expected = {
        "09:30": ("half", [(3, "assignee")]),
        "09:48": ("most", [(3, "assignee")]),
        "10:00": ("due", [(3, "assignee"), (5, "leader")]),
        "10:30": ("over", [(2, "supervisors")]),
    }
    for when, (rung, people) in expected.items():
        assert life.next() == at(when)
        (reached,) = due(life.ticket, life.state, life.climbs, life.firm, at(when))
        assert reached.rung == rung
        assert [(one.staff, one.role) for one in reached.told] == people
        assert (reached.group, reached.late_by, reached.occasion) == (None, 0, "first:1")
        assert life.reach(when) == [rung]
        assert life.reach(when) == []  # once
    assert life.next() is None


def test_r17_while_nobody_holds_it_the_group_hears_instead_of_the_holder():
    life = Life(a_desk(law_with(MINUTES_60)), ("09:00", OPENED), status="new")
    (half,) = due(life.ticket, life.state, life.climbs, life.firm, at("09:30"))
    assert (half.told, half.group) == ((), "second")


def test_r17_a_paused_clock_reaches_nothing_and_goes_on_from_where_it_was():
    life = Life(a_desk(law_with({"resolve": HOUR})), ("09:00", OPENED, STARTED), ("09:20", WAITING))
    waiting, life.ticket = life.ticket, a_ticket("waiting_customer")
    assert life.next() is None
    assert life.reach("17:00") == []
    life.ticket = waiting
    life.happen("17:00", RESUMED)
    assert life.next() == at("17:10")


def test_r17_what_was_passed_while_it_stood_is_climbed_as_one_the_latest():
    wall = [
        Rung(id=f"r{minutes}", at=FromDue(minutes), clock="wall", tell=("leader",))
        for minutes in (-50, -40, -30)
    ]
    life = Life(a_desk(law_with(MINUTES_60), *wall), ("09:00", OPENED))
    # Of another promise, and so passed at the instant at which it begins.
    life.happen("09:05", set_due("09:30", "first"))
    found = due(life.ticket, life.state, life.climbs, life.firm, at("09:05"))
    assert [(one.rung, one.passed) for one in found] == [("r-30", ("r-50", "r-40"))]
    life.happen("09:05", *found)
    assert life.reach("12:00") == []


def test_r17_a_tightened_promise_climbs_the_latest_rung_at_once_and_a_breach_is_told_once():
    law = law_with({"first": {"urgent": 20 * 60, "*": HOUR}})
    life = Life(a_desk(law), ("09:00", OPENED), ("09:25", URGENT))
    found = due(life.ticket, life.state, life.climbs, life.firm, at("09:25"))
    assert [(one.rung, one.passed) for one in found] == [("due", ("half", "most"))]
    life.happen("09:25", *found)
    assert life.next() == at("09:30")


def test_r18_after_a_standstill_rungs_come_in_order_and_people_hear_the_last():
    life = Life(a_desk(law_with(MINUTES_60)), ("09:00", OPENED))
    found = due(life.ticket, life.state, life.climbs, life.firm, at("11:00"))
    assert [one.rung for one in found] == ["half", "most", "due", "over"]
    assert [one.late_by for one in found] == [5400, 4320, 3600, 1800]
    assert [bool(one.told) for one in found] == [False, False, False, True]
    assert {one.staff for one in found[-1].told} == {2, 3, 5}


def test_r15_an_instant_set_by_hand_begins_another_run_on_the_clock_of_the_wall():
    life = Life(a_desk(law_with(MINUTES_60)), ("09:00", OPENED))
    assert life.reach("09:48") == ["half", "most"]
    life.happen("10:00", set_due("14:00", "first"))
    assert life.next() == at("12:00")
    (half,) = due(life.ticket, life.state, life.climbs, life.firm, at("12:00"))
    assert half.occasion == "first:1:1"


def test_minutes_around_the_due_instant_are_working_time_or_time_of_the_wall():
    def first_at(clock, minutes):
        rung = Rung(id="r", on="resolve", at=FromDue(minutes), clock=clock, tell=("leader",))
        return Life(a_desk(law_with({"resolve": 8 * HOUR}), rung), ("09:00", OPENED)).next()

    # Seven and a half hours a day: due on Tuesday at 09:30.
    assert first_at("business", -60) == at("17:30")
    assert first_at("wall", -60) == at("17 08:30")
    assert first_at("business", 60) == at("17 10:30")
    assert first_at("wall", 0) == first_at("business", 0) == at("17 09:30")


def test_a_rung_comes_again_so_often_and_a_standstill_skips_to_the_latest_time():
    rung = Rung(id="r", at=OfTarget(100), tell=("leader",), repeat=Repeat(every=30, times=3))
    life = Life(a_desk(law_with(MINUTES_60), rung), ("09:00", OPENED))
    assert life.reach("10:00") == ["r"]
    assert life.next() == at("10:30")
    (again,) = due(life.ticket, life.state, life.climbs, life.firm, at("11:10"))
    assert (again.repeat, again.late_by) == (2, 2400)
    life.happen("11:10", again)
    assert life.next() == at("11:30")
    assert life.reach("11:30") == ["r"]
    assert life.next() is None


def test_idleness_is_counted_in_working_time_since_the_holders_last_deed():
    rungs = (
        Rung(id="ask", on="idle", at=After(60), tell=("assignee",)),
        Rung(id="tell", on="idle", at=After(120), tell=("leader",)),
    )
    firm = a_desk(law_with(MINUTES_60), *rungs)
    life = Life(firm, ("11:00", OPENED, CLAIMED, STARTED), held_at=at("11:00"))
    assert life.next() == at("12:00")
    assert life.reach("12:00") == ["ask"]
    assert life.next() == at("14:30")
    life.ticket = replace(life.ticket, touched_at=at("14:00"))
    assert life.next() == at("15:00")
    assert life.reach("15:00") == ["ask"]  # another stretch
    life.ticket = a_ticket("waiting_customer", touched_at=at("14:00"))
    assert life.next() is None
    life.ticket = a_ticket("open", touched_at=at("14:00"))
    life.happen("15:10", STARTED)
    assert life.next() == at("16:10")


def test_unaccepted_is_told_while_nobody_has_begun():
    rung = Rung(id="r", on="unaccepted", at=After(10), clock="wall", tell=("group", "leader"))
    firm = a_desk(law_with({}), rung)
    waiting = Life(firm, ("09:00", OPENED), status="new", queued_at=at("09:00"))
    assert waiting.next() == at("09:10")
    (reached,) = due(waiting.ticket, waiting.state, waiting.climbs, firm, at("09:10"))
    assert (reached.group, [one.staff for one in reached.told]) == ("second", [5])
    given = Life(firm, ("09:00", OPENED), status="new", assignee=3, held_at=at("09:05"))
    assert given.next() == at("09:15")
    assert Life(firm, ("09:00", OPENED), held_at=at("09:05")).next() is None


@pytest.mark.parametrize(
    ("stop", "ticket", "stopped"),
    [
        ("accepted", {}, True),
        ("accepted", {"status": "new", "assignee": 3}, False),
        ("touched", {"touched_at": at("09:10")}, True),
        ("touched", {}, False),
    ],
)
def test_a_stop_condition_makes_a_rung_unnecessary(stop, ticket, stopped):
    rung = Rung(id="r", at=OfTarget(50), tell=("leader",), stop=(stop,))
    life = Life(a_desk(law_with(MINUTES_60), rung), ("09:00", OPENED), **ticket)
    assert (life.next() is None) is stopped


def test_a_new_ladder_tells_nobody_of_what_is_past():
    firm = a_desk(law_with(MINUTES_60), *DEFAULT.rungs, since_at=at("09:50"))
    life = Life(firm, ("09:00", OPENED))
    assert life.reach("09:55") == []
    assert life.next() == at("10:00")


def test_a_nudge_reaches_its_rung_and_the_holder_is_not_told_twice():
    firm = a_desk(
        law_with(MINUTES_60),
        Rung(id="twice", on="nudge", at=Nth(2), tell=("assignee", "leader")),
    )
    life = Life(firm, ("09:00", OPENED), nudge_count=2)
    (reached,) = nudged(life.ticket, life.state, firm, at("09:30"))
    assert [one.staff for one in reached.told] == [5]
    assert nudged(replace(life.ticket, nudge_count=3), life.state, firm, at("09:31")) == ()


def test_by_hand_one_goes_up_the_ladder_a_rung_at_a_time():
    life = Life(a_desk(law_with(MINUTES_60)), ("09:00", OPENED))

    def escalate():
        found = by_hand(life.ticket, life.state, life.climbs, life.firm, by=3, at=at("09:10"))
        life.happen("09:10", found)
        return found.rung, [one.staff for one in found.told]

    assert escalate() == ("due", [5])
    assert escalate() == ("over", [2])
    assert escalate() == ("over", [2])
    # The clock's own rungs are still to be climbed.
    assert life.reach("09:30") == ["half"]


def test_quiet_hours_hold_messages_back_until_morning_but_not_the_urgent_ones():
    quiet = Quiet(starts="22:00", ends="08:00")
    normal, urgent = a_ticket("open"), a_ticket("open", priority=Priority.URGENT)

    def wait(text, ticket=normal, hours=quiet):
        return quiet_until(hours, ticket, "Asia/Shanghai", at(text))

    assert wait("16 21:59") is None
    assert wait("16 22:00") == at("17 08:00")
    assert wait("17 07:59") == at("17 08:00")
    assert wait("17 08:00") is None
    assert wait("16 23:00", urgent) is None
    noon = Quiet(starts="12:00", ends="13:30")
    assert wait("16 12:30", hours=noon) == at("16 13:30")
    assert wait("16 13:30", hours=noon) is None


def test_a_rung_in_quiet_hours_is_reached_then_and_told_later():
    rung = Rung(id="r", on="resolve", at=FromDue(13 * 60), clock="wall", tell=("leader",))
    firm = a_desk(law_with({"resolve": HOUR}), rung, quiet=Quiet())
    life = Life(firm, ("09:00", OPENED))
    (reached,) = due(life.ticket, life.state, life.climbs, firm, at("23:00"))
    assert (reached.late_by, reached.quiet_until) == (0, at("17 08:00"))


def test_a_rung_has_to_do_something_at_a_time_that_goes_with_what_it_looks_at():
    with pytest.raises(Invalid):
        Rung(id="r", at=OfTarget(50))
    with pytest.raises(Invalid):
        Rung(id="r", on="nudge", at=OfTarget(50), tell=("leader",))
    with pytest.raises(Invalid):
        Rung(id="r", on="first", at=After(5), tell=("leader",))
    twice = Rung(id="r", at=OfTarget(50), act=(CallWebhook("crm"),))
    with pytest.raises(Invalid):
        Ladder(rungs=(twice, twice))
