"""派单理由: a routing decision as one paragraph that anybody can follow, and as its parts."""

from server.api.schemas import CandidateShown, RoutingShown
from server.domain.events import Candidate, Decision, Event, Routed
from server.domain.firm import Firm
from server.words import find, say


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
        matched=tuple(_term(term, language) for term in decision.matched),
        team=decision.team,
        team_name=_team(decision.team, firm) if decision.team is not None else None,
        assignee=decision.assignee,
        assignee_name=firm.name_of(decision.assignee),
        fallback=decision.fallback,
        candidates=tuple(_candidate(one, firm, language) for one in decision.candidates),
    )


def paragraph(decision: Decision, firm: Firm, language: str) -> str:
    """The whole decision in sentences: the rule, what matched, where to, to whom and why."""
    gap = say(language, "routing.gap")
    return gap.join(
        sentence
        for sentence in (
            _rule(decision, language),
            _where(decision, firm, language),
            _who(decision, firm, language),
            _dropped(decision, firm, language),
        )
        if sentence
    )


def _rule(decision: Decision, language: str) -> str:
    if decision.rule is None:
        return say(language, "routing.no_rule", version=decision.version)
    comma = say(language, "routing.comma")
    terms = comma.join(_term(term, language) for term in decision.matched)
    code = "routing.rule" if terms else "routing.rule_for_all"
    name = decision.rule_name or decision.rule
    return say(language, code, rule=name, version=decision.version, terms=terms)


def _where(decision: Decision, firm: Firm, language: str) -> str:
    if decision.team is None:
        return say(language, "routing.nobody")
    team = _team(decision.team, firm)
    if decision.fallback:
        return say(language, "routing.fallback", team=team)
    skills = say(language, "routing.comma").join(decision.skills)
    code = "routing.to_team_with_skills" if skills else "routing.to_team"
    return say(language, code, team=team, skills=skills)


def _who(decision: Decision, firm: Firm, language: str) -> str:
    if decision.team is None:
        return ""
    if decision.assignee is not None:
        chosen = next((c for c in decision.candidates if c.staff == decision.assignee), None)
        return say(
            language,
            "routing.to_staff",
            assignee=firm.name_of(decision.assignee) or "?",
            load=chosen.load if chosen is not None else 0,
        )
    return say(language, "routing.nobody_free" if decision.candidates else "routing.grab")


def _dropped(decision: Decision, firm: Firm, language: str) -> str:
    dropped = [_why(one, firm, language) for one in decision.candidates if one.dropped is not None]
    if not dropped:
        return ""
    return say(language, "routing.dropped", people=say(language, "routing.comma").join(dropped))


def _why(candidate: Candidate, firm: Firm, language: str) -> str:
    name = firm.name_of(candidate.staff) or "?"
    why = say(language, f"routing.{candidate.dropped}", load=candidate.load)
    return say(language, "routing.person", name=name, why=why)


def _candidate(candidate: Candidate, firm: Firm, language: str) -> CandidateShown:
    return CandidateShown(
        staff=candidate.staff,
        name=firm.name_of(candidate.staff) or "?",
        load=candidate.load,
        dropped=say(language, f"routing.{candidate.dropped}", load=candidate.load)
        if candidate.dropped is not None
        else None,
    )


def _term(term: str, language: str) -> str:
    """`priority=urgent` as words; a keyword in its quotation marks."""
    field, _, value = term.partition("=")
    shown = find(language, f"{field}.{value}") or value
    return say(language, f"routing.on_{field}", value=shown)


def _team(team: str, firm: Firm) -> str:
    found = firm.teams.get(team)
    return found.name if found is not None else team
