"""What is told about customers: ids and business facts, no personal values."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from service_kit.store.outbox import Event
from service_kit.words.fields import Id, Output

from customer_profile.customer.domain import (
    CustomerChanged,
    CustomerCreated,
    CustomerErased,
    Kind,
    Role,
    Sector,
)

Names = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=500)]


class CustomerCreatedData(Output):
    """A customer's file was made."""

    customer_id: Id
    kind: Kind
    unit: Annotated[str, Field(max_length=200)]
    sector: Sector | None
    roles: Annotated[list[Role], Field(max_length=20)]


class CustomerChangedData(Output):
    """A customer's file was changed; `fields` names what (facts as `basic.birth_date`),
    `previous_unit` where it moved from.

    Roles are null where something beside the file changed, such as its contact persons.
    """

    customer_id: Id
    unit: Annotated[str, Field(max_length=200)]
    previous_unit: Annotated[str | None, Field(max_length=200)]
    fields: Names
    roles: Annotated[list[Role] | None, Field(max_length=20)]


class CustomerErasedData(Output):
    """A customer's personal values were erased; whoever keeps any erases them too."""

    customer_id: Id


def created(event: CustomerCreated) -> Event:
    customer = event.customer
    payload = {
        "customer_id": str(customer.id),
        "kind": customer.kind.value,
        "unit": customer.unit,
        "sector": customer.sector.value if customer.sector else None,
        "roles": [role.value for role in customer.roles],
    }
    return Event(
        type="customer.created",
        subject=customer.id,
        unit=customer.unit,
        at=customer.created_at,
        payload=payload,
    )


def changed(event: CustomerChanged) -> Event:
    before, after = event.before, event.after
    payload = {
        "customer_id": str(after.id),
        "unit": after.unit,
        "previous_unit": before.unit if before.unit != after.unit else None,
        "fields": list(event.fields)[:500],
        "roles": [role.value for role in after.roles],
    }
    return Event(
        type="customer.changed",
        subject=after.id,
        unit=after.unit,
        at=after.updated_at,
        payload=payload,
    )


def beside_changed(customer_id: UUID, field: str, *, unit: str, at: datetime) -> Event:
    """Something that belongs to the file but lies beside it changed:
    contact persons, relationships.
    """
    payload = {
        "customer_id": str(customer_id),
        "unit": unit,
        "previous_unit": None,
        "fields": [field],
        "roles": None,
    }
    return Event(type="customer.changed", subject=customer_id, unit=unit, at=at, payload=payload)


def erased(event: CustomerErased) -> Event:
    customer = event.customer
    return Event(
        type="customer.erased",
        subject=customer.id,
        unit=customer.unit,
        at=event.at,
        payload={"customer_id": str(customer.id)},
    )
