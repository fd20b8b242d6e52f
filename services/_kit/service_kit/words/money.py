"""Money as the domain sees it: an exact decimal and an ISO 4217 currency."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from service_kit.words.errors import Invalid
from service_kit.words.messages import said

# An amount as the words of the API have it: `Decimal` itself reads signs, exponents, underscores
# and digits of all scripts.
WRITTEN = re.compile(r"(?P<amount>-?[0-9]{1,15}(\.[0-9]{1,6})?) (?P<currency>[A-Z]{3})")


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
