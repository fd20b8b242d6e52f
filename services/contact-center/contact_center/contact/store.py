"""Contacts in Postgres; a write keeps the offer, the agent's place, the router's mark and the event in step with the contact."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.caller import Caller
from service_kit.access.units import units_of, within_units
from service_kit.store.database import Transaction
from service_kit.store.outbox import Event
from service_kit.store.running import Reader, Record
from service_kit.work.timers import Timer, cancel, schedule
from sqlalchemy import ARRAY, String, Uuid, any_, bindparam, delete, insert, or_, select, update

from contact_center.acting import agent_of, require_acting_for
from contact_center.contact.domain import IN_HAND, LONGEST_SILENCE, Contact, ContactUnknown, Happened
from contact_center.contact.facts import facts
from contact_center.contact.moves import State
from contact_center.contact.rows import contact_of, row_of
from contact_center.offer.domain import OfferEnd, OfferState
from contact_center.routing.marks import mark
from contact_center.tables import agent, agent_work, contact, offer

# An agent's token sees the contacts that the agent has in hand, whatever unit their customers belong to.
_seen = or_(within_units(contact.c.unit), contact.c.agent_id == bindparam("own_agent", type_=Uuid))
FIND = select(contact).where(contact.c.id == bindparam("id"), _seen)
LOCK = FIND.with_for_update()
SIGHT = select(_seen.label("is_seen")).where(contact.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
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
INSERT = insert(contact)
UPDATE = update(contact).where(contact.c.id == bindparam("of_id"), contact.c.version == bindparam("of_version"))
END_OFFER = (
    update(offer)
    .where(offer.c.contact_id == bindparam("of_contact"), offer.c.id == bindparam("of_offer"), offer.c.state == "pending")
    .values(state=bindparam("new_state"), ended_at=bindparam("at"), reason=bindparam("new_reason"), waited_seconds=bindparam("new_waited"))
)
MOVE_OFFERS = update(offer).where(offer.c.contact_id == bindparam("of_contact")).values(unit=bindparam("new_unit"))
WORK_ON = (
    update(agent_work)
    .where(agent_work.c.agent_id == bindparam("of_agent"), agent_work.c.contact_id == bindparam("of_contact"))
    .values(state=bindparam("new_state"), since=bindparam("new_since"), until=bindparam("new_until"))
)
LEAVE = delete(agent_work).where(agent_work.c.agent_id == bindparam("of_agent"), agent_work.c.contact_id == bindparam("of_contact"))
IDLE_SINCE = update(agent).where(agent.c.id == bindparam("of_agent")).values(idle_since=bindparam("at"))
RECENT = (
    select(contact)
    .where(contact.c.customer_id == bindparam("customer_id"), contact.c.arrived_at >= bindparam("since"))
    .order_by(contact.c.id.desc())
    .limit(50)
)
FLOW_TIMER = "flow_silence"


async def may_read(reader: Reader, caller: Caller, ids: Sequence[UUID]) -> bool | None:
    """Whether the caller sees the contacts among these ids as they are now; None where there is none of them."""
    rows = await reader.fetch(SIGHT, ids=list(ids), units=units_of(caller), own_agent=agent_of(caller))
    return all(row["is_seen"] for row in rows) if rows else None


class ContactStore:
    """Reads and writes contacts."""

    def __init__(
        self, reader: Reader, units: Sequence[str] | None = None, *, own_agent: UUID | None = None, acting: Caller | None = None
    ) -> None:
        """`acting` is the caller whose agent alone may change contacts, where the token acts for one."""
        self._reader = reader
        self._acting = acting
        self._sight = {"units": units, "own_agent": own_agent}

    @property
    def _tx(self) -> Transaction:
        assert isinstance(self._reader, Transaction), "writes need a transaction"
        return self._reader

    async def get(self, contact_id: UUID) -> Contact:
        """ContactUnknown where there is none in the caller's units."""
        return self._found(await self._reader.fetch_one(FIND, id=contact_id, **self._sight))

    async def locked(self, contact_id: UUID) -> Contact:
        """As `get`, and nobody else changes it before this transaction ends; ActsForAnotherAgent where the caller must not."""
        found = self._found(await self._reader.fetch_one(LOCK, id=contact_id, **self._sight))
        if self._acting is not None and self._acting.agent_id is not None:
            require_acting_for(self._acting, found.agent_id, broad=())
        return found

    async def locked_free(self, ids: Sequence[UUID]) -> list[Contact]:
        """Those of the contacts that nobody else is changing at this moment, locked."""
        return [contact_of(row) for row in await self._reader.fetch(LOCK_FREE, ids=list(ids))]

    async def recent(self, customer_id: UUID, *, since: datetime) -> list[Contact]:
        """The contacts of a customer since then, newest first."""
        return [contact_of(row) for row in await self._reader.fetch(RECENT, customer_id=customer_id, since=since)]

    async def page(self, *, before: UUID | None, limit: int, **filters: Any) -> list[Contact]:
        """Newest first, filtered by state, channel, queue_id, agent_id, customer_id and external_id where they are not None."""
        rows = await self._reader.fetch(PAGE, **self._sight, before=before, limit=limit, **filters)
        return [contact_of(row) for row in rows]

    async def add(self, added: Contact, happened: Happened, *, at: datetime) -> None:
        await self._tx.execute(INSERT, **row_of(added, at=at))
        if added.state is State.QUEUED:
            await mark(self._tx, "contact", added.id)
        await self._watch_flow(None, added, at=at)
        self._tell(added, happened, at=at)

    async def save(self, before: Contact, after: Contact, happened: Happened, *, at: datetime) -> None:
        """Write what a move made of a contact, and what follows from it for its offer and its agent."""
        row = row_of(after, at=at)
        del row["id"]
        await self._tx.execute(UPDATE, of_id=before.id, of_version=before.version, **row)
        if happened.offer_end is not None:
            await self._end_offer(before, after, happened.offer_end, at=at)
        if after.unit != before.unit:
            await self._tx.execute(MOVE_OFFERS, of_contact=before.id, new_unit=after.unit)
        await self._keep_work(before, after, at=at)
        if State.QUEUED in (before.state, after.state):
            await mark(self._tx, "contact", after.id)
        await self._watch_flow(before, after, at=at)
        self._tell(after, happened, at=at)

    async def _end_offer(self, before: Contact, after: Contact, end: OfferEnd, *, at: datetime) -> None:
        assert before.offer_id is not None, "an offered contact has its offer"
        waited = before.waited_in_queue(at) if end.state is OfferState.ACCEPTED else None
        await self._tx.execute(
            END_OFFER,
            of_contact=before.id,
            of_offer=before.offer_id,
            new_state=end.state.value,
            new_reason=end.reason,
            new_waited=waited,
            at=at,
        )
        payload = {
            "offer_id": str(before.offer_id),
            "contact_id": str(before.id),
            "agent_id": str(before.agent_id),
            "queue_id": None if before.queue_id is None else str(before.queue_id),
            "channel": before.channel,
            "state": end.state.value,
            # What an agent writes may name somebody: it stays with the offer and in the audit.
            "reason": None if end.state is OfferState.REJECTED else end.reason,
        }
        values = {"reason": end.reason}
        self._tx.record(Event(type=end.event, subject=before.offer_id, unit=after.unit, at=at, payload=payload), values=values)

    async def _keep_work(self, before: Contact, after: Contact, *, at: datetime) -> None:
        """The agent's place follows the contact: kept with its new state, or let go."""
        if before.agent_id is None or before.state not in IN_HAND or before.state is after.state:
            return
        if after.agent_id == before.agent_id and after.state in IN_HAND:
            until = after.wrap_up_until if after.state is State.WRAPPING else None
            await self._tx.execute(
                WORK_ON, of_agent=before.agent_id, of_contact=before.id, new_state=after.state.value, new_since=at, new_until=until
            )
        else:
            await self._tx.execute(LEAVE, of_agent=before.agent_id, of_contact=before.id)
        # Whoever only let an offer pass keeps the place in the line of the idle.
        if before.state is not State.OFFERED or after.state is State.ASSIGNED:
            await self._tx.execute(IDLE_SINCE, of_agent=before.agent_id, at=at)
        await mark(self._tx, "agent", before.agent_id)

    async def _watch_flow(self, before: Contact | None, after: Contact, *, at: datetime) -> None:
        """A caller who says nothing for long has left; the platform may not have said so."""
        if after.state is State.IN_FLOW:
            due_at = at + LONGEST_SILENCE
            await schedule(self._tx, Timer(subject=after.id, kind=FLOW_TIMER, key="", due_at=due_at, payload={}))
        elif before is not None and before.state is State.IN_FLOW:
            await cancel(self._tx, subject=after.id, kind=FLOW_TIMER, key="")

    def _tell(self, told: Contact, happened: Happened, *, at: datetime) -> None:
        payload = facts(told, at=at) | dict(happened.extras)
        self._tx.record(Event(type=happened.type, subject=told.id, unit=told.unit, at=at, payload=payload))

    @staticmethod
    def _found(row: Record | None) -> Contact:
        if row is None:
            raise ContactUnknown()
        return contact_of(row)
