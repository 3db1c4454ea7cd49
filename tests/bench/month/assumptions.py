"""What the simulated month assumes: every figure that is not the desk's own, and where it is from.

Nothing here is measured by us. Where an article of the field names a figure it is named; the rest
is a plain guess, the same for both ways of dispatching, and can be changed on the command line.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final


@dataclass(frozen=True)
class Sort:
    """One sort of request. `word` is what customers usually write of it; `minutes` is the median
    of the hands-on time; `level` is the least skill that the work needs.
    """

    name: str
    team: str
    word: str
    share: float
    minutes: float
    level: int = 1


FRONT, TECHNICAL, AFTER_SALES = "front", "technical", "after"

SORTS: Final = (
    Sort("咨询", FRONT, "咨询", 0.35, 5),
    Sort("账号", FRONT, "账号", 0.15, 4),
    Sort("故障", TECHNICAL, "故障", 0.25, 8),
    Sort("疑难", TECHNICAL, "反复出现", 0.05, 15, level=4),
    Sort("退换", AFTER_SALES, "退换货", 0.15, 8),
    Sort("投诉", AFTER_SALES, "投诉", 0.05, 12),
)
"""Guess: half of all requests are quick questions; one in twenty is hard."""

PEOPLE: Final = {FRONT: 4, TECHNICAL: 5, AFTER_SALES: 3}
"""Demand 3.5.1: 12 colleagues in three teams. A request costs 9.3 minutes on average (hands-on time
and a minute of reading); with what came over the weekend, 540 a working day fill 93 % of their 7.5
hours. A firm under pressure: most promises of an hour cannot be kept by anybody.
"""

HOURS: Final = (
    *(0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.6, 1.5, 4, 8, 10, 9),
    *(5, 5, 8, 9, 9, 8, 6, 4, 4, 4, 2.5, 1.4),
)
"""Weight of each local hour. Guess: two peaks a day, a tenth of the requests in the evening."""


@dataclass(frozen=True)
class Assumptions:
    """The parameters of a month. Spans are wall time unless their name says otherwise."""

    tickets_a_day: int = 500
    """Demand 3.5.1; "500 in season" in article 004."""
    weekend_share: float = 0.2
    """Guess: of a working day's requests; nobody works at the weekend."""
    days: int = 30
    seed: int = 20_260_301

    vip_share: float = 0.10
    """Guess."""
    urgent_share: float = 0.05
    """Guess."""
    clear_share: float = 0.85
    """Guess: customers whose words say what it is about; the other requests can only be placed
    by somebody who reads them. Articles 000 and 004 claim 85 to 99 % for the sorting itself.
    """
    spread: float = 0.6
    """Of the lognormal hands-on times. Guess."""
    asks_back: float = 0.25
    """Share of the requests where the colleague needs the customer's answer first. Guess."""
    answers_after: timedelta = timedelta(hours=2)
    """Mean of the exponential time until the customer answers. Guess."""
    confirms: float = 0.6
    """Share of the customers who confirm the solution; the other tickets close quietly. Guess."""
    reading: timedelta = timedelta(minutes=1)
    """From opening a ticket to the first reply. Guess."""
    misplaced: timedelta = timedelta(minutes=2)
    """What it costs to see that a ticket belongs to another team, and to pass it on. Guess."""

    looks_every: timedelta = timedelta(minutes=30)
    """Demand 3.5.1: the dispatcher of the manual month looks every 30 minutes, in working time;
    "30 min to dispatch" in article 000. He reads everything in no time, which flatters him.
    """
    dispatcher_right: float = 0.90
    """Share of the tickets that the dispatcher gives to the right team at once. Articles 000 and
    004 claim 85 % before and 98 to 99 % after; the middle of that is generous to him. He gives
    it to whoever of the team holds least, which is generous too.
    """


CLAIMS: Final = {
    "dispatch": "30 min → 1 min (000)",
    "first": "2 h → 15 min VIP, 3 h → 12 min (000); 6 → 2 h, 5 → 1.5 h (004); 30 → 10 min (002)",
    "resolve": "48 → 8 h (000); 48 → 12 h, 72 → 24 h (002); 12 → 4 h, 8 → 3 h (004)",
    "breached": "45 → 3 % (000)",
    "throughput": "50 → 130 a day (000); +80 to 85 % (000); +50 %, +40 % (004)",
    "hops": "buck-passing -70 % (002)",
    "accuracy": "98 % (000); 85 → 99 % (004)",
}
"""What the articles behind the list of capabilities claim, before → after."""


@dataclass
class Request:
    """One request of a customer, drawn once and sent in both months alike."""

    at: float
    """Seconds after the start."""
    sort: Sort
    clear: bool
    vip: bool
    urgent: bool
    minutes: float
    asks_back: bool
    answers_after: float
    confirms: bool
    confirms_after: float
    customer: int
    mood: list[float] = field(default_factory=list)
    """Numbers in [0, 1) for what else is left to chance."""
