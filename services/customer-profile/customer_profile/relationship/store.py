"""Relationships in Postgres: rows of the customer that names the other."""

from datetime import datetime
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.running import Record
from service_kit.store.sqlstates import UniqueViolated
from sqlalchemy import Uuid, bindparam, case, delete, insert, or_, select

from customer_profile.customer.events import CustomerChanged
from customer_profile.relationship.domain import (
    Relationship,
    RelationshipAlreadyKnown,
    RelationshipNotFound,
)
from customer_profile.relationship.rows import relationship_of, row_of
from customer_profile.stores import Access, Store, by_id
from customer_profile.tables import customer, relationship

_asked = bindparam("customer_id", type_=Uuid)
_other = case(
    (relationship.c.customer_id == _asked, relationship.c.other_id),
    else_=relationship.c.customer_id,
)
# Both sides of a relationship lie within the caller's units, or it is not shown.
_seen = (
    select(relationship)
    .join(customer, customer.c.id == _other)
    .where(
        or_(relationship.c.customer_id == _asked, relationship.c.other_id == _asked),
        within_units(customer.c.unit),
    )
)
LIST = by_id(_seen, relationship.c.id)
FIND = _seen.where(relationship.c.id == bindparam("id"))
INSERT = insert(relationship)
DELETE = delete(relationship).where(
    relationship.c.customer_id == bindparam("of_customer"), relationship.c.id == bindparam("of")
)


class RelationshipReader(Store[Access]):
    """Reads relationships, told from either side."""

    async def get(self, customer_id: UUID, relationship_id: UUID) -> Relationship:
        """One relationship of a customer; RelationshipNotFound where the list has none such."""
        row = await self._tx.fetch_one(
            FIND, customer_id=customer_id, id=relationship_id, units=self._units
        )
        if row is None:
            raise RelationshipNotFound()
        return relationship_of(row)

    async def of_customer(self, customer_id: UUID, *, after: UUID, limit: int) -> list[Record]:
        """The rows of a customer's relationships from both sides, by id."""
        return await self._tx.fetch(
            LIST, customer_id=customer_id, after=after, limit=limit, units=self._units
        )


class RelationshipStore(RelationshipReader[Transaction]):
    """Reads and writes relationships."""

    async def add(self, made: Relationship, *, unit: str) -> None:
        """Write it; RelationshipAlreadyKnown when the two are related in this way already."""
        try:
            await self._tx.execute(INSERT, **row_of(made))
        except UniqueViolated as error:
            raise RelationshipAlreadyKnown() from error
        self._tell(made, unit, at=made.created_at)

    async def remove(self, ended: Relationship, *, unit: str, at: datetime) -> None:
        """Take it off; RelationshipNotFound when somebody else did so meanwhile."""
        if not await self._tx.execute(DELETE, of_customer=ended.customer_id, of=ended.id):
            raise RelationshipNotFound()
        self._tell(ended, unit, at=at)

    def _tell(self, changed: Relationship, unit: str, *, at: datetime) -> None:
        """Relationships are part of the file: the customer changed."""
        values = {
            "relationship": {
                "id": str(changed.id),
                "type": changed.type.value,
                "other_id": str(changed.other_id),
            }
        }
        self._tx.record(
            CustomerChanged.beside(changed.customer_id, "relationships", unit=unit, at=at),
            values=values,
        )
