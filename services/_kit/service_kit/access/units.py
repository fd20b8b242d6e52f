"""The WHERE that keeps a caller inside the organization units of the token."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    any_,
    bindparam,
    column,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from service_kit.access.caller import Caller
from service_kit.words.errors import Forbidden
from service_kit.words.messages import said


class UnitNotAllowed(Forbidden):
    """The token's units do not include the unit that the request names."""


def within(unit: ColumnElement[Any], caller: Caller) -> ColumnElement[bool]:
    """For statements built per call:
    true where the row's unit lies in or under the caller's units.
    """
    if caller.units is None:
        return true()
    return or_(
        false(),
        *(or_(unit == own, unit.startswith(f"{own}.", autoescape=True)) for own in caller.units),
    )


def within_units(unit: ColumnElement[Any]) -> ColumnElement[bool]:
    """For statements compiled once: bind `units` to `units_of(caller)`; NULL sees everything."""
    units = bindparam("units", type_=ARRAY(String))
    rows = func.unnest(units).table_valued(column("unit", String), name="own").render_derived()
    inside = (
        select(literal(1))
        .select_from(rows)
        .where(func.starts_with(unit, func.concat(rows.c.unit, ".")))
    )
    return or_(units.is_(None), unit == any_(units), exists(inside))


def units_of(caller: Caller) -> Sequence[str] | None:
    """The value for the bind parameter `units`."""
    return None if caller.units is None else list(caller.units)


def unit_for(caller: Caller, asked: str | None, *, default: str) -> str:
    """The unit of a new resource: the asked one, else the caller's first, else the default;
    UnitNotAllowed outside the token's.
    """
    unit = asked or (caller.units[0] if caller.units else default)
    if not caller.sees(unit):
        raise UnitNotAllowed(
            said("the unit {unit} lies outside the units of this token", unit=unit)
        )
    return unit
