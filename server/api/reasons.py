"""派单理由 on the wire: the paragraph, and its parts."""

from server.api.schemas import CandidateShown, PointsShown, RoutingShown
from server.domain.events import Candidate, Event, Routed
from server.domain.firm import Firm
from server.usecases.reasons import paragraph, part_shown, term_shown, why_dropped


def routing_shown(event: Event | None, firm: Firm, language: str) -> RoutingShown | None:
    """Why a ticket went where it went."""
    if event is None or not isinstance(event.body, Routed):
        return None
    decision = event.body.decision
    return RoutingShown(
        at=event.effective_at,
        paragraph=paragraph(decision, firm, language),
        rule=decision.rule_name or decision.rule,
        version=decision.version,
        matched=tuple(term_shown(term, language) for term in decision.matched),
        team=decision.team,
        team_name=firm.team_name(decision.team) or decision.team,
        assignee=decision.assignee,
        assignee_name=firm.name_of(decision.assignee),
        fallback=decision.fallback,
        candidates=tuple(_candidate(one, firm, language) for one in decision.candidates),
        outcome=decision.outcome,
        mode=decision.mode,
        cause=decision.cause,
        pool=decision.pool or len(decision.candidates),
        dropped={why_dropped(code, language): count for code, count in decision.counts.items()},
    )


def _candidate(candidate: Candidate, firm: Firm, language: str) -> CandidateShown:
    return CandidateShown(
        staff=candidate.staff,
        name=firm.name_of(candidate.staff) or "?",
        load=candidate.load,
        dropped=why_dropped(candidate.dropped, language, candidate.load)
        if candidate.dropped is not None
        else None,
        score=candidate.score,
        points=tuple(
            PointsShown(part=part, name=part_shown(part, language), points=points)
            for part, points in candidate.scores.items()
        ),
    )
