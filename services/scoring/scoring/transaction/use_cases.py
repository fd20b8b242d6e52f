"""Record, correct and void transactions; the customers' scores follow at once or, after a large batch, within moments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from scoring.customer.domain import CustomerNotFound, KnownCustomer
from scoring.transaction.domain import Transaction, TransactionExists


class Transactions(Protocol):
    """What is kept of transactions."""

    async def claim(self, transactions: Sequence[Transaction]) -> list[Transaction]: ...

    async def save(self, transactions: Sequence[Transaction], customers: Mapping[UUID, KnownCustomer], *, at: datetime) -> None: ...

    async def change(self, before: Transaction, after: Transaction, *, unit: str | None, at: datetime, reason: str) -> None: ...

    async def named(self, source: str, external_id: str) -> UUID | None: ...


class Scores(Protocol):
    """What is to be scored again."""

    async def follow(self, ids: Sequence[UUID], *, at: datetime) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`rejected` names the places of those whose customer there is not."""

    accepted: Sequence[Transaction]
    duplicates: int
    rejected: Sequence[int]


async def record(
    transactions: Transactions, scores: Scores, transaction: Transaction, customers: Mapping[UUID, KnownCustomer], *, at: datetime
) -> Transaction:
    """Record one transaction.

    Raises CustomerNotFound, or TransactionExists when its external id is taken.
    """
    outcome = await record_all(transactions, scores, [transaction], customers, at=at)
    if outcome.rejected:
        raise CustomerNotFound()
    if outcome.duplicates:
        assert transaction.external_id is not None
        taken_by = await transactions.named(transaction.source, transaction.external_id)
        raise TransactionExists(transaction_id=str(taken_by))
    return outcome.accepted[0]


async def record_all(
    transactions: Transactions, scores: Scores, wanted: Sequence[Transaction], customers: Mapping[UUID, KnownCustomer], *, at: datetime
) -> Outcome:
    """Record those whose customer is known and whose external id is free."""
    # A merged customer is known under the id of the file that survived.
    valid = [replace(each, customer_id=customers[each.customer_id].id) for each in wanted if each.customer_id in customers]
    rejected = [place for place, each in enumerate(wanted) if each.customer_id not in customers]
    accepted = await transactions.claim(valid)
    await transactions.save(accepted, {each.id: each for each in customers.values()}, at=at)
    await scores.follow(sorted({each.customer_id for each in accepted}), at=at)
    return Outcome(accepted=accepted, duplicates=len(valid) - len(accepted), rejected=rejected)


async def change(
    transactions: Transactions, scores: Scores, before: Transaction, after: Transaction, *, unit: str | None, at: datetime, reason: str
) -> Transaction:
    """Write a correction or a voiding of a transaction that is locked."""
    await transactions.change(before, after, unit=unit, at=at, reason=reason)
    await scores.follow([after.customer_id], at=at)
    return after
