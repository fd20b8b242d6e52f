"""What the feed tells of transactions."""

from datetime import datetime
from typing import Annotated

from pydantic import Field
from service_kit.store.events import Event, Told
from service_kit.words.fields import Currency, Day, Id, Version

from scoring.amounts import from_units
from scoring.transaction.domain import Kind, State, Transaction


class TransactionRecorded(Event, type="transaction.recorded"):
    """A transaction was recorded, corrected or voided."""

    transaction_id: Id
    customer_id: Id
    kind: Kind
    state: State
    amount: Annotated[str, Field(max_length=40)]
    currency: Currency
    day: Day
    version: Version

    @classmethod
    def of(cls, each: Transaction, *, unit: str | None, at: datetime) -> Told:
        told = cls(
            transaction_id=each.id,
            customer_id=each.customer_id,
            kind=each.kind,
            state=each.state,
            amount=str(from_units(each.amount)),
            currency=each.currency,
            day=each.day,
            version=each.version,
        )
        return told.about(each.id, unit=unit, at=at)
