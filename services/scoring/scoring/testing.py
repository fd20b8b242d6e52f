"""Builders for tests of this service, and the real input that its figures are checked on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class CdnowOrder:
    """One line of the CDNOW sample."""

    customer: str
    day: date
    discs: int
    dollars: Decimal


def cdnow_orders(path: Path) -> list[CdnowOrder]:
    """The CDNOW sample: id in the full set, id in the sample, date, number of discs, dollars."""
    orders = []
    for line in path.read_text().splitlines():
        _, customer, day, discs, dollars = line.split()
        orders.append(
            CdnowOrder(customer=customer, day=date.fromisoformat(day), discs=int(discs), dollars=Decimal(dollars))
        )
    return orders


@dataclass(frozen=True, kw_only=True)
class PurchaseDays:
    """One customer's days of purchase until some day, with what was spent on each."""

    days: tuple[date, ...]
    sums: tuple[Decimal, ...]
    until: date

    @property
    def frequency(self) -> int:
        return len(self.days) - 1

    @property
    def recency(self) -> int:
        return (self.days[-1] - self.days[0]).days

    @property
    def age(self) -> int:
        return (self.until - self.days[0]).days

    @property
    def mean_value(self) -> float:
        return float(sum(self.sums[1:])) / self.frequency if self.frequency else 0.0


def purchase_days(orders: list[CdnowOrder], *, until: date) -> dict[str, PurchaseDays]:
    """Orders of one customer on one day count as one."""
    spent: dict[str, dict[date, Decimal]] = {}
    for order in orders:
        if order.day <= until:
            days = spent.setdefault(order.customer, {})
            days[order.day] = days.get(order.day, Decimal(0)) + order.dollars
    return {
        customer: PurchaseDays(days=tuple(sorted(days)), sums=tuple(days[day] for day in sorted(days)), until=until)
        for customer, days in spent.items()
    }
