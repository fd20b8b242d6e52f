"""The fitted models as plain numbers, readable without any numeric library."""

from dataclasses import dataclass

from service_kit.words.errors import NotFound


class ScoreModelNotFound(NotFound):
    """There is no such model."""


@dataclass(frozen=True, kw_only=True)
class BgNbd:
    """Purchase rates are gamma(r, alpha) over customers, the chance to leave after an order is
    beta(a, b).

    `alpha` is in the time unit of the histories; `gradient_norm` is that of the mean log-likelihood
    per customer in the logarithms of the parameters.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    gradient_norm: float
    customers: float
    steps: int


@dataclass(frozen=True, kw_only=True)
class GammaGamma:
    """Order values of a customer are gamma(p, v), and v is gamma(q, gamma) over customers;
    `gamma` is in money.
    """

    p: float
    q: float
    gamma: float
    log_likelihood: float
    gradient_norm: float
    customers: float
    steps: int

    @property
    def mean_value(self) -> float:
        """What an order of an unknown customer is worth."""
        return self.p * self.gamma / (self.q - 1)
