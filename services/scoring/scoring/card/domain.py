"""A score card: what a definition says of one customer's purchases,
with the inputs that it was computed from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from uuid import UUID

from scoring.amounts import from_units
from scoring.model import formulas, rfm
from scoring.model.parameters import BgNbd, GammaGamma
from scoring.purchase.domain import Statistic

# A definition changes its number when its formula, its rounding or its inputs change; old cards
# keep theirs.
DEFINITION_VERSION = 1
TimeUnit = Literal["day", "week", "month"]
ScoreName = Literal[
    "rfm", "profit", "p_alive", "churn_risk", "expected_orders", "order_value", "clv"
]
DAYS_PER_MONTH = 365.25 / 12
DAYS: dict[str, float] = {"day": 1.0, "week": 7.0, "month": DAYS_PER_MONTH}
MICRO = 1_000_000


@dataclass(frozen=True, kw_only=True)
class CutPoints:
    """Least values of the quintiles 2 to 5;
    days are counted from 2000-01-01, money in ten-thousandths.
    """

    last_day: Sequence[int]
    order_days: Sequence[int]
    net: Sequence[int]
    first_day: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What a finished run fixed:
    the models, the cut points and the terms under which customers are scored.
    """

    run_id: UUID
    currency: str
    as_of: date
    time_unit: TimeUnit
    horizon_months: int
    annual_discount: Decimal
    margin: Decimal
    cuts: CutPoints
    bg_nbd: BgNbd | None
    gamma_gamma: GammaGamma | None

    @property
    def month(self) -> float:
        """The length of a month in the time unit of the model."""
        return DAYS_PER_MONTH / DAYS[self.time_unit]

    @property
    def horizon(self) -> float:
        return self.month * self.horizon_months

    @property
    def discount_per_month(self) -> float:
        return _per_month(self.annual_discount)

    @property
    def discounting(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The months of the horizon, each month's orders discounted from its end."""
        return formulas.discounting(
            step=self.month, steps=self.horizon_months, discount_per_step=self.discount_per_month
        )


@lru_cache(maxsize=64)
def _per_month(annual: Decimal) -> float:
    return float((1 + annual) ** (Decimal(1) / 12) - 1)


@dataclass(frozen=True, kw_only=True)
class Card:
    """The scores of one customer as of a day, with the inputs that they were computed from.

    Probabilities and counts are whole millionths, money whole ten-thousandths; what a run did not
    ask for is None.
    """

    id: UUID
    as_of: date
    run_id: UUID
    definition_version: int
    statistic: Statistic
    recency: int
    frequency: int
    monetary: int
    tenure: int
    p_alive: int | None = None
    expected_orders: int | None = None
    order_value: int | None = None
    clv: int | None = None

    def value_of(self, name: ScoreName) -> Decimal | None:
        """One score's value without its explanation; None when the card does not have it."""
        values: dict[str, int | None] = {
            "expected_orders": self.expected_orders,
            "p_alive": self.p_alive,
        }
        if name in values:
            micro = values[name]
            return None if micro is None else Decimal(micro) / MICRO
        if name == "churn_risk":
            return None if self.p_alive is None else 1 - Decimal(self.p_alive) / MICRO
        if name == "rfm":
            return Decimal(self.recency + self.frequency + self.monetary + self.tenure)
        units = {"profit": self.statistic.profit, "order_value": self.order_value, "clv": self.clv}[
            name
        ]
        return None if units is None else from_units(units)


def card_of(statistic: Statistic, definition: Definition, *, id: UUID, as_of: date) -> Card:
    """Score one customer by the definition of the last run.
    The calculations of a run do the same for everybody.
    """
    assert statistic.first_day is not None
    assert statistic.last_day is not None
    cuts = definition.cuts
    values = _model_values(statistic, definition, as_of=as_of)
    return Card(
        id=id,
        as_of=as_of,
        run_id=definition.run_id,
        definition_version=DEFINITION_VERSION,
        statistic=statistic,
        recency=rfm.quintile(day_number(statistic.last_day), cuts.last_day),
        frequency=rfm.quintile(statistic.order_days, cuts.order_days),
        monetary=rfm.quintile(statistic.net, cuts.net),
        # Who came first has been a customer longest: the day is turned round by its sign.
        tenure=rfm.quintile(-day_number(statistic.first_day), cuts.first_day),
        **values,
    )


def day_number(day: date) -> int:
    """Days since 2000-01-01, as Postgres counts them."""
    return day.toordinal() - 730_120


def _model_values(statistic: Statistic, definition: Definition, *, as_of: date) -> dict[str, int]:
    model, worth = definition.bg_nbd, definition.gamma_gamma
    values: dict[str, int] = {}
    if worth is not None:
        mean = formulas.order_value(
            worth, frequency=statistic.frequency, mean_value=statistic.mean_repeat_value()
        )
        values["order_value"] = round(mean * 100) * 100
    if model is not None:
        x, recency, age = times(statistic, definition, as_of=as_of)
        alive = formulas.alive(model, frequency=x, recency=recency, age=age)
        orders = formulas.orders_if_alive(
            model, (definition.horizon,), (1.0,), frequency=x, age=age
        )
        values |= {
            "p_alive": round(alive * MICRO),
            "expected_orders": round(alive * orders * MICRO),
        }
        if worth is not None:
            discounted = formulas.orders_if_alive(
                model, *definition.discounting, frequency=x, age=age
            )
            values["clv"] = round(float(definition.margin) * mean * alive * discounted * 100) * 100
    return values


def times(statistic: Statistic, definition: Definition, *, as_of: date) -> tuple[int, float, float]:
    """Frequency, recency and age in the time unit of the model."""
    assert statistic.first_day is not None
    assert statistic.last_day is not None
    unit = DAYS[definition.time_unit]
    recency, age = (
        (statistic.last_day - statistic.first_day).days,
        (as_of - statistic.first_day).days,
    )
    return statistic.frequency, recency / unit, age / unit
