"""Transactions, their external ids, and the statistics that follow them,
in one transaction of the database.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction as Tx
from service_kit.store.running import Reader, Record
from service_kit.store.tables import Moment
from sqlalchemy import Select, Uuid, and_, bindparam, select, tuple_, update

from scoring.customer.domain import KnownCustomer
from scoring.customer.store import CustomerStore
from scoring.purchase.store import PurchaseStore
from scoring.tables import customer, transaction, transaction_reference
from scoring.transaction.domain import Transaction, TransactionNotFound
from scoring.transaction.events import TransactionRecorded
from scoring.unnested import Unnested, arrays

_new = Unnested("new", *transaction.c)
INSERT = _new.inserted_into(transaction)

_claimed = Unnested("claimed", *transaction_reference.c)
CLAIM = (
    _claimed.inserted_into(transaction_reference, by=["source", "external_id"])
    .on_conflict_do_nothing()
    .returning(transaction_reference.c.transaction_id)
)
_asked = Unnested("asked", transaction_reference.c.source, transaction_reference.c.external_id)
KNOWN = select(transaction_reference.c.source, transaction_reference.c.external_id).join(
    _asked.table,
    (transaction_reference.c.source == _asked.c.source)
    & (transaction_reference.c.external_id == _asked.c.external_id),
)
FIND_REFERENCE = select(transaction_reference.c.transaction_id).where(
    transaction_reference.c.source == bindparam("source"),
    transaction_reference.c.external_id == bindparam("external_id"),
)

_visible = (
    select(transaction, customer.c.unit)
    .join(customer, customer.c.id == transaction.c.customer_id)
    .where(within_units(customer.c.unit))
)
FIND = _visible.where(transaction.c.id == bindparam("id"))
LOCK = FIND.with_for_update(of=transaction)
LIST = (
    _visible.where(transaction.c.customer_id == bindparam("customer_id"))
    .order_by(transaction.c.occurred_at.desc(), transaction.c.id.desc())
    .limit(bindparam("limit"))
)
LIST_AFTER = LIST.where(
    tuple_(transaction.c.occurred_at, transaction.c.id)
    < tuple_(bindparam("after", type_=Moment), bindparam("after_id", type_=Uuid))
)
IDS = select(transaction.c.id).where(transaction.c.customer_id == bindparam("customer_id"))
CHANGE = (
    update(transaction)
    .where(
        and_(
            transaction.c.customer_id == bindparam("of_customer"),
            transaction.c.id == bindparam("of"),
            transaction.c.version == bindparam("was"),
        )
    )
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("kind", "occurred_at", "day", "amount", "cost", "state", "version")
        }
    )
)


class TransactionReader:
    """Reads transactions of the customers that a caller may see;
    no units asks for the whole company.
    """

    def __init__(self, reader: Reader, units: Sequence[str] | None) -> None:
        self._reader = reader
        self._units = units

    async def find(self, id: UUID) -> tuple[Transaction, str | None]:
        """A transaction and its customer's unit; TransactionNotFound."""
        return await self._found(FIND, id)

    async def _found(self, statement: Select[Any], id: UUID) -> tuple[Transaction, str | None]:
        row = await self._reader.fetch_one(statement, id=id, units=self._units)
        if row is None:
            raise TransactionNotFound()
        return transaction_of(row), row["unit"]

    async def of_customer(
        self, customer_id: UUID, *, after: Sequence[Any] | None, limit: int
    ) -> list[Transaction]:
        """Newest first."""
        given: dict[str, Any] = {"customer_id": customer_id, "limit": limit, "units": self._units}
        if after is None:
            rows = await self._reader.fetch(LIST, **given)
        else:
            rows = await self._reader.fetch(LIST_AFTER, after=after[0], after_id=after[1], **given)
        return [transaction_of(row) for row in rows]

    async def ids_of(self, customer_id: UUID) -> list[UUID]:
        """The ids of all transactions of a customer."""
        return [row["id"] for row in await self._reader.fetch(IDS, customer_id=customer_id)]


class TransactionStore(TransactionReader):
    """Transactions in one transaction of the database: what they change is written with them."""

    def __init__(self, tx: Tx, units: Sequence[str] | None) -> None:
        super().__init__(tx, units)
        self._tx = tx

    async def find_to_change(self, id: UUID) -> tuple[Transaction, str | None]:
        """As `find`, locked until the transaction ends."""
        return await self._found(LOCK, id)

    async def hold(self, customers: Sequence[UUID]) -> dict[UUID, set[str]]:
        """Lock what the customers bought; the currencies of each so far."""
        currencies: dict[UUID, set[str]] = {}
        for each in await PurchaseStore(self._tx).hold(customers):
            currencies.setdefault(each.customer_id, set()).add(each.currency)
        return currencies

    async def claim(self, transactions: Sequence[Transaction]) -> list[Transaction]:
        """Those whose external id was free, and those without one; the others are duplicates."""
        named = {
            (each.source, each.external_id): each
            for each in reversed(transactions)
            if each.external_id is not None
        }
        rows = [
            {
                "source": each.source,
                "external_id": each.external_id,
                "customer_id": each.customer_id,
                "transaction_id": each.id,
            }
            for each in named.values()
        ]
        taken = (
            {row["transaction_id"] for row in await self._tx.fetch(CLAIM, **arrays(_claimed, rows))}
            if rows
            else set()
        )
        return [each for each in transactions if each.external_id is None or each.id in taken]

    async def known(self, names: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those pairs of source and external id that name a transaction already."""
        rows = [{"source": source, "external_id": external_id} for source, external_id in names]
        found = await self._tx.fetch(KNOWN, **arrays(_asked, rows)) if rows else []
        return {(row["source"], row["external_id"]) for row in found}

    async def save(
        self,
        transactions: Sequence[Transaction],
        customers: Mapping[UUID, KnownCustomer],
        *,
        at: datetime,
    ) -> None:
        """Write new transactions with their customers, statistics and events."""
        if not transactions:
            return
        await CustomerStore(self._tx).meet(
            [customers[id] for id in sorted({each.customer_id for each in transactions})], at=at
        )
        await self._tx.execute(INSERT, **arrays(_new, [vars(each) for each in transactions]))
        await PurchaseStore(self._tx).add((each.day_of, each.change) for each in transactions)
        for each in transactions:
            self._tx.record(
                TransactionRecorded.of(each, unit=customers[each.customer_id].unit, at=at)
            )

    async def change(
        self,
        before: Transaction,
        after: Transaction,
        *,
        unit: str | None,
        at: datetime,
        reason: str,
    ) -> None:
        """Write a correction or a voiding:
        the old is taken out of the statistics and the new put in.
        """
        values = {
            f"new_{name}": getattr(after, name)
            for name in ("kind", "occurred_at", "day", "amount", "cost", "state", "version")
        }
        await self._tx.execute(
            CHANGE, of_customer=before.customer_id, of=before.id, was=before.version, **values
        )
        changes = {"before": (before.day_of, before.change), "after": (after.day_of, after.change)}
        await PurchaseStore(self._tx).correct(**changes)
        stood = {"amount": before.amount, "day": before.day, "kind": before.kind}
        self._tx.record(
            TransactionRecorded.of(after, unit=unit, at=at),
            values={"reason": reason, "before": stood},
        )

    async def named(self, source: str, external_id: str) -> UUID | None:
        """Which transaction has this external id."""
        id: UUID | None = await self._tx.fetch_value(
            FIND_REFERENCE, source=source, external_id=external_id
        )
        return id


def transaction_of(row: Record) -> Transaction:
    return Transaction(**{name: row[name] for name in Transaction.__dataclass_fields__})
