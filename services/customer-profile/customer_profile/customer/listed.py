"""The columns of lists: Postgres itself writes the JSON of the files, and Python touches only those that hold something sensitive."""

from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, literal, literal_column, not_, null
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from customer_profile.customer.views import BY_GROUP, PLAIN
from customer_profile.identifier.domain import IdentifierType
from customer_profile.tables import customer

# The same text that Python writes.
WITH_MICROSECONDS, WHOLE = (literal(f'YYYY-MM-DD"T"HH24:MI:SS{rest}"Z"', Text) for rest in (".US", ""))
GOVERNMENT_ID = literal_column(f'\'[{{"type": "{IdentifierType.GOVERNMENT_ID.value}"}}]\'::jsonb', JSONB)


def _moment(column: ColumnElement[Any]) -> ColumnElement[Any]:
    utc = func.timezone(literal_column("'UTC'"), column)
    is_whole = func.date_trunc(literal_column("'second'"), column) == column
    return func.to_char(utc, case((is_whole, WHOLE), else_=WITH_MICROSECONDS))


def _object(members: dict[str, Any]) -> ColumnElement[Any]:
    # Names are spelled out: as parameters they would be sent with every request.
    parts: list[Any] = []
    for name, value in members.items():
        parts += (literal_column(f"'{name}'"), value)
    return func.json_build_object(*parts)


_sensitive_facts = [customer.c.facts[group].has_any(literal(sorted(names), ARRAY(Text))) for group, names in BY_GROUP.items() if names]
# A group that a file lacks is unknown to SQL, and so is what it holds: such a file is left to Python.
_is_plain = and_(
    func.cardinality(customer.c.sensitive) == 0,
    not_(customer.c.identifiers.contains(GOVERNMENT_ID)),
    *(not_(holds) for holds in _sensitive_facts),
)
_written = {name: _moment(customer.c[name]) if name.endswith("_at") else customer.c[name] for name in PLAIN}
_file = _object(
    _written
    | {
        "identifiers": customer.c.identifiers,
        "facts": customer.c.facts,
        "masked": literal_column("'[]'::json"),
        "tier": case((customer.c.tier.is_not(None), _object({"stars": customer.c.tier}))),
        "sources": null(),
    }
)
# `declared` is null where nothing has to be masked, else what sources called sensitive.
COLUMNS = (
    customer.c.id,
    cast(_file, Text).label("file"),
    case((_is_plain.is_not(True), customer.c.sensitive)).label("declared"),
)
