"""The operations on score runs."""

from typing import Annotated

from fastapi import Depends, Response
from service_kit.access.units import units_of
from service_kit.store.running import Reader
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.errors import NotFound
from service_kit.words.fields import Id
from service_kit.work import jobs
from service_kit.work.jobs import Job, JobAlreadyOver, job_of

from scoring.call import Call
from scoring.company_day import today
from scoring.score_run import payload, store
from scoring.score_run.domain import KIND, CalibrationAfterScoring, RunsAreCompanyWide, ScoreRunNotFound, ScoresLieAhead
from scoring.score_run.schemas import NewScoreRun, ScoreRunView, run_view

router = Router(tags=["score-runs"])


@router.post(
    "/v1/score-runs",
    status_code=202,
    response_model=ScoreRunView,
    raises=[CalibrationAfterScoring, ScoresLieAhead, RunsAreCompanyWide],
)
async def start_score_run(body: NewScoreRun, call: Annotated[Call, requires("scores:write")]) -> Response:
    """Score all customers of a currency.

    Orders of one customer on one day of the company's time zone count as one. Transactions in other currencies are left out and
    counted. A run whose history cannot carry a model that was asked for fails and says why; nothing is scored then.
    """
    if call.caller.units is not None:
        raise RunsAreCompanyWide()
    terms = body.terms()
    terms.check(today=today(call))
    async with call.transaction() as tx:
        job = await jobs.enqueue(tx, id=call.new_id(), kind=KIND, payload=payload.written(terms), at=call.at)
        answer = call.accepted(run_view(job, call.spoken), location=f"/v1/score-runs/{job.id}", version=job.version, units=[job.unit])
    call.database.signals.wake("score_runs")
    return answer


@router.get("/v1/score-runs/{run_id}", response_model=ScoreRunView, raises=[ScoreRunNotFound])
async def read_score_run(run_id: Id, call: Annotated[Call, requires("scores:read")]) -> Response:
    """Follow a score run."""
    async with call.reading() as reader:
        job = await _found(reader, run_id, call)
    return call.answer(run_view(job, call.spoken), version=job.version, variant=job.variant(call.language))


@router.get("/v1/score-runs", response_model=Page[ScoreRunView])
async def list_score_runs(call: Annotated[Call, requires("scores:read")], page: Annotated[PageOf, Depends()]) -> Response:
    """List the score runs, newest first."""
    async with call.reading() as reader:
        rows = await store.newest(reader, after=page.after, limit=page.fetch, units=units_of(call.caller))
    return call.page(page, [run_view(job_of(row), call.spoken) for row in rows], next_cursor=page.next_cursor(rows, "created_at", "id"))


@router.post(
    "/v1/score-runs/{run_id}/cancellation", status_code=200, response_model=ScoreRunView, raises=[ScoreRunNotFound, JobAlreadyOver]
)
async def cancel_score_run(run_id: Id, call: Annotated[Call, requires("scores:write")]) -> Response:
    """Cancel a score run; one that is running stops after the customers at hand, whose scores stay."""
    async with call.transaction() as tx:
        running = await _found(tx, run_id, call)
        call.honor_match(running.version)
        job = await jobs.cancel(tx, running, at=call.at)
        view, variant = run_view(job, call.spoken), job.variant(call.language)
        return call.answer(view, version=job.version, variant=variant, units=[job.unit])


async def _found(reader: Reader, run_id: Id, call: Call) -> Job:
    try:
        return await jobs.find(reader, run_id, kind=KIND, units=units_of(call.caller))
    except NotFound as error:
        raise ScoreRunNotFound() from error
