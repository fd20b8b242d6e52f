"""Contact persons in Postgres: rows of their customer, whose identifiers find the customer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store import audit
from service_kit.store.database import Transaction
from service_kit.store.events import Action
from service_kit.store.running import Record
from sqlalchemy import Select, bindparam, delete, insert, select

from customer_profile.contact_person.domain import ContactPerson, ContactPersonNotFound
from customer_profile.contact_person.rows import person_of, row_of
from customer_profile.customer.events import CustomerChanged
from customer_profile.customer.present import of_seen
from customer_profile.customer.store import CustomerStore
from customer_profile.identifier.domain import Identifier
from customer_profile.stores import Access, Store, by_id, change, changing
from customer_profile.tables import contact_person

CHANGING = ("name", "part", "stance", "position", "language", "key_contact", "identifiers")
_of_customer = select(contact_person).where(
    contact_person.c.customer_id == bindparam("customer_id"), of_seen(contact_person)
)
FIND = _of_customer.where(contact_person.c.id == bindparam("id"))
LOCK = FIND.with_for_update(of=contact_person)
LIST = by_id(_of_customer, contact_person.c.id)
INSERT = insert(contact_person)
UPDATE = changing(contact_person, *CHANGING)
DELETE = delete(contact_person).where(
    contact_person.c.customer_id == bindparam("of_customer"), contact_person.c.id == bindparam("of")
)


class ContactPersonReader(Store[Access]):
    """Reads the people of customers."""

    async def get(self, customer_id: UUID, person_id: UUID) -> ContactPerson:
        """The person; ContactPersonNotFound where the customer has none such or lies
        outside the units.
        """
        return await self._found(FIND, customer_id, person_id)

    async def _found(
        self, statement: Select[Any], customer_id: UUID, person_id: UUID
    ) -> ContactPerson:
        row = await self._tx.fetch_one(
            statement, customer_id=customer_id, id=person_id, units=self._units
        )
        if row is None:
            raise ContactPersonNotFound()
        return person_of(row)

    async def of_customer(self, customer_id: UUID, *, after: UUID, limit: int) -> list[Record]:
        """The rows of a customer's people, by id."""
        return await self._tx.fetch(
            LIST, customer_id=customer_id, after=after, limit=limit, units=self._units
        )


class ContactPersonStore(ContactPersonReader[Transaction]):
    """Reads and writes the people of customers, each with what their customer is found by."""

    async def get_to_change(self, customer_id: UUID, person_id: UUID) -> ContactPerson:
        """As `get`, locked until the transaction ends."""
        return await self._found(LOCK, customer_id, person_id)

    async def add(self, person: ContactPerson, *, unit: str) -> None:
        """Write a new person; IdentifierTaken when somebody has one of their unique identifiers."""
        await self._tx.execute(INSERT, **row_of(person))
        await self._rehold(person, (), person.identifiers)
        self._tell(
            person, "contact_person.added", unit, at=person.created_at, values=audited(person)
        )

    async def save(
        self, before: ContactPerson, after: ContactPerson, *, unit: str, at: datetime
    ) -> None:
        """Write a changed person; IdentifierTaken as in `add`."""
        await change(self._tx, UPDATE, row_of(after), was=before.version)
        await self._rehold(after, before.identifiers, after.identifiers)
        self._tell(after, "contact_person.changed", unit, at=at, values=audited(after))

    async def remove(self, person: ContactPerson, *, unit: str, at: datetime) -> None:
        """Take a person off the file; nothing that was kept of them stays in the audit."""
        await self._tx.execute(DELETE, of_customer=person.customer_id, of=person.id)
        await self._rehold(person, person.identifiers, ())
        await audit.erase(self._tx, person.id, at=at)
        self._tell(person, "contact_person.removed", unit, at=at, values={})

    async def _rehold(
        self, person: ContactPerson, before: tuple[Identifier, ...], after: tuple[Identifier, ...]
    ) -> None:
        await CustomerStore(self._tx, self._units).rehold(
            person.id, person.customer_id, before, after
        )

    def _tell(
        self,
        person: ContactPerson,
        action: str,
        unit: str,
        *,
        at: datetime,
        values: Mapping[str, Any],
    ) -> None:
        """A customer's people are part of the file: the customer changed. Who they are stands in an
        audit of their own.

        A person can be taken off an organization's file alone: their values are then erased, and
        those of the organization stay.
        """
        told = CustomerChanged.beside(person.customer_id, "contact_persons", unit=unit, at=at)
        self._tx.record(told, values={"contact_person_id": str(person.id)})
        self._tx.audit(
            Action(
                name=action,
                subject=person.id,
                unit=unit,
                at=at,
                values={"customer_id": str(person.customer_id), **values},
            )
        )


def audited(person: ContactPerson) -> dict[str, Any]:
    """What the audit shows of a person, no sealed values."""
    row = row_of(person)
    return {name: row[name] for name in CHANGING} | {
        "identifiers": [each.key for each in person.identifiers]
    }
