"""The terms of a run over all customers of a currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, get_args

from service_kit.words.errors import Conflict, Forbidden, NotFound

from scoring.card.domain import DAYS, TimeUnit

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
    """A run scores the customers of the whole company;
    a token that is limited to units cannot start one.
    """


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
