"""Money as the domain sees it: an exact decimal and an ISO 4217 currency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from service_kit.errors import Invalid
from service_kit.messages import said


class CurrenciesDiffer(Invalid):
    """Sums of different currencies are not added or compared."""


@dataclass(frozen=True, order=False)
class Money:
    amount: Decimal
    currency: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `"500.00 CNY"`; ValueError when it is anything else."""
        amount, _, currency = text.partition(" ")
        if len(currency) != 3 or not (currency.isascii() and currency.isupper() and currency.isalpha()):
            raise ValueError(f"not an amount with a currency: {text!r}")
        try:
            value = Decimal(amount)
        except ArithmeticError as error:
            raise ValueError(f"not an amount with a currency: {text!r}") from error
        if not value.is_finite():
            raise ValueError(f"not an amount with a currency: {text!r}")
        return cls(value, currency)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def exceeds(self, limit: "Money | None") -> bool:
        """Whether this sum is above the limit; no limit means zero. A limit in another currency allows nothing."""
        if limit is None or limit.currency != self.currency:
            return self.amount > 0
        return self.amount > limit.amount

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrenciesDiffer(said("{one} and {other} cannot be added", one=self.currency, other=other.currency))
