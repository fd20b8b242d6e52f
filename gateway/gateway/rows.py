"""How the stores reach their rows: the transaction that writes need, pages in the order things were made, the units of who asks."""

from collections.abc import Sequence
from typing import Any

from service_kit.store.database import Transaction
from service_kit.store.running import Reader
from sqlalchemy import ColumnElement, Select, Table, false, func, literal, not_, or_, select, true


class Store:
    """Rows of the gateway's schema; reads work on a reader too."""

    def __init__(self, tx: Reader) -> None:
        self._tx = tx

    @property
    def _writing(self) -> Transaction:
        assert isinstance(self._tx, Transaction), "writes need a transaction"
        return self._tx


def page_of(table: Table, *, after: Sequence[Any] | None, limit: int) -> Select[Any]:
    """Rows in the order in which they were made, behind the keyset values `after` (created_at, id)."""
    statement = select(table).order_by(table.c.created_at, table.c.id).limit(limit)
    if after is None:
        return statement
    moment, id_ = after
    return statement.where(or_(table.c.created_at > moment, (table.c.created_at == moment) & (table.c.id > id_)))


def units_within(units: ColumnElement[Any], held: Sequence[str] | None) -> ColumnElement[bool]:
    """True where every unit of the row lies in or under one of those held; None holds the whole company."""
    if held is None:
        return true()
    unit = func.unnest(units).column_valued("unit")
    is_inside = or_(false(), *(or_(unit == own, func.starts_with(unit, f"{own}.")) for own in held))
    outside = select(literal(1)).where(not_(is_inside))
    return units.is_not(None) & ~outside.exists()
