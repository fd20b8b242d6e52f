"""Customers in Postgres: the row, the search row and the look-up of identifiers change together, with their event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from service_kit.access.caller import Caller
from service_kit.access.units import units_of
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.sqlstates import TransactionRolledBack, UniqueViolated
from sqlalchemy import Executable

from customer_profile.customer import erasing, events, statements, views
from customer_profile.customer.domain import Customer, CustomerChanged, CustomerCreated, CustomerErased, CustomerNotFound, IdentifierTaken
from customer_profile.customer.facts import names
from customer_profile.customer.rows import customer_of, row_of
from customer_profile.identifier.domain import Identifier
from customer_profile.search.keys import Query

BEFORE_ALL = UUID(int=0)
BEHIND_ALL = UUID(int=2**128 - 1)
UNIQUE_KEY = "uq_identifier_holder_unique_key"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The filters of a list: look-up keys of identifiers, a tag, a least tier, a unit."""

    keys: tuple[str, ...] = ()
    tag: str | None = None
    tier_min: int | None = None
    unit: str | None = None

    @property
    def shape(self) -> dict[str, Any]:
        """Which filters are there: it picks the statement."""
        return {"keys": len(self.keys), "tag": self.tag is not None, "tier": self.tier_min is not None, "unit": self.unit is not None}

    @property
    def values(self) -> dict[str, object]:
        """What is bound to them."""
        bound: dict[str, object] = {f"key_{number}": key for number, key in enumerate(self.keys)}
        bound |= {"tags": [self.tag]} if self.tag is not None else {}
        bound |= {"tier_min": self.tier_min} if self.tier_min is not None else {}
        return bound | ({"unit": self.unit} if self.unit is not None else {})


class CustomerReader:
    """Reads files within the caller's units; no units asks for the whole company."""

    def __init__(self, reader: Reader, units: Sequence[str] | None) -> None:
        self._reader = reader
        self._units = units

    async def get(self, customer_id: UUID) -> Customer:
        """The file; CustomerNotFound where there is none within the units."""
        return customer_of(await self.row(customer_id))

    async def row(self, customer_id: UUID) -> Record:
        """The file as its row, for whoever only shows it; CustomerNotFound as in `get`."""
        row = await self._reader.fetch_one(statements.FIND, id=customer_id, units=self._units)
        if row is None:
            raise CustomerNotFound()
        return row

    async def unit_of(self, customer_id: UUID) -> str:
        """The unit of a customer; CustomerNotFound as in `get`."""
        return await self._unit_of(statements.UNIT_OF, customer_id)

    async def _unit_of(self, statement: Executable, customer_id: UUID) -> str:
        unit: str | None = await self._reader.fetch_value(statement, id=customer_id, units=self._units)
        if unit is None:
            raise CustomerNotFound()
        return unit

    async def listed(self, asked: Asked, *, before: UUID, limit: int) -> list[Record]:
        """Rows of the customers that are asked for, newest first, behind an id."""
        statement = statements.listing(**asked.shape, scoped=self._units is not None)
        return await self._reader.fetch(statement, **asked.values, **self._scope, before=before, limit=limit)

    async def found(self, query: Query, asked: Asked, *, after: tuple[int, UUID], limit: int) -> list[Record]:
        """Rows of the customers that fit a query, best first, each with its `rank`, behind a rank and an id."""
        return await self._reader.fetch(
            statements.searching(**asked.shape),
            **asked.values,
            tokens=list(query.tokens),
            parts=[f"%{part}%" for part in query.parts],
            whole=[f"% {whole} %" for whole in query.wholes],
            begins=[pattern for whole in query.wholes for pattern in (f"% {whole}%", f"%{whole} %")],
            after_rank=after[0],
            after=after[1],
            limit=limit,
            units=self._units,
        )

    async def holders(self, keys: Sequence[str], *, most: int) -> dict[str, list[Record]]:
        """Ids and units of the customers within the units that hold each of these identifiers, oldest first, at most so many of each."""
        held: dict[str, list[Record]] = {}
        wanted = list(dict.fromkeys(keys))
        for row in await self._reader.fetch(statements.FIND_VISIBLE_HOLDINGS, wanted_key=wanted, units=self._units, limit=most):
            held.setdefault(row["key"], []).append(row)
        return held

    @property
    def _scope(self) -> dict[str, object]:
        return {} if self._units is None else {"units": self._units}

    async def holder_of(self, keys: Sequence[str], *, but: UUID) -> UUID | None:
        """Which other customer within the units holds one of these unique identifiers."""
        held: UUID | None = await self._reader.fetch_value(statements.FIND_UNIQUE_HOLDER, keys=list(keys), but=but, units=self._units)
        return held


class CustomerStore(CustomerReader):
    """Reads and writes files in one transaction."""

    def __init__(self, tx: Transaction, units: Sequence[str] | None) -> None:
        super().__init__(tx, units)
        self._tx = tx

    @classmethod
    def of(cls, tx: Transaction, caller: Caller) -> "CustomerStore":
        return cls(tx, units_of(caller))

    async def get_to_change(self, customer_id: UUID) -> Customer:
        """The file, locked until the transaction ends; CustomerNotFound as in `get`."""
        row = await self._tx.fetch_one(statements.LOCK, id=customer_id, units=self._units)
        if row is None:
            raise CustomerNotFound()
        return customer_of(row)

    async def keep(self, customer_id: UUID) -> str:
        """The unit of a customer who is not erased until this transaction ends; CustomerNotFound as in `get`."""
        return await self._unit_of(statements.UNIT_OF_KEPT, customer_id)

    async def add(self, event: CustomerCreated) -> None:
        """Write a new file; IdentifierTaken when another has one of its unique identifiers."""
        customer = event.customer
        keys, row = customer.search_keys, row_of(customer)
        try:
            await self._tx.fetch(
                statements.INSERT,
                **row,
                tokens=list(keys.tokens),
                text=keys.text,
                held_key=[each.key for each in customer.identifiers],
                held_is_unique=[each.is_unique for each in customer.identifiers],
            )
        except UniqueViolated as error:
            raise _taken(error) from error
        values, apart = audited(customer, row)
        self._tx.record(events.created(event), values=values, sensitive=apart)

    async def save(self, event: CustomerChanged) -> None:
        """Write a changed file over the version that it was read at."""
        before, after = event.before, event.after
        row = row_of(after)
        given = {f"new_{name}": value for name, value in row.items() if name not in ("id", "created_at")}
        if not await self._tx.execute(statements.UPDATE, of=after.id, was=before.version, **given):
            raise TransactionRolledBack("the customer changed meanwhile")
        keys = after.search_keys
        if keys != before.search_keys or after.unit != before.unit:
            await self._tx.execute(
                statements.UPDATE_SEARCH, of=after.id, new_unit=after.unit, new_tokens=list(keys.tokens), new_text=keys.text
            )
        await self.rehold(after.id, after.id, before.identifiers, after.identifiers)
        # What the newest source calls sensitive was so before, too.
        before = replace(before, sensitive=before.sensitive.union(after.sensitive).intersection(names(before.facts)))
        shown_before, apart_before = audited(before, row_of(before))
        shown_after, apart_after = audited(after, row)
        apart = {"before": apart_before, "after": apart_after} if apart_before or apart_after else None
        self._tx.record(events.changed(event), values={"before": shown_before, "after": shown_after}, sensitive=apart)

    async def rehold(self, holder: UUID, customer_id: UUID, before: Sequence[Identifier], after: Sequence[Identifier]) -> None:
        """Change what a customer or a contact person is looked up by; IdentifierTaken as in `add`."""
        old = {each.key: each for each in before}
        new = {each.key: each for each in after}
        gone = [key for key in old if key not in new]
        fresh = [each for key, each in new.items() if key not in old]
        if gone:
            await self._tx.execute(statements.LET_GO, holder=holder, gone=gone)
        if fresh:
            held = {"held_key": [each.key for each in fresh], "held_is_unique": [each.is_unique for each in fresh]}
            try:
                await self._tx.execute(statements.HOLD, holder=holder, of=customer_id, **held)
            except UniqueViolated as error:
                raise _taken(error) from error

    async def erase(self, event: CustomerErased) -> list[UUID]:
        """Empty the file and all that hangs on it of personal values; rows, times and ids stay for the books.

        The ids of all that told of the customer: the answers that are kept about them go too.
        """
        subjects = await erasing.erase(self._tx, event.customer, at=event.at)
        self._tx.record(events.erased(event))
        return subjects


async def may_read(reader: Reader, caller: Caller, ids: Sequence[UUID]) -> bool | None:
    """Whether the caller sees the customers among these ids where they are now; None where there is none of them."""
    units = [row["unit"] for row in await reader.fetch(statements.UNITS, ids=list(ids))]
    return all(caller.sees(unit) for unit in units) if units else None


AUDITED = ("name", "kind", "language", "time_zone", "roles", "sector", "tags", "account_manager", "do_not_contact")


def audited(customer: Customer, row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the audit shows of a file to all its readers (no search keys, no sealed values), and the sensitive facts, shown to few."""
    hidden = views.sensitive_names(row)
    facts = row["facts"]
    values = {name: row[name] for name in AUDITED}
    values |= {"facts": views.shown_facts(facts, hidden), "identifiers": [each.key for each in customer.identifiers]}
    named = [name.partition(".") for name in hidden if name != views.SECRET]
    return values, {f"{group}.{name}": facts[group][name] for group, _, name in named if name in facts.get(group, ())}


def _taken(error: UniqueViolated) -> Exception:
    return IdentifierTaken() if error.constraint == UNIQUE_KEY else error
