"""Fitted models as analysts read them."""

from typing import Annotated, Literal

from pydantic import Field
from service_kit.store.running import Record
from service_kit.words.fields import Count, Currency, Day, Id, Output, Timestamp


class ModelView(Output):
    """A fitted model.

    `alpha` is in the time unit, `gamma` in the currency. `gradient_norm` is the Euclidean norm of
    the gradient of the mean log-likelihood per customer in the logarithms of the parameters; at the
    maximum it is zero up to rounding.
    """

    id: Id
    kind: Literal["bg_nbd", "gamma_gamma"]
    run_id: Id
    currency: Currency
    as_of: Day
    time_unit: Literal["day", "week", "month"]
    parameters: Annotated[
        dict[str, float],
        Field(max_length=4, examples=[{"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}]),
    ]
    log_likelihood: float
    customers: Count
    gradient_norm: Annotated[float, Field(ge=0)]
    steps: Count
    fitted_at: Timestamp


def model_view(row: Record) -> ModelView:
    return ModelView(**{name: row[name] for name in ModelView.model_fields})
