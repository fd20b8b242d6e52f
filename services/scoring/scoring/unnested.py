"""Many rows as the parameters of one statement: an array per column, unnested by Postgres."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, String, Table, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.types import TypeEngine


class Unnested:
    """A table with some columns of another one, whose rows `arrays` binds; `c` are its columns."""

    def __init__(self, name: str, *like: Column[Any]) -> None:
        self.name = name
        types = {each.name: _type_of(each) for each in like}
        arrays = [bindparam(f"{name}_{key}", type_=ARRAY(kind)) for key, kind in types.items()]
        columns = [column(key, kind) for key, kind in types.items()]
        self.table = func.unnest(*arrays).table_valued(*columns, name=name).render_derived()
        self.c = self.table.c

    def inserted_into(self, table: Table, *, by: Iterable[str] = ()) -> Insert:
        """An INSERT of these rows, in the order in which they are locked."""
        order: list[ColumnElement[Any]] = [self.c[name] for name in by]
        return insert(table).from_select(
            [each.name for each in self.c], select(*self.c).order_by(*order)
        )


def arrays(table: Unnested, rows: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """The bind parameters of an unnested table."""
    listed = list(rows)
    return {f"{table.name}_{each.name}": [row[each.name] for row in listed] for each in table.c}


def _type_of(column: Column[Any]) -> TypeEngine[Any]:
    """Texts go without their length: a cast to it would cut longer ones in silence."""
    return String() if isinstance(column.type, String) else column.type
