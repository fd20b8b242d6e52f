"""Relationships in Postgres: rows of the customer that names the other."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.sqlstates import UniqueViolated
from sqlalchemy import Integer, Uuid, bindparam, case, delete, insert, or_, select

from customer_profile.customer.events import beside_changed
from customer_profile.relationship.domain import Relationship, RelationshipAlreadyKnown, RelationshipNotFound, RelationshipType
from customer_profile.tables import customer, relationship

_asked = bindparam("customer_id", type_=Uuid)
_other = case((relationship.c.customer_id == _asked, relationship.c.other_id), else_=relationship.c.customer_id)
# Both sides of a relationship lie within the caller's units, or it is not shown.
_seen = (
    select(relationship)
    .join(customer, customer.c.id == _other)
    .where(or_(relationship.c.customer_id == _asked, relationship.c.other_id == _asked), within_units(customer.c.unit))
)
LIST = _seen.where(relationship.c.id > bindparam("after", type_=Uuid)).order_by(relationship.c.id).limit(bindparam("limit", type_=Integer))
FIND = _seen.where(relationship.c.id == bindparam("id"))
INSERT = insert(relationship)
DELETE = delete(relationship).where(relationship.c.customer_id == bindparam("of_customer"), relationship.c.id == bindparam("of"))


async def of_customer(reader: Reader, customer_id: UUID, *, after: UUID, limit: int, units: Sequence[str] | None) -> list[Record]:
    """The rows of a customer's relationships from both sides, by id."""
    return await reader.fetch(LIST, customer_id=customer_id, after=after, limit=limit, units=units)


async def find(reader: Reader, customer_id: UUID, relationship_id: UUID, units: Sequence[str] | None) -> Relationship:
    """One relationship of a customer, told from either side; RelationshipNotFound where the list has none such."""
    row = await reader.fetch_one(FIND, customer_id=customer_id, id=relationship_id, units=units)
    if row is None:
        raise RelationshipNotFound()
    return relationship_of(row)


async def add(tx: Transaction, made: Relationship, *, unit: str) -> None:
    """Write it; RelationshipAlreadyKnown when the two are related in this way already."""
    try:
        await tx.execute(
            INSERT,
            id=made.id,
            customer_id=made.customer_id,
            type=made.type.value,
            other_id=made.other_id,
            valid_from=made.valid_from,
            valid_until=made.valid_until,
            created_at=made.created_at,
        )
    except UniqueViolated as error:
        raise RelationshipAlreadyKnown() from error
    told(tx, made, unit, at=made.created_at)


async def remove(tx: Transaction, ended: Relationship, *, unit: str, at: datetime) -> None:
    """Take it off; RelationshipNotFound when somebody else did so meanwhile."""
    if not await tx.execute(DELETE, of_customer=ended.customer_id, of=ended.id):
        raise RelationshipNotFound()
    told(tx, ended, unit, at=at)


def told(tx: Transaction, changed: Relationship, unit: str, *, at: datetime) -> None:
    """Relationships are part of the file: the customer changed."""
    values = {"relationship": {"id": str(changed.id), "type": changed.type.value, "other_id": str(changed.other_id)}}
    tx.record(beside_changed(changed.customer_id, "relationships", unit=unit, at=at), values=values)


def relationship_of(row: Record) -> Relationship:
    return Relationship(
        id=row["id"],
        customer_id=row["customer_id"],
        type=RelationshipType(row["type"]),
        other_id=row["other_id"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        created_at=row["created_at"],
    )
