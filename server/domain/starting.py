"""What a new firm starts with, so that its first ticket has a team and a clock: one team, a
five-day week on China's calendar, two promises and a rule that leaves tickets to be claimed.

All of it is configuration like any other: the administrator changes it at once or later. Names
come from the word lists, in the language of whoever sets the desk up.
"""

from typing import Any, Final

import msgspec

from server.domain.calendars import Hours, china_calendar
from server.domain.firm import Queue
from server.domain.law import Policy
from server.domain.people import Team
from server.domain.routing import Rules

TEAM: Final = "front"
WEEK: Final[dict[int, tuple[Hours, ...]]] = dict.fromkeys(
    range(1, 6), (("09:00", "12:00"), ("13:30", "18:00"))
)
_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE


class StartingNames(msgspec.Struct, frozen=True, kw_only=True):
    """What the starting things are called."""

    team: str
    queue: str
    calendar: str
    vip: str
    normal: str


def starting_documents(
    names: StartingNames, administrator: int
) -> tuple[tuple[str, str, Any], ...]:
    """(kind, id, document) of each, in the order in which they are saved. The promises are the
    field's usual ones: 15 minutes and 24 hours for VIP, an hour and 48 hours for everybody.
    """
    return (
        ("team", TEAM, Team(id=TEAM, name=names.team, leaders=(administrator,))),
        ("queue", "default", Queue(id="default", name=names.queue)),
        ("calendar", "default", china_calendar(WEEK, name=names.calendar)),
        (
            "policy",
            "vip",
            Policy(
                id="vip",
                name=names.vip,
                position=1,
                match={"customer_level": ("vip",)},
                targets={"first": {"*": 15 * _MINUTE}, "resolve": {"*": 24 * _HOUR}},
            ),
        ),
        (
            "policy",
            "normal",
            Policy(
                id="normal",
                name=names.normal,
                position=2,
                targets={"first": {"*": _HOUR}, "resolve": {"*": 48 * _HOUR}},
            ),
        ),
        ("rules", "default", Rules(fallback_team=TEAM, fallback_mode="grab")),
    )
