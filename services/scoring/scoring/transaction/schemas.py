"""Transactions as partners send and receive them."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from service_kit.words.errors import Refusal
from service_kit.words.fields import (
    Code,
    Count,
    Currency,
    Day,
    Id,
    Input,
    Line,
    MoneyOut,
    Output,
    Timestamp,
    Version,
)
from service_kit.words.money import Money

from scoring.amounts import from_units, in_units
from scoring.transaction.domain import CostInAnotherCurrency, Kind, State, Transaction, day_in

# Sums are kept exactly as 64-bit ten-thousandths: twelve digits before the point leave room for
# nine hundred of the largest orders of one customer in one currency. An order beyond that is
# refused (422).
Amount = Annotated[
    str, Field(min_length=1, max_length=17, pattern=r"^\d{1,12}(\.\d{1,4})?$", examples=["12.50"])
]
ExternalId = Annotated[Line, Field(examples=["order-1"])]
Index = Annotated[int, Field(ge=0, le=999, json_schema_extra={"format": "int32"})]
LARGEST_BATCH = 1_000


class Sum(Input):
    """Zero or more, with at most four decimals."""

    amount: Amount
    currency: Currency


class NewTransaction(Input):
    """An order or a refund of a customer.

    `external_id` is the partner's own number: sent again it is a duplicate, not a second order.
    `source` tells partners apart whose numbers might meet. The `cost` of a refund is that of the
    goods that came back.
    """

    customer_id: Id
    occurred_at: Timestamp
    amount: Sum
    cost: Sum | None = None
    kind: Kind = "order"
    product: Line | None = None
    channel: Code | None = None
    external_id: ExternalId | None = None
    source: Code = "default"

    def transaction(self, *, id: UUID, at: datetime, zone: ZoneInfo) -> Transaction:
        """Raises TransactionLiesAhead or CostInAnotherCurrency."""
        if self.cost is not None and self.cost.currency != self.amount.currency:
            raise CostInAnotherCurrency()
        return Transaction(
            id=id,
            customer_id=self.customer_id,
            kind=self.kind,
            currency=self.amount.currency,
            occurred_at=self.occurred_at,
            day=day_in(zone, self.occurred_at, at=at),
            amount=in_units(Decimal(self.amount.amount)),
            cost=None if self.cost is None else in_units(Decimal(self.cost.amount)),
            product=self.product,
            channel=self.channel,
            source=self.source,
            external_id=self.external_id,
            state="recorded",
            recorded_at=at,
            version=1,
        )


class TransactionBatch(Input):
    """Up to 1,000 transactions; each is taken or refused on its own."""

    items: Annotated[list[NewTransaction], Field(min_length=1, max_length=LARGEST_BATCH)]


class Correction(Input):
    """How the transaction should have been recorded; what is left out stays.
    The reason goes into the audit.
    """

    amount: Amount | None = None
    cost: Amount | None = None
    kind: Kind | None = None
    occurred_at: Timestamp | None = None
    reason: Line


class Voiding(Input):
    """Why the transaction never was; the reason goes into the audit."""

    reason: Line


class TransactionView(Output):
    """A transaction; `day` is its day in the company's time zone,
    on which orders of one customer count as one.
    """

    id: Id
    customer_id: Id
    occurred_at: Timestamp
    day: Day
    amount: MoneyOut
    cost: MoneyOut | None
    kind: Kind
    state: State
    product: Annotated[str | None, Field(max_length=200)]
    channel: Annotated[str | None, Field(max_length=64)]
    external_id: Annotated[str | None, Field(max_length=200)]
    source: Annotated[str, Field(max_length=64)]
    recorded_at: Timestamp
    version: Version


class Rejected(Output):
    """An item that was refused: its place in the batch, counted from 0, and why."""

    index: Index
    detail: Annotated[str, Field(max_length=500)]


class BatchOutcome(Output):
    """What became of a batch.
    `duplicates` were recorded before under their external ids and are left as they are.
    """

    accepted: Count
    duplicates: Count
    rejected: Annotated[list[Rejected], Field(max_length=LARGEST_BATCH)]


def transaction_view(transaction: Transaction) -> TransactionView:
    fields = {
        name: getattr(transaction, name)
        for name in TransactionView.model_fields
        if name not in ("amount", "cost")
    }
    cost = None if transaction.cost is None else _money(transaction.cost, transaction.currency)
    return TransactionView(
        **fields, amount=_money(transaction.amount, transaction.currency), cost=cost
    )


def rejected_view(index: int, refusal: Refusal, speak: Callable[[str], str]) -> Rejected:
    return Rejected(index=index, detail=speak(refusal.detail)[:500])


def _money(units: int, currency: str) -> MoneyOut:
    return MoneyOut.of(Money(from_units(units), currency))
