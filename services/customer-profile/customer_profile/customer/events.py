"""What is told about customers: ids and business facts, no personal values."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from service_kit.store.events import Event, Told
from service_kit.words.fields import Id

from customer_profile.customer import domain
from customer_profile.customer.domain import Kind, Role, Sector

Names = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=500)]


class CustomerCreated(Event, type="customer.created"):
    """A customer's file was made."""

    customer_id: Id
    kind: Kind
    unit: Annotated[str, Field(max_length=200)]
    sector: Sector | None
    roles: Annotated[list[Role], Field(max_length=20)]

    @classmethod
    def of(cls, event: domain.CustomerCreated) -> Told:
        customer = event.customer
        told = cls(
            customer_id=customer.id,
            kind=customer.kind,
            unit=customer.unit,
            sector=customer.sector,
            roles=list(customer.roles),
        )
        return told.about(customer.id, unit=customer.unit, at=customer.created_at)


class CustomerChanged(Event, type="customer.changed"):
    """A customer's file was changed; `fields` names what (facts as `basic.birth_date`),
    `previous_unit` where it moved from.

    Roles are null where something beside the file changed, such as its contact persons.
    """

    customer_id: Id
    unit: Annotated[str, Field(max_length=200)]
    previous_unit: Annotated[str | None, Field(max_length=200)]
    fields: Names
    roles: Annotated[list[Role] | None, Field(max_length=20)]

    @classmethod
    def of(cls, event: domain.CustomerChanged) -> Told:
        before, after = event.before, event.after
        told = cls(
            customer_id=after.id,
            unit=after.unit,
            previous_unit=before.unit if before.unit != after.unit else None,
            fields=list(event.fields)[:500],
            roles=list(after.roles),
        )
        return told.about(after.id, unit=after.unit, at=after.updated_at)

    @classmethod
    def beside(cls, customer_id: UUID, field: str, *, unit: str, at: datetime) -> Told:
        """Something that belongs to the file but lies beside it changed:
        contact persons, relationships.
        """
        told = cls(
            customer_id=customer_id, unit=unit, previous_unit=None, fields=[field], roles=None
        )
        return told.about(customer_id, unit=unit, at=at)


class CustomerErased(Event, type="customer.erased"):
    """A customer's personal values were erased; whoever keeps any erases them too."""

    customer_id: Id

    @classmethod
    def of(cls, event: domain.CustomerErased) -> Told:
        customer = event.customer
        return cls(customer_id=customer.id).about(customer.id, unit=customer.unit, at=event.at)
