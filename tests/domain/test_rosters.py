"""Who is on shift when: tables of days and nights, and what holds for every roster."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import rosters
from server.domain.calendars import Explicit, china_calendar
from server.domain.errors import Invalid
from server.domain.firm import Firm
from server.domain.people import Role, Team
from server.domain.rosters import Cycle, Leave, Line, OnCall, Roster, Shift, Swap
from server.domain.sla import law_of
from tests.support.builders import a_colleague, a_firm

DAY = Shift(id="day", name="白班", hours=("09:00", "18:00"), breaks=(("12:00", "13:30"),))
NIGHT = Shift(id="night", name="夜班", hours=("22:00", "06:00"), breaks=(("02:00", "02:30"),))
WEEK = ("day",) * 5 + ("", "")
MONDAY = date(2026, 3, 16)


def a_shift(*hours: str, **fields: object) -> Shift:
    return Shift(id="day", name="白班", hours=hours, **fields)  # type: ignore[arg-type]


def a_cycle(days: tuple[str, ...], **fields: object) -> Cycle:
    return Cycle(**({"id": "c", "days": days, "first_day": MONDAY} | fields))  # type: ignore[arg-type]


def a_roster(cycle: Cycle, **fields: object) -> Roster:
    """李工 (3) follows the cycle."""
    given_ = {
        "id": "r",
        "teams": ("second",),
        "shifts": (DAY, NIGHT),
        "cycles": (cycle,),
        "lines": (Line(staff=3, cycle="c"),),
    }
    return Roster(**(given_ | fields))  # type: ignore[arg-type]


def firm_with(roster: Roster, **fields: object) -> Firm:
    return a_firm(rosters={roster.id: roster}, **fields)


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def turns(firm: Firm, staff: int, low: datetime, high: datetime) -> list[tuple[datetime, str]]:
    found = []
    turn = rosters.next_change(firm, staff, low)
    while turn is not None and turn.at <= high:
        found.append((turn.at, turn.duty))
        turn = rosters.next_change(firm, staff, turn.at)
    return found


@pytest.mark.parametrize(
    ("instant", "duty"),
    [
        ("2026-03-16 21:59", "off_duty"),
        ("2026-03-16 22:00", "on_duty"),
        ("2026-03-17 01:59", "on_duty"),
        ("2026-03-17 02:00", "break"),
        ("2026-03-17 02:30", "on_duty"),
        ("2026-03-17 05:59", "on_duty"),
        ("2026-03-17 06:00", "off_duty"),
        ("2026-03-21 05:59", "on_duty"),  # Friday's night ends on Saturday
        ("2026-03-21 22:00", "off_duty"),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(instant: str, duty: str):
    firm = firm_with(a_roster(a_cycle(("night",) * 5 + ("", ""))))
    assert rosters.duty_at(firm, 3, at(instant)) == duty


def worked(roster: Roster, first: date, count: int, **fields: object) -> str:
    firm = firm_with(roster, **fields)
    days = [first + timedelta(days=place) for place in range(count)]
    return "".join("x" if rosters.shifts_on(firm, roster, 3, day) else "." for day in days)


def test_big_and_small_weeks_take_turns():
    big_small = ("day",) * 6 + ("",) + ("day",) * 5 + ("", "")
    assert worked(a_roster(a_cycle(big_small)), MONDAY, 28) == "xxxxxx.xxxxx.." * 2
    assert worked(a_roster(a_cycle(big_small)), MONDAY - timedelta(days=7), 7) == "xxxxx.."


def test_a_rotation_turns_through_holidays_and_months_and_lines_stand_apart():
    four_two = a_cycle(("day",) * 4 + ("", ""), holidays="worked")
    assert worked(a_roster(four_two), MONDAY, 18) == "xxxx.." * 3
    ahead = a_roster(four_two, lines=(Line(staff=3, cycle="c", ahead=2),))
    assert worked(ahead, MONDAY, 12) == "xx..xxxx..xx"
    three = a_cycle(("day", "night", ""), holidays="worked")
    firm = firm_with(
        a_roster(three, lines=tuple(Line(staff=n, cycle="c", ahead=n - 2) for n in (2, 3, 4)))
    )
    roster = firm.rosters["r"]
    for place in range(9):
        day = MONDAY + timedelta(days=place)
        assert sorted(rosters.shifts_on(firm, roster, n, day) for n in (2, 3, 4)) == [
            (),
            ("day",),
            ("night",),
        ]


def test_holidays_are_free_and_make_up_days_are_worked_like_the_day_they_replace():
    calendar = china_calendar({1: (("09:00", "18:00"),)}, id="cn")
    law = law_of([], [calendar])
    roster = a_roster(a_cycle(WEEK), calendar="cn")
    # 春节 2026: 02-15 … 02-23 free, Saturdays 02-14 and 02-28 worked.
    assert worked(roster, date(2026, 2, 9), 7, law=law) == "xxxxxx."
    assert worked(roster, date(2026, 2, 16), 7, law=law) == "......."
    assert worked(roster, date(2026, 2, 23), 7, law=law) == ".xxxxx."
    worked_through = a_roster(a_cycle(WEEK, holidays="worked"), calendar="cn")
    assert worked(worked_through, date(2026, 2, 16), 7, law=law) == "xxxxx.."


def test_a_half_day_is_half_a_shift():
    half = Explicit((("09:00", "12:00"),), "")
    calendar = china_calendar({1: (("09:00", "18:00"),)}, id="cn", own={date(2026, 3, 17): half})
    firm = firm_with(a_roster(a_cycle(WEEK), calendar="cn"), law=law_of([], [calendar]))
    (stint,) = rosters.stints(firm, 3, date(2026, 3, 17), date(2026, 3, 17))
    assert (stint.starts_at, stint.ends_at, stint.breaks) == (
        at("2026-03-17 09:00"),
        at("2026-03-17 12:00"),
        (),
    )


@pytest.mark.parametrize(
    ("night", "hours"),
    [(date(2026, 3, 7), 7), (date(2026, 10, 31), 9), (date(2026, 7, 1), 8)],
    ids=["spring forward", "fall back", "an ordinary night"],
)
def test_shifts_follow_the_clock_on_the_wall_through_summer_time(night: date, hours: int):
    roster = a_roster(a_cycle(("night",)), zone="America/New_York")
    (stint,) = rosters.stints(firm_with(roster), 3, night, night)
    assert stint.ends_at - stint.starts_at == timedelta(hours=hours)
    assert stint.starts_at.astimezone(ZoneInfo("America/New_York")).hour == 22
    assert stint.ends_at.astimezone(ZoneInfo("America/New_York")).hour == 6


def test_single_days_beat_the_cycle_and_a_line_holds_from_day_to_day():
    roster = a_roster(
        a_cycle(WEEK),
        lines=(Line(staff=3, cycle="c", since=date(2026, 3, 17), until=date(2026, 3, 19)),),
        overrides={date(2026, 3, 18): {3: ""}, date(2026, 3, 21): {3: "night"}},
    )
    assert worked(roster, MONDAY, 7) == ".x.x.x."


def test_a_swap_exchanges_two_days_and_a_substitution_one():
    lines = (Line(staff=3, cycle="c"), Line(staff=4, cycle="n"))
    cycles = (a_cycle(WEEK), a_cycle(("night",) * 5 + ("", ""), id="n"))
    tuesday, friday = date(2026, 3, 17), date(2026, 3, 20)
    swap = Swap(id=1, roster="r", staff=3, day=tuesday, other=4, other_day=friday)
    roster = a_roster(cycles[0], cycles=cycles, lines=lines)
    firm = firm_with(roster, swaps={3: (swap,), 4: (swap,)})
    assert rosters.shifts_on(firm, roster, 3, tuesday) == ()
    assert rosters.shifts_on(firm, roster, 4, tuesday) == ("day", "night")
    assert rosters.shifts_on(firm, roster, 3, friday) == ("night", "day")
    assert rosters.shifts_on(firm, roster, 4, friday) == ()
    only = msgspec.structs.replace(swap, other_day=None)
    firm = firm_with(roster, swaps={3: (only,), 4: (only,)})
    assert rosters.shifts_on(firm, roster, 3, friday) == ("day",)
    assert rosters.shifts_on(firm, roster, 4, friday) == ("night",)


def test_shifts_that_touch_are_one_and_leave_cuts_them():
    late = Shift(id="late", name="晚班", hours=("18:00", "22:00"))
    roster = a_roster(a_cycle(("day",)), shifts=(DAY, NIGHT, late), overrides={MONDAY: {3: "late"}})
    other = a_roster(a_cycle(("day",)), id="s")
    leave = Leave(id=1, staff=3, starts_at=at("2026-03-16 15:00"), ends_at=at("2026-03-16 20:00"))
    firm = a_firm(rosters={"r": roster, "s": other})
    span = (at("2026-03-16 00:00"), at("2026-03-16 23:00"))
    assert turns(firm, 3, *span) == [
        (at("2026-03-16 09:00"), "on_duty"),
        (at("2026-03-16 12:00"), "break"),
        (at("2026-03-16 13:30"), "on_duty"),
        (at("2026-03-16 22:00"), "off_duty"),
    ]
    away = msgspec.structs.replace(firm, leaves={3: (leave,)})
    assert turns(away, 3, *span)[3:] == [
        (at("2026-03-16 15:00"), "off_duty"),
        (at("2026-03-16 20:00"), "on_duty"),
        (at("2026-03-16 22:00"), "off_duty"),
    ]
    assert rosters.back_at(away, 3, at("2026-03-16 16:00")) == at("2026-03-16 20:00")
    assert rosters.back_at(firm, 3, at("2026-03-16 22:00")) == at("2026-03-17 09:00")


def test_on_call_takes_turns_and_passes_over_whoever_is_away():
    rota = OnCall(staff=(2, 3), first_day=MONDAY, days=7, changes_at="09:00")
    firm = firm_with(a_roster(a_cycle(WEEK), on_call=rota))
    assert rosters.on_call(firm, "second", at("2026-03-16 09:00")) == (2,)
    assert rosters.on_call(firm, "second", at("2026-03-16 08:59")) == (3,)
    assert rosters.on_call(firm, "second", at("2026-03-23 09:00")) == (3,)
    leave = Leave(id=1, staff=3, starts_at=at("2026-03-20 00:00"), ends_at=at("2026-03-27 00:00"))
    away = msgspec.structs.replace(firm, leaves={3: (leave,)})
    assert rosters.on_call(away, "second", at("2026-03-23 09:00")) == (2,)


def test_without_turns_of_being_on_call_those_on_shift_are_told_or_those_on_duty_by_hand():
    firm = firm_with(a_roster(a_cycle(WEEK)))
    assert rosters.on_call(firm, "second", at("2026-03-16 12:30")) == (3,)
    assert rosters.on_call(firm, "second", at("2026-03-16 19:00")) == ()
    assert rosters.on_call(firm, "first", at("2026-03-16 19:00")) == (4,)
    assert rosters.on_call(firm, "nobody's", at("2026-03-16 19:00")) == ()
    assert rosters.on_call(firm, None, at("2026-03-16 19:00")) == ()


def test_without_a_roster_nothing_is_said_of_anybody_but_leave():
    leave = Leave(id=1, staff=4, starts_at=at("2026-03-17 09:00"), ends_at=at("2026-03-18 09:00"))
    firm = a_firm(leaves={4: (leave,)})
    assert rosters.duty_at(firm, 3, at("2026-03-16 10:00")) is None
    assert rosters.next_change(firm, 3, at("2026-03-16 10:00")) is None
    assert turns(firm, 4, at("2026-03-16 10:00"), at("2026-04-01 10:00")) == [
        (at("2026-03-17 09:00"), "off_duty")
    ]
    assert rosters.duty_at(firm, 4, at("2026-03-17 10:00")) == "off_duty"
    assert rosters.duty_at(firm, 4, at("2026-03-18 09:00")) is None


def test_leaders_decide_on_their_people_and_nobody_but_an_administrator_on_himself():
    staff = (
        a_colleague(1, "管理员", role=Role.ADMINISTRATOR),
        a_colleague(2, "主管", role=Role.SUPERVISOR),
        a_colleague(3, "组长"),
        a_colleague(4, "组员"),
        a_colleague(5, "旁组"),
        a_colleague(6, "审计", role=Role.AUDITOR),
    )
    firm = a_firm(
        staff={one.id: one for one in staff},
        teams={"t": Team(id="t", name="组", members=(4,), leaders=(3,))},
    )
    decides = {
        (by, of)
        for by in firm.staff
        for of in firm.staff
        if rosters.leads(firm, firm.staff[by], of)
    }
    assert decides == {(1, of) for of in range(1, 7)} | {(2, of) for of in (1, 3, 4, 5, 6)} | {
        (3, 4)
    }


@pytest.mark.parametrize(
    ("place", "code", "fields"),
    [
        ("zone", "unknown", {"zone": "Asia/Nowhere"}),
        ("shifts[0].hours", "hours", {"shifts": (a_shift("9:00", "18:00"),)}),
        ("shifts[0].hours", "hours", {"shifts": (a_shift("24:00", "18:00"),)}),
        (
            "shifts[1].breaks",
            "break_outside",
            {"shifts": (NIGHT, a_shift("09:00", "12:00", breaks=(("11:30", "12:30"),)))},
        ),
        ("shifts[1].id", "taken", {"shifts": (DAY, DAY)}),
        ("cycles[0].days[0]", "no_such", {"shifts": (NIGHT,)}),
        ("cycles[1].id", "taken", {"cycles": (a_cycle(WEEK), a_cycle(WEEK))}),
        ("lines[0].cycle", "no_such", {"lines": (Line(staff=3, cycle="other"),)}),
        ("overrides.2026-03-16.3", "no_such", {"overrides": {MONDAY: {3: "noon"}}}),
    ],
)
def test_a_roster_that_cannot_be_meant_is_refused_with_the_place(place, code, fields):
    with pytest.raises(Invalid) as refused:
        a_roster(a_cycle(WEEK), **fields)
    assert refused.value.facts["fields"] == {place: code}


# --- what holds for every roster

TIMES = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from((0, 15, 30)))
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 364 * 86_400).map(lambda seconds: YEAR + timedelta(seconds=seconds))


@st.composite
def firms(draw: st.DrawFn) -> Firm:
    ids = draw(st.lists(st.sampled_from("abc"), min_size=1, unique=True))
    shifts = tuple(Shift(id=one, name=one, hours=(draw(TIMES), draw(TIMES))) for one in ids)
    days = draw(st.lists(st.sampled_from([*ids, ""]), min_size=1, max_size=15))
    cycle = Cycle(id="c", days=tuple(days), first_day=draw(DAYS))
    roster = Roster(
        id="r",
        teams=("second",),
        zone=draw(st.sampled_from(("Asia/Shanghai", "America/New_York", "Europe/Berlin"))),
        shifts=shifts,
        cycles=(cycle,),
        lines=(Line(staff=3, cycle="c"), Line(staff=4, cycle="c", ahead=draw(st.integers(0, 20)))),
        overrides={day: {3: ids[0]} for day in draw(st.lists(DAYS, max_size=3))},
    )
    leaves = tuple(
        Leave(id=n, staff=3, starts_at=start, ends_at=start + timedelta(hours=hours))
        for n, (start, hours) in enumerate(
            draw(st.lists(st.tuples(INSTANTS, st.integers(1, 200)), max_size=3))
        )
    )
    swaps = tuple(
        Swap(id=n, roster="r", staff=3, day=day, other=4, other_day=other)
        for n, (day, other) in enumerate(
            draw(st.lists(st.tuples(DAYS, st.none() | DAYS), max_size=3))
        )
    )
    return firm_with(roster, leaves={3: leaves}, swaps={3: swaps, 4: swaps})


@settings(max_examples=40)  # each draws a whole firm
@given(firms(), INSTANTS)
def test_duty_at_an_instant_is_membership_in_the_shifts_less_leave(firm: Firm, instant: datetime):
    for staff in (3, 4):
        day = instant.date()
        around = rosters.stints(firm, staff, day - timedelta(days=3), day + timedelta(days=3))
        on = any(one.starts_at <= instant < one.ends_at for one in around)
        away = any(one.starts_at <= instant < one.ends_at for one in firm.leaves.get(staff, ()))
        assert rosters.duty_at(firm, staff, instant) == (
            "on_duty" if on and not away else "off_duty"
        )


@settings(max_examples=40)  # each draws a whole firm
@given(firms(), INSTANTS)
def test_the_next_change_is_later_and_a_real_one_and_nothing_changes_before(
    firm: Firm, instant: datetime
):
    duty, now = rosters.duty_at(firm, 3, instant), instant
    for _ in range(4):
        turn = rosters.next_change(firm, 3, now)
        if turn is None:
            break
        assert turn.at > now
        assert turn.duty != duty
        assert rosters.duty_at(firm, 3, turn.at) == turn.duty
        for share in (0.0, 0.5, 0.999999):
            assert rosters.duty_at(firm, 3, now + (turn.at - now) * share) == duty
        now, duty = turn.at, turn.duty


@settings(max_examples=40)  # each draws a whole firm
@given(firms(), INSTANTS)
def test_whoever_is_on_shift_works_now_and_back_at_is_now_for_those_who_work(
    firm: Firm, instant: datetime
):
    assert set(rosters.on_shift(firm, "second", instant)) <= firm.teams["second"].people
    back_at = rosters.back_at(firm, 3, instant)
    assert back_at is None or back_at >= instant
    assert (back_at == instant) == (rosters.duty_at(firm, 3, instant) == "on_duty")
