"""Metrics (时效指标) are data (R3): which signals start and stop a clock, what pauses it.

    metric    starts                     stops                  paused by
    accept    nobody holds it            somebody holds it      nothing
    first     opened                     answered               nothing
    next      customer asked             answered               nothing
    update    opened, answered           answered               waiting for the customer
    plan      opened                     a plan was given       nothing
    resolve   opened                     resolved               waiting for the customer
    onsite    somebody holds it          checked in             nothing
    help      help was asked for         it was given           nothing
    team      got into a team or queue   left it                waiting for the customer

A solution stops every clock. `resolve` resumes when the ticket is reopened, `update` and `team`
begin again. An administrator changes these and adds others as configuration of the kind `metric`;
a definition holds for what happens after it was saved.
"""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec

from server.domain.errors import Invalid
from server.domain.events import StatusCategory

Signal = Literal[
    "opened",
    "unheld",
    "held",
    "answered",
    "bot_answered",
    "asked",
    "planned",
    "checked_in",
    "joined",
    "left",
    "nudged",
    "escalated",
    "help_asked",
    "helped",
    "resolved",
    "reopened",
]
"""What an event means to clocks (signals.py reads them from events). `joined` and `left` speak of
the ticket's team and queue.
"""

Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured (R3). `name` holds its name by language, ours where there is none.
    `instances`: "one" a ticket, or a new one for every start ("many"). `late` says what a stop
    with an earlier instant than the fold has reached does: "rejudge" takes it at its word (a mail's
    Date), "clamp" counts it as now. Refuses `Invalid` for a metric that never starts or stops, or
    that a signal starts and stops although it has one instance.
    """

    id: str = ""
    version: int = 0
    name: dict[str, Annotated[str, msgspec.Meta(min_length=1, max_length=40)]] = {}
    starts: frozenset[Signal]
    stops: frozenset[Signal]
    resumes: frozenset[Signal] = frozenset()
    pauses: frozenset[StatusCategory] = frozenset()
    instances: Literal["one", "many"] = "one"
    late: Literal["rejudge", "clamp"] = "clamp"

    def __post_init__(self) -> None:
        if not self.starts:
            raise Invalid(starts="missing")
        if not self.stops:
            raise Invalid(stops="missing")
        if self.instances == "one" and self.starts & self.stops:
            raise Invalid(stops="choice")
        if self.resumes & self.stops:
            raise Invalid(resumes="choice")


_ASIDE: Final = frozenset({StatusCategory.WAITING_CUSTOMER})
_ANSWERS: Final[frozenset[Signal]] = frozenset({"answered", "resolved"})

METRICS: Final[dict[str, Metric]] = {
    metric.id: metric
    for metric in (
        Metric(
            id="accept",
            starts=frozenset({"unheld"}),
            stops=frozenset({"held", "resolved"}),
            instances="many",
        ),
        Metric(id="first", starts=frozenset({"opened"}), stops=_ANSWERS, late="rejudge"),
        Metric(
            id="next",
            starts=frozenset({"asked"}),
            stops=_ANSWERS,
            instances="many",
            late="rejudge",
        ),
        Metric(
            id="update",
            starts=frozenset({"opened", "answered", "reopened"}),
            stops=_ANSWERS,
            instances="many",
            pauses=_ASIDE,
        ),
        Metric(id="plan", starts=frozenset({"opened"}), stops=frozenset({"planned", "resolved"})),
        Metric(
            id="resolve",
            starts=frozenset({"opened"}),
            stops=frozenset({"resolved"}),
            resumes=frozenset({"reopened"}),
            pauses=_ASIDE,
        ),
        Metric(
            id="onsite", starts=frozenset({"held"}), stops=frozenset({"checked_in", "resolved"})
        ),
        Metric(
            id="help",
            starts=frozenset({"help_asked"}),
            stops=frozenset({"helped", "resolved"}),
            instances="many",
        ),
        Metric(
            id="team",
            starts=frozenset({"joined", "reopened"}),
            stops=frozenset({"left", "resolved"}),
            instances="many",
            pauses=_ASIDE,
        ),
    )
}
"""What a desk has before anybody saved a metric."""

ALWAYS_WATCHED: Final = frozenset({"accept", "first", "next", "resolve"})
"""The metrics that the fold follows although no policy promises them yet, as it always did. Others
are followed from the first policy on that promises them, and cost nothing before.
"""


class Watched(msgspec.Struct, frozen=True):
    """The metrics that are followed at one place in the event log, by the signals that they look
    at. `signals`: those that may change anything. `teams`: the ticket's team matters.
    """

    every: dict[str, Metric]
    starts: dict[str, tuple[Metric, ...]]
    stops: dict[str, tuple[Metric, ...]]
    resumes: dict[str, tuple[Metric, ...]]
    signals: frozenset[str]
    teams: bool


def watch(metrics: Iterable[Metric], *, teams: bool = False) -> Watched:
    """Sort metrics by signal, so that an event costs no more than what it concerns."""
    every = {one.id: one for one in metrics}

    def by_signal(part: str) -> dict[str, tuple[Metric, ...]]:
        found: dict[str, tuple[Metric, ...]] = {}
        for metric in every.values():
            for signal in sorted(getattr(metric, part)):
                found[signal] = (*found.get(signal, ()), metric)
        return found

    starts, stops, resumes = by_signal("starts"), by_signal("stops"), by_signal("resumes")
    signals = _FACTS | starts.keys() | stops.keys() | resumes.keys()
    teams = teams or bool(signals & {"joined", "left"})
    return Watched(every, starts, stops, resumes, frozenset(signals), teams)


_FACTS: Final = frozenset({"answered", "bot_answered", "resolved"})
"""Signals after which the fold remembers that the customer was answered."""
