"""What a new firm starts with, so that its first ticket has a team and a clock: one team, a
five-day week on China's calendar and one for all hours, the field's usual promises, and a rule
that leaves tickets to be claimed. And the calendars that it may take instead (`templates`).

All of it is configuration like any other: the administrator changes it at once or later. Names
come from the word lists, in the language of whoever sets the desk up.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import msgspec

from server.domain.calendars import Calendar, Hours, Week, china_calendar
from server.domain.conditions import All, Is
from server.domain.events import Priority
from server.domain.firm import Profile
from server.domain.ladders import DEFAULT, Ladder
from server.domain.law import Policy
from server.domain.people import Team
from server.domain.priority import Matrix, OnNudges
from server.domain.queues import Queue
from server.domain.rules import Rule, Rules, Then

TEAM: Final = "front"
_OFFICE: Final[tuple[Hours, ...]] = (("09:00", "12:00"), ("13:30", "18:00"))
WEEK: Final[Week] = dict.fromkeys(range(1, 6), _OFFICE)
_SIX_DAYS: Final[Week] = dict.fromkeys(range(1, 7), _OFFICE)
_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE


class StartingNames(msgspec.Struct, frozen=True, kw_only=True):
    """What the starting things are called."""

    team: str
    queue: str
    calendar: str
    always: str
    vip: str
    vip_complaint: str
    normal: str
    complaint: str
    category_question: str
    category_repair: str
    category_complaint: str
    ladder: str
    rung_half: str
    rung_most: str
    rung_due: str
    rung_over: str
    rung_second_nudge: str


def templates(today: date) -> tuple[Calendar, ...]:
    """Calendars to begin with, by id: 双休, 单休, 大小周, 7×12, 7×24, two shifts and a night shift.
    The first three observe China's holidays. Of alternating weeks, today's is the long one.
    """
    return (
        china_calendar(WEEK, id="five_days"),
        china_calendar(_SIX_DAYS, id="six_days"),
        msgspec.structs.replace(
            china_calendar(_SIX_DAYS, id="alternating"), other_weeks=(WEEK,), first_week=today
        ),
        _every_day("seven_by_twelve", (("09:00", "21:00"),)),
        ALWAYS,
        _every_day("two_shifts", (("07:00", "15:00"), ("15:00", "23:00"))),
        _every_day("night_shift", (("22:00", "06:00"),)),
    )


def _every_day(id: str, hours: tuple[Hours, ...]) -> Calendar:  # noqa: A002 - the field's name
    return Calendar(id=id, version=1, week=dict.fromkeys(range(1, 8), hours))


ALWAYS: Final = _every_day("always", (("00:00", "24:00"),))


def starting_documents(
    names: StartingNames, administrator: int
) -> tuple[tuple[str, str, Any], ...]:
    """(kind, id, document) of each, in the order in which they are saved. `profile` completes the
    firm's own.
    """
    return (
        ("team", TEAM, Team(id=TEAM, name=names.team, leaders=(administrator,))),
        ("queue", "default", starting_queue(names)),
        ("calendar", "default", china_calendar(WEEK, name=names.calendar)),
        ("calendar", "always", msgspec.structs.replace(ALWAYS, name=names.always)),
        *(("policy", one.id, one) for one in starting_policies(names)),
        ("ladder", DEFAULT.id, starting_ladder(names)),
        ("matrix", "default", STARTING_MATRIX),
        ("rules", "default", starting_rules(names)),
    )


def starting_queue(names: StartingNames) -> Queue:
    """Grabbed, at most five a person. Who is given a ticket accepts it within a quarter of an hour,
    or the next one is asked; what is claimed and not begun goes back after three days, so that no
    weekend takes a ticket away.
    """
    return Queue(
        id="default", name=names.queue, mode="grab", accept_within=15, touch_within=4320, hoard=5
    )


STARTING_MATRIX: Final = Matrix(
    cells={
        "vip": {
            Priority.LOW: Priority.NORMAL,
            Priority.NORMAL: Priority.HIGH,
            Priority.HIGH: Priority.URGENT,
        }
    },
    nudges=(OnNudges(count=2),),
)
"""VIP customers come one step before what they say is urgent, everybody else as they say; the
second nudge raises it by a step.
"""


def starting_rules(names: StartingNames) -> Rules:
    """A VIP customer's complaint is urgent and stands on top; everything goes to the one team."""
    angry = All((Is("customer_level", ("vip",)), Is("category", (names.category_complaint,))))
    then = Then(priority=Priority.URGENT, pin=True)
    on_top = Rule(id="vip_complaint", name=names.vip_complaint, when=angry, then=then)
    return Rules(rules=(on_top,), fallback_team=TEAM)


def starting_policies(names: StartingNames) -> Iterable[Policy]:
    """The promises of the field: complaints answered in 2 hours, a plan in 24, closed in 48; VIP
    customers 15 minutes and 24 hours; everybody else an hour and 48 hours; what is urgent is
    solved in 2 hours, whoever asks. Working hours all.
    """
    urgent = 2 * _HOUR
    yield Policy(
        id="complaint",
        name=names.complaint,
        position=1,
        match={"category": (names.category_complaint,)},
        targets={
            "first": {"*": 2 * _HOUR},
            "plan": {"*": 24 * _HOUR},
            "resolve": {"urgent": urgent, "*": 48 * _HOUR},
        },
    )
    yield Policy(
        id="vip",
        name=names.vip,
        position=2,
        match={"customer_level": ("vip",)},
        targets={
            "first": {"*": 15 * _MINUTE},
            "resolve": {"urgent": urgent, "*": 24 * _HOUR},
        },
    )
    yield Policy(
        id="normal",
        name=names.normal,
        position=3,
        targets={"first": {"*": _HOUR}, "resolve": {"urgent": urgent, "*": 48 * _HOUR}},
    )


def starting_ladder(names: StartingNames) -> Ladder:
    """The default ladder, with names."""
    rungs = tuple(
        msgspec.structs.replace(rung, name=getattr(names, f"rung_{rung.id}"))
        for rung in DEFAULT.rungs
    )
    return msgspec.structs.replace(DEFAULT, name=names.ladder, rungs=rungs)


def starting_profile(profile: Profile, names: StartingNames) -> Profile:
    """The firm's face with the kinds of ticket that its form offers at first."""
    categories = (names.category_question, names.category_repair, names.category_complaint)
    return msgspec.structs.replace(profile, categories=categories)
