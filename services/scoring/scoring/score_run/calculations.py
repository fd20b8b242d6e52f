"""What a run computes for everybody at once;
loaded in the calculator's own process only, because numpy and scipy are large.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from service_kit.words.messages import sentence, stored

from scoring.amounts import UNITS_PER_ONE
from scoring.card.domain import MICRO
from scoring.model import bg_nbd, forecast, formulas, gamma_gamma, rfm
from scoring.model.history import Floats
from scoring.model.parameters import BgNbd, GammaGamma
from scoring.model.refusals import ModelRefused
from scoring.score_run import binary_copy
from scoring.score_run.binary_copy import Arrays
from scoring.score_run.copied_columns import CALIBRATION, CARD, CUTS, INPUTS


def calibrate(content: bytes, *, models: list[str], days: float) -> dict[str, Any]:
    """The parameters of the models, or which one was refused and why."""
    rows = binary_copy.read(content, CALIBRATION)
    x, unit = rows["order_days"] - 1, days
    fitted: dict[str, Any] = {}
    for name in models:
        try:
            if name == "bg_nbd":
                fitted[name] = vars(bg_nbd.fit(x, rows["recency"] / unit, rows["age"] / unit))
            else:
                fitted[name] = vars(gamma_gamma.fit(x, mean_repeat_value(x, rows)))
        except ModelRefused as refusal:
            return {
                "refused": {
                    "model": name,
                    "code": refusal.code,
                    "detail": stored(sentence(refusal.args[0]), longest=300),
                }
            }
    return {"models": fitted}


def mean_repeat_value(x: Any, rows: Arrays) -> Floats:
    """As `Statistic.mean_repeat_value`, for everybody."""
    orders = rows["order_amount"].astype(np.float64)
    repeat = orders - rows["first_day_amount"].astype(np.float64)
    net = orders - rows["refund_amount"].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = repeat * net / orders / (UNITS_PER_ONE * x)
    return np.where((x > 0) & (orders > 0), value, 0.0)


def cut_points(content: bytes) -> dict[str, list[int]]:
    """The quintiles of the customers that are scored."""
    rows = binary_copy.read(content, CUTS)
    turned = {**rows, "first_day": -rows["first_day"]}
    return {
        name: rfm.cut_points(turned[name])
        for name in ("last_day", "order_days", "net", "first_day")
    }


def cards(content: bytes, *, definition: Mapping[str, Any], milliseconds: int) -> bytes:
    """The rows of the score cards of some customers, ready for COPY."""
    rows = binary_copy.read(content, INPUTS)
    size = len(rows["customer_id"])
    made: dict[str, Any] = {name: rows[name] for name in INPUTS}
    made |= {
        "id": binary_copy.new_ids(size, milliseconds=milliseconds),
        "run_id": np.full(size, np.void(bytes.fromhex(definition["run_id"]))),
        "currency": np.full(size, definition["currency"].encode()),
        "as_of": np.full(size, definition["as_of"]),
        "definition_version": np.full(size, definition["definition_version"]),
    }
    cuts = definition["cuts"]
    made["recency"] = rfm.quintiles(rows["last_day"], cuts["last_day"])
    made["frequency"] = rfm.quintiles(rows["order_days"], cuts["order_days"])
    made["monetary"] = rfm.quintiles(rows["order_amount"] - rows["refund_amount"], cuts["net"])
    made["tenure"] = rfm.quintiles(-rows["first_day"], cuts["first_day"])
    made |= _model_values(rows, definition)
    return binary_copy.write(CARD, made, absent=[name for name in CARD if name not in made])


def _model_values(rows: Arrays, definition: Mapping[str, Any]) -> dict[str, Any]:
    """As `card.domain` does for one customer."""
    x, days = rows["order_days"] - 1, definition["days"]
    values: dict[str, Any] = {}
    if worth := definition["gamma_gamma"]:
        mean = gamma_gamma.order_value(GammaGamma(**worth), x, mean_repeat_value(x, rows))
        values["order_value"] = np.rint(mean * 100) * 100
    if definition["bg_nbd"]:
        model = BgNbd(**definition["bg_nbd"])
        recency, age = (
            (rows["last_day"] - rows["first_day"]) / days,
            (definition["as_of"] - rows["first_day"]) / days,
        )
        alive = forecast.alive(model, x, recency, age)
        orders = forecast.orders_if_alive(model, (definition["horizon"],), (1.0,), x, age)
        values |= {
            "p_alive": np.rint(alive * MICRO),
            "expected_orders": np.rint(alive * orders * MICRO),
        }
        if worth:
            times, factors = formulas.discounting(
                step=definition["month"],
                steps=definition["horizon_months"],
                discount_per_step=definition["discount_per_month"],
            )
            discounted = forecast.orders_if_alive(model, times, factors, x, age)
            values["clv"] = np.rint(definition["margin"] * mean * alive * discounted * 100) * 100
    return values
