"""The forecasts for one customer in plain arithmetic, so that a service at rest needs no numeric library.

`forecast` has the same formulas for many customers at once and says where they come from; a test holds the two together.
"""

from collections.abc import Sequence
from math import exp, inf, log1p

from scoring.model.parameters import BgNbd, GammaGamma

MOST_TERMS = 1_000_000
RESCALE_ABOVE = 1e120


def discounting(*, step: float, steps: int, discount_per_step: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Times t_i and factors c_i with sum_i c_i E(t_i) = sum_i (E(t_i) - E(t_{i-1})) / (1+d)^i."""
    present = [(1 + discount_per_step) ** -i for i in range(1, steps + 1)]
    factors = [now - later for now, later in zip(present, [*present[1:], 0.0], strict=True)]
    return tuple(step * i for i in range(1, steps + 1)), tuple(factors)


def alive(model: BgNbd, *, frequency: int, recency: float, age: float) -> float:
    """Probability that the customer is still one at the end of the observation."""
    if frequency == 0:
        return 1.0
    silence = (model.r + frequency) * log1p((age - recency) / (model.alpha + recency))
    odds = inf if silence > 700 else exp(silence) * model.a
    return 1 / (1 + odds / (model.b + frequency - 1))


def orders_if_alive(model: BgNbd, times: Sequence[float], factors: Sequence[float], *, frequency: int, age: float) -> float:
    """sum_i factors[i] E(times[i]) for a customer who is still there."""
    pairs = zip(times, factors, strict=True)
    return sum(factor * _orders(model, time, frequency=frequency, age=age) for time, factor in pairs)


def _orders(model: BgNbd, time: float, *, frequency: int, age: float) -> float:
    share = time / (model.alpha + age + time)
    if share <= 0:
        return 0.0
    rate, stay = model.r + frequency, model.b + frequency
    scale = rate * log1p(-share)
    total, reach, term, survive = 0.0, 0.0, 1.0, 1.0
    for k in range(MOST_TERMS):
        reach += survive
        survive *= (stay + k) / (stay + model.a + k)
        term *= share * (rate + k) / (k + 1)
        total += term * reach
        ratio = share * (rate + k + 1) / (k + 2)
        if ratio < 1 and term * ratio / (1 - ratio) * (reach + survive / (1 - ratio)) <= 1e-16 * total:
            break
        if max(term, total) > RESCALE_ABOVE:
            term, total, scale = term / RESCALE_ABOVE, total / RESCALE_ABOVE, scale + _LOG_RESCALE
    return total * exp(scale)


_LOG_RESCALE = 276.3102111592855  # ln(1e120)


def order_value(model: GammaGamma, *, frequency: int, mean_value: float) -> float:
    """Expected value of the next orders; without a positive mean of repeat orders only the number of orders speaks."""
    return model.p * (model.gamma + frequency * max(mean_value, 0.0)) / (model.p * frequency + (model.q - 1))
