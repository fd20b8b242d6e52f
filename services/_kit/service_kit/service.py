"""A service put together: its app, its database, its parts and its background work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from service_kit.access.caller import ClaimReaders
from service_kit.access.client import ServiceClient, Tokens
from service_kit.access.epochs import Epochs, PublishedEpochs
from service_kit.access.event_scopes import FamilyScopes, require_scopes
from service_kit.access.tokens import Authenticator, Keys, PublishedKeys
from service_kit.process import scratch
from service_kit.process.logs import logger
from service_kit.process.metrics import Metrics
from service_kit.process.secrets import Sealer
from service_kit.process.settings import ServiceSettings
from service_kit.store.connection import PoolLimits
from service_kit.store.database import Database
from service_kit.store.events import Event
from service_kit.store.leases import Leases
from service_kit.store.seals import Seals
from service_kit.store.sqlstates import DatabaseUnavailable, OutcomeUnknown, TransactionRolledBack
from service_kit.web import contract, health, idempotency, parked
from service_kit.web.audit_routes import audit_router
from service_kit.web.cors import Cors
from service_kit.web.dispatch import Dispatcher, by_precedence
from service_kit.web.feed import feed_router
from service_kit.web.handlers import HANDLERS, unforeseen
from service_kit.web.kept_answers import KeptAnswers, MayRead
from service_kit.web.problems import Problems
from service_kit.web.routing import Router, StrictRoute, takes_upload
from service_kit.web.shell import Shell
from service_kit.web.wiring import Part, Parts, Wiring
from service_kit.words.identity import Clock, clock
from service_kit.words.messages import Messages
from service_kit.work.consumer import BatchHandler, Consumer, Prepare, Reads
from service_kit.work.lanes import ALL, Lane
from service_kit.work.loop import Loop, Worker, supervised
from service_kit.work.sequencer import Sequencer

log = logger(__name__)
VERSION = "0.1.0"
HOUSEKEEPING_SECONDS = 60.0
WORK_ENDS_WITHIN_SECONDS = 5.0
Action = Callable[[], Awaitable[object]]


class Service:
    """The composition of one service; `app` is what uvicorn serves.

    A composition root makes one, then wires its own parts and workers:

        service = Service(name="complaints", settings=settings, routers=[...], events=EVENTS, ...)
        service.part(Customers(service.client(settings.customer_profile_url)))
        service.worker(service.loop("clocks", Timers(...).step))
        service.consume("customer-profile", client, {CustomerErased: forget})
    """

    def __init__(
        self,
        *,
        name: str,
        title: str,
        description: str,
        settings: ServiceSettings,
        migrations: Path,
        routers: Sequence[Router],
        events: Sequence[type[Event]],
        scopes: Mapping[str, str],
        event_scopes: FamilyScopes,
        sensitive_scope: str = "",
        claims: ClaimReaders | None = None,
        messages: Messages | None = None,
        keys: Keys | None = None,
        epochs: Epochs | None = None,
        now: Clock = clock,
        may_read: MayRead | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self.migrations = str(migrations)
        self.events = events
        self.scopes = {**scopes, **parked.SCOPES}
        require_scopes((event.event_type for event in events), event_scopes, self.scopes)
        self.event_scopes = event_scopes
        self.clock = now
        self.metrics = Metrics(name)
        self.messages = messages or Messages()
        self.problems = Problems(
            base=settings.issuer, language=settings.language, messages=self.messages
        )
        self.sealer = Sealer(settings.secret_key.get_secret_value())
        self.database = Database(
            settings.database_url,
            settings.database_schema,
            limits=PoolLimits(
                largest=settings.database_pool_size,
                statement_within=settings.database_statement_seconds,
            ),
        )
        self.leases = Leases(self.database)
        self._always: list[Worker] = []
        self._starting: list[Action] = []
        self.authenticator = self._authenticator(keys, epochs, claims)
        self.tokens = Tokens(
            gateway_url=settings.gateway_url,
            client_id=settings.client_id,
            client_secret=settings.client_secret.get_secret_value(),
        )
        self.parts = Parts()
        self.checks = [health.database_check(self.database, self.migrations)]
        self.workers: list[Worker] = []
        self._working_tasks: list[asyncio.Task[None]] = []
        self._closing: list[Action] = [self.tokens.close]
        self._sequencer = Sequencer(self.database)
        own = [
            feed_router(name, event_scopes),
            audit_router(sensitive_scope=sensitive_scope),
            parked.router,
        ]
        self.routes: list[APIRoute] = [
            route
            for router in [*routers, *own]
            for route in router.routes
            if isinstance(route, APIRoute)
        ]
        self._require_settings()
        self.kept_answers = KeptAnswers(self.routes)
        self.wiring = self._wired(may_read)
        self.api = self._fastapi(title, description)
        self.app = self._shell(self.routes)
        self._work()

    def _wired(self, may_read: MayRead | None) -> Wiring:
        return Wiring(
            settings=self.settings,
            database=self.database,
            authenticator=self.authenticator,
            sealer=self.sealer,
            clock=self.clock,
            metrics=self.metrics,
            messages=self.messages,
            problems=self.problems,
            kept_answers=self.kept_answers,
            may_read=may_read,
            checks=self.checks,
            parts=self.parts,
        )

    def _require_settings(self) -> None:
        """A route's call promises settings of one class to mypy: those that came are of it."""
        for route in self.routes:
            if isinstance(route, StrictRoute) and not isinstance(self.settings, route.settings):
                raise TypeError(
                    f"{route.path} reads {route.settings.__qualname__}, and {self.name} has"
                    f" {type(self.settings).__qualname__}"
                )

    def _work(self) -> None:
        """The background work of every service."""
        self.worker(self.loop("sequencer", self._sequencer.step, topic="outbox", idle_seconds=0.25))
        self.worker(
            self.loop(
                "seals", Seals(self.database, self.sealer, clock=self.clock).step, idle_seconds=1.0
            )
        )
        self.worker(
            self.loop("housekeeping", self._housekeeping, idle_seconds=HOUSEKEEPING_SECONDS)
        )
        self.always(self.loop("scratch", self._sweep, idle_seconds=HOUSEKEEPING_SECONDS))

    # Wiring, for composition roots.

    def part(self, part: Part, kind: type[Part] | None = None) -> Part:
        """Keep a part for routes, which find it by its class or by the port `kind`
        (`call.part(Printer)`).

        Its `close()`, if it has one, is awaited at the end.
        """
        self.parts[kind or type(part)] = part
        self.close_at_end(part)
        return part

    def close_at_end(self, part: object) -> None:
        if (close := getattr(part, "close", None)) is not None:
            self._closing.append(close)

    def at_start(self, action: Action) -> None:
        """Await this once the database is open and before requests are served."""
        self._starting.append(action)

    def always(self, worker: Worker) -> None:
        """Run this in every process, also in those that leave the background work to others."""
        self._always.append(worker)

    def worker(self, worker: Worker) -> None:
        self.workers.append(worker)

    def loop(
        self,
        name: str,
        step: Callable[[], Awaitable[bool]],
        *,
        topic: str = "",
        idle_seconds: float = 0.5,
    ) -> Loop:
        return Loop(
            name,
            step,
            signals=self.database.signals,
            topic=topic,
            idle_seconds=idle_seconds,
            metrics=self.metrics,
        )

    def client(self, address: str, *, seconds: float = 2.0) -> ServiceClient:
        """A client of another service with this service's own token."""
        made = ServiceClient(address, self.tokens, seconds=seconds)
        self._closing.append(made.close)
        return made

    def consume(
        self,
        source: str,
        client: ServiceClient,
        reads: Reads,
        *,
        prepare: Prepare | None = None,
        batch_handler: BatchHandler | None = None,
        consumer: str = "",
        lane: Lane = ALL,
    ) -> None:
        """Follow a neighbor's feed, or one lane of it: whoever follows `live` follows `bulk` too,
        else they miss what imports tell.

        `reads` says what is done about each type of event that is read; the consumer waits until
        the own token may read them all.
        """
        self.worker(
            Consumer(
                source=source,
                consumer=consumer or self.name,
                client=client,
                database=self.database,
                reads=reads,
                clock=self.clock,
                prepare=prepare,
                batch_handler=batch_handler,
                lane=lane,
            )
        )

    def _authenticator(
        self, keys: Keys | None, epochs: Epochs | None, claims: ClaimReaders | None
    ) -> Authenticator:
        """Checks tokens by the given keys and epochs,
        or else by those that the gateway publishes.
        """
        chosen = self.settings
        if keys is None:
            keys = PublishedKeys(
                self.database, gateway_url=chosen.gateway_url, issuer=chosen.issuer
            )
            epochs = self._published_epochs()
        return Authenticator(
            keys,
            issuer=chosen.issuer,
            audience=chosen.audience,
            epochs=epochs,
            claims=claims,
        )

    def _published_epochs(self) -> PublishedEpochs:
        epochs = PublishedEpochs(
            self.database, gateway_url=self.settings.gateway_url, issuer=self.settings.issuer
        )
        self.at_start(epochs.settle)
        self.always(epochs)
        return epochs

    # The contract.

    def openapi(self) -> dict[str, Any]:
        if self.api.openapi_schema is None:
            self.api.openapi_schema = contract.document(
                self.api,
                self.routes,
                scopes=self.scopes,
                events=self.events,
                event_scopes=self.event_scopes,
                messages=self.messages,
                server=self.settings.issuer,
            )
        return self.api.openapi_schema

    # Running.

    def withdraw_routes(self) -> None:
        """Serve no operations any more, only health:
        for a process that does the background work alone.
        """
        self.api.router.routes[:] = [
            route for route in self.api.router.routes if route not in self.routes
        ]
        self.app = self._shell([])

    @asynccontextmanager
    async def running(self, *, work: bool) -> AsyncIterator[None]:
        """Open what the service needs, and run its background work if asked;
        everything is closed again at the end.
        """
        self.sealer.require_key()
        async with AsyncExitStack() as stack:
            await self.database.open()
            stack.push_async_callback(self.database.close)
            for close in self._closing:
                stack.push_async_callback(close)
            for action in self._starting:
                await action()
            await stack.enter_async_context(self._running(self._always))
            if work:
                await stack.enter_async_context(self._working())
            yield

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        # Housekeeping makes the head too: a database that is not there or not migrated yet keeps
        # nobody from starting.
        with suppress(
            DatabaseUnavailable, TransactionRolledBack, OutcomeUnknown, asyncpg.PostgresError
        ):
            await self._sequencer.make_head()
        async with self._running(self.workers):
            yield

    @asynccontextmanager
    async def _running(self, workers: Sequence[Worker]) -> AsyncIterator[None]:
        self._working_tasks += [
            asyncio.create_task(supervised(worker, self.metrics), name=worker.name)
            for worker in workers
        ]
        try:
            yield
        finally:
            await self.stop_work()

    async def stop_work(self) -> None:
        """End the background work; what does not end in time is left behind with its leases."""
        for task in self._working_tasks:
            task.cancel()
        if self._working_tasks:
            _, late = await asyncio.wait(self._working_tasks, timeout=WORK_ENDS_WITHIN_SECONDS)
            for task in late:
                log.error("worker does not end", worker=task.get_name())
        self._working_tasks = []

    async def _housekeeping(self) -> bool:
        """Make sure that the feed has a head, and forget what is older than promised."""
        await self._sequencer.make_head()
        at = self.clock()
        forgotten = await idempotency.forget_old(
            self.database, at=at, hours=self.settings.idempotency_hours
        )
        has_trimmed = await self._sequencer.trim(at=at, days=self.settings.feed_days)
        return has_trimmed or forgotten == idempotency.FORGET_BATCH

    async def _sweep(self) -> bool:
        """Remove what killed processes left on this disk."""
        await asyncio.to_thread(scratch.sweep)
        return False

    # The app.

    def _fastapi(self, title: str, description: str) -> FastAPI:
        api = FastAPI(
            title=title,
            version=VERSION,
            description=description,
            docs_url=None,
            redoc_url=None,
            openapi_url=None,
            redirect_slashes=False,
            lifespan=self._lifespan,
            telemetry=_telemetry(self.settings),
        )
        for kind, handler in HANDLERS.items():
            api.add_exception_handler(kind, handler)
        api.add_exception_handler(Exception, unforeseen)
        api.router.routes.extend(by_precedence(self.routes))
        api.router.routes.extend(health.ROUTES)
        api.router.routes.append(Route("/openapi.json", self._served_contract))
        return api

    def _shell(self, routes: Sequence[APIRoute]) -> ASGIApp:
        # Traced requests go the whole way through FastAPI, which makes the spans.
        is_dispatched = self.settings.route_plan and not self.settings.otlp_endpoint
        app: ASGIApp = Dispatcher(self.api, routes) if is_dispatched else self.api
        if self.settings.cors_origins:
            app = Cors(app, origins=self.settings.cors_origins, problems=self.problems)
        return Shell(
            app,
            wiring=self.wiring,
            largest_body=self.settings.largest_body_bytes,
            largest_upload=self.settings.largest_upload_bytes,
            takes_upload=takes_upload(routes),
            is_logging=self.settings.request_log,
        )

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        async with self.running(work=self.settings.work):
            yield

    async def _served_contract(self, _request: Request) -> Response:
        return JSONResponse(self.openapi())


def _telemetry(settings: ServiceSettings) -> Any:
    """FastAPI's own OpenTelemetry, sending to a collector where one is named;
    otherwise off, since it costs on every request.
    """
    if not settings.otlp_endpoint:
        return {
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        }
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": settings.database_schema}))
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint))
    )
    return {"tracer_provider": provider, "metrics": False, "logs": False, "auto_configure": False}
