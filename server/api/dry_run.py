"""Answers what would happen to a ticket."""

from typing import Final

from server.api import schemas_dry_run as s
from server.api.calls import Call, Handler
from server.api.clocks import clock_shown
from server.api.reasons import routing_shown
from server.domain.events import Priority
from server.domain.matching import Miss
from server.domain.people import Customer
from server.domain.ticket import Ticket
from server.usecases import dry_run as trial
from server.usecases.reasons import term_shown


async def try_out(call: Call, asked: s.DryRunWanted) -> s.DryRunShown:
    """Nothing is written."""
    found = await trial.dry_run(call.desk, call.by, _wanted(call, asked))
    firm, language = found.firm, call.language
    verdict = found.assessed.verdict
    routing = routing_shown(found.routed, firm, language)
    if routing is None:
        msg = "a dry run without a decision"
        raise LookupError(msg)
    return s.DryRunShown(
        at=found.at,
        facts=found.facts,
        rules=tuple(_tried(one, language) for one in found.tried),
        verdict=s.VerdictShown(
            queue=found.ticket.queue,
            team=verdict.team,
            team_name=firm.team_name(verdict.team),
            priority=found.ticket.priority,
            why=tuple(term_shown(term, language) for term in found.assessed.weighed.why),
            skills=verdict.skills,
            tags=found.ticket.tags,
            policy=verdict.policy,
            mode=verdict.mode,
            move=verdict.move,
            pin=verdict.pin,
            rounds=verdict.rounds,
        ),
        routing=routing,
        policy=found.policy.id if found.policy is not None else None,
        policy_name=found.policy.name or found.policy.id if found.policy is not None else None,
        clocks=tuple(clock_shown(one, (), firm, language, found.at) for one in found.clocks),
    )


def _wanted(call: Call, asked: s.DryRunWanted) -> trial.Wanted:
    at = asked.at or call.desk.clock.now()
    if asked.ticket is not None:
        return trial.Wanted(ticket=asked.ticket, at=asked.at, drafts=asked.drafts)
    like = Ticket(
        number=0,
        subject=asked.subject.strip(),
        category=asked.category.strip() or None,
        priority=asked.priority or Priority.NORMAL,
        priority_by="matrix" if asked.priority is None else "hand",
        queue=asked.queue.strip() or "default",
        customer=0,
        customer_level=asked.customer_level.strip() or "normal",
        channel=asked.channel.strip() or "form",
        urgency=asked.urgency,
        region=asked.region.strip(),
        product=asked.product.strip(),
        language=asked.language,
        store=asked.store.strip(),
        latitude=asked.latitude,
        longitude=asked.longitude,
        tags=tuple(tag.strip() for tag in asked.tags if tag.strip()),
        nudge_count=asked.nudges,
        created_at=at,
        updated_at=at,
    )
    customer = Customer(
        id=0,
        name=asked.customer.strip(),
        level=like.customer_level,
        company=asked.company.strip(),
        email=asked.email.strip(),
        phone=asked.phone.strip(),
    )
    return trial.Wanted(
        like=like, text=asked.text, customer=customer, at=asked.at, drafts=asked.drafts
    )


def _tried(one: trial.Tried, language: str) -> s.RuleTried:
    return s.RuleTried(
        rule=one.rule,
        name=one.name,
        outcome=one.outcome,
        terms=tuple(term_shown(term, language) for term in one.terms),
        miss=_miss(one.miss, language) if one.miss is not None else None,
    )


def _miss(miss: Miss, language: str) -> s.MissShown:
    return s.MissShown(
        wanted=tuple(term_shown(term, language) for term in miss.wanted), found=miss.found
    )


HANDLERS: Final[dict[str, Handler]] = {"dryRun": try_out}
