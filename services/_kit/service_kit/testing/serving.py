"""Serves a service on a Unix socket of its own and gives a client of it."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from service_kit.process.addresses import trust
from service_kit.service import Service
from service_kit.testing.tokens import SigningKeys


class Api:
    """A client that speaks as somebody:
    `api.get(...)`, `api.post(path, {...})`, `api.as_(scopes...)` for another caller.
    """

    def __init__(
        self, client: httpx2.AsyncClient, keys: SigningKeys, token: str, service: Service
    ) -> None:
        self.client = client
        self.keys = keys
        self.token = token
        self.service = service

    def as_(self, *scopes: str, **claims: Any) -> "Api":
        """The same service for a caller with these scopes and claims (sub, units, approval_limit,
        agent_id, client_id).
        """
        return Api(self.client, self.keys, self.keys.token(*scopes, **claims), self.service)

    async def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        return await self.request("GET", path, **options)

    async def post(
        self, path: str, body: Any = None, *, key: str | None = None, **options: Any
    ) -> httpx2.Response:
        if key is not None:
            options["headers"] = {"Idempotency-Key": key, **options.get("headers", {})}
        if body is not None:
            options["json"] = body
        return await self.request("POST", path, **options)

    async def put(
        self, path: str, body: Any, *, match: str | None = None, **options: Any
    ) -> httpx2.Response:
        return await self.request("PUT", path, json=body, headers=_match(match), **options)

    async def patch(
        self, path: str, body: Any, *, match: str | None = None, **options: Any
    ) -> httpx2.Response:
        headers = {"Content-Type": "application/merge-patch+json", **_match(match)}
        return await self.request("PATCH", path, json=body, headers=headers, **options)

    async def delete(
        self, path: str, *, match: str | None = None, **options: Any
    ) -> httpx2.Response:
        return await self.request("DELETE", path, headers=_match(match), **options)

    async def events(
        self, type_: str | None = None, *, least: int = 1, attempts: int = 100
    ) -> Sequence[dict[str, Any]]:
        """What the feed tells so far; with a type, wait until there are that many of it."""
        reader = self.as_(*self.service.scopes)
        for _ in range(attempts):
            told: list[dict[str, Any]] = (
                await reader.get("/v1/events", params={"limit": 1000})
            ).json()
            found = [
                event for event in told if type_ is None or event["type"] == f"guanxi.{type_}.v1"
            ]
            if len(found) >= least or type_ is None:
                return found
            await asyncio.sleep(0.05)
        return []


@asynccontextmanager
async def serving(
    service: Service, keys: SigningKeys, *scopes: str, **claims: Any
) -> AsyncIterator[Api]:
    """Run the service with its background work and give an Api with these scopes (all
    of the service's when none is named).
    """
    folder = Path(tempfile.mkdtemp(prefix="guanxi-test-"))
    address = str(folder / "api.sock")
    try:
        async with listening(service, uds=address):
            transport = httpx2.AsyncHTTPTransport(uds=address, verify=trust(False))
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://service.test", timeout=30
            ) as client:
                yield Api(client, keys, keys.token(*(scopes or service.scopes), **claims), service)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def listening(service: Service, *, uds: str) -> AsyncIterator[None]:
    """uvicorn's own start and stop, without the loop that looks ten times a second whether to stop,
    and without its pauses.
    """
    config = uvicorn.Config(
        service.app, uds=uds, log_level="error", access_log=False, lifespan="on", http="httptools"
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    try:
        await server.startup()
    except SystemExit as error:
        raise RuntimeError("the service did not start") from error
    await server.on_tick(0)
    try:
        yield
    finally:
        for listener in server.servers:
            listener.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        await _ended(server)
        await server.lifespan.shutdown()


async def _ended(server: uvicorn.Server) -> None:
    """Give open requests two seconds, then cancel them."""
    tasks = list(server.server_state.tasks)
    if tasks:
        _, unfinished = await asyncio.wait(tasks, timeout=2)
        for task in unfinished:
            task.cancel()


def _match(tag: str | None) -> dict[str, str]:
    return {} if tag is None else {"If-Match": tag}
