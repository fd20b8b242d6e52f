"""Sums of money inside this service:
whole ten-thousandths of the currency unit, exact in storage and in arithmetic.
"""

from decimal import Decimal

UNITS_PER_ONE = 10_000
DIGITS = 4
CENT = Decimal("0.01")


def in_units(amount: Decimal) -> int:
    """An amount of at most four decimals as a whole number; ValueError when it has more."""
    units = amount.scaleb(DIGITS)
    if units != units.to_integral_value():
        raise ValueError(f"{amount} has more than {DIGITS} decimals")
    return int(units)


def from_units(units: int) -> Decimal:
    """The amount, with two decimals where they suffice and four where not."""
    amount = Decimal(units).scaleb(-DIGITS)
    return amount.quantize(CENT) if units % 100 == 0 else amount
