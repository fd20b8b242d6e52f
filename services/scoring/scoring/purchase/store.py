"""Keeps the days and the statistics of purchases in step with every transaction,
without reading transactions again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from scoring.purchase.domain import SUMS, Change, DayOf, Statistic, added_up
from scoring.tables import purchase_day as day
from scoring.tables import purchase_statistic as statistic
from scoring.unnested import Unnested, arrays

_days = Unnested("days", *day.c)
_add_days = _days.inserted_into(day, by=["customer_id", "currency", "day"])
ADD_DAYS = _add_days.on_conflict_do_update(
    index_elements=[day.c.customer_id, day.c.currency, day.c.day],
    set_={name: day.c[name] + _add_days.excluded[name] for name in SUMS},
).returning(day.c.customer_id, day.c.currency, day.c.day, day.c.orders, day.c.order_amount)
# Takes away from days that are there; an upsert would put its negative numbers to the check of a
# new row.
TAKE_FROM_DAYS = (
    update(day)
    .where(
        day.c.customer_id == _days.c.customer_id,
        day.c.currency == _days.c.currency,
        day.c.day == _days.c.day,
    )
    .values({name: day.c[name] + _days.c[name] for name in SUMS})
)

_news = Unnested("news", *statistic.c)
_add = _news.inserted_into(statistic, by=["customer_id", "currency"])
_new = _add.excluded
_comes_first = or_(statistic.c.first_day.is_(None), _new.first_day <= statistic.c.first_day)
ADD = _add.on_conflict_do_update(
    index_elements=[statistic.c.customer_id, statistic.c.currency],
    set_={
        **{name: statistic.c[name] + _new[name] for name in ("order_days", *SUMS)},
        # LEAST and GREATEST pass over NULL: a day without orders leaves the first and the last as
        # they are.
        "first_day": func.least(statistic.c.first_day, _new.first_day),
        "last_day": func.greatest(statistic.c.last_day, _new.last_day),
        "last_activity": func.greatest(statistic.c.last_activity, _new.last_activity),
        "first_day_amount": case(
            (and_(_new.first_day.is_not(None), _comes_first), _new.first_day_amount),
            else_=statistic.c.first_day_amount,
        ),
    },
)

_has_orders = day.c.orders > 0
_first_amount = func.array_agg(
    aggregate_order_by(day.c.order_amount, day.c.day), type_=ARRAY(BigInteger)
).filter(_has_orders)
# What the days of a customer add up to, in one currency.
OF_DAYS: Mapping[str, ColumnElement[Any]] = {
    "order_days": func.count().filter(_has_orders).cast(Integer),
    "first_day": func.min(day.c.day).filter(_has_orders),
    "last_day": func.max(day.c.day).filter(_has_orders),
    "last_activity": func.coalesce(
        func.max(day.c.day).filter(or_(_has_orders, day.c.refunds > 0)), func.min(day.c.day)
    ),
    "first_day_amount": func.coalesce(_first_amount[1], 0),
    **{name: func.sum(day.c[name]).cast(BigInteger) for name in SUMS},
}
_keys = Unnested("keys", day.c.customer_id, day.c.currency)
_again = insert(statistic).from_select(
    ["customer_id", "currency", *OF_DAYS],
    select(day.c.customer_id, day.c.currency, *OF_DAYS.values())
    .where(tuple_(day.c.customer_id, day.c.currency).in_(select(*_keys.c)))
    .group_by(day.c.customer_id, day.c.currency)
    .order_by(day.c.customer_id, day.c.currency),
)
REBUILD = _again.on_conflict_do_update(
    index_elements=[statistic.c.customer_id, statistic.c.currency],
    set_={name: _again.excluded[name] for name in OF_DAYS},
)

OF_CUSTOMERS = select(statistic).where(
    statistic.c.customer_id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)
HOLD = OF_CUSTOMERS.order_by(statistic.c.customer_id, statistic.c.currency).with_for_update(
    key_share=True
)
UNTIL = (
    select(
        day.c.customer_id, day.c.currency, *(value.label(name) for name, value in OF_DAYS.items())
    )
    .where(
        day.c.customer_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        day.c.day <= bindparam("until", type_=Date),
    )
    .group_by(day.c.customer_id, day.c.currency)
)


class PurchaseReader:
    """Reads what customers bought."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def of_customers(self, ids: Sequence[UUID]) -> list[Statistic]:
        """The present statistics, one per customer and currency."""
        return [statistic_of(row) for row in await self._reader.fetch(OF_CUSTOMERS, ids=list(ids))]

    async def until(self, ids: Sequence[UUID], *, until: date) -> list[Statistic]:
        """The statistics as they stood at the end of a day."""
        return [
            statistic_of(row) for row in await self._reader.fetch(UNTIL, ids=list(ids), until=until)
        ]


class PurchaseStore(PurchaseReader):
    """What customers bought, in one transaction of the database."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    async def hold(self, ids: Sequence[UUID]) -> list[Statistic]:
        """The present statistics, locked: whoever changes or scores a customer's purchases takes
        these locks before anything else.

        A statement sees what was committed before it began, not what it waited for; so nothing may
        be read along with the waiting. All take the rows in one order, so that two who hold several
        never wait for each other.
        """
        return [statistic_of(row) for row in await self._tx.fetch(HOLD, ids=list(ids))]

    async def add(self, changes: Iterable[tuple[DayOf, Change]]) -> None:
        """Add what new transactions change. Days may arrive in any order."""
        days = added_up(changes)
        if not days:
            return
        after = await self._tx.fetch(ADD_DAYS, **_day_arrays(days))
        await self._tx.execute(ADD, **arrays(_news, _statistic_rows(days, after)))

    async def correct(self, *, before: tuple[DayOf, Change], after: tuple[DayOf, Change]) -> None:
        """Take one transaction out and put another in:
        the statistics are made anew from the days of the customer.
        """
        await self.hold(sorted({day_of.customer_id for day_of, _ in (before, after)}))
        await self._tx.execute(TAKE_FROM_DAYS, **_day_arrays({before[0]: -before[1]}))
        await self._tx.fetch(ADD_DAYS, **_day_arrays(dict([after])))
        keys = sorted({(day_of.customer_id, day_of.currency) for day_of, _ in (before, after)})
        await self._tx.execute(
            REBUILD,
            **arrays(_keys, [{"customer_id": id, "currency": currency} for id, currency in keys]),
        )


def _day_arrays(days: Mapping[DayOf, Change]) -> dict[str, object]:
    return arrays(_days, [{**vars(day_of), **vars(change)} for day_of, change in days.items()])


def _statistic_rows(
    days: Mapping[DayOf, Change], after: Sequence[Record]
) -> list[dict[str, object]]:
    """One row per customer and currency;
    the orders of a day after the change tell whether it is a new day of orders.
    """
    rows: dict[tuple[UUID, str], dict[str, Any]] = {}
    for found in sorted(after, key=lambda row: (row["customer_id"], row["currency"], row["day"])):
        change = days[
            DayOf(customer_id=found["customer_id"], currency=found["currency"], day=found["day"])
        ]
        key = (found["customer_id"], found["currency"])
        row = rows.setdefault(key, _empty_row(key, found["day"]))
        row["last_activity"] = found["day"]
        for name in SUMS:
            row[name] += getattr(change, name)
        if change.orders:
            row["order_days"] += found["orders"] == change.orders
            row["last_day"] = found["day"]
            if row["first_day"] is None:
                row["first_day"], row["first_day_amount"] = found["day"], found["order_amount"]
    return list(rows.values())


def _empty_row(key: tuple[UUID, str], first: date) -> dict[str, Any]:
    return {
        "customer_id": key[0],
        "currency": key[1],
        "order_days": 0,
        "first_day": None,
        "last_day": None,
        "last_activity": first,
        "first_day_amount": 0,
        **dict.fromkeys(SUMS, 0),
    }


def statistic_of(row: Record) -> Statistic:
    return Statistic(**{name: row[name] for name in Statistic.__dataclass_fields__})
