"""What becomes of all contacts of a customer that moves, lives on in another file or is erased;
the router looks again at who waits.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Record
from service_kit.store.statements import rows
from sqlalchemy import ARRAY, ColumnElement, Delete, String, Update, Uuid, any_, bindparam, update

from contact_center.contact.external import forgetting
from contact_center.marks import mark
from contact_center.tables import contact, offer

_ids = bindparam("ids", type_=ARRAY(Uuid))
_of_customer = contact.c.customer_id == bindparam("of_id")
_strangers = contact.c.id == any_(_ids)
_moved = rows("moved", customer_id=Uuid, unit=String)
MOVE_CONTACTS = (
    update(contact)
    .where(contact.c.customer_id == _moved.c.customer_id, contact.c.unit != _moved.c.unit)
    .values(unit=_moved.c.unit, version=contact.c.version + 1)
    .returning(contact.c.id, contact.c.state, contact.c.unit)
)
MOVE_OFFERS = (
    update(offer).where(offer.c.contact_id == any_(_ids)).values(unit=bindparam("new_unit"))
)
REASSIGN_CONTACTS = (
    update(contact)
    .where(_of_customer)
    .values(customer_id=bindparam("into"), version=contact.c.version + 1)
    .returning(contact.c.id, contact.c.state)
)
# What of a contact leads to the person.
BLANKED: Mapping[str, Any] = {
    "from_address": None,
    "notes": None,
    "collected": {},
    "external_id": None,
}


def _blanking(*which: ColumnElement[bool]) -> Update:
    after = update(contact).where(*which).values(**BLANKED, version=contact.c.version + 1)
    return after.returning(contact.c.id, contact.c.state)


ERASE_OF = (forgetting(_of_customer), _blanking(_of_customer))
ERASE_STRANGERS = (forgetting(_strangers), _blanking(_strangers, contact.c.customer_id.is_(None)))
BLANK_OFFERS = (
    update(offer).where(offer.c.contact_id == any_(_ids)).values(reason=None).returning(offer.c.id)
)


class CustomerContacts:
    """Writes the contacts of customers with their offers, as many as there are."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def move(self, units: Mapping[UUID, str]) -> None:
        """The customers belong to these units now; so do their contacts."""
        moved = await self._tx.fetch(
            MOVE_CONTACTS, moved_customer_id=list(units), moved_unit=list(units.values())
        )
        for unit in sorted({row["unit"] for row in moved}):
            await self._tx.execute(
                MOVE_OFFERS, ids=[row["id"] for row in moved if row["unit"] == unit], new_unit=unit
            )
        await self._wake_router(moved)

    async def reassign(self, customer_id: UUID, *, into: UUID) -> None:
        """The customer's file lives on in another one."""
        await self._wake_router(
            await self._tx.fetch(REASSIGN_CONTACTS, of_id=customer_id, into=into)
        )

    async def erase(self, customer_id: UUID) -> list[UUID]:
        """Keep nothing that leads to the person;
        the ids of the contacts and of their offers, which stay on the books.
        """
        return await self._erase(*ERASE_OF, of_id=customer_id)

    async def erase_strangers(self, ids: Sequence[UUID]) -> list[UUID]:
        """As `erase`, for those of the contacts that are nobody's."""
        return await self._erase(*ERASE_STRANGERS, ids=list(ids))

    async def _erase(self, forget: Delete, blank: Update, **whose: object) -> list[UUID]:
        await self._tx.execute(forget, **whose)
        blanked = await self._tx.fetch(blank, **whose)
        await self._wake_router(blanked)
        ids = [row["id"] for row in blanked]
        return [*ids, *(row["id"] for row in await self._tx.fetch(BLANK_OFFERS, ids=ids))]

    async def _wake_router(self, changed: Sequence[Record]) -> None:
        """It holds the versions that the rows of who waits had before."""
        waiting = [row["id"] for row in changed if row["state"] == "queued"]
        if waiting:
            await mark(self._tx, "contact", *waiting)
