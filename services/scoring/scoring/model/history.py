"""Purchase histories as a model reads them:
identical rows grouped and counted, times scaled to the longest age.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scoring.model.refusals import HistoryOutOfRange, NoCustomers

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

# Times that are whole numbers of days after multiplication with one of these are grouped by
# counting, which costs a tenth of sorting: days, weeks, months of 365.25 / 12 days, years of 365.25
# days.
DAYS_IN_A_UNIT = (1.0, 7.0, 30.4375, 365.25)
LARGEST_COUNTING_TABLE = 32_000_000
LONGEST_IN_DAYS = 1_000_000
ROWS_THAT_STAY_IN_CACHE = 16_384


@dataclass(frozen=True, kw_only=True)
class Histories:
    """Distinct rows of (frequency, recency, age) with the number of customers (or their weight) on
    each.

    `frequency` counts repeat days, `recency` is the time of the last order and `age` the end of the
    observation, both since the first order. Times are divided by `scale`, the largest age, so that
    the unit does not matter.
    """

    frequency: Integers
    recency: Floats
    age: Floats
    weight: Floats
    scale: float

    @property
    def customers(self) -> float:
        return float(self.weight.sum())


def group(
    frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, weight: ArrayLike | None = None
) -> Histories:
    """Frequencies are whole numbers; times may be of any unit, whole or broken."""
    counts, last, end, weights = _checked(frequency, recency, age, weight)
    scale = float(end.max())
    if scale <= 0:
        raise HistoryOutOfRange("every customer's observation ends on the day of the first order")
    columns = day_codes(last), day_codes(end)
    rows, weights = _distinct(counts, columns[0][0], columns[1][0], weights)
    x, last_code, end_code = rows
    return Histories(
        frequency=x,
        recency=columns[0][1][last_code] / scale,
        age=columns[1][1][end_code] / scale,
        weight=weights,
        scale=scale,
    )


def _checked(
    frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, weight: ArrayLike | None
) -> tuple[Integers, Floats, Floats, Floats | None]:
    x, last, end = (np.atleast_1d(np.asarray(column)) for column in (frequency, recency, age))
    if not x.shape == last.shape == end.shape or x.ndim != 1:
        raise HistoryOutOfRange("frequency, recency and age differ in length")
    if x.size == 0:
        raise NoCustomers("there are no customers to learn from")
    counts = x.astype(np.int64)
    last, end = last.astype(np.float64), end.astype(np.float64)
    if not (np.all(np.isfinite(last)) and np.all(np.isfinite(end)) and np.array_equal(counts, x)):
        raise HistoryOutOfRange("frequencies are whole numbers, times are finite numbers")
    if (
        counts.min() < 0
        or last.min() < 0
        or np.any(last > end)
        or np.any((last > 0) != (counts > 0))
    ):
        raise HistoryOutOfRange(
            "recency lies within 0 and age, and is 0 for those who never came back and only for"
            " them"
        )
    return counts, last, end, _checked_weight(weight, counts.size)


def _checked_weight(weight: ArrayLike | None, size: int) -> Floats | None:
    if weight is None:
        return None
    weights = np.atleast_1d(np.asarray(weight, dtype=np.float64))
    if (
        weights.shape != (size,)
        or not np.all(np.isfinite(weights))
        or weights.min() < 0
        or weights.sum() <= 0
    ):
        raise HistoryOutOfRange("weights are finite, not negative and one per row")
    return weights


def day_codes(times: Floats) -> tuple[Integers, Floats]:
    """Whole numbers that stand for the times,
    and the table from those numbers back to the times.
    """
    for days in DAYS_IN_A_UNIT:
        code = _whole_days(times, days)
        if code is not None:
            return code, np.arange(code.max() + 1, dtype=np.float64) / days
    values, inverse = np.unique(times, return_inverse=True)
    return inverse.astype(np.int64), values


def _whole_days(times: Floats, days: float) -> Integers | None:
    """The times in days where all of them are whole days;
    in blocks that stay in the processor's cache.
    """
    code = np.empty(times.size, dtype=np.int64)
    for first in range(0, times.size, ROWS_THAT_STAY_IN_CACHE):
        block = times[first : first + ROWS_THAT_STAY_IN_CACHE]
        whole = np.rint(block * days)
        if whole.max() >= LONGEST_IN_DAYS or not np.array_equal(whole / days, block):
            return None
        code[first : first + ROWS_THAT_STAY_IN_CACHE] = whole
    return code


def _distinct(
    x: Integers, last: Integers, end: Integers, weight: Floats | None
) -> tuple[tuple[Integers, Integers, Integers], Floats]:
    lasts, ends = int(last.max()) + 1, int(end.max()) + 1
    if (int(x.max()) + 1) * lasts * ends >= 2**62:
        x_values, x_code = np.unique(x, return_inverse=True)
    else:
        x_values, x_code = np.arange(int(x.max()) + 1), x
    key = (x_code * ends + end) * lasts + last
    keys, weights = _counted(key, weight, size=len(x_values) * ends * lasts)
    return (x_values[keys // lasts // ends], keys % lasts, keys // lasts % ends), weights


def _counted(key: Integers, weight: Floats | None, *, size: int) -> tuple[Integers, Floats]:
    if size <= LARGEST_COUNTING_TABLE and size <= 64 * key.size:
        table = np.bincount(key, weights=weight).astype(np.float64)
        keys = np.flatnonzero(table)
        return keys, table[keys]
    if weight is None:
        keys, counts = np.unique(key, return_counts=True)
        return keys, counts.astype(np.float64)
    keys, inverse = np.unique(key, return_inverse=True)
    return keys, np.bincount(inverse, weights=weight).astype(np.float64)
