"""The directory of customers: which there are, and in which unit;
the unit is NULL until the customer file told it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from service_kit.access.caller import Caller
from service_kit.store.database import Transaction
from service_kit.store.running import Reader
from sqlalchemy import ARRAY, String, Uuid, any_, bindparam, case, func, literal_column, or_, select

from scoring.customer.domain import CustomerNotFound, KnownCustomer
from scoring.tables import customer
from scoring.unnested import Unnested, arrays

# Spelled out: a distributed Postgres takes no parameter behind ON CONFLICT of INSERT ... SELECT.
ERASED = literal_column("'erased'", String)
_met = Unnested("met", *customer.c)
_learn = _met.inserted_into(customer, by=["id"])
# News of imports come behind live ones, so older words come after newer ones: these stand, and who
# was erased stays so for ever.
_is_newer = _learn.excluded.known_at >= customer.c.known_at
LEARN = _learn.on_conflict_do_update(
    index_elements=[customer.c.id],
    set_={
        "unit": case(
            (_is_newer, func.coalesce(_learn.excluded.unit, customer.c.unit)),
            else_=func.coalesce(customer.c.unit, _learn.excluded.unit),
        ),
        "state": case(
            (customer.c.state == ERASED, ERASED),
            (or_(_is_newer, _learn.excluded.state == ERASED), _learn.excluded.state),
            else_=customer.c.state,
        ),
        "known_at": func.greatest(_learn.excluded.known_at, customer.c.known_at),
    },
)
MEET = _learn.on_conflict_do_nothing()
KEEP = select(customer.c.state).where(customer.c.id == bindparam("id")).with_for_update(read=True)
FIND = select(customer).where(customer.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


class CustomerReader:
    """Reads the directory."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def found(self, ids: Iterable[UUID]) -> dict[UUID, KnownCustomer]:
        """Those of the customers that the directory knows."""
        rows = await self._reader.fetch(FIND, ids=list(ids))
        return {
            row["id"]: KnownCustomer(id=row["id"], unit=row["unit"], state=row["state"])
            for row in rows
        }


class CustomerStore(CustomerReader):
    """The directory in one transaction of the database."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    async def learn(self, customers: Sequence[KnownCustomer], *, at: datetime) -> None:
        """Write what the customer file told; it replaces what is older."""
        await self._tx.execute(LEARN, **arrays(_met, _rows(customers, at)))

    async def meet(self, customers: Sequence[KnownCustomer], *, at: datetime) -> None:
        """Write customers that came with a transaction; what is known already stays."""
        if customers:
            await self._tx.execute(MEET, **arrays(_met, _rows(customers, at)))

    async def meet_and_keep(self, customer: KnownCustomer, *, at: datetime) -> None:
        """Nobody erases this customer before the transaction ends;
        CustomerNotFound where they are erased already.
        """
        await self.meet([customer], at=at)
        if await self._tx.fetch_value(KEEP, id=customer.id) == "erased":
            raise CustomerNotFound()


async def may_read(reader: Reader, caller: Caller, ids: Sequence[UUID]) -> bool | None:
    """Whether the caller sees the customers among these ids where they are now;
    None where there is none of them.
    """
    known = await CustomerReader(reader).found(ids)
    return all(caller.sees(each.unit) for each in known.values()) if known else None


def _rows(customers: Sequence[KnownCustomer], at: datetime) -> list[Mapping[str, object]]:
    return [
        {"id": each.id, "unit": each.unit, "state": each.state, "known_at": at}
        for each in customers
    ]
