"""The statements on customers, compiled once: reads by id and identifier, lists and search by keyset, and the writes."""

from functools import cache
from typing import Any

from service_kit.access.units import within_units
from service_kit.store.statements import rows
from service_kit.store.tables import Moment
from sqlalchemy import (
    Boolean,
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
    column,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from customer_profile.customer import listed
from customer_profile.tables import customer, customer_search, identifier_holder

_shown = [each for each in customer.c if each.name not in ("erased_at", "birthday")]
_present = customer.c.erased_at.is_(None)
UNIT_OF = select(customer.c.unit).where(customer.c.id == bindparam("id"), _present, within_units(customer.c.unit))
# Shared with others that write below the file, but not with its erasure, which takes the row for itself.
UNIT_OF_KEPT = UNIT_OF.with_for_update(key_share=True, read=True)
UNITS = select(customer.c.unit).where(customer.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
_ids: Any = bindparam("ids", type_=ARRAY(Uuid))
_keys: Any = bindparam("keys", type_=ARRAY(String))

FIND = select(*_shown).where(customer.c.id == bindparam("id"), _present, within_units(customer.c.unit))
LOCK = FIND.with_for_update()
FIND_SOME = select(*_shown).where(customer.c.id == any_(_ids), _present, within_units(customer.c.unit))
FIND_MANY = select(*_shown).where(customer.c.id == any_(_ids), _present).with_for_update()

FIND_HOLDINGS = select(identifier_holder.c.key, identifier_holder.c.customer_id, identifier_holder.c.holder_id).where(
    identifier_holder.c.key == any_(_keys)
)
_wanted = rows("wanted", key=String)
_holders_of_one = (
    select(identifier_holder.c.customer_id, customer.c.unit)
    .join(customer, customer.c.id == identifier_holder.c.customer_id)
    .where(identifier_holder.c.key == _wanted.c.key, _present, within_units(customer.c.unit))
    .distinct()
    .order_by(identifier_holder.c.customer_id)
    .limit(bindparam("limit", type_=Integer))
    .lateral("holders")
)
FIND_VISIBLE_HOLDINGS = (
    select(_wanted.c.key, _holders_of_one.c.customer_id, _holders_of_one.c.unit)
    .join(_holders_of_one, true())
    .order_by(_holders_of_one.c.customer_id)
)
FIND_UNIQUE_HOLDER = (
    select(customer.c.id)
    .where(
        customer.c.id.in_(
            select(identifier_holder.c.customer_id).where(identifier_holder.c.key == any_(_keys), identifier_holder.c.is_unique)
        ),
        customer.c.id != bindparam("but", type_=Uuid),
        _present,
        within_units(customer.c.unit),
    )
    .limit(1)
)


def _in_unit(unit: ColumnElement[Any]) -> ColumnElement[bool]:
    """True in or under one unit, written as a range that an index on the unit serves."""
    asked = bindparam("unit", type_=String)
    beneath = and_(unit >= func.concat(asked, "."), unit < func.concat(asked, "/"))
    return or_(unit == asked, beneath)


def _held_by(number: int) -> ColumnElement[bool]:
    """True for the holders of an identifier, whose key is bound as `key_0`, `key_1`, ..."""
    holders = select(identifier_holder.c.customer_id).where(identifier_holder.c.key == bindparam(f"key_{number}", type_=String))
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
    statement = select(*listed.COLUMNS).where(_present, customer.c.id < bindparam("before", type_=Uuid), *filters)
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
    """Customers whose tokens and text fit a query, best first, behind the pair of `after_rank` and `after`."""
    filters = _filters(keys=keys, tag=tag, tier=tier, unit=unit)
    hits = select(customer_search.c.customer_id, _rank.label("rank")).where(
        customer_search.c.tokens.contains(bindparam("tokens", type_=ARRAY(Text))),
        customer_search.c.text.like(all_(_patterns("parts"))),
        tuple_(_rank, customer_search.c.customer_id) > tuple_(bindparam("after_rank", type_=Integer), bindparam("after", type_=Uuid)),
        within_units(customer_search.c.unit),
    )
    if filters:
        hits = hits.join(customer, customer.c.id == customer_search.c.customer_id).where(*filters)
    best = hits.order_by(column("rank"), customer_search.c.customer_id).limit(bindparam("limit", type_=Integer)).subquery("best")
    return (
        select(best.c.rank, *listed.COLUMNS)
        .join(customer, customer.c.id == best.c.customer_id)
        .where(_present)
        .order_by(best.c.rank, best.c.customer_id)
    )


# Writing: the file, its search row and its identifiers go in one statement.


_held = rows("held", key=String, is_unique=Boolean)
COLUMNS = tuple(each.name for each in customer.c if each.name != "erased_at")
_bound = {name: bindparam(name, type_=customer.c[name].type) for name in COLUMNS}
_id: Any = bindparam("id", type_=Uuid)
_inserted = insert(customer).values(_bound).cte("inserted")
_search_values = {
    "customer_id": _id,
    "unit": bindparam("unit", type_=String),
    "tokens": bindparam("tokens", type_=ARRAY(Text)),
    "text": bindparam("text", type_=String),
}
_search_inserted = insert(customer_search).values(_search_values).cte("searched")
_holders_inserted = (
    insert(identifier_holder)
    .from_select(["key", "holder_id", "customer_id", "is_unique"], select(_held.c.key, _id, _id, _held.c.is_unique))
    .cte("holding")
)
INSERT = select(literal(1, Integer)).add_cte(_inserted, _search_inserted, _holders_inserted)

_changed = {name: bindparam(f"new_{name}", type_=customer.c[name].type) for name in COLUMNS if name not in ("id", "created_at")}
UPDATE = update(customer).where(customer.c.id == bindparam("of"), customer.c.version == bindparam("was", type_=Integer)).values(_changed)
UPDATE_SEARCH = (
    update(customer_search)
    .where(customer_search.c.customer_id == bindparam("of"))
    .values(
        unit=bindparam("new_unit", type_=String),
        tokens=bindparam("new_tokens", type_=ARRAY(Text)),
        text=bindparam("new_text", type_=String),
    )
)
HOLD = insert(identifier_holder).from_select(
    ["key", "holder_id", "customer_id", "is_unique"],
    select(_held.c.key, bindparam("holder", type_=Uuid), bindparam("of", type_=Uuid), _held.c.is_unique),
)
LET_GO = delete(identifier_holder).where(
    identifier_holder.c.key == any_(bindparam("gone", type_=ARRAY(String))), identifier_holder.c.holder_id == bindparam("holder")
)
RATE = (
    update(customer)
    .where(customer.c.id == bindparam("of"), _present, customer.c.tier.is_distinct_from(bindparam("stars", type_=SmallInteger)))
    .values(
        tier=bindparam("stars", type_=SmallInteger),
        version=customer.c.version + 1,
        updated_at=func.greatest(customer.c.updated_at, bindparam("at", type_=Moment)),
    )
    .returning(customer.c.unit)
)
