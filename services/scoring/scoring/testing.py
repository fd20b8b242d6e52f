"""Builders for tests of this service, and the real input that its figures are checked on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from service_kit.access.client import NeighborUnavailable
from service_kit.words.identity import new_id

from scoring.customer.domain import Asked, KnownCustomer


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
            CdnowOrder(
                customer=customer,
                day=date.fromisoformat(day),
                discs=int(discs),
                dollars=Decimal(dollars),
            )
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
        customer: PurchaseDays(
            days=tuple(sorted(days)), sums=tuple(days[day] for day in sorted(days)), until=until
        )
        for customer, days in spent.items()
    }


class CustomerFileTwin:
    """Stands in for customer-profile: knows the customers it was told of, or is silent."""

    def __init__(self) -> None:
        self.by_ids: dict[UUID, KnownCustomer] = {}
        self.by_values: dict[tuple[str, str | None, str], KnownCustomer] = {}
        self.is_silent = False
        self.questions = 0

    def add(
        self,
        id: UUID | None = None,
        *,
        unit: str | None = "cn.gd.gz",
        external: tuple[str, str] | None = None,
    ) -> UUID:
        """A customer, with an external id (system, value) if it has one."""
        customer = KnownCustomer(id=id or new_id(), unit=unit)
        self.by_ids[customer.id] = customer
        if external is not None:
            self.by_values[("external", *external)] = customer
        return customer.id

    def share(self, type: str, value: str) -> None:
        """An identifier of a household: the first of several customers answers to it."""
        self.by_values[(type, None, value)] = KnownCustomer(
            id=self.add(), unit="cn.gd.gz", is_shared=True
        )

    async def by_id(self, ids: Sequence[UUID]) -> Asked:
        self.questions += 1
        if self.is_silent:
            return Asked(there={}, absent=frozenset())
        there = {id: self.by_ids[id] for id in ids if id in self.by_ids}
        return Asked(there=there, absent=frozenset(id for id in ids if id not in there))

    async def by_identifier(
        self, type: str, system: str | None, values: Sequence[str]
    ) -> dict[str, KnownCustomer | None]:
        self.questions += 1
        if self.is_silent:
            raise NeighborUnavailable()
        return {value: self.by_values.get((type, system, value)) for value in values}
