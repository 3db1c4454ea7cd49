"""How a ticket's clocks stand: the state that the fold keeps beside each ticket."""

import msgspec

from server.domain.clocks import Clock, Countdown
from server.domain.excuses import Excuse
from server.domain.law import Pin, TicketFacts


class SlaState(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """All that the fold knows of a ticket; one JSON text. `pin` None: 无 SLA. `excuses` also hold
    for clocks that begin while they last.
    """

    facts: TicketFacts = TicketFacts()
    pin: Pin | None = None
    clocks: tuple[Clock, ...] = ()
    excuses: tuple[Excuse, ...] = ()


class Countdowns(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What lists read of an `SlaState`."""

    clocks: tuple[Countdown, ...] = ()
