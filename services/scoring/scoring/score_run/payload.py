"""The terms of a run as the long work keeps them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from scoring.score_run.domain import Terms


def written(terms: Terms) -> dict[str, Any]:
    return {
        "as_of": terms.as_of.isoformat(),
        "calibrate_until": terms.calibrate_until.isoformat(),
        "currency": terms.currency,
        "models": list(terms.models),
        "time_unit": terms.time_unit,
        "horizon_months": terms.horizon_months,
        "annual_discount": str(terms.annual_discount),
        "margin": str(terms.margin),
    }


def read(payload: Mapping[str, Any]) -> Terms:
    return Terms(
        as_of=date.fromisoformat(payload["as_of"]),
        calibrate_until=date.fromisoformat(payload["calibrate_until"]),
        currency=payload["currency"],
        models=payload["models"],
        time_unit=payload["time_unit"],
        horizon_months=payload["horizon_months"],
        annual_discount=Decimal(payload["annual_discount"]),
        margin=Decimal(payload["margin"]),
    )
