"""The scores of a customer: every value is the exact sum of its parts, which explain it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from scoring.amounts import CENT, from_units
from scoring.card.domain import DEFINITION_VERSION, MICRO, Card, Definition, ScoreName, times
from scoring.model import formulas
from scoring.model.parameters import BgNbd, GammaGamma
from scoring.purchase.domain import Statistic
from scoring.survey.domain import satisfaction_parts

SIX_DECIMALS = Decimal("0.000001")


@dataclass(frozen=True, kw_only=True)
class Part:
    name: str
    value: Decimal


@dataclass(frozen=True, kw_only=True)
class Score:
    """What a score says, part by part."""

    name: str
    currency: str | None
    as_of: date
    definition_version: int
    run_id: UUID | None
    parts: Sequence[Part]

    @property
    def value(self) -> Decimal:
        """The exact sum of the parts."""
        return sum((part.value for part in self.parts), Decimal(0))


def scores(card: Card, definition: Definition) -> list[Score]:
    """All scores of a card;
    `definition` is that of the card's run and explains the model values.
    """
    found = [
        _score(card, "rfm", _rfm_parts(card)),
        _score(card, "profit", _profit_parts(card.statistic), currency=card.statistic.currency),
    ]
    if card.p_alive is not None:
        alive = Decimal(card.p_alive) / MICRO
        found.append(
            _score(
                card,
                "p_alive",
                (Part(name="certainty", value=Decimal(1)), Part(name="silence", value=alive - 1)),
            )
        )
        found.append(
            _score(
                card,
                "churn_risk",
                (Part(name="certainty", value=Decimal(1)), Part(name="still_alive", value=-alive)),
            )
        )
    return found + _explained(card, definition)


def profit_alone(statistic: Statistic) -> Score:
    """What can be said of a customer before the first run: the profit so far."""
    parts = _profit_parts(statistic)
    return Score(
        name="profit",
        currency=statistic.currency,
        as_of=statistic.last_activity,
        definition_version=DEFINITION_VERSION,
        run_id=None,
        parts=parts,
    )


def satisfaction(answers: Sequence[tuple[str, int]], *, as_of: date) -> Score | None:
    """The mean of a year's survey answers on 0 to 100; None without any."""
    if not answers:
        return None
    parts = [Part(name=name, value=value) for name, value in satisfaction_parts(answers).items()]
    return Score(
        name="satisfaction",
        currency=None,
        as_of=as_of,
        definition_version=DEFINITION_VERSION,
        run_id=None,
        parts=parts,
    )


def _score(
    card: Card, name: ScoreName, parts: Sequence[Part], currency: str | None = None
) -> Score:
    return Score(
        name=name,
        currency=currency,
        as_of=card.as_of,
        definition_version=card.definition_version,
        run_id=card.run_id,
        parts=parts,
    )


def _profit_parts(statistic: Statistic) -> Sequence[Part]:
    amounts = {
        "orders": statistic.order_amount,
        "order_cost": -statistic.order_cost,
        "refunds": -statistic.refund_amount,
        "returned_cost": statistic.refund_cost,
    }
    return tuple(Part(name=name, value=from_units(units)) for name, units in amounts.items())


def _rfm_parts(card: Card) -> Sequence[Part]:
    names = ("recency", "frequency", "monetary", "tenure")
    return tuple(Part(name=name, value=Decimal(getattr(card, name))) for name in names)


def _explained(card: Card, definition: Definition) -> list[Score]:
    """Model values step by step:
    what an unknown customer would be worth, then what this history changes.
    """
    found, model, worth = [], definition.bg_nbd, definition.gamma_gamma
    currency = card.statistic.currency
    if card.order_value is not None and worth is not None:
        steps = {"average_customer": worth.mean_value}
        parts = telescoped(
            steps, last="own_orders", value=from_units(card.order_value), quantum=CENT
        )
        found.append(_score(card, "order_value", parts, currency=currency))
    if card.expected_orders is not None and model is not None:
        found.append(_score(card, "expected_orders", _expected_parts(card, definition, model)))
    if card.clv is not None and model is not None and worth is not None:
        found.append(
            _score(card, "clv", _clv_parts(card, definition, model, worth), currency=currency)
        )
    return found


def _expected_parts(card: Card, definition: Definition, model: BgNbd) -> Sequence[Part]:
    x, _, age = times(card.statistic, definition, as_of=card.as_of)
    assert card.expected_orders is not None
    steps = {
        "average_customer": formulas.orders_of_a_new_customer(model, (definition.horizon,), (1.0,)),
        "purchase_history": formulas.orders_if_alive(
            model, (definition.horizon,), (1.0,), frequency=x, age=age
        ),
    }
    return telescoped(
        steps, last="silence", value=Decimal(card.expected_orders) / MICRO, quantum=SIX_DECIMALS
    )


def _clv_parts(
    card: Card, definition: Definition, model: BgNbd, worth: GammaGamma
) -> Sequence[Part]:
    x, _, age = times(card.statistic, definition, as_of=card.as_of)
    assert card.p_alive is not None
    assert card.clv is not None
    order_profit = float(definition.margin) * worth.mean_value
    known = order_profit * formulas.orders_if_alive(
        model, *definition.discounting, frequency=x, age=age
    )
    steps = {
        "average_customer": order_profit
        * formulas.orders_of_a_new_customer(model, *definition.discounting),
        "purchase_history": known,
        "silence": known * card.p_alive / MICRO,
    }
    return telescoped(steps, last="order_value", value=from_units(card.clv), quantum=CENT)


def telescoped(
    steps: dict[str, float], *, last: str, value: Decimal, quantum: Decimal
) -> Sequence[Part]:
    """Each part is the difference to the step before, the last part the rest:
    so they add up to the value exactly.
    """
    parts, before = [], Decimal(0)
    for name, amount in steps.items():
        reached = Decimal(amount).quantize(quantum)
        parts.append(Part(name=name, value=reached - before))
        before = reached
    return (*parts, Part(name=last, value=value - before))
