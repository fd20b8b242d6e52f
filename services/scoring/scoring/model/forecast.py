"""What BG/NBD and Gamma-Gamma expect of many customers: still a customer, orders to come,
discounted value.

Given that a customer is still one, the orders in a time t are those of a negative binomial count K
with rate r+x and success share z = t/(alpha+T+t), each reached only by those who did not leave
before:

    E = sum_k P(K=k) sum_{j<k} (b+x)_j / (a+b+x)_j

All terms are positive and none is large, so nothing cancels or overflows; this is the closed form
with the Gaussian hypergeometric function 2F1 written out, without its pole at a = 1. It depends on
(x, T) alone: customers who share both share the sum.
"""

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike

from scoring.model.history import Floats, Integers, day_codes
from scoring.model.parameters import BgNbd

MOST_SHARED_PAIRS = 60_000
CHEBYSHEV_NODES = 40
ROWS_THAT_STAY_IN_CACHE = 16_384
RESCALE_ABOVE = 1e120
LARGEST_TABLE = 8_000_000
MOST_TERMS = 1_000_000


def alive(model: BgNbd, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
    """Probability that each customer is still one at the end of the observation (1
    for who never came back).
    """
    x = np.asarray(frequency)
    last, end = np.asarray(recency, dtype=np.float64), np.asarray(age, dtype=np.float64)
    probability = np.empty(x.shape)
    for first in range(0, x.size, ROWS_THAT_STAY_IN_CACHE):
        rows = slice(first, first + ROWS_THAT_STAY_IN_CACHE)
        probability[rows] = _alive_rows(model, x[rows], last[rows], end[rows])
    return probability


def _alive_rows(model: BgNbd, x: Floats, last: Floats, end: Floats) -> Floats:
    probability = np.ones(x.size)
    back = np.flatnonzero(x > 0)
    orders, begin = x[back], last[back]
    silence = np.log1p((end[back] - begin) / (model.alpha + begin))
    with np.errstate(over="ignore"):
        odds = np.exp((model.r + orders) * silence) * model.a
    probability[back] = 1 / (1 + odds / (model.b + orders - 1))
    return probability


def orders_if_alive(
    model: BgNbd,
    times: tuple[float, ...],
    factors: tuple[float, ...],
    frequency: ArrayLike,
    age: ArrayLike,
) -> Floats:
    """sum_i factors[i] E(times[i]) for customers who are still there;
    summed once for each distinct (x, T).
    """
    x, end = np.asarray(frequency, dtype=np.int64), np.asarray(age, dtype=np.float64)
    if x.size == 0:
        return np.zeros(0)
    code, ends = day_codes(end)
    key = x * ends.size + code
    size = (int(x.max()) + 1) * ends.size
    if size > LARGEST_TABLE:
        return _interpolated(model, times, factors, x, end)
    present = np.zeros(size, dtype=np.bool_)
    present[key] = True
    keys = np.flatnonzero(present)
    if keys.size > MOST_SHARED_PAIRS:
        return _interpolated(model, times, factors, x, end)
    table = np.zeros(size)
    table[keys] = _summed(
        model, times, factors, (keys // ends.size).astype(np.float64), ends[keys % ends.size]
    )
    expected: Floats = table[key]
    return expected


def _summed(
    model: BgNbd, times: tuple[float, ...], factors: tuple[float, ...], x: Floats, end: Floats
) -> Floats:
    """The sum of the module's docstring for every row and time, then the times put together."""
    every_time = np.repeat(times, x.size)
    z = every_time / (model.alpha + np.tile(end, len(times)) + every_time)
    rows = np.tile(x, len(times))
    values = _series(rate=model.r + rows, share=z, stay=model.b + rows, leave=model.a)
    summed: Floats = np.asarray(factors) @ values.reshape(len(times), x.size)
    return summed


def _series(*, rate: Floats, share: Floats, stay: Floats, leave: float) -> Floats:
    """Term after term for all rows at once;
    rows whose rest is below rounding are taken out as the sum goes on.
    """
    result = np.zeros(share.shape)
    row = np.flatnonzero(share > 0)
    rate, share, stay = rate[row], share[row], stay[row]
    scale = rate * np.log1p(-share)
    total, reach = np.zeros(row.size), np.zeros(row.size)
    term, survive = np.ones(row.size), np.ones(row.size)
    for k in range(MOST_TERMS):
        reach += survive
        survive *= (stay + k) / (stay + (leave + k))
        term *= share * ((rate + k) / (k + 1))
        total += term * reach
        if k % 8 != 7:
            continue
        ratio = share * ((rate + (k + 1)) / (k + 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = term * ratio / (1 - ratio) * (reach + survive / (1 - ratio))
        done = (ratio < 1) & (rest <= 1e-16 * total)
        if done.all():
            break
        shrink = np.where(np.maximum(term, total) > RESCALE_ABOVE, 1 / RESCALE_ABOVE, 1.0)
        term, total, scale = term * shrink, total * shrink, scale - np.log(shrink)
        if 4 * np.count_nonzero(done) > done.size:
            result[row[done]] = total[done] * np.exp(scale[done])
            on = ~done
            row, rate, share, stay, scale = row[on], rate[on], share[on], stay[on], scale[on]
            total, reach, term, survive = total[on], reach[on], term[on], survive[on]
    result[row] = total * np.exp(scale)
    return result


def _interpolated(
    model: BgNbd, times: tuple[float, ...], factors: tuple[float, ...], x: Integers, end: Floats
) -> Floats:
    """Where hardly two customers share (x, T): for each x the smooth function of ln(alpha+T), from
    its Chebyshev series.

    Its nearest singularity lies pi off the real axis, so the series of this length is exact to
    rounding.
    """
    place = np.log(model.alpha + end)
    order = np.argsort(x, kind="stable")
    result = np.empty(x.size)
    for rows in np.split(order, np.flatnonzero(np.diff(x[order])) + 1):
        count = float(x[rows[0]])
        low, high = float(place[rows].min()), float(place[rows].max())
        if rows.size <= CHEBYSHEV_NODES or high - low < 1e-9:
            result[rows] = _summed(model, times, factors, np.full(rows.size, count), end[rows])
            continue
        nodes = np.cos(np.pi * (np.arange(CHEBYSHEV_NODES) + 0.5) / CHEBYSHEV_NODES)
        ends = np.exp((low + high + nodes * (high - low)) / 2) - model.alpha
        values = _summed(model, times, factors, np.full(nodes.size, count), ends)
        series = chebyshev.chebfit(nodes, values, CHEBYSHEV_NODES - 1)
        result[rows] = chebyshev.chebval((2 * place[rows] - low - high) / (high - low), series)
    return result
