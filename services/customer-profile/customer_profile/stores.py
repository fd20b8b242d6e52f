"""What the stores of all slices share:
whose units they are about, pages of rows, and changes over the version that was read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Self, TypeVar

from service_kit.access.caller import Caller
from service_kit.access.units import units_of
from service_kit.store.database import Transaction
from service_kit.store.running import Reader
from service_kit.store.sqlstates import TransactionRolledBack
from service_kit.store.tables import Moment
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    Update,
    Uuid,
    bindparam,
    tuple_,
    update,
)

Access = TypeVar("Access", bound=Reader)


class Store(Generic[Access]):
    """Rows within some units, None for the whole company.
    A `...Reader` takes any reader, a `...Store` needs a transaction.
    """

    def __init__(self, tx: Access, units: Sequence[str] | None) -> None:
        self._tx = tx
        self._units = units

    @classmethod
    def of(cls, tx: Access, caller: Caller) -> Self:
        return cls(tx, units_of(caller))


def by_id(statement: Select[Any], id: ColumnElement[Any]) -> Select[Any]:
    """At most `limit` rows behind the id `after`."""
    return (
        statement.where(id > bindparam("after", type_=Uuid))
        .order_by(id)
        .limit(bindparam("limit", type_=Integer))
    )


def newest_first(
    statement: Select[Any], at: ColumnElement[Any], id: ColumnElement[Any]
) -> Select[Any]:
    """At most `limit` rows before the moment `before_at` and the id `before`."""
    behind = tuple_(bindparam("before_at", type_=Moment), bindparam("before", type_=Uuid))
    return (
        statement.where(tuple_(at, id) < behind)
        .order_by(at.desc(), id.desc())
        .limit(bindparam("limit", type_=Integer))
    )


def changing(table: Table, *names: str) -> Update:
    """New values for these columns of one row,
    by its primary key and the version that it was read at.
    """
    key = [each == bindparam(f"of_{each.name}") for each in table.primary_key.columns]
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    return (
        update(table)
        .where(*key, table.c.version == bindparam("was"))
        .values(values | {"version": table.c.version + 1})
    )


async def change(
    tx: Transaction, statement: Update, row: Mapping[str, object], *, was: int
) -> None:
    """Run what `changing` made;
    rolled back, and so tried again, when somebody else changed the row meanwhile.
    """
    given = {f"{part}_{name}": value for part in ("of", "new") for name, value in row.items()}
    if not await tx.execute(statement, was=was, **given):
        raise TransactionRolledBack("the row changed meanwhile")
