"""The operations on survey answers."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Query, Response
from service_kit.access.units import units_of
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import EARLIEST, Day, Id

from scoring.call import Call
from scoring.company_day import today
from scoring.customer.acquaintance import NOT_ACQUAINTED, named_customer
from scoring.customer.store import CustomerStore
from scoring.survey import use_cases
from scoring.survey.domain import (
    DAYS_THAT_COUNT,
    Instrument,
    SurveyAnsweredDifferently,
    SurveyResponseNotFound,
    words_of,
)
from scoring.survey.schemas import (
    NewSurveyResponse,
    SurveyResponseView,
    SurveyResults,
    response_view,
    results_view,
)
from scoring.survey.store import SurveyReader, SurveyStore

router = Router(tags=["surveys"])


@router.post(
    "/v1/survey-responses",
    status_code=201,
    response_model=SurveyResponseView,
    raises=[*NOT_ACQUAINTED, SurveyAnsweredDifferently],
    responses={
        200: {
            "model": SurveyResponseView,
            "description": "The same answer about the same `ref` was recorded before.",
        }
    },
)
async def create_survey_response(
    body: NewSurveyResponse, call: Annotated[Call, requires("surveys:write")]
) -> Response:
    """Record a customer's answer to a satisfaction (CSAT) or recommendation (NPS) survey.

    A low score or a remark with a critical word makes the answer critical; the event
    `survey.answered` says so, so that somebody acts. The answers of the last year make the
    customer's score `satisfaction`. About one `ref` a customer answers each instrument once: the
    same answer again is 200 with the first, another one is 409 and names it. Without a `ref` every
    answer counts.
    """
    words = words_of(call.settings.critical_words)
    answer = body.answer(id=call.new_id(), at=call.at, day=today(call), words=words)
    known = await named_customer(call, answer.customer_id)
    async with call.transaction() as tx:
        await CustomerStore(tx).meet_and_keep(known, at=call.at)
        # A merged customer is known under the id of the file that survived.
        answer = replace(answer, customer_id=known.id)
        counted = await use_cases.record(
            SurveyStore(tx, units_of(call.caller)), answer, unit=known.unit
        )
        if counted is not answer:
            return call.answer(response_view(counted), version=1, units=[known.unit])
        return call.created(
            response_view(answer), location=f"/v1/survey-responses/{answer.id}", version=1
        )


@router.get(
    "/v1/survey-responses/{response_id}",
    response_model=SurveyResponseView,
    raises=[SurveyResponseNotFound],
)
async def read_survey_response(
    response_id: Id, call: Annotated[Call, requires("surveys:read")]
) -> Response:
    """Read a survey answer."""
    async with call.reading() as reader:
        answer = await SurveyReader(reader, units_of(call.caller)).find(response_id)
    return call.answer(response_view(answer), version=1)


@router.get("/v1/survey-responses", response_model=Page[SurveyResponseView])
async def list_survey_responses(
    call: Annotated[Call, requires("surveys:read")],
    page: Annotated[PageOf, Depends()],
    customer_id: Annotated[Id | None, Query(description="Only answers of this customer.")] = None,
    critical: Annotated[
        bool | None, Query(description="Only critical answers, or only the others.")
    ] = None,
) -> Response:
    """List survey answers, newest first."""
    async with call.reading() as reader:
        answers = SurveyReader(reader, units_of(call.caller))
        found = await answers.newest(
            customer_id=customer_id, critical=critical, after=page.after, limit=page.fetch
        )
    return call.page(
        page, [response_view(each) for each in found], next_cursor=page.next_cursor(found, "id")
    )


@router.get("/v1/survey-results", response_model=SurveyResults)
async def read_survey_results(
    call: Annotated[Call, requires("surveys:read")],
    instrument: Annotated[Instrument, Query(description="Which survey.")],
    since: Annotated[
        Day | None, Query(description="First day; a year before the last by default.")
    ] = None,
    until: Annotated[Day | None, Query(description="Last day; today by default.")] = None,
) -> Response:
    """Read what the answers to one instrument add up to:
    CSAT is the share of 4 and 5, NPS promoters less detractors.
    """
    last = until or today(call)
    first = since or max(last - timedelta(days=DAYS_THAT_COUNT - 1), EARLIEST.date())
    async with call.reading() as reader:
        row = await SurveyReader(reader, units_of(call.caller)).results(
            instrument, since=first, until=last
        )
    return call.answer(results_view(instrument, row, since=first, until=last))
