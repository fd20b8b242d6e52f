"""Money as the domain sees it: an exact decimal and an ISO 4217 currency."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from iso4217 import Currency

from service_kit.words.errors import Invalid
from service_kit.words.messages import said

# An amount as the words of the API have it: `Decimal` itself reads signs, exponents, underscores
# and digits of all scripts.
WRITTEN = re.compile(r"(?P<amount>-?[0-9]{1,15}(\.[0-9]{1,6})?) (?P<currency>[A-Z]{3})")

# The one catalog of currencies: those in force, by code, with the decimals that their sums have.
# What the list gives no minor units (metals, drawing rights, test codes) nobody pays in.
MINOR_UNITS: Mapping[str, int] = {
    each.code: each.exponent for each in Currency if each.exponent is not None
}


def is_in_force(currency: str) -> bool:
    return currency in MINOR_UNITS


def is_payable(amount: Decimal, currency: str) -> bool:
    """Whether nothing but zeros stands behind the currency's minor units.
    What is on the books in a currency that has gone out of force is not judged.
    """
    decimals = MINOR_UNITS.get(currency)
    return decimals is None or amount == round(amount, decimals)


class CurrenciesDiffer(Invalid):
    """Sums of different currencies are not added or compared."""


@dataclass(frozen=True, order=False)
class Money:
    amount: Decimal
    currency: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `"500.00 CNY"`; ValueError when it is anything else."""
        written = WRITTEN.fullmatch(text)
        if written is None:
            raise ValueError(f"not an amount with a currency: {text!r}")
        return cls(Decimal(written["amount"]), written["currency"])

    @classmethod
    def offered(cls, text: str) -> Self:
        """A sum that comes in: `parse`, and ValueError too for a currency that is not in force
        and for more decimals than it has.
        """
        sum_ = cls.parse(text)
        if not (is_in_force(sum_.currency) and is_payable(sum_.amount, sum_.currency)):
            raise ValueError(f"not a sum in a currency of ISO 4217: {text!r}")
        return sum_

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def exceeds(self, limit: "Money | None") -> bool:
        """Whether this sum is above the limit; no limit means zero.
        A limit in another currency allows nothing.
        """
        if limit is None or limit.currency != self.currency:
            return self.amount > 0
        return self.amount > limit.amount

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrenciesDiffer(
                said("{one} and {other} cannot be added", one=self.currency, other=other.currency)
            )
