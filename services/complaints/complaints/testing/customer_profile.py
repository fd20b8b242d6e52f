"""The twin of customer-profile: files by id, and a feed, on a socket of its own."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import uvicorn
from service_kit.testing.news import envelope_of
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from complaints.testing.builders import NOON


class CustomerFiles:
    """A small customer-profile: files by id, and a feed.
    `is_away` makes every question fail as an outage does.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[UUID, dict[str, Any]] = {}
        self.told: list[dict[str, Any]] = []
        self.is_away = False
        self.app = Starlette(
            routes=[
                Route("/oauth/token", self._token, methods=["POST"]),
                Route("/v1/customers/{id:uuid}", self._customer),
                Route("/v1/events", self._events),
            ]
        )

    def add(
        self,
        *,
        unit: str = "cn.gd.gz",
        name: str = "张伟",
        language: str = "zh-CN",
        stars: int | None = 3,
        at: datetime = NOON,
    ) -> UUID:
        """A new file, changed last `at`; news is told as of noon."""
        customer_id = uuid4()
        tier = {"stars": stars} if stars else None
        file = {
            "id": str(customer_id),
            "unit": unit,
            "name": name,
            "language": language,
            "tier": tier,
            "updated_at": at.isoformat(),
        }
        self.files[customer_id] = file
        return customer_id

    def tell(
        self, kind: str, customer_id: UUID, /, *, unit: str | None = None, **payload: object
    ) -> None:
        """Put an event into the feed."""
        envelope = envelope_of(
            "customer-profile", kind, subject=customer_id, unit=unit or "cn", at=NOON, **payload
        )
        self.told.append(envelope | {"cursor": str(len(self.told) + 1)})

    async def _token(self, _request: Request) -> Response:
        return JSONResponse(
            {"access_token": "of-the-service", "token_type": "Bearer", "expires_in": 600}
        )

    async def _customer(self, request: Request) -> Response:
        if self.is_away:
            return JSONResponse({"detail": "away"}, status_code=503)
        file = self.files.get(request.path_params["id"])
        return JSONResponse(file or {"detail": "unknown"}, status_code=200 if file else 404)

    async def _events(self, request: Request) -> Response:
        after = int(request.query_params["after"])
        if not self.told[after:]:
            await asyncio.sleep(0.05)
        return JSONResponse(self.told[after:])


@asynccontextmanager
async def customer_profile_played() -> AsyncIterator[CustomerFiles]:
    """A CustomerFiles that answers on a Unix socket."""
    with tempfile.TemporaryDirectory(
        prefix="guanxi-neighbor-", ignore_cleanup_errors=True
    ) as folder:
        socket = Path(folder) / "profile.sock"
        files = CustomerFiles(f"unix:{socket}")
        async with on_a_socket(files.app, socket):
            yield files


@asynccontextmanager
async def on_a_socket(app: Starlette, socket: Path) -> AsyncIterator[None]:
    """A neighbor that is played answers there."""
    server = uvicorn.Server(
        uvicorn.Config(app, uds=str(socket), lifespan="off", log_level="error", access_log=False)
    )
    running = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn tells it by a flag.
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await running
