"""Customers in Postgres:
the row, the search row and the look-up of identifiers change together, with their event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.caller import Caller
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.sqlstates import UniqueViolated
from service_kit.store.statements import rows
from service_kit.store.tables import Moment
from sqlalchemy import (
    Boolean,
    Executable,
    Integer,
    SmallInteger,
    String,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from customer_profile.customer import erasing, events
from customer_profile.customer.domain import (
    Customer,
    CustomerChanged,
    CustomerCreated,
    CustomerErased,
    CustomerNotFound,
    IdentifierTaken,
)
from customer_profile.customer.facts import names
from customer_profile.customer.listing import Asked, listing, searching
from customer_profile.customer.present import COLUMNS, PRESENT, SEEN
from customer_profile.customer.rows import customer_of, row_of
from customer_profile.customer.sensitive import SECRET, sensitive_names, shown_facts
from customer_profile.identifier.domain import Identifier, filed
from customer_profile.search.keys import Query
from customer_profile.stores import Access, Store, change, changing
from customer_profile.tables import customer, customer_search, identifier_holder

BEFORE_ALL = UUID(int=0)
BEHIND_ALL = UUID(int=2**128 - 1)
UNIQUE_KEY = "uq_identifier_holder_unique_key"

UNIT_OF = select(customer.c.unit).where(customer.c.id == bindparam("id"), SEEN)
# Shared with others that write below the file, but not with its erasure, which takes the row for
# itself.
UNIT_OF_KEPT = UNIT_OF.with_for_update(key_share=True, read=True)
_ids: Any = bindparam("ids", type_=ARRAY(Uuid))
_keys: Any = bindparam("keys", type_=ARRAY(String))
UNITS = select(customer.c.unit).where(customer.c.id == any_(_ids))

FIND = select(*COLUMNS).where(customer.c.id == bindparam("id"), SEEN)
LOCK = FIND.with_for_update()
FIND_SOME = select(*COLUMNS).where(customer.c.id == any_(_ids), SEEN)
LOCK_SOME = select(*COLUMNS).where(customer.c.id == any_(_ids), PRESENT).with_for_update()

FIND_HOLDINGS = select(
    identifier_holder.c.key, identifier_holder.c.customer_id, identifier_holder.c.holder_id
).where(identifier_holder.c.key == any_(_keys))
_wanted = rows("wanted", key=String)
_holders_of_one = (
    select(identifier_holder.c.customer_id, customer.c.unit)
    .join(customer, customer.c.id == identifier_holder.c.customer_id)
    .where(identifier_holder.c.key == _wanted.c.key, SEEN)
    .distinct()
    .order_by(identifier_holder.c.customer_id)
    .limit(bindparam("limit", type_=Integer))
    .lateral("holders")
)
FIND_VISIBLE_HOLDINGS = (
    select(_wanted.c.key, _holders_of_one.c.customer_id, _holders_of_one.c.unit)
    .join(_holders_of_one, true())
    .order_by(_holders_of_one.c.customer_id)
)
FIND_UNIQUE_HOLDER = (
    select(customer.c.id)
    .where(
        customer.c.id.in_(
            select(identifier_holder.c.customer_id).where(
                identifier_holder.c.key == any_(_keys), identifier_holder.c.is_unique
            )
        ),
        customer.c.id != bindparam("but", type_=Uuid),
        SEEN,
    )
    .limit(1)
)

# Writing: the file, its search row and its identifiers go in one statement.
_held = rows("held", key=String, is_unique=Boolean)
_bound = {
    each.name: bindparam(each.name, type_=each.type)
    for each in customer.c
    if each.name != "erased_at"
}
_id: Any = bindparam("id", type_=Uuid)
_inserted = insert(customer).values(_bound).cte("inserted")
_search_values = {
    "customer_id": _id,
    "unit": bindparam("unit", type_=String),
    "tokens": bindparam("tokens", type_=ARRAY(Text)),
    "text": bindparam("text", type_=String),
}
_search_inserted = insert(customer_search).values(_search_values).cte("searched")
_holders_inserted = (
    insert(identifier_holder)
    .from_select(
        ["key", "holder_id", "customer_id", "is_unique"],
        select(_held.c.key, _id, _id, _held.c.is_unique),
    )
    .cte("holding")
)
INSERT = select(literal(1, Integer)).add_cte(_inserted, _search_inserted, _holders_inserted)

UPDATE = changing(
    customer, *(name for name in _bound if name not in ("id", "version", "created_at"))
)
UPDATE_SEARCH = (
    update(customer_search)
    .where(customer_search.c.customer_id == bindparam("of"))
    .values(
        unit=bindparam("new_unit", type_=String),
        tokens=bindparam("new_tokens", type_=ARRAY(Text)),
        text=bindparam("new_text", type_=String),
    )
)
HOLD = insert(identifier_holder).from_select(
    ["key", "holder_id", "customer_id", "is_unique"],
    select(
        _held.c.key, bindparam("holder", type_=Uuid), bindparam("of", type_=Uuid), _held.c.is_unique
    ),
)
LET_GO = delete(identifier_holder).where(
    identifier_holder.c.key == any_(bindparam("gone", type_=ARRAY(String))),
    identifier_holder.c.holder_id == bindparam("holder"),
)
RATE = (
    update(customer)
    .where(
        customer.c.id == bindparam("of"),
        PRESENT,
        customer.c.tier.is_distinct_from(bindparam("stars", type_=SmallInteger)),
    )
    .values(
        tier=bindparam("stars", type_=SmallInteger),
        version=customer.c.version + 1,
        updated_at=func.greatest(customer.c.updated_at, bindparam("at", type_=Moment)),
    )
    .returning(customer.c.unit)
)


class CustomerReader(Store[Access]):
    """Reads files."""

    async def get(self, customer_id: UUID) -> Customer:
        """The file; CustomerNotFound where there is none within the units."""
        return customer_of(await self.row(customer_id))

    async def row(self, customer_id: UUID) -> Record:
        """The file as its row, for whoever only shows it; CustomerNotFound as in `get`."""
        row = await self._tx.fetch_one(FIND, id=customer_id, units=self._units)
        if row is None:
            raise CustomerNotFound()
        return row

    async def some(self, ids: Sequence[UUID]) -> list[Record]:
        """The files of these ids as rows, in no order, without those that there are not."""
        return await self._tx.fetch(FIND_SOME, ids=list(ids), units=self._units)

    async def unit_of(self, customer_id: UUID) -> str:
        """The unit of a customer; CustomerNotFound as in `get`."""
        return await self._unit_of(UNIT_OF, customer_id)

    async def _unit_of(self, statement: Executable, customer_id: UUID) -> str:
        unit: str | None = await self._tx.fetch_value(statement, id=customer_id, units=self._units)
        if unit is None:
            raise CustomerNotFound()
        return unit

    async def listed(self, asked: Asked, *, before: UUID, limit: int) -> list[Record]:
        """Rows of the customers that are asked for, newest first, behind an id."""
        statement = listing(**asked.shape, scoped=self._units is not None)
        return await self._tx.fetch(
            statement, **asked.values, **self._scope, before=before, limit=limit
        )

    async def found(
        self, query: Query, asked: Asked, *, after: tuple[int, UUID], limit: int
    ) -> list[Record]:
        """Rows of the customers that fit a query, best first, each with its `rank`,
        behind a rank and an id.
        """
        return await self._tx.fetch(
            searching(**asked.shape),
            **asked.values,
            tokens=list(query.tokens),
            parts=[f"%{part}%" for part in query.parts],
            whole=[f"% {whole} %" for whole in query.wholes],
            begins=[
                pattern for whole in query.wholes for pattern in (f"% {whole}%", f"%{whole} %")
            ],
            after_rank=after[0],
            after=after[1],
            limit=limit,
            units=self._units,
        )

    async def holders(self, keys: Sequence[str], *, most: int) -> dict[str, list[Record]]:
        """Ids and units of the customers within the units that hold each of these identifiers,
        oldest first, at most so many of each.
        """
        held: dict[str, list[Record]] = {}
        wanted = list(dict.fromkeys(keys))
        for row in await self._tx.fetch(
            FIND_VISIBLE_HOLDINGS, wanted_key=wanted, units=self._units, limit=most
        ):
            held.setdefault(row["key"], []).append(row)
        return held

    @property
    def _scope(self) -> dict[str, object]:
        return {} if self._units is None else {"units": self._units}

    async def holder_of(self, keys: Sequence[str], *, but: UUID) -> UUID | None:
        """Which other customer within the units holds one of these unique identifiers."""
        held: UUID | None = await self._tx.fetch_value(
            FIND_UNIQUE_HOLDER, keys=list(keys), but=but, units=self._units
        )
        return held


class CustomerStore(CustomerReader[Transaction]):
    """Reads and writes files."""

    async def get_to_change(self, customer_id: UUID) -> Customer:
        """The file, locked until the transaction ends; CustomerNotFound as in `get`."""
        row = await self._tx.fetch_one(LOCK, id=customer_id, units=self._units)
        if row is None:
            raise CustomerNotFound()
        return customer_of(row)

    async def some_to_change(self, ids: Sequence[UUID]) -> list[Customer]:
        """The files of these ids, of whatever unit, locked until the transaction ends."""
        return [customer_of(row) for row in await self._tx.fetch(LOCK_SOME, ids=list(ids))]

    async def holdings(self, keys: Sequence[str]) -> list[Record]:
        """Who holds these identifiers, in whatever unit: customers and their contact persons."""
        return await self._tx.fetch(FIND_HOLDINGS, keys=list(keys))

    async def keep(self, customer_id: UUID) -> str:
        """The unit of a customer who is not erased until this transaction ends;
        CustomerNotFound as in `get`.
        """
        return await self._unit_of(UNIT_OF_KEPT, customer_id)

    async def add(self, event: CustomerCreated) -> None:
        """Write a new file; IdentifierTaken when another has one of its unique identifiers."""
        customer = event.customer
        keys, row = customer.search_keys, row_of(customer)
        held = filed(customer.identifiers)
        try:
            await self._tx.fetch(
                INSERT,
                **row,
                tokens=list(keys.tokens),
                text=keys.text,
                held_key=list(held),
                held_is_unique=list(held.values()),
            )
        except UniqueViolated as error:
            raise _taken(error) from error
        values, apart = audited(customer, row)
        self._tx.record(events.CustomerCreated.of(event), values=values, sensitive=apart)

    async def save(self, event: CustomerChanged) -> None:
        """Write a changed file over the version that it was read at."""
        before, after = event.before, event.after
        row = row_of(after)
        await change(self._tx, UPDATE, row, was=before.version)
        keys = after.search_keys
        if keys != before.search_keys or after.unit != before.unit:
            await self._tx.execute(
                UPDATE_SEARCH,
                of=after.id,
                new_unit=after.unit,
                new_tokens=list(keys.tokens),
                new_text=keys.text,
            )
        await self.rehold(after.id, after.id, before.identifiers, after.identifiers)
        # What the newest source calls sensitive was so before, too.
        before = replace(
            before,
            sensitive=before.sensitive.union(after.sensitive).intersection(names(before.facts)),
        )
        shown_before, apart_before = audited(before, row_of(before))
        shown_after, apart_after = audited(after, row)
        apart = (
            {"before": apart_before, "after": apart_after} if apart_before or apart_after else None
        )
        self._tx.record(
            events.CustomerChanged.of(event),
            values={"before": shown_before, "after": shown_after},
            sensitive=apart,
        )

    async def rate(self, customer_id: UUID, stars: int | None, *, at: datetime) -> str | None:
        """Put a tier onto the file;
        the customer's unit, None where there is no such customer or the tier is this already.
        """
        unit: str | None = await self._tx.fetch_value(RATE, of=customer_id, stars=stars, at=at)
        return unit

    async def rehold(
        self,
        holder: UUID,
        customer_id: UUID,
        before: Sequence[Identifier],
        after: Sequence[Identifier],
    ) -> None:
        """Change what a customer or a contact person is looked up by;
        IdentifierTaken as in `add`.
        """
        old, new = filed(before), filed(after)
        gone = [key for key in old if key not in new]
        fresh = {key: is_unique for key, is_unique in new.items() if key not in old}
        if gone:
            await self._tx.execute(LET_GO, holder=holder, gone=gone)
        if fresh:
            held = {"held_key": list(fresh), "held_is_unique": list(fresh.values())}
            try:
                await self._tx.execute(HOLD, holder=holder, of=customer_id, **held)
            except UniqueViolated as error:
                raise _taken(error) from error

    async def erase(self, event: CustomerErased) -> list[UUID]:
        """Empty the file and all that hangs on it of personal values; rows, times and ids stay for
        the books.

        The ids of all that told of the customer: the answers that are kept about them go too.
        """
        subjects = await erasing.erase(self._tx, event.customer, at=event.at)
        self._tx.record(events.CustomerErased.of(event))
        return subjects


async def may_read(reader: Reader, caller: Caller, ids: Sequence[UUID]) -> bool | None:
    """Whether the caller sees the customers among these ids where they are now;
    None where there is none of them.
    """
    units = [row["unit"] for row in await reader.fetch(UNITS, ids=list(ids))]
    return all(caller.sees(unit) for unit in units) if units else None


AUDITED = (
    "name",
    "kind",
    "language",
    "time_zone",
    "roles",
    "sector",
    "tags",
    "account_manager",
    "do_not_contact",
)


def audited(customer: Customer, row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the audit shows of a file to all its readers (no search keys, no sealed values),
    and the sensitive facts, shown to few.
    """
    hidden = sensitive_names(row)
    facts = row["facts"]
    values = {name: row[name] for name in AUDITED}
    values |= {
        "facts": shown_facts(facts, hidden),
        "identifiers": [each.key for each in customer.identifiers],
    }
    named = [name.partition(".") for name in hidden if name != SECRET]
    return values, {
        f"{group}.{name}": facts[group][name]
        for group, _, name in named
        if name in facts.get(group, ())
    }


def _taken(error: UniqueViolated) -> Exception:
    return IdentifierTaken() if error.constraint == UNIQUE_KEY else error
