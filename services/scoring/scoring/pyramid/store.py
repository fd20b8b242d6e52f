"""The pyramid by SQL, from the statistics for all time or from the days for a period."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from service_kit.access.units import within_units
from service_kit.store.running import Reader, Record
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Numeric,
    Select,
    bindparam,
    case,
    func,
    null,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import CTE

from scoring.amounts import from_units
from scoring.pyramid.domain import LEVELS, SIX_DECIMALS, Level, Point, Pyramid, gini
from scoring.tables import customer, purchase_day, purchase_statistic

POINTS = 20


def _profit(table: Any) -> ColumnElement[Any]:
    """As `Statistic.profit`; each sum fits into 64 bits, their difference need not."""
    amount, cost, refund, returned = (
        table[of].cast(Numeric)
        for of in ("order_amount", "order_cost", "refund_amount", "refund_cost")
    )
    profit: ColumnElement[Any] = amount - cost - refund + returned
    return profit


def _visible(statement: Select[Any], owner: ColumnElement[Any]) -> Select[Any]:
    return statement.join(customer, customer.c.id == owner).where(within_units(customer.c.unit))


_all_time = _visible(
    select(purchase_statistic.c.customer_id, _profit(purchase_statistic.c).label("profit")).where(
        purchase_statistic.c.currency == bindparam("currency")
    ),
    purchase_statistic.c.customer_id,
)
_period = _visible(
    select(purchase_day.c.customer_id, func.sum(_profit(purchase_day.c)).label("profit"))
    .where(
        purchase_day.c.currency == bindparam("currency"),
        purchase_day.c.day.between(bindparam("since"), bindparam("until")),
    )
    .group_by(purchase_day.c.customer_id),
    purchase_day.c.customer_id,
)


def _ranked(profits: Select[Any]) -> CTE:
    each = profits.cte("each")
    falling = (each.c.profit.desc(), each.c.customer_id)
    return select(
        each.c.profit,
        func.row_number().over(order_by=falling).label("rank"),
        func.sum(each.c.profit).over(order_by=falling, rows=(None, 0)).label("cumulated"),
        func.count().over().label("n"),
    ).cte("ranked")


def _levels_and_curve(profits: Select[Any]) -> CompoundSelect[Any]:
    """Ranked once: a row per level,
    then a row per point of the curve (its level is NULL), by rank.
    """
    ranked = _ranked(profits)
    return union_all(_levels(ranked), _curve(ranked)).order_by("rank")


def _levels(ranked: CTE) -> Select[Any]:
    rank, n, profit = ranked.c.rank, ranked.c.n, ranked.c.profit
    level = case(
        (rank * 100 <= n + 99, 0),
        (rank * 100 <= 5 * n + 99, 1),
        (rank * 100 <= 20 * n + 99, 2),
        else_=3,
    ).label("level")
    return select(
        level,
        func.max(rank).label("rank"),
        func.count().label("customers"),
        func.sum(profit).label("profit"),
        func.sum((n + 1 - 2 * rank) * profit).label("weighted"),
        func.sum(func.abs(profit)).label("absolute"),
    ).group_by(level)


def _curve(ranked: CTE) -> Select[Any]:
    rank, n = ranked.c.rank, ranked.c.n
    crosses = (rank - 1) * POINTS // n != rank * POINTS // n
    return select(
        null().cast(Integer),
        rank,
        n,
        ranked.c.cumulated,
        null().cast(Numeric),
        null().cast(Numeric),
    ).where(crosses)


ALL_TIME, PERIOD = _levels_and_curve(_all_time), _levels_and_curve(_period)


class PyramidReader:
    """Reads the pyramid of the customers that a caller may see;
    no units asks for the whole company.
    """

    def __init__(self, reader: Reader, units: Sequence[str] | None) -> None:
        self._reader = reader
        self._units = units

    async def pyramid(self, *, currency: str, since: date | None, until: date | None) -> Pyramid:
        """The pyramid of all customers with an order or a refund in the currency,
        over all time or between two days.
        """
        given: dict[str, object] = {"currency": currency, "units": self._units}
        if since is None and until is None:
            return _pyramid_of(await self._reader.fetch(ALL_TIME, **given))
        given |= {"since": since or date.min, "until": until or date.max}
        return _pyramid_of(await self._reader.fetch(PERIOD, **given))


def _pyramid_of(rows: list[Record]) -> Pyramid:
    found = {row["level"]: row for row in rows if row["level"] is not None}
    levels = [
        Level(
            name=name,
            share=share,
            customers=found[place]["customers"] if place in found else 0,
            profit=from_units(int(found[place]["profit"])) if place in found else Decimal("0.00"),
        )
        for place, (name, share) in enumerate(LEVELS)
    ]
    customers = sum(level.customers for level in levels)
    weighted, absolute = (
        sum((row[name] for row in found.values()), Decimal(0)) for name in ("weighted", "absolute")
    )
    return Pyramid(
        levels=levels,
        curve=_points([row for row in rows if row["level"] is None]),
        customers=customers,
        profit=sum((level.profit for level in levels), Decimal("0.00")),
        gini=gini(weighted=weighted, absolute=absolute, customers=customers),
    )


def _points(rows: list[Record]) -> list[Point]:
    """Of a curve's rows: `customers` counts everybody, `profit` is that of all up to the rank."""
    total = rows[-1]["profit"] if rows else Decimal(0)
    if total <= 0:
        return []
    return [
        Point(
            customers=(Decimal(row["rank"]) / row["customers"]).quantize(SIX_DECIMALS),
            profit=(row["profit"] / total).quantize(SIX_DECIMALS),
        )
        for row in rows
    ]
