"""Answers kept for idempotency keys:
where what they show lies, whom they are about, and what becomes of them when somebody is erased.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json
from sqlalchemy import ARRAY, Integer, LargeBinary, String, Uuid, bindparam, select, tuple_, update
from starlette.responses import Response

from service_kit.access.caller import Caller
from service_kit.store.database import Transaction
from service_kit.store.outbox import Recorded
from service_kit.store.running import Reader
from service_kit.store.tables import idempotency_record as record
from service_kit.web.emptied import emptied
from service_kit.web.idempotency import Kept

MayRead = Callable[[Reader, Caller, Sequence[UUID]], Awaitable[bool | None]]
"""Whether the caller may read the resources of these ids as they lie now;
None where none of them can move.
"""

WHOLE_COMPANY = "*"
LONGEST_PLACE = 200
BATCH = 100
_id = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_identity = (record.c.client_id, record.c.method, record.c.path, record.c.key)
_after = tuple_(*(bindparam(f"after_{column.name}", type_=String) for column in _identity))
ABOUT = (
    select(*_identity, record.c.body)
    .where(
        record.c.subjects.op("&&", is_comparison=True)(bindparam("subjects", type_=ARRAY(Uuid))),
        record.c.body.is_not(None),
        tuple_(*_identity) > _after,
    )
    .order_by(*_identity)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update()
)
EMPTY = (
    update(record)
    .where(*(column == bindparam(f"of_{column.name}") for column in _identity))
    .values(body=bindparam("emptied", type_=LargeBinary))
)


def place_of(
    response: Response,
    recorded: Sequence[Recorded],
    caller: Caller,
    *,
    said: Sequence[str | None] | None,
) -> str:
    """The units of what an answer shows, separated by spaces: as the route says, as the answer
    says, or as its events say.

    Where nothing says so, whoever is shown it again must see all that was seen by who asked first.
    """
    if said is None:
        said = _units_in(bytes(response.body))
    if said is None:
        said = [entry.event.unit for entry in recorded] or caller.units or [None]
    return _written({WHOLE_COMPANY if unit is None else unit for unit in said})


def _units_in(body: bytes) -> Sequence[str | None] | None:
    """What the members `unit` and `units` of an answer say;
    a resource that has `units` and names none belongs to the whole company.
    """
    members = from_json(body) if body else None
    if not isinstance(members, dict):
        return None
    if "units" in members:
        return members["units"] or [None]
    return [members["unit"]] if "unit" in members else None


def _written(units: set[str]) -> str:
    """The units as the column keeps them; too many are told by those above them."""
    while len(text := " ".join(sorted(units))) > LONGEST_PLACE:
        deepest = max(units, key=lambda unit: unit.count("."))
        units = {
            unit.rpartition(".")[0] or WHOLE_COMPANY
            if unit.count(".") == deepest.count(".")
            else unit
            for unit in units
        }
    return text


def subjects_of(response: Response, recorded: Sequence[Recorded], *, path: str) -> Sequence[UUID]:
    """Everything that an answer is about: what its path, its body and its events name."""
    named = {
        UUID(found.decode()) for found in _id.findall(path.encode() + b" " + bytes(response.body))
    }
    return sorted(named | {entry.event.subject for entry in recorded})


def is_seen(kept: Kept, caller: Caller) -> bool:
    """Whether an answer lies within the units of the caller."""
    if kept.unit is None:
        # The release before this one kept no place: the answer's own word is all there is.
        return all(caller.sees(unit) for unit in _units_in(kept.body) or ())
    return all(caller.sees(None if unit == WHOLE_COMPANY else unit) for unit in kept.unit.split())


class KeptAnswers:
    """The kept answers of one service, whose routes say what each of them looks like."""

    def __init__(self, routes: Sequence[APIRoute]) -> None:
        self._routes = routes

    async def erase(self, tx: Transaction, subjects: Iterable[UUID]) -> None:
        """Empty the answers about these:
        status, Location and ETag stay, and what is left of the body fits its schema.
        """
        named = list(subjects)
        after = ("", "", "", "")
        while rows := await tx.fetch(ABOUT, subjects=named, limit=BATCH, **_bound("after", after)):
            identities = [tuple(row[column.name] for column in _identity) for row in rows]
            await tx.execute_many(
                EMPTY,
                [
                    {**_bound("of", identity), "emptied": self._left(row)}
                    for identity, row in zip(identities, rows, strict=True)
                ],
            )
            after = identities[-1]

    def _left(self, row: Any) -> bytes:
        body = bytes(row["body"])
        route = self._route(row["method"], row["path"])
        if not body or route is None or route.response_model is None:
            return b""
        schema = _schema_of(route.response_model)
        return to_json(emptied(from_json(body), schema, schema))

    def _route(self, method: str, path: str) -> APIRoute | None:
        return next(
            (
                each
                for each in self._routes
                if method in (each.methods or ()) and each.path_regex.match(path)
            ),
            None,
        )


def _bound(name: str, identity: Sequence[str]) -> dict[str, str]:
    return {
        f"{name}_{column.name}": value for column, value in zip(_identity, identity, strict=True)
    }


@cache
def _schema_of(model: Any) -> Mapping[str, Any]:
    return TypeAdapter(model).json_schema(mode="serialization")
