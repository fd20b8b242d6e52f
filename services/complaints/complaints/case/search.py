"""Lists of complaints: one compiled statement for each set of filters in use."""

from collections.abc import Mapping, Sequence
from functools import cache
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.running import Reader, Record
from sqlalchemy import ColumnElement, Select, bindparam, func, not_, or_, select
from sqlalchemy.types import Boolean

from complaints.tables import complaint, complaint_number

_is_late = complaint.c.due_at < bindparam("now", type_=complaint.c.due_at.type)
_has_ended = or_(complaint.c.state == "closed", complaint.c.state == "withdrawn")
CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    **{
        name: complaint.c[name] == bindparam(name)
        for name in (
            "state",
            "customer_id",
            "department",
            "handler",
            "kind",
            "channel",
            "category",
            "severity",
        )
    },
    "id": complaint.c.id == bindparam("id"),
    "unit": or_(
        complaint.c.unit == bindparam("unit"),
        func.starts_with(complaint.c.unit, func.concat(bindparam("unit"), ".")),
    ),
    "late": _is_late,
    "not_late": func.coalesce(_is_late, False, type_=Boolean).is_(False),
    "open": not_(_has_ended),
    "ended": _has_ended,
    "after": complaint.c.id < bindparam("after"),
}


FIND_NUMBER = select(complaint_number.c.complaint_id).where(
    complaint_number.c.number == bindparam("number")
)


async def id_of_number(reader: Reader, number: str) -> UUID | None:
    """Whose number it is:
    a look-up of its own, since numbers and complaints may live on different servers.
    """
    found: UUID | None = await reader.fetch_value(FIND_NUMBER, number=number)
    return found


@cache
def _statement(names: frozenset[str]) -> Select[tuple[object, ...]]:
    return (
        select(complaint)
        .where(within_units(complaint.c.unit), *(CONDITIONS[name] for name in sorted(names)))
        .order_by(complaint.c.id.desc())
        .limit(bindparam("limit"))
    )


async def search(
    reader: Reader,
    filters: Mapping[str, object],
    *,
    units: Sequence[str] | None,
    after: UUID | None,
    limit: int,
) -> list[Record]:
    """Rows, newest first, that fit all the filters;
    a condition without a value of its own is named with True.
    """
    asked = dict(filters)
    if after is not None:
        asked["after"] = after
    if "number" in asked:
        asked["id"] = await id_of_number(reader, str(asked.pop("number")))
        if asked["id"] is None:
            return []
    given = {name: value for name, value in asked.items() if value is not True}
    return await reader.fetch(
        _statement(frozenset(asked) - {"now"}), **given, units=units, limit=limit
    )
