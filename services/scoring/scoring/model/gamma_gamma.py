"""The Gamma-Gamma model of Fader and Hardie (2013): what an order of a customer is worth, by
maximum likelihood.

For x orders with the sum s (mean z = s/x) the log-likelihood of one customer is

    -ln B(p x, q) + p x ln(s/gamma) - (p x + q) ln(1 + s/gamma) - ln z
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, polygamma, psi
from service_kit.words.messages import said

from scoring.model.ascent import Vector, climb
from scoring.model.history import Floats
from scoring.model.parameters import GammaGamma
from scoring.model.refusals import (
    HistoryOutOfRange,
    IdenticalAmounts,
    NoFiniteMean,
    NoPositiveAmounts,
    NoRepeatBuyers,
    TooFewCustomers,
)

SAMPLE = 20_000
# Blocks stay in the processor's cache, and below the size from which the linear algebra library
# starts threads for a dot product.
ROWS_THAT_STAY_IN_CACHE = 8_192


def fit(frequency: ArrayLike, mean_value: ArrayLike) -> GammaGamma:
    """From customers with at least one repeat day and a positive mean value of it;
    all others are left out.
    """
    x, total = _usable(np.asarray(frequency), np.asarray(mean_value, dtype=np.float64))
    scale = float(total.sum() / x.sum())
    total = total / scale
    start: Vector = np.log([2.0, 4.0, 2.0])
    if x.size > 4 * SAMPLE:
        # A climb over every fiftieth customer costs little and ends so near the top that two full
        # steps suffice.
        every = x.size // SAMPLE
        start = climb(_Likelihood(x[::every], total[::every]), start).point
    top = climb(_Likelihood(x, total), start)
    p, q, gamma = (float(value) for value in np.exp(top.point))
    if q <= 1:
        raise NoFiniteMean(
            said(
                "order values spread so widely that they have no mean (q = {q}, needed above 1)",
                q=f"{q:.4f}",
            )
        )
    return GammaGamma(
        p=p,
        q=q,
        gamma=gamma * scale,
        log_likelihood=(top.height - float(np.log(scale))) * x.size,
        gradient_norm=top.gradient_norm,
        customers=float(x.size),
        steps=top.steps,
    )


def order_value(model: GammaGamma, frequency: ArrayLike, mean_value: ArrayLike) -> Floats:
    """Expected value of the next orders;
    without a positive mean of repeat orders only the number of orders speaks.
    """
    x = np.asarray(frequency, dtype=np.float64)
    total = x * np.maximum(np.asarray(mean_value, dtype=np.float64), 0.0)
    return model.p * (model.gamma + total) / (model.p * x + (model.q - 1))


def _usable(frequency: Floats, mean_value: Floats) -> tuple[Floats, Floats]:
    if frequency.shape != mean_value.shape or frequency.ndim != 1:
        raise HistoryOutOfRange("frequency and mean value differ in length")
    x = frequency.astype(np.float64)
    is_whole = frequency.dtype.kind in "iu" or (
        np.all(np.isfinite(x)) and np.array_equal(np.rint(x), x)
    )
    if not (is_whole and np.all(np.isfinite(mean_value))):
        raise HistoryOutOfRange("frequencies are whole numbers, values are finite numbers")
    if not np.any(x > 0):
        raise NoRepeatBuyers("no customer ordered on a second day")
    kept = (x > 0) & (mean_value > 0)
    if not np.any(kept):
        raise NoPositiveAmounts("no customer who came back spent a positive amount")
    if not np.all(kept):
        x, mean_value = x[kept], mean_value[kept]
    if x.size < 2:
        raise TooFewCustomers("a single repeat buyer says nothing about how customers differ")
    if np.ptp(mean_value) <= 1e-12 * mean_value[0]:
        raise IdenticalAmounts("all customers spend the same per order")
    return x, x * mean_value


class _Likelihood:
    """Gamma functions are taken once per distinct number of orders;
    a call reads every customer for two sums only.
    """

    def __init__(self, x: Floats, total: Floats) -> None:
        self.x, self.total = x, total
        counts, weight = np.unique(x, return_counts=True)
        self.counts, self.weight = counts, weight.astype(np.float64)
        self.orders = float(x.sum())
        logs = np.log(total)
        self.weighted_logs = float((x * logs).sum())
        self.log_means = float(logs.sum() - self.weight @ np.log(counts))

    def __call__(self, point: Vector) -> tuple[float, Vector, Vector]:
        parameters: Vector = np.exp(point)
        p, q, gamma = parameters
        (spread, x_spread), (share, x_share), (bend, x_bend) = self._sums(gamma)
        x, w = self.counts, self.weight
        logs = self.weighted_logs - self.orders * float(point[2]) - x_spread
        value = -(w @ betaln(p * x, q)) + p * logs - q * spread - self.log_means
        both, first = psi(p * x + q), psi(p * x)
        gradient = np.array(
            [
                w @ (x * (both - first)) + logs,
                w @ (both - psi(q)) - spread,
                (q * share + p * (x_share - self.orders)) / gamma,
            ]
        )
        bends, own = polygamma(1, p * x + q), polygamma(1, p * x)
        hessian = np.zeros((3, 3))
        hessian[0, 0] = w @ (x**2 * (bends - own))
        hessian[0, 1] = hessian[1, 0] = w @ (x * bends)
        hessian[1, 1] = w @ (bends - polygamma(1, q))
        hessian[0, 2] = hessian[2, 0] = (x_share - self.orders) / gamma
        hessian[1, 2] = hessian[2, 1] = share / gamma
        slopes = gradient * parameters
        # The last parameter enters through ln(gamma) only, so its own bend is taken there directly.
        in_logs = hessian * np.outer(parameters, parameters) + np.diag([slopes[0], slopes[1], 0.0])
        in_logs[2, 2] = -(q * bend + p * x_bend)
        size = self.x.size
        return float(value) / size, slopes / size, in_logs / size

    def _sums(self, gamma: float) -> Floats:
        """Rows ln(1+s/gamma), u = s/(gamma+s) and u(1-u), each summed plainly and weighted by x."""
        sums = np.zeros((3, 2))
        for first in range(0, self.x.size, ROWS_THAT_STAY_IN_CACHE):
            rows = slice(first, first + ROWS_THAT_STAY_IN_CACHE)
            x, total = self.x[rows], self.total[rows]
            ratio = total / gamma
            spread = np.log1p(ratio)
            share = ratio / (1 + ratio)
            bend = share / (1 + ratio)
            sums += [[row.sum(), row @ x] for row in (spread, share, bend)]
        return sums
