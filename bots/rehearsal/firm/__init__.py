"""宏达电器售后: the firm that a newcomer meets, with four weeks behind it.

`found` sets the firm up, `live` walks a clock through its last four weeks: every ticket of it was
made by the use cases that the running desk has, nothing was written into tables by hand.
"""

from bots.rehearsal.firm.founding import Dice, bind_everybody, found
from bots.rehearsal.firm.history import live
from bots.rehearsal.firm.people import COLLEAGUES, PLAYED, Colleague

__all__ = ["COLLEAGUES", "PLAYED", "Colleague", "Dice", "bind_everybody", "found", "live"]
