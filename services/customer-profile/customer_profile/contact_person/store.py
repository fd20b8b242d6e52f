"""Contact persons in Postgres: rows of their customer, whose identifiers find the customer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store import audit
from service_kit.store.database import Transaction
from service_kit.store.outbox import Event
from service_kit.store.running import Reader, Record
from service_kit.store.sqlstates import TransactionRolledBack
from sqlalchemy import Integer, Uuid, bindparam, delete, insert, select, update

from customer_profile.contact_person.domain import ContactPerson, ContactPersonNotFound, Part, Stance
from customer_profile.customer.events import beside_changed
from customer_profile.customer.store import CustomerStore
from customer_profile.identifier.rows import identifiers_of, identifiers_row
from customer_profile.tables import contact_person, customer

_of_present = (contact_person.c.customer_id == customer.c.id, customer.c.erased_at.is_(None), within_units(customer.c.unit))
FIND = select(contact_person).where(
    contact_person.c.customer_id == bindparam("customer_id"), contact_person.c.id == bindparam("id"), *_of_present
)
LOCK = FIND.with_for_update(of=contact_person)
LIST = (
    select(contact_person)
    .where(contact_person.c.customer_id == bindparam("customer_id"), contact_person.c.id > bindparam("after", type_=Uuid), *_of_present)
    .order_by(contact_person.c.id)
    .limit(bindparam("limit", type_=Integer))
)
INSERT = insert(contact_person)
_this = (contact_person.c.customer_id == bindparam("of_customer"), contact_person.c.id == bindparam("of"))
UPDATE = (
    update(contact_person)
    .where(*_this, contact_person.c.version == bindparam("was"))
    .values(
        name=bindparam("new_name"),
        part=bindparam("new_part"),
        stance=bindparam("new_stance"),
        position=bindparam("new_position"),
        language=bindparam("new_language"),
        key_contact=bindparam("new_key_contact"),
        identifiers=bindparam("new_identifiers"),
        version=contact_person.c.version + 1,
    )
)
DELETE = delete(contact_person).where(*_this)


async def find(reader: Reader, customer_id: UUID, person_id: UUID, units: Sequence[str] | None, *, locked: bool = False) -> ContactPerson:
    """The person; ContactPersonNotFound where the customer has none such or lies outside the units."""
    row = await reader.fetch_one(LOCK if locked else FIND, customer_id=customer_id, id=person_id, units=units)
    if row is None:
        raise ContactPersonNotFound()
    return person_of(row)


async def of_customer(reader: Reader, customer_id: UUID, *, after: UUID, limit: int, units: Sequence[str] | None) -> list[Record]:
    """The rows of a customer's people, by id."""
    return await reader.fetch(LIST, customer_id=customer_id, after=after, limit=limit, units=units)


async def add(tx: Transaction, customers: CustomerStore, person: ContactPerson, *, unit: str) -> None:
    """Write a new person; IdentifierTaken when somebody has one of their unique identifiers."""
    await tx.execute(INSERT, customer_id=person.customer_id, id=person.id, version=1, created_at=person.created_at, **columns_of(person))
    await customers.rehold(person.id, person.customer_id, (), person.identifiers)
    told(tx, person, "contact_person.added", unit, at=person.created_at)


async def save(tx: Transaction, customers: CustomerStore, before: ContactPerson, after: ContactPerson, *, unit: str, at: datetime) -> None:
    """Write a changed person; IdentifierTaken as in `add`."""
    given = {f"new_{name}": value for name, value in columns_of(after).items()}
    if not await tx.execute(UPDATE, of_customer=after.customer_id, of=after.id, was=before.version, **given):
        raise TransactionRolledBack("the contact person changed meanwhile")
    await customers.rehold(after.id, after.customer_id, before.identifiers, after.identifiers)
    told(tx, after, "contact_person.changed", unit, at=at)


async def remove(tx: Transaction, customers: CustomerStore, person: ContactPerson, *, unit: str, at: datetime) -> None:
    """Take a person off the file; nothing that was kept of them stays in the audit."""
    await tx.execute(DELETE, of_customer=person.customer_id, of=person.id)
    await customers.rehold(person.id, person.customer_id, person.identifiers, ())
    await audit.erase(tx, person.id, at=at)
    _told(tx, person, "contact_person.removed", unit, at=at, values={})


def told(tx: Transaction, person: ContactPerson, action: str, unit: str, *, at: datetime) -> None:
    """Tell a person as they are now."""
    _told(tx, person, action, unit, at=at, values={**columns_of(person), "identifiers": [each.key for each in person.identifiers]})


def _told(tx: Transaction, person: ContactPerson, action: str, unit: str, *, at: datetime, values: Mapping[str, Any]) -> None:
    """A customer's people are part of the file: the customer changed. Who they are stands in an audit of their own.

    A person can be taken off an organization's file alone: their values are then erased, and those of the organization stay.
    """
    tx.record(beside_changed(person.customer_id, "contact_persons", unit=unit, at=at), values={"contact_person_id": str(person.id)})
    payload = {"customer_id": str(person.customer_id)}
    tx.audit(Event(type=action, subject=person.id, unit=unit, at=at, payload=payload), values=values)


def person_of(row: Record) -> ContactPerson:
    return ContactPerson(
        id=row["id"],
        customer_id=row["customer_id"],
        version=row["version"],
        name=row["name"],
        part=Part(row["part"]),
        stance=Stance(row["stance"]) if row["stance"] else None,
        position=row["position"],
        language=row["language"],
        is_key_contact=row["key_contact"],
        identifiers=identifiers_of(row["identifiers"]),
        created_at=row["created_at"],
    )


def columns_of(person: ContactPerson) -> dict[str, Any]:
    """The columns that can change."""
    return {
        "name": person.name,
        "part": person.part.value,
        "stance": person.stance.value if person.stance else None,
        "position": person.position,
        "language": person.language,
        "key_contact": person.is_key_contact,
        "identifiers": identifiers_row(person.identifiers),
    }
