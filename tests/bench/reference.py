"""The reference of the read benches:
a bare Starlette handler that runs the same SQL on asyncpg and writes the rows as JSON.
"""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import uvicorn
from pydantic_core import from_json, to_json
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

# {"sql": ..., "arguments": [...]}: an argument is a constant, or {"query": name, "type": "uuid" |
# "text" | "text[]"}.
STATEMENT: dict[str, Any] = json.loads(os.environ.get("REFERENCE_STATEMENT", "{}"))
CONVERT = {"uuid": UUID, "text": str, "text[]": lambda text: [text]}


async def ready(_request: Request) -> Response:
    return Response("ready")


async def read(request: Request) -> Response:
    arguments = [
        CONVERT[each["type"]](request.query_params[each["query"]])
        if isinstance(each, dict)
        else each
        for each in STATEMENT["arguments"]
    ]
    async with request.app.state.pool.acquire() as connection:
        rows = await connection.fetch(STATEMENT["sql"], *arguments)
    return Response(to_json([dict(row) for row in rows]), media_type="application/json")


async def teach_json(connection: Any) -> None:
    """jsonb as Python values, in the binary format."""
    encoder, decoder = (lambda value: b"\x01" + to_json(value)), (lambda raw: from_json(raw[1:]))
    await connection.set_type_codec(
        "jsonb", encoder=encoder, decoder=decoder, schema="pg_catalog", format="binary"
    )


async def _keep(_connection: Any) -> None:
    """As in the kit: sessions keep no state, so nothing is reset."""


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(
        os.environ["REFERENCE_URL"], min_size=1, max_size=16, init=teach_json, reset=_keep
    ) as pool:
        app.state.pool = pool
        yield


app = Starlette(routes=[Route("/readyz", ready), Route("/read", read)], lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="error",
    )
