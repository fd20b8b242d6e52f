"""What the feed tells of score runs."""

from datetime import datetime
from uuid import UUID

from service_kit.store.outbox import Event
from service_kit.words.fields import Count, Currency, Day, Id, Output

from scoring.score_run.domain import Terms


class ScoreRunCompletedData(Output):
    """A score run is complete and its definition in force."""

    run_id: Id
    currency: Currency
    as_of: Day
    customers: Count


EVENTS = {"score_run.completed": ScoreRunCompletedData}


def completed(
    run_id: UUID, terms: Terms, *, customers: int, unit: str | None, at: datetime
) -> Event:
    payload = {
        "run_id": str(run_id),
        "currency": terms.currency,
        "as_of": terms.as_of.isoformat(),
        "customers": customers,
    }
    return Event(type="score_run.completed", subject=run_id, at=at, unit=unit, payload=payload)
