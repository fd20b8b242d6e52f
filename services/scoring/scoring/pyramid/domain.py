"""The customer pyramid:
levels by rank of profit, the curve of profit over customers and the Gini coefficient, all exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

# Ranks are cumulated and rounded up: of 3 customers one is the top, and the broad level has the
# other two.
LEVELS: tuple[tuple[str, Decimal], ...] = (
    ("top", Decimal("0.01")),
    ("high", Decimal("0.04")),
    ("middle", Decimal("0.15")),
    ("broad", Decimal("0.80")),
)
SIX_DECIMALS = Decimal("0.000001")


@dataclass(frozen=True, kw_only=True)
class Level:
    """`profit` is the sum over the level's customers."""

    name: str
    share: Decimal
    customers: int
    profit: Decimal


@dataclass(frozen=True, kw_only=True)
class Point:
    """The most profitable `customers` (a share) bring `profit` (a share of the whole)."""

    customers: Decimal
    profit: Decimal


@dataclass(frozen=True, kw_only=True)
class Pyramid:
    """`gini` is None where nobody has any profit or loss;
    the curve is empty where all profit together is not above zero.
    """

    levels: Sequence[Level]
    curve: Sequence[Point]
    customers: int
    profit: Decimal
    gini: Decimal | None


def gini(*, weighted: Decimal, absolute: Decimal, customers: int) -> Decimal | None:
    """The Gini coefficient from sum((2i-n-1) x_i) over ascending profits x_i and from sum(|x_i|).

    With losses the plain coefficient leaves 0..1; dividing by the absolute sum keeps it there
    (Raffinetti, Siletti and Vernizzi 2015) and changes nothing where nobody has a loss.
    """
    if customers == 0 or absolute == 0:
        return None
    return (weighted / (customers * absolute)).quantize(SIX_DECIMALS)
