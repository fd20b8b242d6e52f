"""What a run reads and writes of everybody, chunk by chunk:
who is next, what was left out, what came meanwhile.
"""

from datetime import date
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Reader
from sqlalchemy import (
    BigInteger,
    String,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.types import UserDefinedType

from scoring.score_run.bulk_histories import Slice
from scoring.score_run.copied_columns import CARD
from scoring.tables import purchase_statistic as statistic
from scoring.tables import score_card


class Xid(UserDefinedType[str]):
    """Postgres' number of a transaction, of 32 bits;
    `age` compares them across their wrapping round.
    """

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "xid"


_range = (bindparam("after", type_=Uuid), bindparam("upto", type_=Uuid))
_next = (
    select(statistic.c.customer_id)
    .where(
        statistic.c.currency == bindparam("currency"),
        statistic.c.customer_id > bindparam("after", type_=Uuid),
    )
    .order_by(statistic.c.customer_id)
    .limit(bindparam("limit"))
    .subquery("next")
)
# Postgres has no max(uuid) before 18, so the last of the next customers is found by order.
NEXT_BOUND = select(_next.c.customer_id).order_by(_next.c.customer_id.desc()).limit(1)
LEFT_OUT = select(
    func.coalesce(func.sum(statistic.c.orders + statistic.c.refunds), 0).cast(BigInteger)
).where(statistic.c.currency != bindparam("currency"))
CARDED = select(score_card.c.customer_id).where(
    score_card.c.run_id == bindparam("run_id"),
    score_card.c.customer_id > _range[0],
    score_card.c.customer_id <= _range[1],
)
# Those who were scored by the definition before while the run was under way, or have a card of a
# later day than the run's.
OVERTAKEN = (
    select(score_card.c.customer_id)
    .distinct()
    .where(
        score_card.c.currency == bindparam("currency"),
        score_card.c.run_id != bindparam("run_id"),
        score_card.c.customer_id > bindparam("after", type_=Uuid),
        or_(score_card.c.id > bindparam("run_id"), score_card.c.as_of > bindparam("as_of")),
    )
)
# What the run cannot have seen was written by transactions that were not over when it began. Times
# would not tell: an order carries that of its request, which may have waited long before it was
# written.
HORIZON = select(cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Xid), String))
CHANGED = select(statistic.c.customer_id).where(
    statistic.c.currency == bindparam("currency"),
    func.age(literal_column(f"{statistic.name}.xmin"))
    <= func.age(cast(bindparam("horizon", type_=String), Xid)),
    statistic.c.customer_id > bindparam("after", type_=Uuid),
)
TO_CATCH_UP = union_all(OVERTAKEN, CHANGED)


class PopulationReader:
    """Reads who is to be scored."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def next_bound(self, *, currency: str, after: UUID, limit: int) -> UUID | None:
        """The last of the next customers by id; None behind the last one."""
        bound: UUID | None = await self._reader.fetch_value(
            NEXT_BOUND, currency=currency, after=after, limit=limit
        )
        return bound

    async def left_out(self, *, currency: str) -> int:
        """How many transactions are of other currencies."""
        found: int = await self._reader.fetch_value(LEFT_OUT, currency=currency)
        return found

    async def carded(self, run_id: UUID, of: Slice) -> list[UUID]:
        rows = await self._reader.fetch(CARDED, run_id=run_id, after=of.after, upto=of.upto)
        return sorted(row["customer_id"] for row in rows)

    async def horizon(self) -> str:
        """The oldest transaction that was not over yet:
        what it and later ones write may be missing in the snapshot.
        """
        oldest: str = await self._reader.fetch_value(HORIZON)
        return oldest

    async def to_catch_up(
        self, *, run_id: UUID, currency: str, as_of: date, horizon: str, after: UUID
    ) -> list[UUID]:
        """Customers whose latest card is not by this run, or misses what happened during it."""
        rows = await self._reader.fetch(
            TO_CATCH_UP, run_id=run_id, currency=currency, as_of=as_of, horizon=horizon, after=after
        )
        return sorted({row["customer_id"] for row in rows})


class PopulationStore(PopulationReader):
    """Cards of many customers, in one transaction of the database."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    async def write_cards(self, content: bytes) -> None:
        """Put cards in that the calculator made."""
        await self._tx.copy_in(score_card.name, columns=list(CARD), content=content)
