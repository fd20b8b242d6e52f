"""Record, correct and void transactions; the customers' scores follow at once or, after a large batch, within moments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service_kit.database import Transaction as Tx

from scoring.customer import store as directory
from scoring.customer.domain import CustomerNotFound, KnownCustomer
from scoring.score import rescoring
from scoring.transaction import store
from scoring.transaction.domain import Transaction, TransactionExists


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`rejected` names the places of those whose customer there is not."""

    accepted: Sequence[Transaction]
    duplicates: int
    rejected: Sequence[int]


async def record(tx: Tx, transaction: Transaction, customers: Mapping[UUID, KnownCustomer], *, at: datetime) -> Transaction:
    """Record one transaction.

    Raises CustomerNotFound, or TransactionExists when its external id is taken.
    """
    outcome = await record_all(tx, [transaction], customers, at=at)
    if outcome.rejected:
        raise CustomerNotFound()
    if outcome.duplicates:
        assert transaction.external_id is not None
        taken_by = await store.named(tx, transaction.source, transaction.external_id)
        raise TransactionExists(transaction_id=str(taken_by))
    return outcome.accepted[0]


async def record_all(tx: Tx, transactions: Sequence[Transaction], customers: Mapping[UUID, KnownCustomer], *, at: datetime) -> Outcome:
    """Record those whose customer is known and whose external id is free."""
    # A merged customer is known under the id of the file that survived.
    valid = [replace(each, customer_id=customers[each.customer_id].id) for each in transactions if each.customer_id in customers]
    rejected = [place for place, each in enumerate(transactions) if each.customer_id not in customers]
    by_id = {each.id: each for each in customers.values()}
    accepted = await store.claim(tx, valid)
    await directory.meet(tx, [by_id[id] for id in store.customer_ids(accepted)], at=at)
    await store.insert_all(tx, accepted, by_id, at=at)
    await rescoring.follow(tx, store.customer_ids(accepted), at=at)
    return Outcome(accepted=accepted, duplicates=len(valid) - len(accepted), rejected=rejected)


async def change(tx: Tx, before: Transaction, after: Transaction, *, unit: str | None, at: datetime, reason: str) -> Transaction:
    """Write a correction or a voiding of a transaction that is locked."""
    await store.change(tx, before, after, unit=unit, at=at, reason=reason)
    await rescoring.follow(tx, [after.customer_id], at=at)
    return after
