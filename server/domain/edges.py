"""What the edges of a roster do to a colleague's duty (值班, 小休, 下班)."""

from datetime import datetime

import msgspec

from server.domain.people import Duty, Staff


class Wish(msgspec.Struct, frozen=True):
    """The duty that the roster wants, and until when a break lasts."""

    duty: Duty
    until: datetime | None = None


def wish(
    person: Staff,
    was: Duty | None,
    duty: Duty,
    at: datetime,
    *,
    until: datetime,
    away: bool = False,
) -> Wish | None:
    """What an edge from `was` to `duty` does to somebody, by what he is now; None: nothing. `until`
    is the next edge, and `away` whether leave begins.

    A shift's begin brings on duty whoever is off. A break in it sends on a break whoever is on
    duty, and prolongs a break that would end earlier; at its end a break that is over is ended. A
    shift's end brings everybody off duty. Nobody is called back by the end of a break who said
    下班 in his shift, and nobody is sent home by a roster that had nothing to say before.
    """
    match duty:
        case "off_duty":
            ends = person.duty != "off_duty" and (was is not None or away)
            return Wish("off_duty") if ends else None
        case "on_duty":
            over = person.break_until is not None and person.break_until <= at
            begins = was in {None, "off_duty"} and person.duty == "off_duty"
            return Wish("on_duty") if begins or over else None
        case _:
            longer = person.break_until is not None and person.break_until >= until
            stays = was == "on_duty" and person.duty == "off_duty"
            return None if longer or stays else Wish("break", until)
