"""The directory in Postgres: looked up for each contact, written on news."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.statements import rows
from service_kit.store.tables import Moment
from sqlalchemy import (
    ARRAY,
    Boolean,
    Integer,
    LargeBinary,
    String,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from contact_center.directory.domain import CustomerFacts, KnownCustomer
from contact_center.stores import Reads
from contact_center.tables import (
    dedicated_agent,
    directory_address,
    directory_complaint,
    directory_customer,
)

customer = directory_customer
_known = select(
    customer,
    dedicated_agent.c.agent_id.label("dedicated_agent_id"),
).select_from(
    customer.outerjoin(dedicated_agent, dedicated_agent.c.customer_id == customer.c.customer_id)
)
FIND = _known.where(
    customer.c.customer_id == bindparam("customer_id"), customer.c.is_erased.is_(False)
)
# Of several customers behind one number the one of the highest tier is taken: nobody of them waits
# too long for it.
RECOGNIZE = (
    select(
        customer,
        dedicated_agent.c.agent_id.label("dedicated_agent_id"),
        directory_address.c.is_key_contact,
    )
    .select_from(
        directory_address.join(
            customer, customer.c.customer_id == directory_address.c.customer_id
        ).outerjoin(dedicated_agent, dedicated_agent.c.customer_id == customer.c.customer_id)
    )
    .where(
        directory_address.c.digest == any_(bindparam("digests", type_=ARRAY(LargeBinary))),
        customer.c.is_erased.is_(False),
        customer.c.merged_into.is_(None),
        within_units(customer.c.unit),
    )
    .order_by(
        customer.c.tier.desc().nulls_last(),
        directory_address.c.is_key_contact.desc(),
        customer.c.customer_id,
    )
    .limit(1)
)
_ids = bindparam("ids", type_=ARRAY(Uuid))
# No tag holds this character: the tags of one customer go as one text, since an array of arrays
# cannot be unnested.
TAGS_APART = "\x1f"
_met = rows("met", customer_id=Uuid, unit=String)
# In the order of ids, as everybody who locks several: two lanes of news never wait for each other
# in a ring.
MAKE = (
    insert(customer)
    .from_select(
        ["customer_id", "unit", "tags", "open_complaints", "is_erased"],
        select(
            _met.c.customer_id,
            _met.c.unit,
            literal([], ARRAY(String)),
            literal(0, Integer),
            literal(False, Boolean),
        ).order_by(_met.c.customer_id),
    )
    .on_conflict_do_nothing()
)
LOCK = (
    select(customer.c.customer_id)
    .where(customer.c.customer_id == any_(_ids))
    .order_by(customer.c.customer_id)
    .with_for_update()
)
_said = rows("said", customer_id=Uuid, unit=String, language=String, tags=String, seen_at=Moment)
LEARN = (
    update(customer)
    .where(
        customer.c.customer_id == _said.c.customer_id,
        or_(customer.c.seen_at.is_(None), customer.c.seen_at <= _said.c.seen_at),
        customer.c.is_erased.is_(False),
    )
    .values(
        unit=_said.c.unit,
        language=_said.c.language,
        tags=func.string_to_array(_said.c.tags, TAGS_APART),
        seen_at=_said.c.seen_at,
    )
    .returning(customer.c.customer_id)
)
SET_TIER = (
    update(customer)
    .where(customer.c.customer_id == bindparam("of_id"), customer.c.is_erased.is_(False))
    .values(tier=bindparam("new_tier"))
)
FORGET_ADDRESSES = delete(directory_address).where(directory_address.c.customer_id == any_(_ids))
_addresses = rows("addresses", digest=LargeBinary, customer_id=Uuid, is_key_contact=Boolean)
ADD_ADDRESSES = (
    insert(directory_address)
    .from_select(["digest", "customer_id", "is_key_contact"], select(*_addresses.c))
    .on_conflict_do_nothing()
)
ERASE = (
    update(customer)
    .where(customer.c.customer_id == bindparam("of_id"))
    .values(is_erased=True, tags=[], language=None, tier=None)
)
MERGE = (
    update(customer)
    .where(customer.c.customer_id == bindparam("of_id"))
    .values(merged_into=bindparam("into"))
)
OPEN = insert(directory_complaint).on_conflict_do_nothing()
CLOSE = delete(directory_complaint).where(
    directory_complaint.c.customer_id == bindparam("customer_id"),
    directory_complaint.c.complaint_id == bindparam("complaint_id"),
)
_open = (
    select(func.count())
    .select_from(directory_complaint)
    .where(directory_complaint.c.customer_id == bindparam("of_id"))
    .scalar_subquery()
)
COUNT = (
    update(customer)
    .where(customer.c.customer_id == bindparam("of_id"))
    .values(open_complaints=_open)
)


class Digests(Protocol):
    """Makes keyed digests of the addresses of customers."""

    def of(self, key: str) -> bytes: ...

    def called_from(self, channel: str, address: str) -> list[bytes]: ...


class DirectoryReader(Reads):
    """Looks customers up for contacts."""

    def __init__(
        self, reader: Reader, digests: Digests, units: Sequence[str] | None = None
    ) -> None:
        super().__init__(reader, units)
        self._digests = digests

    async def customer(self, customer_id: UUID) -> KnownCustomer | None:
        row = await self._reader.fetch_one(FIND, customer_id=customer_id)
        return None if row is None else known_of(row, is_key_contact=False)

    async def recognize(self, channel: str, address: str) -> KnownCustomer | None:
        """Who of the caller's units calls from this address, or None."""
        digests = self._digests.called_from(channel, address)
        row = await self._reader.fetch_one(RECOGNIZE, digests=digests, units=self._units)
        return None if row is None else known_of(row, is_key_contact=row["is_key_contact"])


class DirectoryStore(DirectoryReader):
    """Takes in what news say of customers."""

    def __init__(self, tx: Transaction, digests: Digests) -> None:
        super().__init__(tx, digests)
        self._tx = tx

    async def learn(self, said: Sequence[CustomerFacts]) -> list[CustomerFacts]:
        """Take in what customer-profile says of customers,
        but for whom something newer was taken in; what was taken in.
        """
        if not said:
            return []
        ids = [facts.customer_id for facts in said]
        await self._tx.execute(MAKE, met_customer_id=ids, met_unit=[each.unit for each in said])
        await self._tx.fetch(LOCK, ids=ids)
        known = {row["customer_id"] for row in await self._tx.fetch(LEARN, **_told(said))}
        learned = [facts for facts in said if facts.customer_id in known]
        await self._tx.execute(FORGET_ADDRESSES, ids=list(known))
        await self._tx.execute(ADD_ADDRESSES, **self._filed(learned))
        return learned

    def _filed(self, learned: Sequence[CustomerFacts]) -> dict[str, list[object]]:
        """The addresses of customers by their digests, each once;
        those of key contacts count as such.
        """
        filed: dict[tuple[bytes, UUID], bool] = {}
        for facts in learned:
            for keys, is_key_contact in (
                (facts.key_contact_addresses, True),
                (facts.addresses, False),
            ):
                for key in keys:
                    filed.setdefault((self._digests.of(key), facts.customer_id), is_key_contact)
        return {
            "addresses_digest": [digest for digest, _ in filed],
            "addresses_customer_id": [customer_id for _, customer_id in filed],
            "addresses_is_key_contact": list(filed.values()),
        }

    async def _meet(self, customer_id: UUID) -> None:
        """Somebody of whom only this is known so far."""
        await self._tx.execute(MAKE, met_customer_id=[customer_id], met_unit=[None])

    async def set_tier(self, customer_id: UUID, tier: int | None) -> None:
        await self._meet(customer_id)
        await self._tx.execute(SET_TIER, of_id=customer_id, new_tier=tier)

    async def count_complaint(
        self, customer_id: UUID, complaint_id: UUID, *, is_open: bool
    ) -> None:
        """Keep the number of open complaints; news that come twice change nothing."""
        await self._meet(customer_id)
        await self._tx.execute(
            OPEN if is_open else CLOSE, customer_id=customer_id, complaint_id=complaint_id
        )
        await self._tx.execute(COUNT, of_id=customer_id)

    async def merge(self, customer_id: UUID, *, into: UUID) -> KnownCustomer | None:
        """The file lives on in another one, the survivor,
        which is answered as far as it is known.
        """
        await self._meet(customer_id)
        await self._tx.execute(MERGE, of_id=customer_id, into=into)
        await self._tx.execute(FORGET_ADDRESSES, ids=[customer_id])
        return await self.customer(into)

    async def erase(self, customer_id: UUID) -> None:
        """Keep nothing that leads to the person."""
        await self._meet(customer_id)
        await self._tx.execute(ERASE, of_id=customer_id)
        await self._tx.execute(FORGET_ADDRESSES, ids=[customer_id])


def _told(said: Sequence[CustomerFacts]) -> dict[str, list[object]]:
    columns = {
        f"said_{name}": [getattr(facts, name) for facts in said]
        for name in ("customer_id", "unit", "language", "seen_at")
    }
    return columns | {"said_tags": [TAGS_APART.join(facts.tags) for facts in said]}


def known_of(row: Record, *, is_key_contact: bool) -> KnownCustomer:
    named = ("customer_id", "unit", "tier", "language", "open_complaints", "dedicated_agent_id")
    return KnownCustomer(
        **{name: row[name] for name in named},
        tags=frozenset(row["tags"]),
        is_key_contact=is_key_contact,
    )
