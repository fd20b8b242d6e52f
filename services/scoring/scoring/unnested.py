"""Many rows as the parameters of one statement: an array per column, unnested by Postgres."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ARRAY, bindparam, column, func


class Unnested:
    """A table whose rows `arrays` binds; `c` are its columns."""

    def __init__(self, name: str, types: Mapping[str, Any]) -> None:
        self.name = name
        arrays = [bindparam(f"{name}_{key}", type_=ARRAY(kind)) for key, kind in types.items()]
        columns = [column(key, kind) for key, kind in types.items()]
        self.table = func.unnest(*arrays).table_valued(*columns, name=name).render_derived()
        self.c = self.table.c


def unnested(name: str, **types: Any) -> Unnested:
    return Unnested(name, types)


def arrays(table: Unnested, rows: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """The bind parameters of an unnested table."""
    listed = list(rows)
    return {f"{table.name}_{each.name}": [row[each.name] for row in listed] for each in table.c}
