"""What callers do with customers: create, change, erase."""

from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from customer_profile.customer import domain
from customer_profile.customer import facts as facts_of
from customer_profile.customer.domain import (
    Customer,
    CustomerChanged,
    CustomerCreated,
    CustomerErased,
    SourceGiven,
)
from customer_profile.customer.facts import Facts


class Customers(Protocol):
    """Where files are kept."""

    async def get_to_change(self, customer_id: UUID) -> Customer: ...

    async def add(self, event: CustomerCreated) -> None: ...

    async def save(self, event: CustomerChanged) -> None: ...

    async def erase(self, event: CustomerErased) -> list[UUID]: ...


async def create(customers: Customers, customer: Customer, source: SourceGiven) -> Customer:
    """Make a new file; IdentifierTaken when another file has one of its unique identifiers."""
    created = domain.created(customer, source)
    await customers.add(CustomerCreated(created))
    return created


async def change(
    customers: Customers,
    before: Customer,
    wanted: Customer,
    source: SourceGiven,
    *,
    told: Facts,
    at: datetime,
) -> Customer:
    """Save the file as it is wanted.
    Facts that were told again unchanged are confirmed by their source.
    """
    names = facts_of.names(told)
    after, fields = before.revised(wanted, source, told=names, at=at)
    if not fields and names:
        after, fields = (
            replace(
                domain.with_source(before, source, names), version=before.version + 1, updated_at=at
            ),
            (),
        )
    if after is not before:
        await customers.save(CustomerChanged(before=before, after=after, fields=fields))
    return after


async def erase(customers: Customers, customer: Customer, *, at: datetime) -> list[UUID]:
    """Erase the person from the file; what the books need stays without a name.
    The ids of all that told of them.
    """
    return await customers.erase(CustomerErased(customer=customer, at=at))
