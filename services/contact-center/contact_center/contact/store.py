"""Contacts in Postgres: read as the caller may see them, written with all that follows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.caller import Caller
from service_kit.access.units import units_of, within_units
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from sqlalchemy import ARRAY, String, Uuid, any_, bindparam, insert, or_, select, update

from contact_center.acting import agent_of, claimed_agent, require_acting_for
from contact_center.contact.consequences import Saved, follow
from contact_center.contact.domain import Contact, ContactNotFound, Happened
from contact_center.contact.rows import contact_of, row_of
from contact_center.tables import contact

# An agent's token sees the contacts that the agent has in hand, whatever unit their customers
# belong to.
_seen = or_(within_units(contact.c.unit), contact.c.agent_id == bindparam("own_agent", type_=Uuid))
FIND = select(contact).where(contact.c.id == bindparam("id"), _seen)
LOCK = FIND.with_for_update()
SIGHT = select(_seen.label("is_seen")).where(
    contact.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)
LOCK_FREE = (
    select(contact)
    .where(contact.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(contact.c.id)
    .with_for_update(skip_locked=True)
)
_state = bindparam("state", type_=String)
_channel = bindparam("channel", type_=String)
_queue = bindparam("queue_id", type_=Uuid)
_agent = bindparam("agent_id", type_=Uuid)
_customer = bindparam("customer_id", type_=Uuid)
_external = bindparam("external_id", type_=String)
_before = bindparam("before", type_=Uuid)
PAGE = (
    select(contact)
    .where(
        _seen,
        or_(_before.is_(None), contact.c.id < _before),
        or_(_state.is_(None), contact.c.state == _state),
        or_(_channel.is_(None), contact.c.channel == _channel),
        or_(_queue.is_(None), contact.c.queue_id == _queue),
        or_(_agent.is_(None), contact.c.agent_id == _agent),
        or_(_customer.is_(None), contact.c.customer_id == _customer),
        or_(_external.is_(None), contact.c.external_id == _external),
    )
    .order_by(contact.c.id.desc())
    .limit(bindparam("limit"))
)
LAST_AGENT = (
    select(contact.c.agent_id)
    .where(
        contact.c.customer_id == bindparam("customer_id"),
        contact.c.agent_id.is_not(None),
        contact.c.answered_at >= bindparam("since"),
    )
    .order_by(contact.c.id.desc())
    .limit(1)
)
INSERT = insert(contact)
UPDATE = update(contact).where(
    contact.c.id == bindparam("of_id"), contact.c.version == bindparam("of_version")
)
RECENT = (
    select(contact)
    .where(
        contact.c.customer_id == bindparam("customer_id"),
        contact.c.arrived_at >= bindparam("since"),
    )
    .order_by(contact.c.id.desc())
    .limit(50)
)


async def may_read(reader: Reader, caller: Caller, ids: Sequence[UUID]) -> bool | None:
    """Whether the caller sees the contacts among these ids as they are now;
    None where there is none of them.
    """
    rows = await reader.fetch(
        SIGHT, ids=list(ids), units=units_of(caller), own_agent=agent_of(caller)
    )
    return all(row["is_seen"] for row in rows) if rows else None


class ContactReader:
    """Reads contacts as the caller may see them:
    those of its units and, of an agent, those in hand; without both, all.
    """

    def __init__(
        self, reader: Reader, units: Sequence[str] | None = None, *, own_agent: UUID | None = None
    ) -> None:
        self._reader = reader
        self._sight = {"units": units, "own_agent": own_agent}

    async def get(self, contact_id: UUID) -> Contact:
        """ContactNotFound where the caller sees none."""
        return found(await self._reader.fetch_one(FIND, id=contact_id, **self._sight))

    async def recent(self, customer_id: UUID, *, since: datetime) -> list[Contact]:
        """The contacts of a customer since then, newest first."""
        return [
            contact_of(row)
            for row in await self._reader.fetch(RECENT, customer_id=customer_id, since=since)
        ]

    async def last_agent(self, customer_id: UUID, *, since: datetime) -> UUID | None:
        """Who spoke with the customer last, if that is not too long ago."""
        agent_id: UUID | None = await self._reader.fetch_value(
            LAST_AGENT, customer_id=customer_id, since=since
        )
        return agent_id

    async def page(self, *, before: UUID | None, limit: int, **filters: Any) -> list[Contact]:
        """Newest first, filtered by state, channel, queue_id, agent_id,
        customer_id and external_id where they are not None.
        """
        rows = await self._reader.fetch(PAGE, **self._sight, before=before, limit=limit, **filters)
        return [contact_of(row) for row in rows]


class ContactStore(ContactReader):
    """Reads and writes contacts in one transaction."""

    def __init__(
        self,
        tx: Transaction,
        units: Sequence[str] | None = None,
        *,
        own_agent: UUID | None = None,
        acting: Caller | None = None,
    ) -> None:
        """`acting` is the caller whose agent alone may change contacts,
        where the token acts for one.
        """
        super().__init__(tx, units, own_agent=own_agent)
        self._tx = tx
        self._acting = acting

    async def locked(self, contact_id: UUID) -> Contact:
        """As `get`, and nobody else changes it before this transaction ends;
        ActsForAnotherAgent where the caller must not.
        """
        locked = found(await self._tx.fetch_one(LOCK, id=contact_id, **self._sight))
        if self._acting is not None and claimed_agent(self._acting) is not None:
            require_acting_for(self._acting, locked.agent_id, broad=())
        return locked

    async def locked_free(self, ids: Sequence[UUID]) -> list[Contact]:
        """Those of the contacts that nobody else is changing at this moment, locked."""
        return [contact_of(row) for row in await self._tx.fetch(LOCK_FREE, ids=list(ids))]

    async def add(self, added: Contact, happened: Happened, *, at: datetime) -> None:
        await self._tx.execute(INSERT, **row_of(added, at=at))
        await follow(self._tx, Saved(before=None, after=added, happened=happened, at=at))

    async def save(
        self, before: Contact, after: Contact, happened: Happened, *, at: datetime
    ) -> None:
        row = row_of(after, at=at)
        del row["id"]
        await self._tx.execute(UPDATE, of_id=before.id, of_version=before.version, **row)
        await follow(self._tx, Saved(before=before, after=after, happened=happened, at=at))


def found(row: Record | None) -> Contact:
    if row is None:
        raise ContactNotFound()
    return contact_of(row)
