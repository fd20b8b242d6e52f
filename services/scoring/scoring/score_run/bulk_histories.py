"""Reads purchase histories as of a day in bulk, in Postgres' binary COPY format.

Whoever did nothing after the day is as the maintained statistics say; for the others the days up to
it are added up. The readers are snapshots: both have to be of one moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service_kit.store.running import Reader
from sqlalchemy import ColumnElement, Date, Select, Uuid, and_, bindparam, func, select, true

from scoring.purchase.store import OF_DAYS
from scoring.score_run.copied_columns import CALIBRATION, CUTS, INPUTS
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
        return (
            parameters if self.is_whole else {**parameters, "after": self.after, "upto": self.upto}
        )


def _within(customer_id: ColumnElement[Any], *, is_whole: bool) -> ColumnElement[bool]:
    if is_whole:
        return true()
    return and_(
        customer_id > bindparam("after", type_=Uuid), customer_id <= bindparam("upto", type_=Uuid)
    )


def _as_now(columns: Columns, *, is_whole: bool) -> Select[Any]:
    return select(*columns(statistic.c)).where(
        statistic.c.currency == _currency,
        statistic.c.last_activity <= _until,
        statistic.c.order_days > 0,
        _within(statistic.c.customer_id, is_whole=is_whole),
    )


_COLUMNS = ("order_days", "first_day", "last_day", "first_day_amount", *_SUMS)
_added_up = (
    select(day.c.customer_id, *(OF_DAYS[name].label(name) for name in _COLUMNS))
    .join(
        statistic,
        and_(statistic.c.customer_id == day.c.customer_id, statistic.c.currency == day.c.currency),
    )
    .where(
        statistic.c.currency == _currency,
        statistic.c.last_activity > _until,
        statistic.c.first_day <= _until,
        day.c.currency == _currency,
        day.c.day <= _until,
    )
    .group_by(day.c.customer_id)
    .having(OF_DAYS["order_days"] > 0)
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
    return [
        history.last_day,
        history.order_days,
        (history.order_amount - history.refund_amount).label("net"),
        history.first_day,
    ]


def _inputs(history: Any) -> list[ColumnElement[Any]]:
    return [history[name] for name in INPUTS]


def _count(history: Any) -> list[ColumnElement[Any]]:
    return [func.count(history.customer_id)]


class _Both:
    """The two statements that together read a slice, for wholes and for ranges."""

    def __init__(self, columns: Columns) -> None:
        self._of = {
            is_whole: (_as_now(columns, is_whole=is_whole), _as_then(columns, is_whole=is_whole))
            for is_whole in (False, True)
        }

    def of(self, slice_: Slice) -> tuple[Select[Any], Select[Any]]:
        return self._of[slice_.is_whole]


READ_CALIBRATION, READ_CUTS, READ_INPUTS, COUNT = (
    _Both(_calibration),
    _Both(_cuts),
    _Both(_inputs),
    _Both(_count),
)


async def calibration(reader: Reader, of: Slice) -> bytes:
    return await _copied(reader, READ_CALIBRATION.of(of), of, columns=len(CALIBRATION))


async def cuts(reader: Reader, of: Slice) -> bytes:
    return await _copied(reader, READ_CUTS.of(of), of, columns=len(CUTS))


async def inputs(reader: Reader, of: Slice) -> bytes:
    return await _copied(reader, READ_INPUTS.of(of), of, columns=len(INPUTS))


async def count(reader: Reader, of: Slice) -> int:
    return sum(
        [int(await reader.fetch_value(statement, **of.parameters)) for statement in COUNT.of(of)]
    )


async def _copied(
    snapshot: Reader, statements: tuple[Select[Any], Select[Any]], of: Slice, *, columns: int
) -> bytes:
    """The rows of both statements, which have to see the same moment, as one binary COPY."""
    assert {len(statement.selected_columns) for statement in statements} == {columns}
    one, other = [
        memoryview(await snapshot.copy_out(statement, **of.parameters)) for statement in statements
    ]
    return b"".join((one[:-TRAILER_BYTES], other[HEADER_BYTES:]))
