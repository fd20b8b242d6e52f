"""Record, correct and void transactions;
the customers' scores follow at once or, after a large batch, within moments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from service_kit.words.errors import Refusal

from scoring.customer.domain import CustomerNotFound, KnownCustomer
from scoring.transaction.domain import (
    MOST_CURRENCIES,
    TooManyCurrencies,
    Transaction,
    TransactionExists,
)


class Transactions(Protocol):
    """What is kept of transactions."""

    async def hold(self, customers: Sequence[UUID]) -> dict[UUID, set[str]]: ...

    async def claim(self, transactions: Sequence[Transaction]) -> list[Transaction]: ...

    async def save(
        self,
        transactions: Sequence[Transaction],
        customers: Mapping[UUID, KnownCustomer],
        *,
        at: datetime,
    ) -> None: ...

    async def change(
        self,
        before: Transaction,
        after: Transaction,
        *,
        unit: str | None,
        at: datetime,
        reason: str,
    ) -> None: ...

    async def named(self, source: str, external_id: str) -> UUID | None: ...


class Scores(Protocol):
    """What is to be scored again:
    expected before anything is locked, followed when it is written.
    """

    async def expect(self, ids: Sequence[UUID], *, at: datetime) -> None: ...

    async def follow(self, ids: Sequence[UUID], *, at: datetime) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`rejected` names the places of those that could not be taken, each with its reason."""

    accepted: Sequence[Transaction]
    duplicates: int
    rejected: Mapping[int, Refusal]


async def record(
    transactions: Transactions,
    scores: Scores,
    transaction: Transaction,
    customers: Mapping[UUID, KnownCustomer],
    *,
    at: datetime,
) -> Transaction:
    """Record one transaction.

    Raises CustomerNotFound, TooManyCurrencies, or TransactionExists when its external id is taken.
    """
    outcome = await record_all(transactions, scores, [transaction], customers, at=at)
    for refusal in outcome.rejected.values():
        raise refusal
    if outcome.duplicates:
        assert transaction.external_id is not None
        taken_by = await transactions.named(transaction.source, transaction.external_id)
        raise TransactionExists(transaction_id=str(taken_by))
    return outcome.accepted[0]


async def record_all(
    transactions: Transactions,
    scores: Scores,
    wanted: Sequence[Transaction],
    customers: Mapping[UUID, KnownCustomer],
    *,
    at: datetime,
) -> Outcome:
    """Record those whose customer is known, who has not too many currencies already,
    and whose external id is free.
    """
    # A merged customer is known under the id of the file that survived.
    named = {
        place: replace(each, customer_id=customers[each.customer_id].id)
        for place, each in enumerate(wanted)
        if each.customer_id in customers
    }
    rejected: dict[int, Refusal] = {
        place: CustomerNotFound() for place in range(len(wanted)) if place not in named
    }
    ids = sorted({each.customer_id for each in named.values()})
    await scores.expect(ids, at=at)
    rejected |= _beyond_bounds(named, await transactions.hold(ids))
    valid = [each for place, each in named.items() if place not in rejected]
    accepted = await transactions.claim(valid)
    await transactions.save(accepted, {each.id: each for each in customers.values()}, at=at)
    await scores.follow(sorted({each.customer_id for each in accepted}), at=at)
    return Outcome(accepted=accepted, duplicates=len(valid) - len(accepted), rejected=rejected)


def _beyond_bounds(
    named: Mapping[int, Transaction], currencies: dict[UUID, set[str]]
) -> dict[int, Refusal]:
    """Those in one currency more than a customer may have;
    `currencies` are those of the customers so far.
    """
    refused: dict[int, Refusal] = {}
    for place, each in named.items():
        own = currencies.setdefault(each.customer_id, set())
        if each.currency not in own and len(own) >= MOST_CURRENCIES:
            refused[place] = TooManyCurrencies()
        else:
            own.add(each.currency)
    return refused


async def change(
    transactions: Transactions,
    scores: Scores,
    before: Transaction,
    after: Transaction,
    *,
    unit: str | None,
    at: datetime,
    reason: str,
) -> Transaction:
    """Write a correction or a voiding of a transaction that is locked."""
    await transactions.change(before, after, unit=unit, at=at, reason=reason)
    await scores.follow([after.customer_id], at=at)
    return after
