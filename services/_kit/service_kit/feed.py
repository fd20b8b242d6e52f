"""The feed of a service's events, as every service serves it."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import to_json
from sqlalchemy import bindparam, select

from service_kit.call import Call
from service_kit.database import Database, Record
from service_kit.errors import Conflict, Gone
from service_kit.outbox import TYPE_PREFIX, TYPE_SUFFIX
from service_kit.routing import Router, requires
from service_kit.sequencer import READ_HEAD
from service_kit.tables import event
from service_kit.units import units_of, within_units
from service_kit.words import Id, JsonObject, Output, Timestamp, written

MEDIA_TYPE = "application/cloudevents-batch+json"
LONGEST_WAIT_SECONDS = 30
# Whoever asks for a longer wait is answered by then and asks again: proxies and clients give up on answers that take ten seconds.
ANSWER_WITHIN_SECONDS = 8
POLL_SECONDS = 0.25
LARGEST_BATCH = 1_000
LEFT_OUT_WHEN_ABSENT = ("unit", "traceparent")

READ = (
    select(event)
    .where(event.c.position > bindparam("after"), within_units(event.c.unit))
    .order_by(event.c.position)
    .limit(bindparam("limit"))
)


class CursorExpired(Gone):
    """The events behind this cursor are not kept any longer; read the present state, then go on from `oldest` or from `newest`."""


class CursorAhead(Conflict):
    """The cursor lies behind the newest event, so this feed has not made it; `newest` is where the feed ends, `0` its beginning."""


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


async def read(database: Database, *, after: int, limit: int, units: Any) -> list[Record]:
    """The next events behind a position; CursorExpired when those were trimmed, CursorAhead when there was no such position yet."""
    async with database.reading() as reader:
        rows = await reader.fetch(READ, after=after, limit=limit, units=units)
        if not rows or rows[0]["position"] != after + 1:
            head = await reader.fetch_one(READ_HEAD)
            if head is not None and after < head["trimmed_to"]:
                raise CursorExpired(oldest=str(head["trimmed_to"]), newest=str(head["position"]))
            if after > (head["position"] if head is not None else 0):
                raise CursorAhead(newest=str(head["position"] if head is not None else 0))
    return rows


async def read_or_wait(database: Database, *, after: int, limit: int, wait: float, units: Any) -> list[Record]:
    """As `read`, but wait up to `wait` seconds for the first event; a hint ends the waiting at once, polling finds the rest."""
    until = asyncio.get_running_loop().time() + wait
    while True:
        heard = database.signals.count("feed")
        rows = await read(database, after=after, limit=limit, units=units)
        left = until - asyncio.get_running_loop().time()
        if rows or left <= 0 or database.signals.is_stopping:
            return rows
        await database.signals.wait("feed", seconds=min(left, POLL_SECONDS), since=heard)


def event_schema() -> dict[str, Any]:
    """The schema of one event: attributes may be added to it, and those that an event lacks are left out."""
    schema = EventOut.model_json_schema(mode="serialization")
    for name in LEFT_OUT_WHEN_ABSENT:
        schema["required"].remove(name)
        schema["properties"][name] = schema["properties"][name]["anyOf"][0]
    return {**schema, "additionalProperties": True}


def feed_router(source: str) -> Router:
    """GET /v1/events of one service."""
    router = Router(tags=["events"])

    @router.get(
        "/v1/events",
        raises=[CursorExpired, CursorAhead],
        responses={
            200: {
                "description": "Events in the order of their positions.",
                "content": {
                    MEDIA_TYPE: {
                        "schema": {
                            "type": "array",
                            "maxItems": LARGEST_BATCH,
                            "items": event_schema(),
                        }
                    }
                },
            }
        },
        response_class=Response,
    )
    async def list_events(
        call: Annotated[Call, requires("events:read")],
        after: Annotated[str, Query(min_length=1, max_length=19, pattern="^[0-9]{1,18}$", description="Cursor; 0 is the beginning.")] = "0",
        limit: Annotated[int, Query(ge=1, le=LARGEST_BATCH, json_schema_extra={"format": "int32"})] = 100,
        wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT_SECONDS, json_schema_extra={"format": "int32"})] = 0,
    ) -> Response:
        """Read the events behind a cursor, in order and complete.

        Every event has a `cursor`; the last one is the next `after`. With `wait` the answer comes as soon as there is an event, or
        empty after that many seconds or earlier: then ask again. Cursors older than 90 days are 410.
        """
        seconds = min(wait, ANSWER_WITHIN_SECONDS)
        rows = await read_or_wait(call.database, after=int(after), limit=limit, wait=seconds, units=units_of(call.caller))
        return Response(to_json([envelope(row, source) for row in rows]), media_type=MEDIA_TYPE)

    return router
