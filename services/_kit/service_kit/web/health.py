"""/livez, /readyz and /metrics, which need no token: they tell nothing but numbers and reasons."""

import asyncio
from typing import Any

from sqlalchemy import literal, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service_kit.store.migrations import pending_migrations, why_not_this_release
from service_kit.store.sqlstates import OutcomeUnknown, TransactionRolledBack
from service_kit.web.wiring import Check, wiring_of
from service_kit.words.errors import Refusal
from service_kit.words.fields import written

PING = select(literal(1))
ANSWER_WITHIN_SECONDS = 1.5
# Shorter than that, so that a silent connection is let go of and told on.
ASK_WITHIN_SECONDS = 1.0
_under_way: set[asyncio.Task[str | None]] = set()


async def livez(_request: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def readyz(request: Request) -> Response:
    """200 when the database answers and its migrations are current, else 503 with the reasons;
    in time, whatever keeps silent.

    Background work that fails is named with since when, and takes no readiness: requests are
    answered without it, and another replica would fail alike.
    """
    wiring = wiring_of(request)
    found = await asyncio.gather(*(_reason(check) for check in wiring.checks))
    failing = [
        {"worker": name, "since": written(each.since), "error": each.error}
        for name, each in sorted(wiring.metrics.failing().items())
    ]
    told = {"failing": failing} if failing else {}
    reasons = [reason for reason in found if reason is not None]
    if reasons:
        return JSONResponse(
            {"status": "not ready", "reasons": reasons, **told},
            status_code=503,
            headers={"Retry-After": "1"},
        )
    return JSONResponse({"status": "ready", **told})


async def _reason(check: Check) -> str | None:
    """What the check says, or that it says nothing:
    it is not waited for any longer, not even for its end.
    """
    asking = asyncio.create_task(check())
    _under_way.add(asking)
    asking.add_done_callback(_under_way.discard)
    done, _ = await asyncio.wait({asking}, timeout=ANSWER_WITHIN_SECONDS)
    if done:
        return asking.result()
    asking.cancel()
    return "the database does not answer in time"


async def metrics(request: Request) -> Response:
    return Response(wiring_of(request).metrics.text(), media_type="text/plain; version=0.0.4")


def database_check(database: Any, migrations: str) -> Check:
    """Whether the database answers and is migrated to what this release needs."""
    is_current = False

    async def check() -> str | None:
        nonlocal is_current
        try:
            async with database.reading(within=ASK_WITHIN_SECONDS) as reader:
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
