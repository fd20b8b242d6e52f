"""How the stores reach their rows:
to read them or to write them, page by page, valid ones, those within the units of who asks.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from service_kit.store.database import Transaction
from service_kit.store.events import Told
from service_kit.store.running import Reader, Record
from service_kit.words.errors import PreconditionFailed
from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    UpdateBase,
    bindparam,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

Found = TypeVar("Found")


class Reads:
    """Rows of the gateway's schema, read on one connection."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def _one(
        self, made: Callable[[Record], Found], statement: Select[Any], **given: object
    ) -> Found | None:
        row = await self._reader.fetch_one(statement, **given)
        return None if row is None else made(row)


class Writes(Reads):
    """Rows of the gateway's schema, read and written in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    async def _write(self, statement: UpdateBase, event: Told, **given: object) -> None:
        """Write the row whose version was read, and tell it;
        PreconditionFailed when the row was changed meanwhile.
        """
        if not await self._tx.execute(statement, **given):
            raise PreconditionFailed()
        self._tx.record(event)


def page_of(table: Table, *, after: Sequence[Any] | None, limit: int) -> Select[Any]:
    """Rows in the order in which they were made,
    behind the keyset values `after` (created_at, id).
    """
    statement = select(table).order_by(table.c.created_at, table.c.id).limit(limit)
    if after is None:
        return statement
    moment, id_ = after
    return statement.where(
        or_(table.c.created_at > moment, (table.c.created_at == moment) & (table.c.id > id_))
    )


def is_valid(table: Table) -> ColumnElement[bool]:
    """True where the row has not expired at the parameter `moment`."""
    return or_(table.c.expires_at.is_(None), table.c.expires_at > bindparam("moment"))


def units_within(units: ColumnElement[Any], held: Sequence[str] | None) -> ColumnElement[bool]:
    """True where every unit of the row lies in or under one of those held;
    None holds the whole company.
    """
    if held is None:
        return true()
    unit = func.unnest(units).column_valued("unit")
    is_inside = or_(false(), *(or_(unit == own, func.starts_with(unit, f"{own}.")) for own in held))
    outside = select(literal(1)).where(not_(is_inside))
    return units.is_not(None) & ~outside.exists()
