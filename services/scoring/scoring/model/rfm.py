"""Recency, frequency, monetary value and tenure as quintiles: which fifth of all customers one
belongs to.

The quintile is 1 + floor(5 * share of customers who are strictly worse). Equal values share a
quintile, and that is the lowest which any of them could have: of 60 % one-time buyers every one is
in the first fifth.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoring.model.history import Integers

QUINTILES = 5


def cut_points(values: "Integers") -> list[int]:
    """For each quintile from 2 to 5 the least value that reaches it;
    where none does, one beyond the largest.
    """
    import numpy as np

    ordered = np.sort(values)
    cuts = []
    for quintile in range(1, QUINTILES):
        # The first place whose share of strictly worse customers is at least quintile / 5 ...
        place = -(-quintile * ordered.size // QUINTILES)
        # ... moved to the next larger value when equal ones begin before it.
        if place < ordered.size and place and ordered[place - 1] == ordered[place]:
            place = int(np.searchsorted(ordered, ordered[place], side="right"))
        cuts.append(int(ordered[place]) if place < ordered.size else int(ordered[-1]) + 1)
    return cuts


def quintile(value: int, cuts: Sequence[int]) -> int:
    """The quintile of a value among the population that the cut points were taken from."""
    return 1 + bisect_right(cuts, value)


def quintiles(values: "Integers", cuts: Sequence[int]) -> "Integers":
    """`quintile` for many values."""
    import numpy as np

    return np.searchsorted(np.asarray(cuts), values, side="right") + 1
