"""The wire shapes of handing out: how grabbing goes, and what is known of colleagues."""

from typing import Annotated

import msgspec

from server.api.schemas import Asked


class GrabsAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of the statistics: the last so many days, today included."""

    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 7


class GrabbingShown(msgspec.Struct, frozen=True, kw_only=True):
    """How grabbing (抢单) went in a queue, or of a colleague in it: tries, those that won, and how
    many seconds a ticket had waited when it was won (the median; null without any).
    """

    queue: str
    queue_name: str
    staff: int | None
    name: str | None
    tries: int
    grabs: int
    median_seconds: int | None


class StandingShown(msgspec.Struct, frozen=True, kw_only=True):
    """What routing knows of a colleague: tickets in work (weighted: in halves of a normal one),
    open tickets in hand, tickets given within the last hour and eight hours, seconds from taking
    to solving of late.
    """

    staff: int
    name: str
    on_duty: bool
    load: int
    weight: int
    held: int
    given_this_hour: int
    given_lately: int
    pace_seconds: int | None
