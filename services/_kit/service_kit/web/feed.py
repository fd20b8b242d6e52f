"""The feed of a service's events, as every service serves it."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import to_json
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    String,
    any_,
    bindparam,
    func,
    not_,
    or_,
    select,
    true,
)

from service_kit.access.event_scopes import FamilyScopes, readable
from service_kit.access.units import units_of, within_units
from service_kit.store.database import Database
from service_kit.store.outbox import TYPE_PREFIX, TYPE_SUFFIX
from service_kit.store.running import Record
from service_kit.store.tables import event, event_head
from service_kit.web.call import Call
from service_kit.web.routing import Router, requires
from service_kit.words.errors import Conflict, Gone
from service_kit.words.fields import Id, JsonObject, Output, Timestamp, written
from service_kit.work.lanes import ALL, FAMILIES, REACHED, Lane
from service_kit.work.sequencer import HEAD

MEDIA_TYPE = "application/cloudevents-batch+json"
REACHED_MEANS = (
    "How far this answer has read: the next `after`, also when the token's units or scopes hide the"
    " last events."
)
FAMILIES_MEANS = (
    "The families of events (`complaint` of `complaint.closed`) that the token may read here; all"
    " others are hidden from it."
)
FAMILIES_SCHEMA = {"type": "string", "maxLength": 2000, "pattern": "^([a-z_]+(,[a-z_]+)*)?$"}
CURSOR_SCHEMA = {"type": "string", "maxLength": 19, "pattern": "^[0-9]{1,19}$"}
LONGEST_WAIT_SECONDS = 30
# Whoever asks for a longer wait is answered by then and asks again: proxies and clients give up on
# answers that take ten seconds.
ANSWER_WITHIN_SECONDS = 8
POLL_SECONDS = 0.25
LARGEST_BATCH = 1_000
# How many events one statement looks through for those of the caller's units.
SPAN = 50_000
LEFT_OUT_WHEN_ABSENT = ("unit", "traceparent")

_head = (
    select(event_head.c.position.label("newest"), event_head.c.trimmed_to.label("oldest"))
    .where(event_head.c.name == HEAD)
    .cte("head")
)
_families = bindparam("families", type_=ARRAY(String))


def _reading(*lane: ColumnElement[bool]) -> Select[Any]:
    """Events and head from one snapshot:
    behind the last row and up to the head there is nothing that the caller may see.
    """
    events = (
        select(event)
        .where(
            event.c.position > bindparam("after", type_=BigInteger),
            event.c.position <= func.least(_head.c.newest, bindparam("until", type_=BigInteger)),
            within_units(event.c.unit),
            or_(_families.is_(None), func.split_part(event.c.type, ".", 1) == any_(_families)),
            *lane,
        )
        .order_by(event.c.position)
        .limit(bindparam("limit"))
        .lateral("events")
    )
    return (
        select(_head, events)
        .select_from(_head.outerjoin(events, true()))
        .order_by(events.c.position)
    )


# Live news are found by an index of their own, however many others lie between them.
READ: Mapping[Lane, Select[Any]] = {
    "all": _reading(),
    "live": _reading(not_(event.c.is_bulk)),
    "bulk": _reading(event.c.is_bulk),
}


class CursorExpired(Gone):
    """The events behind this cursor are not kept any longer;
    read the present state, then go on from `oldest` or from `newest`.
    """


class CursorAhead(Conflict):
    """The cursor is beyond the newest event, so this feed has not made it;
    `newest` is where the feed ends, `0` its beginning.
    """


class EventOut(Output):
    """A CloudEvent 1.0 with the position in its feed as `cursor`."""

    specversion: Annotated[str, Field(max_length=3, examples=["1.0"])]
    id: Id
    source: Annotated[str, Field(max_length=100)]
    type: Annotated[str, Field(max_length=120)]
    subject: Id
    time: Timestamp
    datacontenttype: Annotated[str, Field(max_length=50)]
    cursor: Annotated[str, Field(max_length=40)]
    unit: Annotated[str | None, Field(max_length=200)]
    traceparent: Annotated[str | None, Field(max_length=55)]
    data: JsonObject


def envelope(row: Record, source: str) -> dict[str, Any]:
    """A stored event as a CloudEvent."""
    told: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(row["id"]),
        "source": f"/{source}",
        "type": f"{TYPE_PREFIX}{row['type']}{TYPE_SUFFIX}",
        "subject": str(row["subject"]),
        "time": written(row["occurred_at"]),
        "datacontenttype": "application/json",
        "cursor": str(row["position"]),
        "data": row["payload"],
    }
    optional: Mapping[str, Any] = {"unit": row["unit"], "traceparent": row["traceparent"]}
    return told | {name: value for name, value in optional.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Events, the position up to which there are no others for this caller,
    and that of the newest event.
    """

    rows: list[Record]
    reached: int
    newest: int


async def read_batch(
    database: Database,
    *,
    after: int,
    limit: int,
    units: Any,
    families: Any = None,
    lane: Lane = ALL,
) -> Batch:
    """The next events among the `SPAN` behind a position: a caller of few units is not made to wait
    for a walk through all others.

    Raises CursorExpired when those behind it were trimmed, CursorAhead when there was no such
    position yet.
    """
    async with database.reading() as reader:
        found = await reader.fetch(
            READ[lane], after=after, until=after + SPAN, limit=limit, units=units, families=families
        )
    oldest, newest = (found[0]["oldest"], found[0]["newest"]) if found else (0, 0)
    if after < oldest:
        raise CursorExpired(oldest=str(oldest), newest=str(newest))
    if after > newest:
        raise CursorAhead(newest=str(newest))
    rows = [row for row in found if row["position"] is not None]
    reached = rows[-1]["position"] if len(rows) == limit else min(after + SPAN, newest)
    return Batch(rows=rows, reached=reached, newest=newest)


async def next_batch(
    database: Database,
    *,
    after: int,
    limit: int,
    units: Any,
    until: float,
    families: Any = None,
    lane: Lane = ALL,
) -> Batch:
    """As `read_batch`, but go on behind what the caller may not see,
    up to the head or that moment of the loop's time.
    """
    batch = await read_batch(
        database, after=after, limit=limit, units=units, families=families, lane=lane
    )
    while (
        not batch.rows
        and batch.reached < batch.newest
        and asyncio.get_running_loop().time() < until
    ):
        batch = await read_batch(
            database, after=batch.reached, limit=limit, units=units, families=families, lane=lane
        )
    return batch


async def batch_or_wait(
    database: Database,
    *,
    after: int,
    limit: int,
    wait: float,
    units: Any,
    families: Any = None,
    lane: Lane = ALL,
) -> Batch:
    """The next events, waited for up to `wait` seconds;
    a hint ends the waiting at once, polling finds the rest.
    """
    began = asyncio.get_running_loop().time()
    until = began + ANSWER_WITHIN_SECONDS
    while True:
        heard = database.signals.count("feed")
        batch = await next_batch(
            database,
            after=after,
            limit=limit,
            units=units,
            until=until,
            families=families,
            lane=lane,
        )
        after = batch.reached
        left = began + wait - asyncio.get_running_loop().time()
        if batch.rows or left <= 0 or database.signals.is_stopping:
            return batch
        await database.signals.wait("feed", seconds=min(left, POLL_SECONDS), since=heard)


async def read(database: Database, *, after: int, limit: int, units: Any) -> list[Record]:
    """The next events behind a position, however far away they are; errors as in `read_batch`."""
    return (await next_batch(database, after=after, limit=limit, units=units, until=math.inf)).rows


async def read_or_wait(
    database: Database, *, after: int, limit: int, wait: float, units: Any
) -> list[Record]:
    """As `read`, but wait up to `wait` seconds for the first event."""
    return (await batch_or_wait(database, after=after, limit=limit, wait=wait, units=units)).rows


async def batch_for(
    call: Call, families: FamilyScopes, *, after: int, limit: int, wait: float, lane: Lane
) -> Batch:
    """What this caller may read.
    Rights may go while it waits: it is judged again before it is given anything.
    """
    asking = call.caller
    seen, units = readable(families, asking.scopes), units_of(asking)
    batch = await batch_or_wait(
        call.database, after=after, limit=limit, wait=wait, units=units, families=seen, lane=lane
    )
    if await call.still_allowed() == asking:
        return batch
    return await batch_for(call, families, after=after, limit=limit, wait=0, lane=lane)


def event_schema() -> dict[str, Any]:
    """The schema of one event:
    attributes may be added to it, and those that an event lacks are left out.
    """
    schema = EventOut.model_json_schema(mode="serialization")
    for name in LEFT_OUT_WHEN_ABSENT:
        schema["required"].remove(name)
        schema["properties"][name] = schema["properties"][name]["anyOf"][0]
    return {**schema, "additionalProperties": True}


def told_as() -> dict[str, Any]:
    """The answer of the feed, as the contract has it."""
    events = {"type": "array", "maxItems": LARGEST_BATCH, "items": event_schema()}
    return {
        "description": "Events in the order of their positions.",
        "content": {MEDIA_TYPE: {"schema": events}},
        "headers": {
            REACHED: {"description": REACHED_MEANS, "schema": CURSOR_SCHEMA},
            FAMILIES: {"description": FAMILIES_MEANS, "schema": FAMILIES_SCHEMA},
        },
    }


def feed_router(source: str, families: FamilyScopes) -> Router:
    """GET /v1/events of one service,
    for each caller the families of events that the scopes of the token let read.
    """
    router = Router(tags=["events"])

    @router.get(
        "/v1/events",
        raises=[CursorExpired, CursorAhead],
        responses={200: told_as()},
        response_class=Response,
    )
    async def list_events(
        call: Annotated[Call, requires("events:read")],
        after: Annotated[
            str,
            Query(
                min_length=1,
                max_length=19,
                pattern="^[0-9]{1,18}$",
                description="Cursor; 0 is the beginning.",
            ),
        ] = "0",
        limit: Annotated[
            int, Query(ge=1, le=LARGEST_BATCH, json_schema_extra={"format": "int32"})
        ] = 100,
        wait: Annotated[
            int, Query(ge=0, le=LONGEST_WAIT_SECONDS, json_schema_extra={"format": "int32"})
        ] = 0,
        lane: Annotated[
            Lane,
            Query(
                description=(
                    "`live`: without the news of long work such as imports; `bulk`: those alone;"
                    " `all`: every event."
                )
            ),
        ] = ALL,
    ) -> Response:
        """Read the events behind a cursor, in order and complete.

        Every event has a `cursor`; the last one is the next `after`. With `wait` the answer comes
        as soon as there is an event, or empty after that many seconds or earlier: then ask again.
        Cursors older than 90 days are 410. A token reads the events of what its scopes let it read
        (`complaint.*` needs complaints:read as well; `x-scopes` of the event says so). One that is
        kept to some units or scopes goes on from the header `Guanxi-Cursor`, so that it does not
        fall behind while there is nothing for it. The header `Guanxi-Families` names the families
        of events that the token may read: whoever needs one that is not there lacks a scope.

        `lane=live` leaves out what long work tells (an import of 100,000 rows), so that whoever
        must know a new customer at once does not wait behind it; `lane=bulk` gives the rest, and
        both together every event once. Cursors are positions of the one feed, whatever the lane:
        keep one for each lane that is followed. The order holds within a lane, not between two.
        `Guanxi-Cursor` also passes over what the lane leaves out, and 410 and 409 are those of the
        whole feed.
        """
        seconds = min(wait, ANSWER_WITHIN_SECONDS)
        batch = await batch_for(
            call, families, after=int(after), limit=limit, wait=seconds, lane=lane
        )
        may_read = readable(families, call.caller.scopes)
        told = to_json([envelope(row, source) for row in batch.rows])
        named = ",".join(sorted(families if may_read is None else may_read))
        return Response(
            told, headers={REACHED: str(batch.reached), FAMILIES: named}, media_type=MEDIA_TYPE
        )

    return router
