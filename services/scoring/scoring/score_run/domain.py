"""The terms of a run over all customers of a currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal, Self, get_args

from service_kit.errors import Conflict, Forbidden, NotFound

from scoring.score.domain import DAYS, TimeUnit

ModelKind = Literal["bg_nbd", "gamma_gamma"]
MODEL_KINDS: tuple[ModelKind, ...] = get_args(ModelKind)
KIND = "score_run"


class ScoreRunNotFound(NotFound):
    """There is no such score run, or it lies outside what this token may see."""


class CalibrationAfterScoring(Conflict):
    """Models are calibrated on history up to the day of the scores or earlier, never later."""


class ScoresLieAhead(Conflict):
    """Scores are as of a day that has come."""


class RunsAreCompanyWide(Forbidden):
    """A run scores the customers of the whole company; a token that is limited to units cannot start one."""


class ModelNotDetermined(Conflict):
    """The histories up to the calibration day do not determine the model that was asked for."""


class NobodyToScore(Conflict):
    """Up to this day nobody has ordered anything in this currency."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a run was asked to do."""

    as_of: date
    calibrate_until: date
    currency: str
    models: Sequence[ModelKind]
    time_unit: TimeUnit
    horizon_months: int
    annual_discount: Decimal
    margin: Decimal

    def check(self, *, today: date) -> None:
        """Raise CalibrationAfterScoring or ScoresLieAhead."""
        if self.calibrate_until > self.as_of:
            raise CalibrationAfterScoring()
        if self.as_of > today + timedelta(days=1):
            raise ScoresLieAhead()

    @property
    def days(self) -> float:
        """Days in the time unit."""
        return DAYS[self.time_unit]

    def payload(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of.isoformat(),
            "calibrate_until": self.calibrate_until.isoformat(),
            "currency": self.currency,
            "models": list(self.models),
            "time_unit": self.time_unit,
            "horizon_months": self.horizon_months,
            "annual_discount": str(self.annual_discount),
            "margin": str(self.margin),
        }

    @classmethod
    def of_payload(cls, payload: Mapping[str, Any]) -> Self:
        return cls(
            as_of=date.fromisoformat(payload["as_of"]),
            calibrate_until=date.fromisoformat(payload["calibrate_until"]),
            currency=payload["currency"],
            models=payload["models"],
            time_unit=payload["time_unit"],
            horizon_months=payload["horizon_months"],
            annual_discount=Decimal(payload["annual_discount"]),
            margin=Decimal(payload["margin"]),
        )
