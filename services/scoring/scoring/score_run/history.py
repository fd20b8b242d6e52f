"""Reads purchase histories as of a day in bulk, in Postgres' binary COPY format.

Whoever did nothing after the day is as the maintained statistics say; for the others the days up to it are added up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service_kit.database import Reader
from service_kit.sqlstates import TRANSLATED
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Date, Integer, Select, Uuid, and_, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from scoring.score_run.layouts import CALIBRATION, CUTS, INPUTS
from scoring.tables import purchase_day as day
from scoring.tables import purchase_statistic as statistic

NOBODY = UUID(int=0)
EVERYBODY = UUID(int=2**128 - 1)
HEADER_BYTES = 19
TRAILER_BYTES = 2
_SUMS = ("order_amount", "order_cost", "refund_amount", "refund_cost")
_until: Any = bindparam("until", type_=Date)
_currency: Any = bindparam("currency")
Columns = Callable[[Any], list[ColumnElement[Any]]]


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Customers of a currency by their ids, as they stood at the end of a day."""

    currency: str
    until: date
    after: UUID = NOBODY
    upto: UUID = EVERYBODY

    @property
    def is_whole(self) -> bool:
        return self.after == NOBODY and self.upto == EVERYBODY

    @property
    def parameters(self) -> Mapping[str, object]:
        """The bind parameters; a whole is read without asking every row for its id."""
        parameters: dict[str, object] = {"currency": self.currency, "until": self.until}
        return parameters if self.is_whole else {**parameters, "after": self.after, "upto": self.upto}


def _within(customer_id: ColumnElement[Any], *, is_whole: bool) -> ColumnElement[bool]:
    if is_whole:
        return true()
    return and_(customer_id > bindparam("after", type_=Uuid), customer_id <= bindparam("upto", type_=Uuid))


def _as_now(columns: Columns, *, is_whole: bool) -> Select[Any]:
    return select(*columns(statistic.c)).where(
        statistic.c.currency == _currency,
        statistic.c.last_activity <= _until,
        statistic.c.order_days > 0,
        _within(statistic.c.customer_id, is_whole=is_whole),
    )


_has_orders = day.c.orders > 0
_first_amount = func.array_agg(aggregate_order_by(day.c.order_amount, day.c.day), type_=ARRAY(BigInteger)).filter(_has_orders)
_added_up = (
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
        statistic.c.currency == _currency,
        statistic.c.last_activity > _until,
        statistic.c.first_day <= _until,
        day.c.currency == _currency,
        day.c.day <= _until,
    )
    .group_by(day.c.customer_id)
    .having(func.count().filter(_has_orders) > 0)
)


def _as_then(columns: Columns, *, is_whole: bool) -> Select[Any]:
    history = _added_up.where(_within(day.c.customer_id, is_whole=is_whole)).subquery("history")
    return select(*columns(history.c))


def _calibration(history: Any) -> list[ColumnElement[Any]]:
    return [
        history.order_days,
        (history.last_day - history.first_day).label("recency"),
        (_until - history.first_day).label("age"),
        history.order_amount,
        history.first_day_amount,
        history.refund_amount,
    ]


def _cuts(history: Any) -> list[ColumnElement[Any]]:
    return [history.last_day, history.order_days, (history.order_amount - history.refund_amount).label("net"), history.first_day]


def _inputs(history: Any) -> list[ColumnElement[Any]]:
    return [history[name] for name in INPUTS]


def _count(history: Any) -> list[ColumnElement[Any]]:
    return [func.count(history.customer_id)]


class _Both:
    """The two statements that together read a slice, for wholes and for ranges."""

    def __init__(self, columns: Columns) -> None:
        self._of = {is_whole: (_as_now(columns, is_whole=is_whole), _as_then(columns, is_whole=is_whole)) for is_whole in (False, True)}

    def of(self, slice_: Slice) -> tuple[Select[Any], Select[Any]]:
        return self._of[slice_.is_whole]


READ_CALIBRATION, READ_CUTS, READ_INPUTS, COUNT = _Both(_calibration), _Both(_cuts), _Both(_inputs), _Both(_count)


async def calibration(reader: Reader, of: Slice) -> bytes:
    return await _copied(reader, READ_CALIBRATION.of(of), of, columns=len(CALIBRATION))


async def cuts(reader: Reader, of: Slice) -> bytes:
    return await _copied(reader, READ_CUTS.of(of), of, columns=len(CUTS))


async def inputs(reader: Reader, of: Slice) -> bytes:
    return await _copied(reader, READ_INPUTS.of(of), of, columns=len(INPUTS))


async def count(reader: Reader, of: Slice) -> int:
    return sum([int(await reader.fetch_value(statement, **of.parameters)) for statement in COUNT.of(of)])


async def _copied(reader: Reader, statements: tuple[Select[Any], Select[Any]], of: Slice, *, columns: int) -> bytes:
    """The rows of both statements, from one snapshot, as one binary COPY."""
    assert {len(statement.selected_columns) for statement in statements} == {columns}
    content = bytearray()

    async def gather(part: bytes) -> None:
        content.extend(part)

    with TRANSLATED:
        async with reader.connection.transaction(isolation="repeatable_read", readonly=True):
            for statement in statements:
                compiled = reader._statements.compiled(statement, of.parameters)
                begin = len(content)
                await reader.connection.copy_from_query(compiled.sql, *compiled.arguments(of.parameters), output=gather, format="binary")
                if begin:
                    # What stands between the two is the trailer of the first and the header of the second.
                    del content[begin - TRAILER_BYTES : begin + HEADER_BYTES]
    return bytes(content)
