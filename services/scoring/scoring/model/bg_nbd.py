"""The BG/NBD model of Fader, Hardie and Lee (2005): how often customers buy and when they stop, by
maximum likelihood.

The log-likelihood of one customer, with all gamma functions as rising products so that nothing
cancels:

    sum_{k<x} ln(r+k)  -  x ln(alpha)  -  (r+x) ln(1+T/alpha)  -  sum_{k<x} ln(1+a/(b+k))
        +  ln(1+exp(d)),                                         (the last term for x > 0 only)
    d = ln(a) - ln(b+x-1) + (r+x) [ln(1+T/alpha) - ln(1+t/alpha)]
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scoring.model.ascent import Vector, climb
from scoring.model.history import Floats, Histories, Integers, group
from scoring.model.parameters import BgNbd
from scoring.model.refusals import (
    IdenticalHistories,
    NoInteriorMaximum,
    NoRepeatBuyers,
    TooFewCustomers,
)

ROWS_THAT_STAY_IN_CACHE = 8192


def fit(
    frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, weight: ArrayLike | None = None
) -> BgNbd:
    """Raises a `ModelRefused` where the histories do not determine the four parameters."""
    return fit_grouped(group(frequency, recency, age, weight))


def fit_grouped(histories: Histories) -> BgNbd:
    _require_enough(histories)
    likelihood = _Likelihood(histories)
    refusal: NoInteriorMaximum | None = None
    for start in _starts(histories):
        try:
            top = climb(likelihood, start)
        except NoInteriorMaximum as error:
            refusal = refusal or error
            continue
        r, alpha, a, b = (float(value) for value in np.exp(top.point))
        repeats = float(histories.weight @ histories.frequency)
        return BgNbd(
            r=r,
            alpha=alpha * histories.scale,
            a=a,
            b=b,
            log_likelihood=top.height * histories.customers
            - repeats * float(np.log(histories.scale)),
            gradient_norm=top.gradient_norm,
            customers=histories.customers,
            steps=top.steps,
        )
    assert refusal is not None
    raise refusal


def _require_enough(histories: Histories) -> None:
    if histories.customers < 2:
        raise TooFewCustomers("a single customer says nothing about how customers differ")
    if not np.any(histories.frequency > 0):
        raise NoRepeatBuyers("no customer ordered on a second day")
    if histories.frequency.size < 2:
        raise IdenticalHistories("all customers have the same history to the day")


def _starts(histories: Histories) -> tuple[Vector, ...]:
    """Mean rate of repeat orders with a wide spread first;
    two other shapes if that climb goes astray.
    """
    orders, time = (
        float(histories.weight @ histories.frequency),
        float(histories.weight @ histories.age),
    )
    return tuple(
        np.log([r, r * time / orders, a, b])
        for r, a, b in ((0.5, 0.7, 2.0), (2.0, 0.2, 4.0), (0.1, 2.0, 2.0))
    )


class _Likelihood:
    """Sums that do not depend on the parameters are taken once;
    each call then reads every distinct row once.
    """

    def __init__(self, histories: Histories) -> None:
        self.customers = histories.customers
        self.by_count = np.bincount(histories.frequency, weights=histories.weight)
        self.more_than = self.by_count[::-1].cumsum()[::-1][1:]
        ages, age_code = np.unique(histories.age, return_inverse=True)
        self.ages = ages
        self.weight_at_age = np.bincount(age_code, weights=histories.weight)
        self.orders_at_age = np.bincount(age_code, weights=histories.weight * histories.frequency)
        repeat = histories.frequency > 0
        self.lasts, self.last_code = np.unique(histories.recency[repeat], return_inverse=True)
        self.age_code = age_code[repeat]
        self.x: Integers = histories.frequency[repeat]
        self.w: Floats = histories.weight[repeat]

    def __call__(self, point: Vector) -> tuple[float, Vector, Vector]:
        parameters: Vector = np.exp(point)
        value, gradient, hessian = self._buying(*parameters)
        row_value, row_gradient, row_hessian = self._leaving(*parameters)
        gradient = (gradient + row_gradient) * parameters
        hessian = (hessian + row_hessian) * np.outer(parameters, parameters) + np.diag(gradient)
        count = self.customers
        return (value + row_value) / count, gradient / count, hessian / count

    def _buying(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Vector, Vector]:
        """The part without d. sum_x W(x) sum_{k<x} f(k) is taken as sum_k f(k) W(more than k)."""
        n, k = self.more_than, np.arange(self.more_than.size)
        ages, orders = self.ages, self.orders_at_age.sum()
        spread, exposure = np.log1p(ages / alpha), r * self.weight_at_age + self.orders_at_age
        by_r, by_b, by_ab = 1 / (r + k), 1 / (b + k), 1 / (a + b + k)
        slope = ages / (alpha * (alpha + ages))
        value = (
            n @ np.log(r + k)
            - orders * np.log(alpha)
            - exposure @ spread
            - n @ np.log1p(a / (b + k))
        )
        gradient = np.array(
            [
                n @ by_r - self.weight_at_age @ spread,
                exposure @ slope - orders / alpha,
                -(n @ by_ab),
                n @ (by_b - by_ab),
            ]
        )
        hessian = np.zeros((4, 4))
        hessian[0, 0] = -(n @ by_r**2)
        hessian[0, 1] = hessian[1, 0] = self.weight_at_age @ slope
        hessian[1, 1] = orders / alpha**2 - exposure @ (slope * (1 / alpha + 1 / (alpha + ages)))
        hessian[2, 2] = hessian[2, 3] = hessian[3, 2] = n @ by_ab**2
        hessian[3, 3] = n @ (by_ab**2 - by_b**2)
        return float(value), gradient, hessian

    def _leaving(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Vector, Vector]:
        """The part ln(1+exp(d)):
        whether the silence since the last order means that the customer left.
        """
        tables = (
            np.log1p(self.ages / alpha),
            np.log1p(self.lasts / alpha),
            1 / (alpha + self.ages),
            1 / (alpha + self.lasts),
        )
        value, gradient, hessian = 0.0, np.zeros(4), np.zeros((4, 4))
        for first in range(0, self.x.size, ROWS_THAT_STAY_IN_CACHE):
            rows = slice(first, first + ROWS_THAT_STAY_IN_CACHE)
            sums = self._leaving_rows(rows, tables, r, a, b)
            value += sums[0]
            gradient += sums[1]
            hessian += sums[2]
        return value, gradient, hessian

    def _leaving_rows(
        self, rows: slice, tables: tuple[Floats, ...], r: float, a: float, b: float
    ) -> tuple[float, Vector, Vector]:
        age, last, w = self.age_code[rows], self.last_code[rows], self.w[rows]
        rate, leave = r + self.x[rows], 1 / (b + self.x[rows] - 1)
        silence = tables[0][age] - tables[1][last]
        end, begin = tables[2][age], tables[3][last]
        closing = end - begin
        d = np.log(a * leave) + rate * silence
        left = _logistic(d)
        wp = w * left
        slopes = np.stack((silence, rate * closing, np.full_like(silence, 1 / a), -leave))
        hessian: Vector = (slopes * (wp * (1 - left))) @ slopes.T
        cross = wp @ closing
        hessian[0, 1] += cross
        hessian[1, 0] += cross
        hessian[1, 1] -= wp @ (rate * closing * (end + begin))
        hessian[2, 2] -= wp.sum() / a**2
        hessian[3, 3] += wp @ leave**2
        return float(w @ np.logaddexp(0.0, d)), slopes @ wp, hessian


def _logistic(d: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-d));
    exp runs to infinity for a very negative d and the quotient to the right 0.
    """
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-d))
