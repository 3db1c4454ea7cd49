"""Answers what is measured, and takes orders to many clocks: preview, job, and how it goes."""

from typing import Final, get_args

from msgspec.structs import asdict

from server.api import schemas_law as s
from server.api.calls import Answer, Call, Handler
from server.domain.firm import Firm
from server.domain.metrics import Signal
from server.domain.renewing import Effect, Tally
from server.usecases import promises
from server.usecases.promises import Ordered
from server.words import metric_title, say


async def list_metrics(call: Call) -> s.MetricsShown:
    """The metrics that there are, and what they may look at."""
    law, language = (await call.desk.firm()).law, call.language
    promised = {metric for policy in law.epoch().policies for metric in policy.targets}
    return s.MetricsShown(
        metrics=tuple(
            s.MetricShown(
                id=one.id,
                label=metric_title(one.id, law, language),
                version=one.version,
                own=one.version > 0,
                promised=one.id in promised,
                starts=tuple(sorted(one.starts)),
                stops=tuple(sorted(one.stops)),
                resumes=tuple(sorted(one.resumes)),
                pauses=tuple(sorted(one.pauses)),
                instances=one.instances,
                late=one.late,
            )
            for one in law.metrics.values()
        ),
        signals=tuple(
            s.SignalShown(id=one, label=say(language, f"signal.{one}")) for one in get_args(Signal)
        ),
    )


async def preview(call: Call, order: s.LawOrder) -> s.LawPreview:
    """What an order would do."""
    firm = await call.desk.firm()
    found = await promises.preview(call.desk, call.by, order)
    return s.LawPreview(
        order=found.order,
        tally=_tally(found.tally),
        examples=tuple(
            s.ExampleShown(
                ticket=one.ticket,
                subject=one.subject,
                effects=tuple(_effect(effect, firm, call.language) for effect in one.effects),
            )
            for one in found.examples
        ),
    )


async def give_order(call: Call, order: s.LawOrder) -> Answer:
    """A job begins."""
    given = await promises.give_order(call.desk, call.by, order)
    shown = _job(given, await call.desk.firm(), call.language)
    return Answer(body=shown, location=f"/api/v1/law/jobs/{shown.id}")


async def list_jobs(call: Call) -> tuple[s.LawJobShown, ...]:
    """The newest first."""
    firm = await call.desk.firm()
    return tuple(_job(one, firm, call.language) for one in await promises.list_jobs(call.desk))


async def read_job(call: Call) -> s.LawJobShown:
    """How a job goes."""
    found = await promises.find_job(call.desk, call.number("id"))
    return _job(found, await call.desk.firm(), call.language)


def _job(ordered: Ordered, firm: Firm, language: str) -> s.LawJobShown:
    job, tally = ordered.job, ordered.tally
    done = job.state == "done"
    code = f"law_job.{'done' if done else 'running'}"
    return s.LawJobShown(
        id=job.id,
        order=ordered.order,
        state=job.state,
        by=firm.name_of(job.staff) or say(language, "event.somebody"),
        created_at=job.created_at,
        ended_at=job.ended_at,
        reached=job.through if done else job.reached,
        through=job.through,
        tally=_tally(tally),
        text=say(language, code, **asdict(tally)),
    )


def _tally(tally: Tally) -> s.TallyShown:
    return s.TallyShown(**asdict(tally))


def _effect(effect: Effect, firm: Firm, language: str) -> s.EffectShown:
    return s.EffectShown(label=metric_title(effect.metric, firm.law, language), **asdict(effect))


HANDLERS: Final[dict[str, Handler]] = {
    "listMetrics": list_metrics,
    "previewLawOrder": preview,
    "giveLawOrder": give_order,
    "listLawJobs": list_jobs,
    "readLawJob": read_job,
}
