"""What the gateway's tests start from:
a running gateway, neighbors that are small ASGI apps on real sockets, and builders.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import httpx2
import uvicorn
from pydantic_core import from_json, to_json
from service_kit.words.identity import clock, new_id
from service_kit.words.money import Money
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.app import Gateway, compose
from gateway.client import use_cases
from gateway.client.domain import Client
from gateway.client.store import ClientStore
from gateway.rights.domain import SCOPES, Rights
from gateway.settings import Settings

ISSUER = "http://gateway.test"
SECRET = "a-secret-of-the-tests-0123456789-abcdefgh"
QUIET_SECONDS = 0.3
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@asynccontextmanager
async def listening_together(apps: Sequence[ASGIApp]) -> AsyncIterator[list[str]]:
    """Serve several apps from one server, each on a free loopback port of its own;
    gives their addresses.
    """
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in apps]
    by_port = {each.getsockname()[1]: app for each, app in zip(sockets, apps, strict=True)}

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        await by_port[scope["server"][1]](scope, receive, send)

    async with listening(dispatch, sockets=sockets):
        yield [f"http://127.0.0.1:{port}" for port in by_port]


@asynccontextmanager
async def listening(
    app: ASGIApp,
    *,
    uds: str | None = None,
    lifespan: str = "off",
    sockets: list[socket.socket] | None = None,
) -> AsyncIterator[str]:
    """Serve an ASGI app on a free loopback port (or a socket file, or sockets that are there);
    gives its address.
    """
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        uds=uds,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=1,
        http="httptools",
        lifespan="on" if lifespan == "on" else "off",
        server_header=False,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]  # The tests' process keeps its own.
    running = asyncio.create_task(server.serve(sockets))
    try:
        while not server.started:
            if running.done():
                running.result()
                raise RuntimeError("the app did not start")
            await asyncio.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1] if not uds else 0
        yield f"unix:{uds}" if uds else f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


@dataclass
class Seen:
    """One request as a neighbor saw it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return from_json(self.body)


Answer = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class Neighbor:
    """A small service: answers by path, or by default with what it saw;
    keeps every request in `seen`.
    """

    answers: dict[str, Answer | tuple[int, Any]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.answers.get(scope["path"])
        if callable(answer):
            await answer(scope, receive, send)
            return
        body = await whole_body(receive)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        if scope["path"] == "/v1/events" and answer is None:
            # A feed without news makes its reader wait, else the reader would ask again at once.
            await asyncio.sleep(QUIET_SECONDS)
            await respond(send, 200, b"[]")
            return
        self.seen.append(
            Seen(scope["method"], scope["raw_path"].decode("latin-1"), query, headers, body)
        )
        self.arrived.set()
        status, told = answer or (
            200,
            {
                "path": scope["path"],
                "query": query,
                "headers": headers,
                "body": body.decode("latin-1"),
            },
        )
        await respond(send, status, to_json(told))


@dataclass
class Feed(Neighbor):
    """A neighbor whose feed has these events once it is `open`."""

    events: list[dict[str, Any]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/v1/events":
            after = int(parse_qs(scope["query_string"].decode())["after"][0])
            left = (
                [event for event in self.events if int(event["cursor"]) > after]
                if self.open.is_set()
                else []
            )
            await asyncio.sleep(0 if left else QUIET_SECONDS)
            await respond(send, 200, to_json(left))
            return
        await super().__call__(scope, receive, send)


def a_feed(*events: dict[str, Any]) -> Feed:
    return Feed(events=list(events))


def an_event(type_: str, *, cursor: int, unit: str | None = None) -> dict[str, Any]:
    """A CloudEvent as a service's feed has it."""
    told: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "/complaints",
        "type": f"guanxi.{type_}.v1",
        "subject": str(new_id()),
        "time": "2026-03-02T12:00:00Z",
        "datacontenttype": "application/json",
        "cursor": str(cursor),
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "data": {},
    }
    return told if unit is None else {**told, "unit": unit}


async def whole_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def respond(
    send: Send, status: int, body: bytes, headers: Mapping[bytes, bytes] | None = None
) -> None:
    sent = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *(headers or {}).items(),
    ]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})


@dataclass(frozen=True)
class Partner:
    """Somebody at the gateway with a token, an API key or nothing."""

    gateway: Gateway
    http: httpx2.AsyncClient
    authorization: str | None = None

    def with_(self, authorization: str | None) -> "Partner":
        return replace(self, authorization=authorization)

    async def registered(self, **rights: Any) -> "Partner":
        """Another client with its own token; see `a_client` for what can be said of it."""
        client = await a_client(self.gateway, **rights)
        return self.with_(f"Bearer {await self.token(client.client_id)}")

    async def token(self, client_id: str, secret: str = SECRET, **form: str) -> str:
        answer = await self.http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", **form},
            auth=(client_id, secret),
        )
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx2.Response:
        own = {"Authorization": self.authorization} if self.authorization else {}
        return await self.http.request(method, path, headers={**own, **(headers or {})}, **options)

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        return await self.request("POST", path, json={} if body is None else body, **options)

    async def patch(self, path: str, body: Any, *, match: str) -> httpx2.Response:
        headers = {"If-Match": match, "Content-Type": "application/merge-patch+json"}
        return await self.request("PATCH", path, content=to_json(body), headers=headers)


async def a_client(
    gateway: Gateway,
    *,
    client_id: str | None = None,
    scopes: frozenset[str] | None = None,
    secret: str = SECRET,
    **rights: Any,
) -> Client:
    """A registered client, with all scopes unless some are named."""
    async with gateway.database.transaction() as tx:
        held = Rights(scopes=frozenset(SCOPES) if scopes is None else frozenset(scopes), **rights)
        return await use_cases.register(
            ClientStore(tx),
            id=new_id(),
            client_id=client_id or f"client-{new_id()}",
            name="A client of the tests",
            rights=held,
            limit=None,
            held=held,
            secret=secret,
            at=clock(),
            default=gateway.settings.limit_of_all,
        )


@dataclass(frozen=True)
class Running:
    """A gateway with its neighbors, and an administrator who has every scope."""

    gateway: Gateway
    partner: Partner
    neighbors: Mapping[str, Neighbor]
    url: str


NEIGHBORS = ("customer-profile", "complaints", "scoring", "contact-center")


@asynccontextmanager
async def running(
    database_url: str, neighbors: Mapping[str, ASGIApp] | None = None, **settings: Any
) -> AsyncIterator[Running]:
    """A served gateway on real sockets, without background work unless asked.
    Neighbors that are not given are plain `Neighbor`s.
    """
    apps: dict[str, Any] = {name: (neighbors or {}).get(name) or Neighbor() for name in NEIGHBORS}
    async with AsyncExitStack() as stack:
        addresses = await stack.enter_async_context(listening_together(list(apps.values())))
        urls = {
            f"{name.replace('-', '_')}_url": address
            for name, address in zip(apps, addresses, strict=True)
        }
        chosen = {
            "issuer": ISSUER,
            "secret_key": "of-the-tests",
            "webhooks_allow_loopback": True,
            "request_log": False,
            "work": False,
            **urls,
        }
        gateway = compose(
            Settings(
                **{"database_url": database_url, "database_schema": "gateway", **chosen, **settings}
            )
        )
        url = await stack.enter_async_context(listening(gateway.app, lifespan="on"))
        http = await stack.enter_async_context(
            httpx2.AsyncClient(base_url=url, timeout=20, trust_env=False)
        )
        partner = Partner(gateway, http)
        yield Running(
            gateway,
            await partner.registered(
                client_id="administrator", approval_limit=Money(Decimal(10**9), "CNY")
            ),
            apps,
            url,
        )


def an_id() -> UUID:
    return new_id()
