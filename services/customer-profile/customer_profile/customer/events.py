"""What is told about customers: ids and business facts, no personal values."""

from typing import Annotated, Any

from pydantic import Field
from service_kit.outbox import Event
from service_kit.words import Id, Output

from customer_profile.customer.domain import Customer, CustomerChanged, CustomerCreated, CustomerErased, Kind, Role, Sector

Names = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=500)]


class CustomerCreatedData(Output):
    """A customer's file was made."""

    customer_id: Id
    kind: Kind
    unit: Annotated[str, Field(max_length=200)]
    sector: Sector | None
    roles: Annotated[list[Role], Field(max_length=20)]
    tags: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=100)]


class CustomerChangedData(CustomerCreatedData):
    """A customer's file was changed; `fields` names what (facts as `basic.birth_date`), `previous_unit` where it moved from."""

    fields: Names
    previous_unit: Annotated[str | None, Field(max_length=200)]


class CustomerErasedData(Output):
    """A customer's personal values were erased; whoever keeps any erases them too."""

    customer_id: Id


def _facts(customer: Customer) -> dict[str, Any]:
    return {
        "customer_id": str(customer.id),
        "kind": customer.kind.value,
        "unit": customer.unit,
        "sector": customer.sector.value if customer.sector else None,
        "roles": [role.value for role in customer.roles],
        "tags": list(customer.tags),
    }


def created(event: CustomerCreated) -> Event:
    customer = event.customer
    return Event(type="customer.created", subject=customer.id, unit=customer.unit, at=customer.created_at, payload=_facts(customer))


def changed(event: CustomerChanged) -> Event:
    before, after = event.before, event.after
    moved_from = before.unit if before.unit != after.unit else None
    payload = {**_facts(after), "fields": list(event.fields)[:500], "previous_unit": moved_from}
    return Event(type="customer.changed", subject=after.id, unit=after.unit, at=after.updated_at, payload=payload)


def erased(event: CustomerErased) -> Event:
    customer = event.customer
    return Event(type="customer.erased", subject=customer.id, unit=customer.unit, at=event.at, payload={"customer_id": str(customer.id)})
