"""What the feed tells of survey answers."""

from typing import Annotated, Literal

from pydantic import Field
from service_kit.store.events import Event, Told
from service_kit.words.fields import Id, Output

from scoring.survey.domain import Answer, Instrument

NpsScore = Annotated[int, Field(ge=0, le=10, json_schema_extra={"format": "int32"})]
CriticalReasons = Annotated[list[Literal["low_score", "remark"]], Field(max_length=2)]


class RefView(Output):
    """What the survey was about."""

    type: Annotated[str, Field(max_length=64)]
    id: Annotated[str, Field(max_length=64)]


class SurveyAnswered(Event, type="survey.answered"):
    """A customer answered a survey."""

    response_id: Id
    customer_id: Id
    instrument: Instrument
    score: NpsScore
    critical: bool
    critical_reasons: CriticalReasons
    ref: RefView | None

    @classmethod
    def of(cls, answer: Answer, *, unit: str | None) -> Told:
        is_about = answer.ref_type is not None
        told = cls(
            response_id=answer.id,
            customer_id=answer.customer_id,
            instrument=answer.instrument,
            score=answer.score,
            critical=answer.is_critical,
            critical_reasons=list(answer.critical_reasons),
            ref=RefView(type=answer.ref_type, id=answer.ref_id) if is_about else None,
        )
        return told.about(answer.id, unit=unit, at=answer.answered_at)
