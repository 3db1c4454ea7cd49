"""Answers what was kept of what was promised."""

from collections.abc import Iterable
from typing import Final

from server.api import schemas_reports as s
from server.api.calls import Call, Handler
from server.api.schemas_replay import SpreadShown
from server.domain.firm import Firm
from server.domain.replay import Spread
from server.domain.reports import Figures
from server.usecases import reports
from server.words import find, metric_title, say


async def read_attainment(call: Call) -> s.AttainmentShown:
    """The clocks that ended in a period."""
    asked = call.query(s.ReportAsked)
    firm, language = await call.desk.firm(), call.language
    found = await reports.report(call.desk, call.by, asked.from_day, asked.to_day, asked.law)
    told = found.attainment
    return s.AttainmentShown(
        from_day=found.from_day.isoformat(),
        to_day=found.to_day.isoformat(),
        law=told.law,
        whole=found.whole,
        metrics=_figures(told.metrics, firm, language),
        teams=_groups(
            ((team, firm.team_name(team) or team, some) for team, some in told.teams.items()),
            firm,
            language,
        ),
        people=_groups(
            (
                (str(staff), firm.name_of(staff) or say(language, "event.somebody"), some)
                for staff, some in told.people.items()
            ),
            firm,
            language,
        ),
        policies=_groups(
            ((id_, _policy_name(firm, id_), some) for id_, some in told.policies.items()),
            firm,
            language,
        ),
        pauses=tuple(
            s.PausingShown(
                reason=find(language, f"event.reason_{one.reason}") or one.reason,
                clocks=one.clocks,
                seconds=one.seconds,
            )
            for one in told.pauses
        ),
        cancelled=told.cancelled,
        imported=told.imported,
        excused=told.excused,
        excused_seconds=told.excused_seconds,
    )


def _policy_name(firm: Firm, policy: str) -> str:
    names = {one.id: one.name for one in firm.law.epoch().policies}
    return names.get(policy) or policy


def _groups(
    groups: Iterable[tuple[str, str, tuple[Figures, ...]]], firm: Firm, language: str
) -> tuple[s.ReportedGroup, ...]:
    """By name."""
    return tuple(
        s.ReportedGroup(id=id_, name=name, figures=_figures(some, firm, language))
        for id_, name, some in sorted(groups, key=lambda one: (one[1], one[0]))
    )


def _figures(figures: Iterable[Figures], firm: Firm, language: str) -> tuple[s.FiguresShown, ...]:
    return tuple(
        s.FiguresShown(
            metric=one.metric,
            metric_name=metric_title(one.metric, firm.law, language),
            clocks=one.clocks,
            met=one.met,
            breached=one.breached,
            by_retarget=one.by_retarget,
            excused=one.excused,
            kept=one.met / one.clocks if one.clocks else 0.0,
            waited=one.paused / one.wall_sum if one.wall_sum else 0.0,
            working=_spread(one.working),
            wall=_spread(one.wall),
        )
        for one in figures
    )


def _spread(spread: Spread) -> SpreadShown:
    return SpreadShown(median=spread.median, p90=spread.p90)


HANDLERS: Final[dict[str, Handler]] = {"readAttainment": read_attainment}
