"""Many files by their ids, and the contact persons of those that have some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store.running import Reader, Record
from sqlalchemy import ARRAY, Integer, Uuid, any_, bindparam, func, select, true

from customer_profile.customer.present import SEEN
from customer_profile.customer.store import CustomerReader
from customer_profile.stores import Store
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
    .where(customer.c.id == any_(_ids), SEEN)
    .order_by(_first.c.customer_id, _first.c.id)
)
# The moment before all that is read: whoever compares two readings by it never takes the older one
# for the newer.
NOW = select(func.statement_timestamp())


@dataclass(frozen=True, kw_only=True)
class FilesRead:
    """Rows of files by id, rows of people by the id of their customer,
    and the moment of the database before they were read.
    """

    at: datetime
    files: Mapping[UUID, Record]
    people: Mapping[UUID, Sequence[Record]] = field(default_factory=dict)


class FileReader(Store[Reader]):
    """Reads files with their people."""

    async def files(self, ids: Sequence[UUID], *, people: int) -> FilesRead:
        """The files within the units, with at most so many people of each;
        none are asked for by 0.
        """
        at = await self._tx.fetch_value(NOW)
        found = {row["id"]: row for row in await CustomerReader(self._tx, self._units).some(ids)}
        if not people or not found:
            return FilesRead(at=at, files=found)
        known: dict[UUID, list[Record]] = {}
        for row in await self._tx.fetch(
            FIND_PEOPLE, ids=list(found), units=self._units, limit=people
        ):
            known.setdefault(row["customer_id"], []).append(row)
        return FilesRead(at=at, files=found, people=known)
