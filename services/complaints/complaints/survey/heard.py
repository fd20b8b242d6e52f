"""What complaints reads of scoring's events."""

from uuid import UUID

from service_kit.work.news import Heard


class SurveyAnswered(Heard, type="survey.answered"):
    """A customer answered a survey; the event holds no words of theirs."""

    response_id: UUID
    customer_id: UUID
    instrument: str
    score: int
    critical: bool
    critical_reasons: list[str]
