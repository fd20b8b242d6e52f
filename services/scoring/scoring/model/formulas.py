"""The forecasts for one customer in plain arithmetic, so that a service at rest needs no numeric
library.

`forecast` says the same of many customers at once, by a sum; a test holds the two together. What
takes a sum hundreds of thousands of terms for a far horizon takes a mean over some hundred points
here, however far the horizon and however many the orders.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import cosh, exp, expm1, inf, log, log1p, sinh, sqrt

from scoring.model.parameters import BgNbd, GammaGamma

FIRST_STEP = 0.25
WIDEST_SPREAD = 1.5
MOST_HALVINGS = 4
SETTLED = 1e-10
# Points that weigh less than this part of the heaviest add nothing, and chances below the second
# differ in nothing from zero.
LIGHTEST = -46.0
SMALLEST_CHANCE = 1e-200


@lru_cache(maxsize=64)
def discounting(
    *, step: float, steps: int, discount_per_step: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
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


def orders_if_alive(
    model: BgNbd, times: Sequence[float], factors: Sequence[float], *, frequency: int, age: float
) -> float:
    """sum_i factors[i] E(times[i]) for a customer who is still there.

    The rate of such a customer is gamma(r+x, alpha+T),
    the chance p to leave after an order beta(a, b+x). Over the rates,

        E(t | p) = (1 - (1 + p t / (alpha+T))^-(r+x)) / p,

    and its mean over p is taken by `_mean`.
    """
    rate, begin = model.r + frequency, model.alpha + age
    spans = [(factor, time / begin) for time, factor in zip(times, factors, strict=True)]
    of_the_faithful = rate * sum(factor * span for factor, span in spans)

    def orders(chance: float) -> float:
        if chance < SMALLEST_CHANCE:
            return of_the_faithful
        return -sum(factor * expm1(-rate * log1p(chance * span)) for factor, span in spans) / chance

    return _mean(orders, a=model.a, b=model.b + frequency)


@lru_cache(maxsize=256)
def orders_of_a_new_customer(
    model: BgNbd, times: tuple[float, ...], factors: tuple[float, ...]
) -> float:
    """`orders_if_alive` on the day of the first order:
    the same for everybody, so it is computed once.
    """
    return orders_if_alive(model, times, factors, frequency=0, age=0.0)


def _mean(value: Callable[[float], float], *, a: float, b: float) -> float:
    """The mean of a smooth function of a chance that is beta(a, b).

    By the trapezoidal rule in u, where ln(p / (1-p)) = mode + spread sinh(u): there the density
    falls off doubly exponentially on both sides, so that every halving of the step doubles the
    number of right digits.
    """
    spread = min(sqrt((a + b) / (a * b)), WIDEST_SPREAD)
    step, points = FIRST_STEP, _Points(value, a=a, b=b, spread=spread)
    points.add(0.0, step)
    points.add(-step, -step)
    for _ in range(MOST_HALVINGS):
        before = points.mean
        points.add(step / 2, step)
        points.add(-step / 2, -step)
        if abs(points.mean - before) <= SETTLED * abs(points.mean):
            break
        step /= 2
    return points.mean


class _Points:
    """The weighted points of a mean, so far."""

    def __init__(
        self, value: Callable[[float], float], *, a: float, b: float, spread: float
    ) -> None:
        self._value, self._a, self._b, self._spread = value, a, b, spread
        self._mode = log(a / b)
        # The density's height at its mode, so that no weight overflows.
        self._height = a * self._mode - (a + b) * log1p(a / b)
        self._weight = self._sum = 0.0

    @property
    def mean(self) -> float:
        return self._sum / self._weight

    def add(self, first: float, step: float) -> None:
        """Every point from the first one outwards, as far as they weigh anything."""
        place = first
        while True:
            odds = self._mode + self._spread * sinh(place)
            rest = log1p(exp(-abs(odds)))
            log_chance, log_other = (-rest, -odds - rest) if odds >= 0 else (odds - rest, -rest)
            height = self._a * log_chance + self._b * log_other - self._height
            if not height >= LIGHTEST:
                return
            weight = exp(height) * cosh(place)
            self._weight += weight
            self._sum += weight * self._value(exp(log_chance))
            place += step


def order_value(model: GammaGamma, *, frequency: int, mean_value: float) -> float:
    """Expected value of the next orders;
    without a positive mean of repeat orders only the number of orders speaks.
    """
    return (
        model.p
        * (model.gamma + frequency * max(mean_value, 0.0))
        / (model.p * frequency + (model.q - 1))
    )
