"""What the feed tells of score runs."""

from datetime import datetime
from uuid import UUID

from service_kit.store.events import Event, Told
from service_kit.words.fields import Count, Currency, Day, Id

from scoring.score_run.domain import Terms


class ScoreRunCompleted(Event, type="score_run.completed"):
    """A score run is complete and its definition in force."""

    run_id: Id
    currency: Currency
    as_of: Day
    customers: Count

    @classmethod
    def of(
        cls, run_id: UUID, terms: Terms, *, customers: int, unit: str | None, at: datetime
    ) -> Told:
        told = cls(run_id=run_id, currency=terms.currency, as_of=terms.as_of, customers=customers)
        return told.about(run_id, unit=unit, at=at)
