"""A synthetic population that buys as BG/NBD and Gamma-Gamma say, on whole days,
from a printed seed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 20260101


@dataclass(frozen=True, kw_only=True)
class Population:
    """Repeat days, days to the last order, days observed and the mean value of a repeat day."""

    frequency: NDArray[np.int64]
    recency: NDArray[np.int64]
    age: NDArray[np.int64]
    mean_value: NDArray[np.float64]


def simulate(customers: int, *, seed: int = SEED) -> Population:
    """First orders fall into 12 weeks, 39 weeks are observed:
    the shape of the CDNOW set, at any size.
    """
    dice = np.random.default_rng(seed)
    age = dice.integers(27 * 7, 39 * 7, customers)
    rate = dice.gamma(0.2426, 1 / (4.4136 * 7), customers)
    leave = dice.beta(0.7929, 2.4259, customers)
    frequency = np.zeros(customers, dtype=np.int64)
    recency = np.zeros(customers, dtype=np.int64)
    clock = np.zeros(customers)
    here = np.flatnonzero(rate > 0)
    while here.size:
        clock[here] += dice.exponential(1, here.size) / rate[here]
        here = here[clock[here] <= age[here]]
        day = clock[here].astype(np.int64)
        another_day = here[day > recency[here]]
        frequency[another_day] += 1
        recency[another_day] = clock[another_day].astype(np.int64)
        here = here[dice.random(here.size) >= leave[here]]
    worth = dice.gamma(3.74, 1 / 15.44, customers)
    mean_value = np.round(
        dice.gamma(6.25 * np.maximum(frequency, 1), 1, customers)
        / worth
        / np.maximum(frequency, 1),
        2,
    )
    return Population(
        frequency=frequency,
        recency=recency,
        age=age,
        mean_value=np.where(frequency > 0, mean_value, 0.0),
    )
