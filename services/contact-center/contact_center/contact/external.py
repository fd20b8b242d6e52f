"""The platform's own id of a contact: the same call said twice is one contact."""

from collections.abc import Callable
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.sqlstates import TransactionRolledBack
from service_kit.words.errors import Conflict
from sqlalchemy import ColumnElement, Delete, bindparam, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from contact_center.contact.domain import Contact
from contact_center.contact.rows import contact_of
from contact_center.tables import contact, external_contact

FIRST = (
    select(contact)
    .where(
        contact.c.channel == bindparam("channel"), contact.c.external_id == bindparam("external_id")
    )
    .order_by(contact.c.id)
    .limit(1)
)
CLAIM = (
    insert(external_contact)
    .values(
        channel=bindparam("channel"),
        external_id=bindparam("external_id"),
        contact_id=bindparam("contact_id"),
    )
    .on_conflict_do_nothing()
    .returning(external_contact.c.contact_id)
)


def forgetting(*which: ColumnElement[bool]) -> Delete:
    """The ids of contacts let go, before the contacts themselves lose them;
    the same call said again is a new one then.
    """
    ids = select(contact.c.channel, contact.c.external_id).where(*which)
    return delete(external_contact).where(
        tuple_(external_contact.c.channel, external_contact.c.external_id).in_(ids)
    )


class ExternalIdTaken(Conflict):
    """A contact outside the units of this token has this external id on this channel."""


async def first_of(
    tx: Transaction,
    channel: str,
    external_id: str | None,
    *,
    claimed_for: UUID,
    sees: Callable[[str | None], bool],
) -> Contact | None:
    """The contact that the platform began with this id before; None where it is new, and then it is
    claimed for the one that comes.

    The claim of a rival is waited for. What was begun before there were claims is found in the
    contacts themselves.
    """
    if external_id is None:
        return None
    given = {"channel": channel, "external_id": external_id}
    row = await tx.fetch_one(FIRST, **given)
    if row is None:
        if await tx.fetch_one(CLAIM, **given, contact_id=claimed_for) is not None:
            return None
        row = await tx.fetch_one(FIRST, **given)
        if row is None:
            raise TransactionRolledBack(
                "the contact with this external id was erased at this moment"
            )
    if not sees(row["unit"]):
        raise ExternalIdTaken()
    return contact_of(row)
