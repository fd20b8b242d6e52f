"""Score runs as analysts start and follow them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated

from pydantic import Field
from service_kit.web.long_work import LongWork
from service_kit.words.fields import Currency, Day, Input
from service_kit.work.jobs import Job

from scoring.card.domain import TimeUnit
from scoring.score_run.domain import MODEL_KINDS, ModelKind, Terms
from scoring.score_run.store import terms_of

Horizon = Annotated[int, Field(ge=1, le=120, json_schema_extra={"format": "int32"})]
Discount = Annotated[
    str, Field(min_length=1, max_length=10, pattern=r"^\d(\.\d{1,6})?$", examples=["0.10"])
]
Margin = Annotated[
    str,
    Field(
        min_length=1, max_length=10, pattern=r"^(0(\.\d{1,6})?|1(\.0{1,6})?)$", examples=["0.30"]
    ),
]


class NewScoreRun(Input):
    """A run over all customers who ordered in a currency.

    `as_of` is the day of the scores: only transactions up to it count. The models are fitted on
    transactions up to `calibrate_until` (by default the same day) in the `time_unit`. `margin` is
    the share of an order's value that is profit; profit of months to come is discounted by
    `annual_discount`.
    """

    as_of: Day
    calibrate_until: Day | None = None
    currency: Currency
    models: Annotated[
        list[ModelKind], Field(max_length=2, default_factory=lambda: list(MODEL_KINDS))
    ]
    time_unit: TimeUnit = "week"
    horizon_months: Horizon = 12
    annual_discount: Discount = "0.10"
    margin: Margin = "1"

    def terms(self) -> Terms:
        return Terms(
            as_of=self.as_of,
            calibrate_until=self.calibrate_until or self.as_of,
            currency=self.currency,
            models=list(dict.fromkeys(self.models)),
            time_unit=self.time_unit,
            horizon_months=self.horizon_months,
            annual_discount=Decimal(self.annual_discount),
            margin=Decimal(self.margin),
        )


class ScoreRunView(LongWork):
    """A score run: follow it here until its state is done, failed or canceled.

    `counts` says how many customers were scored, how many got other stars, and how many
    transactions were left out because they are of other currencies.
    """

    as_of: Day
    calibrate_until: Day
    currency: Currency
    models: Annotated[list[ModelKind], Field(max_length=2)]
    time_unit: TimeUnit
    horizon_months: Horizon
    annual_discount: Annotated[str, Field(max_length=24)]
    margin: Annotated[str, Field(max_length=24)]


def run_view(job: Job, speak: Callable[[str], str]) -> ScoreRunView:
    terms = terms_of(job)
    given = {
        **vars(terms),
        "models": list(terms.models),
        "annual_discount": str(terms.annual_discount),
        "margin": str(terms.margin),
    }
    return ScoreRunView.of(job, speak, **given)
