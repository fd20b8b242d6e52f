"""The operations on score runs."""

from typing import Annotated

from fastapi import Depends, Response
from service_kit.access.units import units_of
from service_kit.web.long_work import followed
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id
from service_kit.work import jobs
from service_kit.work.jobs import JobAlreadyOver

from scoring.call import Call
from scoring.company_day import today
from scoring.score_run.domain import (
    KIND,
    CalibrationAfterScoring,
    RunsAreCompanyWide,
    ScoreRunNotFound,
    ScoresLieAhead,
)
from scoring.score_run.schemas import NewScoreRun, ScoreRunView, run_view
from scoring.score_run.store import ScoreRunReader, kept

router = Router(tags=["score-runs"])


@router.post(
    "/v1/score-runs",
    status_code=202,
    response_model=ScoreRunView,
    raises=[CalibrationAfterScoring, ScoresLieAhead, RunsAreCompanyWide],
)
async def create_score_run(
    body: NewScoreRun, call: Annotated[Call, requires("scores:write")]
) -> Response:
    """Score all customers of a currency.

    Orders of one customer on one day of the company's time zone count as one. Transactions in other
    currencies are left out and counted. A run whose history cannot carry a model that was asked for
    fails and says why; nothing is scored then.
    """
    if call.caller.units is not None:
        raise RunsAreCompanyWide()
    terms = body.terms()
    terms.check(today=today(call))
    async with call.transaction() as tx:
        job = await jobs.enqueue(tx, id=call.new_id(), kind=KIND, payload=kept(terms), at=call.at)
        answer = call.accepted(
            run_view(job, call.spoken),
            location=f"/v1/score-runs/{job.id}",
            version=job.version,
            units=[job.unit],
        )
    call.database.signals.wake("score_runs")
    return answer


@router.get("/v1/score-runs/{run_id}", response_model=ScoreRunView, raises=[ScoreRunNotFound])
async def read_score_run(run_id: Id, call: Annotated[Call, requires("scores:read")]) -> Response:
    """Follow a score run."""
    async with call.reading() as reader:
        job = await ScoreRunReader(reader, units_of(call.caller)).find(run_id)
    return followed(call, job, run_view(job, call.spoken))


@router.get("/v1/score-runs", response_model=Page[ScoreRunView])
async def list_score_runs(
    call: Annotated[Call, requires("scores:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List the score runs, newest first."""
    async with call.reading() as reader:
        found = await ScoreRunReader(reader, units_of(call.caller)).newest(
            after=page.after, limit=page.fetch
        )
    return call.page(
        page,
        [run_view(job, call.spoken) for job in found],
        next_cursor=page.next_cursor(found, "created_at", "id"),
    )


@router.post(
    "/v1/score-runs/{run_id}/cancellation",
    status_code=200,
    response_model=ScoreRunView,
    raises=[ScoreRunNotFound, JobAlreadyOver],
)
async def cancel_score_run(run_id: Id, call: Annotated[Call, requires("scores:write")]) -> Response:
    """Cancel a score run;
    one that is running stops after the customers at hand, whose scores stay.
    """
    async with call.transaction() as tx:
        running = await ScoreRunReader(tx, units_of(call.caller)).find(run_id)
        call.honor_match(running.version)
        job = await jobs.cancel(tx, running, at=call.at)
        return followed(call, job, run_view(job, call.spoken))
