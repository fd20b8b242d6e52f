"""The directory in Postgres: looked up for each contact, written on news."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from service_kit.database import Reader, Record, Transaction
from service_kit.tables import Moment
from service_kit.units import within_units
from sqlalchemy import ARRAY, LargeBinary, String, Uuid, any_, bindparam, column, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from contact_center.dedicated.store import DedicationStore
from contact_center.directory.domain import CustomerFacts, KnownCustomer
from contact_center.tables import contact, dedicated_agent, directory_address, directory_complaint, directory_customer, offer

customer = directory_customer
_known = select(
    customer,
    dedicated_agent.c.agent_id.label("dedicated_agent_id"),
).select_from(customer.outerjoin(dedicated_agent, dedicated_agent.c.customer_id == customer.c.customer_id))
FIND = _known.where(customer.c.customer_id == bindparam("customer_id"), customer.c.is_erased.is_(False))
# Of several customers behind one number the one of the highest tier is taken: nobody of them waits too long for it.
RECOGNIZE = (
    select(customer, dedicated_agent.c.agent_id.label("dedicated_agent_id"), directory_address.c.is_key_contact)
    .select_from(
        directory_address.join(customer, customer.c.customer_id == directory_address.c.customer_id).outerjoin(
            dedicated_agent, dedicated_agent.c.customer_id == customer.c.customer_id
        )
    )
    .where(
        directory_address.c.digest == any_(bindparam("digests", type_=ARRAY(LargeBinary))),
        customer.c.is_erased.is_(False),
        customer.c.merged_into.is_(None),
        within_units(customer.c.unit),
    )
    .order_by(customer.c.tier.desc().nulls_last(), directory_address.c.is_key_contact.desc(), customer.c.customer_id)
    .limit(1)
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
_made = insert(customer).values(
    customer_id=bindparam("customer_id"), unit=bindparam("unit", type_=String), tags=[], open_complaints=0, is_erased=False
)
MAKE = _made.on_conflict_do_nothing()
LEARN = (
    update(customer)
    .where(
        customer.c.customer_id == bindparam("of_id"),
        or_(customer.c.seen_at.is_(None), customer.c.seen_at <= bindparam("seen", type_=Moment)),
        customer.c.is_erased.is_(False),
    )
    .values(
        unit=bindparam("new_unit", type_=String),
        language=bindparam("new_language", type_=String),
        tags=bindparam("new_tags", type_=ARRAY(String)),
        seen_at=bindparam("seen", type_=Moment),
    )
)
SET_TIER = update(customer).where(customer.c.customer_id == bindparam("of_id")).values(tier=bindparam("new_tier"))
FORGET_ADDRESSES = delete(directory_address).where(directory_address.c.customer_id == bindparam("customer_id"))
_addresses = (
    func.unnest(bindparam("digests", type_=ARRAY(LargeBinary)))
    .table_valued(column("digest", LargeBinary), name="addresses")
    .render_derived()
)
ADD_ADDRESSES = (
    insert(directory_address)
    .from_select(
        ["digest", "customer_id", "is_key_contact"],
        select(_addresses.c.digest, bindparam("customer_id", type_=Uuid), bindparam("is_key_contact")),
    )
    .on_conflict_do_nothing()
)
ERASE = update(customer).where(customer.c.customer_id == bindparam("of_id")).values(is_erased=True, tags=[], language=None, tier=None)
MERGE = update(customer).where(customer.c.customer_id == bindparam("of_id")).values(merged_into=bindparam("into"))
OPEN = insert(directory_complaint).on_conflict_do_nothing()
CLOSE = delete(directory_complaint).where(
    directory_complaint.c.customer_id == bindparam("customer_id"), directory_complaint.c.complaint_id == bindparam("complaint_id")
)
_open = (
    select(func.count()).select_from(directory_complaint).where(directory_complaint.c.customer_id == bindparam("of_id")).scalar_subquery()
)
COUNT = update(customer).where(customer.c.customer_id == bindparam("of_id")).values(open_complaints=_open)
MOVE_CONTACTS = (
    update(contact)
    .where(contact.c.customer_id == bindparam("of_id"), contact.c.unit != bindparam("new_unit"))
    .values(unit=bindparam("new_unit"), version=contact.c.version + 1)
    .returning(contact.c.id, contact.c.state)
)
MOVE_OFFERS = update(offer).where(offer.c.contact_id == any_(bindparam("ids", type_=ARRAY(Uuid)))).values(unit=bindparam("new_unit"))
REASSIGN_CONTACTS = (
    update(contact)
    .where(contact.c.customer_id == bindparam("of_id"))
    .values(customer_id=bindparam("into"), version=contact.c.version + 1)
    .returning(contact.c.id, contact.c.state)
)
# What of a contact leads to the person.
BLANKED: Mapping[str, Any] = {"from_address": None, "notes": None, "collected": {}, "external_id": None}
BLANK_OFFERS = (
    update(offer).where(offer.c.contact_id == any_(bindparam("ids", type_=ARRAY(Uuid)))).values(reason=None).returning(offer.c.id)
)
BLANK_CONTACTS = (
    update(contact)
    .where(contact.c.customer_id == bindparam("of_id"))
    .values(**BLANKED, version=contact.c.version + 1)
    .returning(contact.c.id, contact.c.state)
)


class Digests(Protocol):
    """Makes keyed digests of the addresses of customers."""

    def of(self, key: str) -> bytes: ...

    def called_from(self, channel: str, address: str) -> list[bytes]: ...


class DirectoryStore:
    """Looks customers up for contacts, and takes in what news say of them."""

    def __init__(self, reader: Reader, digests: Digests, units: Sequence[str] | None = None) -> None:
        self._reader = reader
        self._digests = digests
        self._units = units

    @property
    def _tx(self) -> Transaction:
        assert isinstance(self._reader, Transaction), "writes need a transaction"
        return self._reader

    async def customer(self, customer_id: UUID) -> KnownCustomer | None:
        row = await self._reader.fetch_one(FIND, customer_id=customer_id)
        return None if row is None else known_of(row, is_key_contact=False)

    async def recognize(self, channel: str, address: str) -> KnownCustomer | None:
        """Who of the caller's units calls from this address, or None."""
        digests = self._digests.called_from(channel, address)
        row = await self._reader.fetch_one(RECOGNIZE, digests=digests, units=self._units)
        return None if row is None else known_of(row, is_key_contact=row["is_key_contact"])

    async def last_agent(self, customer_id: UUID, *, since: datetime) -> UUID | None:
        """Who spoke with the customer last, if that is not too long ago."""
        agent_id: UUID | None = await self._reader.fetch_value(LAST_AGENT, customer_id=customer_id, since=since)
        return agent_id

    async def learn(self, facts: CustomerFacts) -> list[Record]:
        """Take in what customer-profile says of a customer, unless something newer was taken in; the contacts that moved along."""
        await self._tx.execute(MAKE, customer_id=facts.customer_id, unit=facts.unit)
        learned = await self._tx.execute(
            LEARN,
            of_id=facts.customer_id,
            seen=facts.seen_at,
            new_unit=facts.unit,
            new_language=facts.language,
            new_tags=list(facts.tags),
        )
        if not learned:
            return []
        await self._tx.execute(FORGET_ADDRESSES, customer_id=facts.customer_id)
        await self._add_addresses(facts.customer_id, facts.key_contact_addresses, is_key_contact=True)
        await self._add_addresses(facts.customer_id, facts.addresses, is_key_contact=False)
        return [] if facts.unit is None else await self.move(facts.customer_id, facts.unit, at=facts.seen_at)

    async def _add_addresses(self, customer_id: UUID, keys: Iterable[str], *, is_key_contact: bool) -> None:
        digests = [self._digests.of(key) for key in dict.fromkeys(keys)]
        if digests:
            await self._tx.execute(ADD_ADDRESSES, digests=digests, customer_id=customer_id, is_key_contact=is_key_contact)

    async def set_tier(self, customer_id: UUID, tier: int | None) -> None:
        await self._tx.execute(MAKE, customer_id=customer_id, unit=None)
        await self._tx.execute(SET_TIER, of_id=customer_id, new_tier=tier)

    async def count_complaint(self, customer_id: UUID, complaint_id: UUID, *, is_open: bool) -> None:
        """Keep the number of open complaints; news that come twice change nothing."""
        await self._tx.execute(MAKE, customer_id=customer_id, unit=None)
        await self._tx.execute(OPEN if is_open else CLOSE, customer_id=customer_id, complaint_id=complaint_id)
        await self._tx.execute(COUNT, of_id=customer_id)

    async def move(self, customer_id: UUID, unit: str, *, at: datetime) -> list[Record]:
        """A customer that moves takes its dedicated agent, its contacts and their offers along; the contacts that moved."""
        await DedicationStore(self._tx).move(customer_id, unit, at=at)
        moved = await self._tx.fetch(MOVE_CONTACTS, of_id=customer_id, new_unit=unit)
        if moved:
            await self._tx.execute(MOVE_OFFERS, ids=[row["id"] for row in moved], new_unit=unit)
        return moved

    async def merge(self, customer_id: UUID, *, into: UUID, at: datetime) -> list[Record]:
        """The file lives on in another one, in whose unit its contacts and its dedicated agent go on; the contacts of both that changed."""
        await self._tx.execute(MAKE, customer_id=customer_id, unit=None)
        await self._tx.execute(MERGE, of_id=customer_id, into=into)
        await self._tx.execute(FORGET_ADDRESSES, customer_id=customer_id)
        await DedicationStore(self._tx).inherit(customer_id, heir=into, at=at)
        reassigned = await self._tx.fetch(REASSIGN_CONTACTS, of_id=customer_id, into=into)
        survivor = await self.customer(into)
        if survivor is None or survivor.unit is None:
            return reassigned
        return [*reassigned, *await self.move(into, survivor.unit, at=at)]

    async def erase(self, customer_id: UUID) -> tuple[list[Record], list[UUID]]:
        """Keep nothing that leads to the person; that there were contacts stays on the books. The contacts, and the ids of their offers."""
        await self._tx.execute(MAKE, customer_id=customer_id, unit=None)
        await self._tx.execute(ERASE, of_id=customer_id)
        await self._tx.execute(FORGET_ADDRESSES, customer_id=customer_id)
        blanked = await self._tx.fetch(BLANK_CONTACTS, of_id=customer_id)
        offers = await self._tx.fetch(BLANK_OFFERS, ids=[row["id"] for row in blanked])
        return blanked, [row["id"] for row in offers]


def known_of(row: Record, *, is_key_contact: bool) -> KnownCustomer:
    return KnownCustomer(
        customer_id=row["customer_id"],
        unit=row["unit"],
        tier=row["tier"],
        language=row["language"],
        tags=frozenset(row["tags"]),
        open_complaints=row["open_complaints"],
        is_key_contact=is_key_contact,
        dedicated_agent_id=row["dedicated_agent_id"],
    )
