"""派单理由: a routing decision as one paragraph that anybody can follow, the same for the console,
the API and chat.
"""

from collections.abc import Iterable
from typing import Final

from server.domain.events import Candidate, Decision
from server.domain.firm import Firm
from server.domain.routing import winner_of
from server.words import find, say

FEW: Final = 8
"""Up to so many who were dropped are named; of more they are counted by reason."""


def paragraph(decision: Decision, firm: Firm, language: str) -> str:
    """The whole decision in sentences: why now, the rule and what matched, where to, to whom and
    why, and who was passed over.
    """
    told = _Telling(decision, firm, language)
    sentences = (told.cause(), told.rule(), told.where(), told.who(), told.next_best(), told.over())
    return told.say("gap").join(sentence for sentence in sentences if sentence)


def term_shown(term: str, language: str) -> str:
    """`priority=urgent` as words; a keyword in its quotation marks."""
    if term.startswith("not:"):
        return say(language, "routing.on_not", value=term_shown(term[4:], language))
    field, _, value = term.partition("=")
    if field == "open" and not value:
        return say(language, "routing.on_open_store")
    kind = "priority" if field == "urgency" else field
    shown = find(language, f"{kind}.{value}") or value
    return say(language, f"routing.on_{field}", value=shown)


def why_dropped(code: str, language: str, load: int = 0) -> str:
    """Why somebody did not get it."""
    return say(language, f"routing.{code}", load=load)


def part_shown(part: str, language: str) -> str:
    """What a part of the score is called."""
    return say(language, f"routing.part_{part}")


class _Telling:
    """A decision that is being told."""

    def __init__(self, decision: Decision, firm: Firm, language: str) -> None:
        self._decision = decision
        self._firm = firm
        self._language = language

    def say(self, code: str, **facts: object) -> str:
        """Words of `[routing]`."""
        return say(self._language, f"routing.{code}", **facts)

    def cause(self) -> str:
        """Why it was decided again; the first decision needs no reason."""
        decision = self._decision
        if decision.cause == "opened":
            return ""
        people = self._names(decision.left_out)
        code = f"cause_{decision.cause}"
        return self.say(
            code if people or decision.cause in {"waiting", "changed"} else "cause_again",
            people=people,
        )

    def rule(self) -> str:
        """The rule that decided, and what matched."""
        decision = self._decision
        if decision.rule is None:
            return self.say("no_rule", version=decision.version)
        terms = [term_shown(term, self._language) for term in decision.matched]
        said = self.say(
            "rule" if terms else "rule_for_all",
            rule=decision.rule_name or decision.rule,
            version=decision.version,
            terms=self._listed(terms),
        )
        if not decision.also:
            return said
        return self.say("gap").join((said, self.say("also", rules=self._listed(decision.also))))

    def where(self) -> str:
        """Which team, and why another one than the rule's."""
        decision = self._decision
        if decision.team is None:
            return self.say("nobody")
        team = self._team(decision.team)
        if decision.shed_from is not None:
            return self.say("shed", team=team, full=self._team(decision.shed_from))
        if decision.fallback:
            return self.say("fallback_for_skill" if decision.skills else "fallback", team=team)
        if decision.by_hand:
            return self.say("by_hand", team=team)
        if not decision.skills:
            return self.say("to_team", team=team)
        return self.say("to_team_with_skills", team=team, skills=self._skills())

    def who(self) -> str:
        """To whom, with the points; or why to nobody."""
        decision = self._decision
        if decision.team is None:
            return ""
        if decision.assignee is None:
            return self.say(self._why_nobody())
        name = self._firm.name_of(decision.assignee) or "?"
        if decision.outcome == "supervisor":
            return self.say("to_supervisor", assignee=name)
        chosen = winner_of(decision)
        if chosen is None or not chosen.scores:
            return self.say("to_staff", assignee=name, load=chosen.load if chosen else 0)
        return self.say(
            "to_best",
            assignee=name,
            load=chosen.load,
            score=chosen.score,
            points=self._points(chosen),
        )

    def next_best(self) -> str:
        """Who came second, and with how many points."""
        kept = [one for one in self._decision.candidates if one.dropped is None and one.scores]
        if len(kept) < 2 or kept[0].staff != self._decision.assignee:  # noqa: PLR2004
            return ""
        second = kept[1]
        name = self._firm.name_of(second.staff) or "?"
        return self.say("second", name=name, score=second.score, load=second.load)

    def over(self) -> str:
        """Who was passed over: a few by name, a crowd by reason."""
        decision = self._decision
        dropped = [one for one in decision.candidates if one.dropped is not None]
        if not dropped:
            return ""
        crowd = sum(decision.counts.values())
        if crowd > FEW:
            reasons = [
                self.say("counted", why=why_dropped(code, self._language, 0), count=count)
                for code, count in decision.counts.items()
            ]
            return self.say("dropped_crowd", count=crowd, reasons=self._listed(reasons))
        return self.say("dropped", people=self._listed(self._why(one) for one in dropped))

    def _why_nobody(self) -> str:
        decision = self._decision
        if decision.mode == "manual":
            return "manual"
        return "nobody_free" if decision.candidates or decision.mode == "automatic" else "grab"

    def _why(self, one: Candidate) -> str:
        why = why_dropped(one.dropped or "", self._language, one.load)
        return self.say("person", name=self._firm.name_of(one.staff) or "?", why=why)

    def _points(self, one: Candidate) -> str:
        return self._listed(
            self.say("points", part=part_shown(part, self._language), points=points)
            for part, points in one.scores.items()
        )

    def _skills(self) -> str:
        levels = self._decision.levels
        return self._listed(
            self.say("skill_level", skill=skill, level=levels[skill])
            if levels.get(skill, 1) > 1
            else skill
            for skill in self._decision.skills
        )

    def _names(self, staff: Iterable[int]) -> str:
        return self._listed(self._firm.name_of(number) or "?" for number in staff)

    def _listed(self, parts: Iterable[str]) -> str:
        return self.say("comma").join(parts)

    def _team(self, team: str) -> str:
        return self._firm.team_name(team) or team
