"""What a transaction adds to a customer's days and sums;
a correction takes the old away and adds the new.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Self
from uuid import UUID


@dataclass(frozen=True, kw_only=True, order=True)
class DayOf:
    """One customer's day in one currency."""

    customer_id: UUID
    currency: str
    day: date


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one or several transactions change on a day;
    amounts in ten-thousandths, negative numbers take away.
    """

    orders: int = 0
    order_amount: int = 0
    order_cost: int = 0
    refunds: int = 0
    refund_amount: int = 0
    refund_cost: int = 0

    def __add__(self, other: Self) -> Self:
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in SUMS})

    def __neg__(self) -> Self:
        return replace(self, **{name: -getattr(self, name) for name in SUMS})


SUMS = tuple(Change.__dataclass_fields__)


def added_up(changes: Iterable[tuple[DayOf, Change]]) -> dict[DayOf, Change]:
    """One change per day, in the order in which rows are locked,
    so that two batches never wait for each other.
    """
    days: dict[DayOf, Change] = {}
    for day, change in changes:
        days[day] = days[day] + change if day in days else change
    return {day: days[day] for day in sorted(days)}


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """What a customer bought in one currency until a day; amounts in ten-thousandths.

    `last_activity` is the day of the last order or refund. A refund is no order: it lowers sums,
    not counts.
    """

    customer_id: UUID
    currency: str
    order_days: int
    first_day: date | None
    last_day: date | None
    last_activity: date
    order_amount: int
    order_cost: int
    refund_amount: int
    refund_cost: int
    first_day_amount: int

    @property
    def net(self) -> int:
        return self.order_amount - self.refund_amount

    @property
    def profit(self) -> int:
        """Orders less their cost; a refund mirrors its order:
        the money goes back, the goods' cost comes back.
        """
        return self.net - self.order_cost + self.refund_cost

    @property
    def frequency(self) -> int:
        """Repeat days: the first day of orders makes a customer,
        the others show how often one returns.
        """
        return max(self.order_days - 1, 0)

    def mean_repeat_value(self) -> float:
        """Net value of a repeat day, in units of the currency.

        A refund does not name its order, so refunds lower every order alike: by the share that they
        are of all orders.
        """
        if self.frequency == 0 or self.order_amount <= 0:
            return 0.0
        repeat = Decimal(self.order_amount - self.first_day_amount) * self.net / self.order_amount
        return float(repeat / (10_000 * self.frequency))
