"""What `paidan replay` prints."""

from collections.abc import Callable
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from server.domain.replay import Spread
from server.domain.rerouting import RoutingReplay
from server.usecases.replay import Report
from server.words import say

TOLD: Final = 20
"""So many tickets that a replay changes are printed."""


class Asking(Protocol):
    """Who asked: the language, and how words are printed."""

    @property
    def language(self) -> str:
        """Of the words."""
        ...

    def tell(self, code: str, **facts: object) -> None:
        """Print words of `[cli]`."""
        ...


def tell_replay(asked: Asking, report: Report, zone: str, show: Callable[[str], None]) -> None:
    """The whole comparison."""
    sla = report.sla
    days = [
        at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
        for at in (report.from_at, report.to_at)
    ]
    asked.tell("replay.head", start=days[0], end=days[1], tickets=sla.tickets)
    for one in sla.metrics:
        before, after = one.before, one.after
        asked.tell("replay.metric", metric=one.metric, clocks=after.clocks)
        asked.tell("replay.breached", before=before.breached, after=after.breached)
        for code in ("working", "wall"):
            was, now = getattr(before, code), getattr(after, code)
            asked.tell(f"replay.{code}", before=_spread(was), after=_spread(now))
    asked.tell("replay.sum", changed=sla.changed, worse=sla.newly_breached, better=sla.cured)
    for ticket in sla.examples[:TOLD]:
        metrics = "、".join(dict.fromkeys(one.metric for one in ticket.clocks))
        asked.tell("replay.ticket", ticket=ticket.ticket, metrics=metrics)
    if len(sla.examples) > TOLD:
        asked.tell("replay.more", more=sla.changed - TOLD)
    asked.tell("replay.exact")
    if report.routing is not None:
        _tell_rerouting(asked, report.routing, show)


def _tell_rerouting(asked: Asking, found: RoutingReplay, show: Callable[[str], None]) -> None:
    asked.tell(
        "replay.routing",
        decisions=found.decisions,
        same=found.same,
        team=found.other_team,
        colleague=found.other_colleague,
        nobody=found.nobody,
    )
    for team, (before, after) in found.teams.items():
        asked.tell("replay.team", team=team, before=before, after=after)
    for one in found.examples[:TOLD]:
        asked.tell(
            "replay.rerouted",
            ticket=one.ticket,
            before=one.team_before or "–",
            after=one.team_after or "–",
            rule=one.rule_after or "–",
        )
    asked.tell("replay.simulated")
    for code in found.assumed:
        show(f"  {say(asked.language, f'assumed.{code}')}")


def _spread(spread: Spread) -> str:
    """Median and nine tenths as hours and minutes."""
    if spread.median is None or spread.p90 is None:
        return "–"
    return " / ".join(f"{one // 3600}:{one % 3600 // 60:02}" for one in (spread.median, spread.p90))
