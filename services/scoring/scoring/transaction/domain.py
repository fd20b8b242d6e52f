"""An order or a refund: recorded, corrected or voided, never changed in silence."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit.words.errors import Conflict, NotFound

from scoring.purchase.domain import Change, DayOf

Kind = Literal["order", "refund"]
State = Literal["recorded", "voided"]
CLOCKS_DIFFER_BY = timedelta(days=1)
# Scores are read per currency, all at once. Rivals that record at the same moment may each add one
# more: readers have room for 70.
MOST_CURRENCIES = 40


class TransactionNotFound(NotFound):
    """There is no such transaction, or it lies outside what this token may see."""


class TransactionExists(Conflict):
    """This external id names a transaction already; `transaction_id` tells which.
    Correct that one where it is wrong.
    """


class TransactionLiesAhead(Conflict):
    """A transaction happened in the past; this one lies more than a day ahead of our clock."""


class CostInAnotherCurrency(Conflict):
    """Amount and cost of a transaction are of one currency."""


class TooManyCurrencies(Conflict):
    """A customer pays in forty currencies at most;
    check the currency, or record in one that the customer has paid in before.
    """


class TransactionIsVoided(Conflict):
    """A voided transaction stays voided; record a new one."""


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """Amounts in ten-thousandths; `day` is that of `occurred_at` in the company's time zone.
    Without a cost the whole amount is profit.
    """

    id: UUID
    customer_id: UUID
    kind: Kind
    currency: str
    occurred_at: datetime
    day: date
    amount: int
    cost: int | None
    product: str | None
    channel: str | None
    source: str
    external_id: str | None
    state: State
    recorded_at: datetime
    version: int

    @property
    def day_of(self) -> DayOf:
        return DayOf(customer_id=self.customer_id, currency=self.currency, day=self.day)

    @property
    def change(self) -> Change:
        """What it adds to its customer's day; a voided one adds nothing."""
        if self.state == "voided":
            return Change()
        if self.kind == "order":
            return Change(orders=1, order_amount=self.amount, order_cost=self.cost or 0)
        return Change(refunds=1, refund_amount=self.amount, refund_cost=self.cost or 0)

    def voided(self) -> Self:
        """As if it had never been; TransactionIsVoided when it is so already."""
        self._require_recorded()
        return replace(self, state="voided", version=self.version + 1)

    def corrected(
        self,
        *,
        amount: int,
        cost: int | None,
        kind: Kind,
        occurred_at: datetime,
        zone: ZoneInfo,
        at: datetime,
    ) -> Self:
        """As it should have been recorded; TransactionIsVoided or TransactionLiesAhead."""
        self._require_recorded()
        day = day_in(zone, occurred_at, at=at)
        return replace(
            self,
            amount=amount,
            cost=cost,
            kind=kind,
            occurred_at=occurred_at,
            day=day,
            version=self.version + 1,
        )

    def _require_recorded(self) -> None:
        if self.state == "voided":
            raise TransactionIsVoided()


def day_in(zone: ZoneInfo, occurred_at: datetime, *, at: datetime) -> date:
    """The company's day of a moment;
    TransactionLiesAhead for one that no clock can have seen yet.
    """
    if occurred_at > at + CLOCKS_DIFFER_BY:
        raise TransactionLiesAhead()
    return occurred_at.astimezone(zone).date()
