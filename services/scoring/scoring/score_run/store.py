"""What a run reads and writes in bulk, in Postgres' binary COPY format."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

from service_kit.database import Reader, Record, Transaction
from service_kit.sqlstates import TRANSLATED
from service_kit.tables import Moment
from service_kit.units import within_units
from sqlalchemy import BigInteger, Date, Integer, Select, Uuid, and_, bindparam, func, or_, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.types import ARRAY

from scoring.score_run.domain import KIND
from scoring.score_run.layouts import CALIBRATION, CARD, CUTS, INPUTS
from scoring.tables import metadata, score_card
from scoring.tables import purchase_day as day
from scoring.tables import purchase_statistic as statistic

NOBODY = UUID(int=0)
EVERYBODY = UUID(int=2**128 - 1)
_SUMS = ("order_amount", "order_cost", "refund_amount", "refund_cost")
_until: Any = bindparam("until", type_=Date)
_range = (bindparam("after", type_=Uuid), bindparam("upto", type_=Uuid))

# Whoever did nothing after the day is as the maintained statistics say; for the others the days up to it are added up.
_as_now = select(
    statistic.c.customer_id, *(statistic.c[name] for name in ("order_days", "first_day", "last_day", "first_day_amount", *_SUMS))
).where(
    statistic.c.currency == bindparam("currency"),
    statistic.c.last_activity <= _until,
    statistic.c.order_days > 0,
    statistic.c.customer_id > _range[0],
    statistic.c.customer_id <= _range[1],
)
_has_orders = day.c.orders > 0
_first_amount = func.array_agg(aggregate_order_by(day.c.order_amount, day.c.day), type_=ARRAY(BigInteger)).filter(_has_orders)
_as_then = (
    select(
        day.c.customer_id,
        func.count().filter(_has_orders).cast(Integer).label("order_days"),
        func.min(day.c.day).filter(_has_orders).label("first_day"),
        func.max(day.c.day).filter(_has_orders).label("last_day"),
        _first_amount[1].label("first_day_amount"),
        *(func.sum(day.c[name]).cast(BigInteger).label(name) for name in _SUMS),
    )
    .join(statistic, and_(statistic.c.customer_id == day.c.customer_id, statistic.c.currency == day.c.currency))
    .where(
        statistic.c.currency == bindparam("currency"),
        statistic.c.last_activity > _until,
        statistic.c.first_day <= _until,
        day.c.currency == bindparam("currency"),
        day.c.day <= _until,
        day.c.customer_id > _range[0],
        day.c.customer_id <= _range[1],
    )
    .group_by(day.c.customer_id)
    .having(func.count().filter(_has_orders) > 0)
)
_history = union_all(_as_now, _as_then).subquery("history")
_h = _history.c

READ_CALIBRATION = select(
    _h.order_days,
    (_h.last_day - _h.first_day).label("recency"),
    (_until - _h.first_day).label("age"),
    _h.order_amount,
    _h.first_day_amount,
    _h.refund_amount,
)
READ_CUTS = select(_h.last_day, _h.order_days, (_h.order_amount - _h.refund_amount).label("net"), _h.first_day)
READ_INPUTS = select(*(_h[name] for name in INPUTS)).order_by(_h.customer_id)
COUNT = select(func.count()).select_from(_history)

_next = (
    select(statistic.c.customer_id)
    .where(statistic.c.currency == bindparam("currency"), statistic.c.customer_id > bindparam("after", type_=Uuid))
    .order_by(statistic.c.customer_id)
    .limit(bindparam("limit"))
    .subquery("next")
)
# Postgres has no max(uuid) before 18, so the last of the next customers is found by order.
NEXT_BOUND = select(_next.c.customer_id).order_by(_next.c.customer_id.desc()).limit(1)
LEFT_OUT = select(func.coalesce(func.sum(statistic.c.orders + statistic.c.refunds), 0).cast(BigInteger)).where(
    statistic.c.currency != bindparam("currency")
)
CARDED = select(score_card.c.customer_id).where(
    score_card.c.run_id == bindparam("run_id"), score_card.c.customer_id > _range[0], score_card.c.customer_id <= _range[1]
)
# Those who were scored by the definition before while the run was under way, or have a card of a later day than the run's.
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
CHANGED = select(statistic.c.customer_id).where(
    statistic.c.currency == bindparam("currency"),
    statistic.c.changed_at >= bindparam("since"),
    statistic.c.customer_id > bindparam("after", type_=Uuid),
)
TO_CATCH_UP = union_all(OVERTAKEN, CHANGED)

job = metadata.tables["job"]
_runs = (
    select(job)
    .where(job.c.kind == KIND, within_units(job.c.unit))
    .order_by(job.c.created_at.desc(), job.c.id.desc())
    .limit(bindparam("limit"))
)
_runs_after = _runs.where(tuple_(job.c.created_at, job.c.id) < tuple_(bindparam("after", type_=Moment), bindparam("after_id", type_=Uuid)))


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Customers of a currency by their ids, as they stood at the end of a day."""

    currency: str
    until: date
    after: UUID = NOBODY
    upto: UUID = EVERYBODY


async def calibration(reader: Reader, of: Slice) -> bytes:
    return await _copied(reader, READ_CALIBRATION, of, columns=len(CALIBRATION))


async def cuts(reader: Reader, of: Slice) -> bytes:
    return await _copied(reader, READ_CUTS, of, columns=len(CUTS))


async def inputs(reader: Reader, of: Slice) -> bytes:
    return await _copied(reader, READ_INPUTS, of, columns=len(INPUTS))


async def _copied(reader: Reader, statement: Select[Any], of: Slice, *, columns: int) -> bytes:
    """The rows of a statement as binary COPY."""
    assert len(statement.selected_columns) == columns
    compiled = reader._statements.compiled(statement, vars(of))
    content = bytearray()

    async def gather(part: bytes) -> None:
        content.extend(part)

    with TRANSLATED:
        await reader.connection.copy_from_query(compiled.sql, *compiled.arguments(vars(of)), output=gather, format="binary")
    return bytes(content)


async def write_cards(tx: Transaction, content: bytes) -> None:
    """Put cards in that the calculator made."""
    with TRANSLATED:
        await tx.connection.copy_to_table(
            score_card.name, source=BytesIO(content), schema_name=tx._statements.schema, columns=list(CARD), format="binary"
        )


async def count(reader: Reader, of: Slice) -> int:
    found: int = await reader.fetch_value(COUNT, **vars(of))
    return found


async def next_bound(reader: Reader, *, currency: str, after: UUID, limit: int) -> UUID | None:
    """The last of the next customers by id; None behind the last one."""
    bound: UUID | None = await reader.fetch_value(NEXT_BOUND, currency=currency, after=after, limit=limit)
    return bound


async def left_out(reader: Reader, *, currency: str) -> int:
    """How many transactions are of other currencies."""
    found: int = await reader.fetch_value(LEFT_OUT, currency=currency)
    return found


async def carded(reader: Reader, run_id: UUID, of: Slice) -> list[UUID]:
    rows = await reader.fetch(CARDED, run_id=run_id, after=of.after, upto=of.upto)
    return sorted(row["customer_id"] for row in rows)


async def to_catch_up(reader: Reader, *, run_id: UUID, currency: str, as_of: date, since: Any, after: UUID) -> list[UUID]:
    """Customers whose latest card is not by this run, or misses what happened during it."""
    rows = await reader.fetch(TO_CATCH_UP, run_id=run_id, currency=currency, as_of=as_of, since=since, after=after)
    return sorted({row["customer_id"] for row in rows})


async def newest(reader: Reader, *, after: Sequence[Any] | None, limit: int, units: Any) -> list[Record]:
    """The runs, newest first."""
    if after is None:
        return await reader.fetch(_runs, limit=limit, units=units)
    return await reader.fetch(_runs_after, limit=limit, units=units, after=after[0], after_id=after[1])
