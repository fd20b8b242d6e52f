"""Lists of customers: by filters newest first, by words best first. Postgres itself writes the JSON
of the files.

Python touches only the files that hold something sensitive.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from service_kit.access.units import within_units
from service_kit.words.identifiers import IdentifierType
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SmallInteger,
    String,
    Text,
    Uuid,
    all_,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from customer_profile.customer.present import PRESENT
from customer_profile.customer.rows import SHOWN
from customer_profile.customer.sensitive import BY_NATURE
from customer_profile.tables import customer, customer_search, identifier_holder

# The same text that Python writes.
WITH_MICROSECONDS, WHOLE = (
    literal(f'YYYY-MM-DD"T"HH24:MI:SS{rest}"Z"', Text) for rest in (".US", "")
)
GOVERNMENT_ID = literal_column(
    f'\'[{{"type": "{IdentifierType.GOVERNMENT_ID.value}"}}]\'::jsonb', JSONB
)


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


_sensitive_facts = [
    customer.c.facts[group].has_any(literal(sorted(names), ARRAY(Text)))
    for group, names in BY_NATURE.items()
]
# A group that a file lacks is unknown to SQL, and so is what it holds: such a file is left to
# Python.
_is_plain = and_(
    func.cardinality(customer.c.sensitive) == 0,
    not_(customer.c.identifiers.contains(GOVERNMENT_ID)),
    *(not_(holds) for holds in _sensitive_facts),
)
_written = {
    name: _moment(customer.c[name]) if name.endswith("_at") else customer.c[name] for name in SHOWN
}
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


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The filters of a list: look-up keys of identifiers, a tag, a least tier, a unit."""

    # Of each identifier the keys under which its holders may be filed.
    keys: tuple[tuple[str, ...], ...] = ()
    tag: str | None = None
    tier_min: int | None = None
    unit: str | None = None

    @property
    def shape(self) -> dict[str, Any]:
        """Which filters are there: it picks the statement."""
        return {
            "keys": len(self.keys),
            "tag": self.tag is not None,
            "tier": self.tier_min is not None,
            "unit": self.unit is not None,
        }

    @property
    def values(self) -> dict[str, object]:
        """What is bound to them."""
        bound: dict[str, object] = {
            f"keys_{number}": list(keys) for number, keys in enumerate(self.keys)
        }
        bound |= {"tags": [self.tag]} if self.tag is not None else {}
        bound |= {"tier_min": self.tier_min} if self.tier_min is not None else {}
        return bound | ({"unit": self.unit} if self.unit is not None else {})


def _in_unit(unit: ColumnElement[Any]) -> ColumnElement[bool]:
    """True in or under one unit, written as a range that an index on the unit serves."""
    asked = bindparam("unit", type_=String)
    beneath = and_(unit >= func.concat(asked, "."), unit < func.concat(asked, "/"))
    return or_(unit == asked, beneath)


def _held_by(number: int) -> ColumnElement[bool]:
    """True for the holders of an identifier, whose keys are bound as `keys_0`, `keys_1`, ..."""
    holders = select(identifier_holder.c.customer_id).where(
        identifier_holder.c.key == any_(bindparam(f"keys_{number}", type_=ARRAY(String)))
    )
    return customer.c.id.in_(holders)


def _filters(*, keys: int, tag: bool, tier: bool, unit: bool) -> list[ColumnElement[bool]]:
    asked = [_held_by(number) for number in range(keys)]
    if tag:
        # The second condition is that of the partial index.
        asked.append(customer.c.tags.contains(bindparam("tags", type_=ARRAY(String))))
        asked.append(customer.c.tags != literal([], ARRAY(String)))
    if tier:
        asked.append(customer.c.tier >= bindparam("tier_min", type_=SmallInteger))
    if unit:
        asked.append(_in_unit(customer.c.unit))
    return asked


@cache
def listing(*, keys: int, tag: bool, tier: bool, unit: bool, scoped: bool) -> Select[Any]:
    """Customers, newest first, behind the id `before`."""
    filters = _filters(keys=keys, tag=tag, tier=tier, unit=unit)
    statement = select(*COLUMNS).where(
        PRESENT, customer.c.id < bindparam("before", type_=Uuid), *filters
    )
    if scoped:
        statement = statement.where(within_units(customer.c.unit))
    return statement.order_by(customer.c.id.desc()).limit(bindparam("limit", type_=Integer))


def _patterns(name: str) -> Any:
    return bindparam(name, type_=ARRAY(Text))


_rank = case(
    (customer_search.c.text.like(any_(_patterns("whole"))), 0),
    (customer_search.c.text.like(any_(_patterns("begins"))), 1),
    else_=2,
)


@cache
def searching(*, keys: int, tag: bool, tier: bool, unit: bool) -> Select[Any]:
    """Customers whose tokens and text fit a query, best first,
    behind the pair of `after_rank` and `after`.
    """
    filters = _filters(keys=keys, tag=tag, tier=tier, unit=unit)
    hits = select(customer_search.c.customer_id, _rank.label("rank")).where(
        customer_search.c.tokens.contains(bindparam("tokens", type_=ARRAY(Text))),
        customer_search.c.text.like(all_(_patterns("parts"))),
        tuple_(_rank, customer_search.c.customer_id)
        > tuple_(bindparam("after_rank", type_=Integer), bindparam("after", type_=Uuid)),
        within_units(customer_search.c.unit),
    )
    if filters:
        hits = hits.join(customer, customer.c.id == customer_search.c.customer_id).where(*filters)
    best = (
        hits.order_by(column("rank"), customer_search.c.customer_id)
        .limit(bindparam("limit", type_=Integer))
        .subquery("best")
    )
    return (
        select(best.c.rank, *COLUMNS)
        .join(customer, customer.c.id == best.c.customer_id)
        .where(PRESENT)
        .order_by(best.c.rank, best.c.customer_id)
    )
