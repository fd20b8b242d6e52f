"""What the feed tells of transactions."""

from datetime import datetime
from typing import Annotated

from pydantic import Field
from service_kit.store.outbox import Event
from service_kit.words.fields import Currency, Day, Id, Output, Version

from scoring.amounts import from_units
from scoring.transaction.domain import Kind, State, Transaction


class TransactionRecordedData(Output):
    """A transaction was recorded, corrected or voided."""

    transaction_id: Id
    customer_id: Id
    kind: Kind
    state: State
    amount: Annotated[str, Field(max_length=40)]
    currency: Currency
    day: Day
    version: Version


EVENTS = {"transaction.recorded": TransactionRecordedData}


def recorded(each: Transaction, unit: str | None, at: datetime) -> Event:
    payload = {
        "transaction_id": str(each.id),
        "customer_id": str(each.customer_id),
        "kind": each.kind,
        "state": each.state,
        "amount": str(from_units(each.amount)),
        "currency": each.currency,
        "day": each.day.isoformat(),
        "version": each.version,
    }
    return Event(type="transaction.recorded", subject=each.id, at=at, unit=unit, payload=payload)
