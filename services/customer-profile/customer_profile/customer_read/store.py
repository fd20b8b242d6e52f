"""Many files by their ids, and the contact persons of those that have some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.running import Reader, Record
from sqlalchemy import ARRAY, Integer, Uuid, any_, bindparam, func, select, true

from customer_profile.customer.statements import FIND_SOME
from customer_profile.tables import contact_person, customer

_ids: Any = bindparam("ids", type_=ARRAY(Uuid))
_first = (
    select(contact_person)
    .where(contact_person.c.customer_id == customer.c.id)
    .order_by(contact_person.c.id)
    .limit(bindparam("limit", type_=Integer))
    .lateral("first")
)
FIND_PEOPLE = (
    select(_first)
    .select_from(customer.join(_first, true()))
    .where(customer.c.id == any_(_ids), customer.c.erased_at.is_(None), within_units(customer.c.unit))
    .order_by(_first.c.customer_id, _first.c.id)
)
# The moment before all that is read: whoever compares two readings by it never takes the older one for the newer.
NOW = select(func.statement_timestamp())


@dataclass(frozen=True, kw_only=True)
class FilesRead:
    """Rows of files by id, rows of people by the id of their customer, and the moment of the database before they were read."""

    at: datetime
    files: Mapping[UUID, Record]
    people: Mapping[UUID, Sequence[Record]] = field(default_factory=dict)


async def files(reader: Reader, ids: Sequence[UUID], units: Sequence[str] | None, *, people: int) -> FilesRead:
    """The files within the units, with at most so many people of each; none are asked for by 0."""
    at = await reader.fetch_value(NOW)
    found = {row["id"]: row for row in await reader.fetch(FIND_SOME, ids=list(ids), units=units)}
    if not people or not found:
        return FilesRead(at=at, files=found)
    known: dict[UUID, list[Record]] = {}
    for row in await reader.fetch(FIND_PEOPLE, ids=list(found), units=units, limit=people):
        known.setdefault(row["customer_id"], []).append(row)
    return FilesRead(at=at, files=found, people=known)
