"""The one list of what is tested:
every service, the gateway, and the kit's own small service as the measure of the gates.
"""

import importlib
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
from service_kit.process.settings import ServiceSettings
from service_kit.service import Service
from service_kit.testing import ISSUER, SigningKeys, serving
from service_kit.web.routing import StrictRoute
from sqlalchemy import MetaData

ROOT = Path(__file__).parent.parent.parent
SAMPLE = "notes"
GATEWAY = "gateway"
WITHOUT_API = {"service_kit", "guanxi_local"}
LARGEST_UPLOAD = 20_000
HERE, THERE = "cn.gd", "cn.bj"
# At the gateway these are asked of one of the services, or of itself.
SHARED = ("/v1/events", "/v1/audit-entries", "/v1/parked-events", "/v1/parked-timers")


@dataclass(frozen=True)
class Room:
    """A package with an API of its own."""

    package: str
    folder: Path

    @property
    def name(self) -> str:
        return self.package.replace("_", "-")

    def module(self, name: str) -> ModuleType:
        """A module that every room has; the sample keeps all in one."""
        if self.package == SAMPLE:
            return importlib.import_module("service_kit.testing.notes")
        return importlib.import_module(f"{self.package}.{name}")

    @property
    def settings(self) -> type[ServiceSettings]:
        found: type[ServiceSettings] = self.module("settings").Settings
        return found

    @property
    def metadata(self) -> MetaData:
        found: MetaData = self.module("tables").metadata
        return found

    @property
    def migrations(self) -> Path:
        found: Path = self.module("app").MIGRATIONS
        return found

    @property
    def compose(self) -> Callable[..., Service]:
        found: Callable[..., Service] = self.module("app").compose
        return found

    @property
    def sources(self) -> Path:
        return self.folder / self.package


@cache
def rooms() -> Sequence[Room]:
    """The services and the gateway, by the list in pyproject.toml."""
    listed: Mapping[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
        "guanxi"
    ]["packages"]
    return [
        Room(package, ROOT / folder)
        for package, folder in listed.items()
        if package not in WITHOUT_API
    ]


@cache
def rooms_and_sample() -> Sequence[Room]:
    return [Room(SAMPLE, ROOT / "services" / "_kit"), *rooms()]


@cache
def composed(package: str) -> Service:
    """A service that is put together but not running,
    for what can be read from its routes and its contract.
    """
    room = next(room for room in rooms_and_sample() if room.package == package)
    return room.compose(
        room.settings(database_schema=room.package, issuer=ISSUER, secret_key="test")
    )


@dataclass(frozen=True)
class Operation:
    """One method on one path: the route that serves it, and how the contract describes it."""

    method: str
    path: str
    route: StrictRoute
    described: Mapping[str, Any]
    document: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_open(self) -> bool:
        return self.route.scopes is None

    @property
    def media_type(self) -> str | None:
        """What the operation reads; None where it has no body."""
        body = self.described.get("requestBody")
        return None if body is None else str(next(iter(body["content"])))

    @property
    def reads_json(self) -> bool:
        return self.media_type is not None and "json" in self.media_type

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        parameters = [
            referred(parameter, self.document) for parameter in self.described.get("parameters", ())
        ]
        return {parameter["name"]: parameter for parameter in parameters}

    @property
    def answers(self) -> Mapping[str, Any]:
        return {
            str(status): referred(response, self.document)
            for status, response in self.described["responses"].items()
        }


def referred(part: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A part of a document, or the component that it refers to."""
    while "$ref" in part:
        section, name = str(part["$ref"]).split("/")[-2:]
        part = document["components"][section][name]
    return part


@cache
def operations(package: str) -> Sequence[Operation]:
    """Every operation that the routes of a room serve."""
    service = composed(package)
    document = service.openapi()
    return [
        Operation(
            method,
            route.path_format,
            route,
            document["paths"][route.path_format][method.lower()],
            document,
        )
        for route in service.routes
        if isinstance(route, StrictRoute)
        for method in sorted(route.methods or ())
    ]


class Door:
    """A running room: requests as somebody who may do everything, as somebody without any scope, or
    as nobody.

    `person` may do everything in the unit cn.gd alone, and `colleague`, behind the same client
    where the room lets tokens be made, everything in cn.bj.
    """

    def __init__(self, service: Service, client: httpx2.AsyncClient, **authorization: str) -> None:
        self.service = service
        self.client = client
        self._authorization = authorization

    def token(self, who: str) -> str:
        return self._authorization[who]

    async def request(
        self,
        method: str,
        path: str,
        *,
        who: str = "everything",
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> httpx2.Response:
        own = (
            {"Authorization": f"Bearer {self._authorization[who]}"}
            if who in self._authorization
            else {}
        )
        if self.service.name == GATEWAY and path.startswith(SHARED) and "source=" not in path:
            if "?" in path:
                path += f"&source={GATEWAY}"
            else:
                options["params"] = {"source": GATEWAY, **(options.get("params") or {})}
        return await self.client.request(
            method, path, headers={**own, **(headers or {})}, **options
        )


@asynccontextmanager
async def running(room: Room, database_url: str, **more: Any) -> AsyncIterator[Door]:
    """The room on a real socket and a real database, with more settings;
    its neighbors are not there.
    """
    given = {
        "database_url": database_url,
        "secret_key": "test",
        "largest_upload_bytes": LARGEST_UPLOAD,
        "request_log": False,
        **more,
    }
    if room.package == GATEWAY:
        testing = importlib.import_module("gateway.testing")
        async with testing.running(**given) as gateway:
            partners = {
                "everything": gateway.partner,
                "nothing": await gateway.partner.registered(scopes=frozenset()),
                "person": await gateway.partner.registered(units=(HERE,)),
                "colleague": await gateway.partner.registered(units=(THERE,)),
            }
            tokens = {
                who: str(partner.authorization).partition(" ")[2]
                for who, partner in partners.items()
            }
            yield Door(gateway.gateway, gateway.partner.http, **tokens)
        return
    keys = SigningKeys()
    # Nobody listens on port 9, so that questions to neighbors fail at once.
    neighbors = {
        name: "http://127.0.0.1:9"
        for name in room.settings.model_fields
        if name.endswith("_url") and name != "database_url"
    }
    service = room.compose(room.settings(issuer=ISSUER, **neighbors, **given), keys=keys)
    async with serving(service, keys, approval_limit="1000000.00 CNY") as api:
        person = keys.token(*service.scopes, sub="a", units=[HERE], approval_limit="1000000.00 CNY")
        colleague = keys.token(
            *service.scopes, sub="b", units=[THERE], approval_limit="1000000.00 CNY"
        )
        yield Door(
            service,
            api.client,
            everything=api.token,
            nothing=keys.token(),
            person=person,
            colleague=colleague,
        )
