"""/livez, /readyz and /metrics, which need no token: they tell nothing but numbers and reasons."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import literal, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service_kit.errors import Refusal
from service_kit.migrations import pending_migrations, why_not_this_release
from service_kit.sqlstates import OutcomeUnknown, TransactionRolledBack

PING = select(literal(1))
Check = Callable[[], Awaitable[str | None]]


async def livez(_request: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def readyz(request: Request) -> Response:
    """200 when the database answers and its migrations are current, else 503 with the reasons."""
    reasons = [reason for check in request.app.state.checks if (reason := await check()) is not None]
    if reasons:
        return JSONResponse({"status": "not ready", "reasons": reasons}, status_code=503, headers={"Retry-After": "1"})
    return JSONResponse({"status": "ready"})


async def metrics(request: Request) -> Response:
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4")


def database_check(database: Any, migrations: str) -> Check:
    """Whether the database answers and is migrated to what this release needs."""
    is_current = False

    async def check() -> str | None:
        nonlocal is_current
        try:
            async with database.reading() as reader:
                if is_current:
                    await reader.fetch_value(PING)
                    return None
                reason = await _why_not_current(reader, migrations)
        except (Refusal, TransactionRolledBack, OutcomeUnknown) as error:
            return f"the database does not answer: {type(error).__name__}"
        is_current = reason is None
        return reason

    return check


async def _why_not_current(reader: Any, migrations: str) -> str | None:
    if pending := await pending_migrations(reader, migrations):
        return f"migrations are pending: {', '.join(pending)}"
    return await why_not_this_release(reader, migrations)


ROUTES = [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]
