"""Survey answers as frontends send and read them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel
from service_kit.store.running import Record
from service_kit.words.fields import Code, Count, Day, Id, Input, Output, Text, Timestamp

from scoring.survey.domain import HUNDREDTH, Answer, Instrument, critical_reasons
from scoring.survey.events import CriticalReasons, NpsScore, RefView

CsatScore = Annotated[int, Field(ge=1, le=5, json_schema_extra={"format": "int32"})]


class Ref(Input):
    """What the survey was about, such as a complaint or a contact."""

    type: Code
    id: Code


class CsatAnswers(Input):
    """1 is very dissatisfied, 5 very satisfied."""

    score: CsatScore
    remark: Text | None = None


class NpsAnswers(Input):
    """How likely to recommend us: 0 to 6 detractor, 7 and 8 passive, 9 and 10 promoter."""

    score: NpsScore
    remark: Text | None = None


class CsatResponse(Input):
    """An answer to the question how satisfied the customer is."""

    customer_id: Id
    instrument: Literal["csat"]
    answers: CsatAnswers
    ref: Ref | None = None


class NpsResponse(Input):
    """An answer to the question whether the customer would recommend us."""

    customer_id: Id
    instrument: Literal["nps"]
    answers: NpsAnswers
    ref: Ref | None = None


class NewSurveyResponse(
    RootModel[Annotated[CsatResponse | NpsResponse, Field(discriminator="instrument")]]
):
    """A customer's answer to a survey; the instrument says which scale the score is on."""

    def answer(self, *, id: UUID, at: datetime, day: date, words: list[str]) -> Answer:
        given = self.root
        remark = given.answers.remark
        return Answer(
            id=id,
            customer_id=given.customer_id,
            instrument=given.instrument,
            score=given.answers.score,
            remark=remark,
            critical_reasons=critical_reasons(given.instrument, given.answers.score, remark, words),
            ref_type=given.ref.type if given.ref else None,
            ref_id=given.ref.id if given.ref else None,
            answered_at=at,
            day=day,
        )


class AnswersView(Output):
    """What the customer answered."""

    score: NpsScore
    remark: Annotated[str | None, Field(max_length=10_000)]


class SurveyResponseView(Output):
    """A survey answer. A critical one (a low score,
    or a remark with one of the company's critical words) calls for somebody to act.
    """

    id: Id
    customer_id: Id
    instrument: Instrument
    answers: AnswersView
    critical: bool
    critical_reasons: CriticalReasons
    ref: RefView | None
    answered_at: Timestamp


class SurveyResults(Output):
    """The answers to one instrument within some days.

    `figure` is the share of satisfied answers (4 and 5) for CSAT, from 0 to 100, and promoters less
    detractors for NPS, from -100 to 100; null without answers.
    """

    instrument: Instrument
    since: Day
    until: Day
    answers: Count
    critical: Count
    mean_score: Annotated[str | None, Field(max_length=10, pattern=r"^\d+\.\d\d$")]
    figure: Annotated[str | None, Field(max_length=10, pattern=r"^-?\d+\.\d\d$")]


def response_view(answer: Answer) -> SurveyResponseView:
    return SurveyResponseView(
        id=answer.id,
        customer_id=answer.customer_id,
        instrument=answer.instrument,
        answers=AnswersView(score=answer.score, remark=answer.remark),
        critical=answer.is_critical,
        critical_reasons=list(answer.critical_reasons),
        ref=None
        if answer.ref_type is None or answer.ref_id is None
        else RefView(type=answer.ref_type, id=answer.ref_id),
        answered_at=answer.answered_at,
    )


def results_view(instrument: Instrument, row: Record, *, since: date, until: date) -> SurveyResults:
    count = row["answers"]
    return SurveyResults(
        instrument=instrument,
        since=since,
        until=until,
        answers=count,
        critical=row["critical"],
        mean_score=None
        if count == 0
        else f"{(Decimal(row['total']) / count).quantize(HUNDREDTH):f}",
        figure=share(row["favorable"] - row["detractors"], count),
    )


def share(part: int, whole: int) -> str | None:
    """A percentage with two decimals; None of nothing."""
    return None if whole == 0 else f"{(Decimal(100) * part / whole).quantize(HUNDREDTH):f}"
