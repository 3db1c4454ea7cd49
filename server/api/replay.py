"""Answers what would have been."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from server.api import schemas_replay as s
from server.api.calls import Call, Handler
from server.domain.courts import Judged
from server.domain.firm import Firm
from server.domain.replay import MetricReplay, SlaReplay, Spread, Tally, TicketReplay
from server.domain.rerouting import Rerouted, RoutingReplay
from server.usecases import replay as replaying
from server.usecases.drafts import Draft
from server.words import find, say


async def replay(call: Call, asked: s.ReplayWanted) -> s.ReplayShown:
    """The answer comes when all is judged: a few seconds for a busy month."""
    drafts = [Draft(one.kind, one.id, one.doc) for one in asked.drafts]
    report = await replaying.replay(call.desk, asked.from_at, asked.to_at, drafts)
    return s.ReplayShown(
        from_at=report.from_at,
        to_at=report.to_at,
        until=report.until,
        sla=_sla(report.sla, call.language),
        routing=None
        if report.routing is None
        else _routing(report.routing, await call.desk.firm(), call.language),
    )


async def read_replay_progress(call: Call) -> s.ReplayProgress:
    """Of the one that is under way."""
    return s.ReplayProgress(share=call.desk.replayed)


def _routing(found: RoutingReplay, firm: Firm, language: str) -> s.RoutingReplayShown:
    return s.RoutingReplayShown(
        decisions=found.decisions,
        same=found.same,
        other_team=found.other_team,
        other_colleague=found.other_colleague,
        nobody=found.nobody,
        teams=tuple(
            s.TeamShare(team=firm.team_name(team) or team, before=was, after=now)
            for team, (was, now) in found.teams.items()
        ),
        examples=tuple(_rerouted(one, firm) for one in found.examples),
        assumed=tuple(say(language, f"assumed.{code}") for code in found.assumed),
    )


def _rerouted(one: Rerouted, firm: Firm) -> s.ReroutedShown:
    assert one.sort != "same"  # noqa: S101 - such tickets are only counted
    return s.ReroutedShown(
        ticket=one.ticket,
        sort=one.sort,
        rule_before=one.rule_before,
        rule_after=one.rule_after,
        team_before=firm.team_name(one.team_before),
        team_after=firm.team_name(one.team_after),
        assignee_before=firm.name_of(one.assignee_before),
        assignee_after=firm.name_of(one.assignee_after),
    )


def _sla(found: SlaReplay, language: str) -> s.SlaReplayShown:
    return s.SlaReplayShown(
        tickets=found.tickets,
        changed=found.changed,
        newly_breached=found.newly_breached,
        cured=found.cured,
        metrics=tuple(_metric(one, language) for one in found.metrics),
        examples=tuple(_ticket(one) for one in found.examples),
    )


def _metric(one: MetricReplay, language: str) -> s.MetricReplayShown:
    return s.MetricReplayShown(
        metric=one.metric,
        name=find(language, f"metric.{one.metric}") or one.metric,
        before=_tally(one.before),
        after=_tally(one.after),
    )


def _tally(tally: Tally) -> s.TallyShown:
    plain = msgspec.structs.asdict(tally)
    spans = {"working": _spread(tally.working), "wall": _spread(tally.wall)}
    return s.TallyShown(**(plain | spans))


def _spread(spread: Spread) -> s.SpreadShown:
    return s.SpreadShown(median=spread.median, p90=spread.p90)


def _ticket(one: TicketReplay) -> s.TicketReplayShown:
    return s.TicketReplayShown(
        ticket=one.ticket,
        clocks=tuple(
            s.ClockReplayShown(
                metric=clock.metric,
                instance=clock.instance,
                before=_clock(clock.before),
                after=_clock(clock.after),
            )
            for clock in one.clocks
        ),
    )


def _clock(clock: Judged | None) -> s.ClockJudged | None:
    if clock is None:
        return None
    return s.ClockJudged(
        state=clock.state,
        verdict=clock.verdict,
        target=clock.target,
        used=clock.used,
        breached_at=_instant(clock.breached),
        stopped_at=_instant(clock.stopped),
        by_retarget=clock.by_retarget,
    )


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


HANDLERS: Final[dict[str, Handler]] = {
    "replay": replay,
    "readReplayProgress": read_replay_progress,
}
