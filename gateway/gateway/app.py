"""The composition root: what is wired to what."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from service_kit.access.client import ServiceClient
from service_kit.service import Service
from service_kit.store.events import events_in
from service_kit.words.identity import Clock, clock, new_id
from service_kit.work.news import Anything

from gateway.api_key import events as api_key_events
from gateway.api_key import routes as api_key_routes
from gateway.api_key.store import ApiKeyStore
from gateway.api_key.tokens import ApiKeyTokens
from gateway.client import events as client_events
from gateway.client import routes as client_routes
from gateway.client.epochs import OwnEpochs
from gateway.client.status import ClientStatuses, Remembered
from gateway.client.use_cases import BelongingsOfClients
from gateway.contract import routes as contract_routes
from gateway.contract.documents import (
    Document,
    contracts_folder,
    event_scopes_in,
    read_contracts,
    require_all,
    streams_in,
)
from gateway.contract.paths import Paths
from gateway.contract.published import PublishedContract
from gateway.edge.cors import Cors
from gateway.edge.doorkeeper import Doorkeeper
from gateway.edge.front_door import FrontDoor
from gateway.housekeeping import IDLE_SECONDS as HOUSEKEEPING_SECONDS
from gateway.housekeeping import Housekeeping
from gateway.languages import MESSAGES
from gateway.limit.allowance import Allowances
from gateway.limit.domain import Policy
from gateway.limit.store import SharedLeases
from gateway.neighbors import OwnFeed, OwnTokens
from gateway.overview import routes as overview_routes
from gateway.overview.compose import Composer
from gateway.problem import routes as problem_routes
from gateway.proxy.headers import ClientAddress
from gateway.proxy.upstream import HttpUpstream
from gateway.rights.caller import CLAIMS
from gateway.services import GATEWAY, SERVICES
from gateway.settings import Settings
from gateway.signing_key.domain import Rotation
from gateway.signing_key.ring import KeyRing
from gateway.ticket import routes as ticket_routes
from gateway.ticket.redeem import Redeemer
from gateway.token import contract as token_contract
from gateway.token import routes as token_routes
from gateway.token.endpoint import TokenEndpoint
from gateway.token.issue import TokenIssuer
from gateway.webhook.delivery import events as delivery_events
from gateway.webhook.delivery import routes as delivery_routes
from gateway.webhook.dispatch import Dispatcher
from gateway.webhook.endpoint import events as endpoint_events
from gateway.webhook.endpoint import routes as endpoint_routes
from gateway.webhook.endpoint.store import EndpointStore
from gateway.webhook.event_scopes import EventScopes
from gateway.webhook.intake import Intake
from gateway.webhook.sender import Sender
from gateway.webhook.target_check import TargetCheck

MIGRATIONS = Path(__file__).parent / "migrations"
DESCRIPTION = "Tokens, clients, API keys, webhooks and the composed views of the front door."
SCOPES = {
    "clients:read": "Read clients.",
    "clients:write": "Register and change clients.",
    "api-keys:read": "Read API keys.",
    "api-keys:write": "Make and revoke API keys.",
    "webhooks:read": "Read webhook endpoints and deliveries.",
    "webhooks:write": "Register and change webhook endpoints, replay deliveries.",
    "customers:read": "Read customers.",
    "events:read": "Read the feed of events.",
    "audit:read": "Read the audit.",
}
TOLD = (client_events, api_key_events, endpoint_events, delivery_events)


class Gateway(Service):
    """The kit's service with the front before it,
    and a contract that includes the paths of the authorization server.
    """

    settings: Settings

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        if not token_contract.PATHS.keys() <= document["paths"].keys():
            document["paths"] |= token_contract.PATHS
            document["components"]["schemas"] |= token_contract.SCHEMAS
            document["tags"] = sorted(
                [*document["tags"], *token_contract.TAGS], key=lambda tag: str(tag["name"])
            )
        return document


def compose(settings: Settings, *, now: Clock = clock) -> Gateway:
    """The gateway, ready to be served."""
    ring = KeyRing(
        Rotation(
            signs_for=timedelta(days=settings.signing_key_days),
            token_lifetime=timedelta(seconds=settings.token_seconds),
        ),
        clock=now,
    )
    epochs = OwnEpochs(now)
    gateway = Gateway(
        name=GATEWAY,
        title="Guanxi gateway",
        description=DESCRIPTION,
        settings=settings.model_copy(update={"cors_origins": (), "request_log": False}),
        migrations=MIGRATIONS,
        messages=MESSAGES,
        routers=[
            client_routes.router,
            api_key_routes.router,
            ticket_routes.router,
            overview_routes.router,
            endpoint_routes.router,
            delivery_routes.router,
        ],
        events=events_in(*TOLD),
        scopes=SCOPES,
        event_scopes={
            family: scopes for each in TOLD for family, scopes in each.EVENT_SCOPES.items()
        },
        claims=CLAIMS,
        keys=ring,
        epochs=epochs,
        now=now,
    )
    ring.attach(gateway.database, gateway.sealer)
    epochs.attach(gateway.database)
    gateway.part(epochs)
    gateway.at_start(epochs.refresh)
    gateway.always(epochs)
    gateway.checks.append(epochs.why_not_ready)
    issuer = TokenIssuer(
        ring,
        issuer=settings.issuer,
        audience=settings.audience,
        lifetime=settings.token_seconds,
        clock=now,
        new_id=new_id,
    )
    folder = contracts_folder(settings.openapi_dir)
    contracts = read_contracts(folder)
    gateway.at_start(partial(require_all, contracts.keys(), folder))
    upstreams = _upstreams(gateway, settings)
    gateway.part(ring)
    # What stands under a client's id, and ends with the client.
    gateway.part(BelongingsOfClients((ApiKeyStore, EndpointStore)))
    gateway.part(TokenEndpoint(gateway.database, issuer, gateway.authenticator))
    gateway.part(Composer(upstreams, seconds=settings.overview_seconds))
    gateway.part(PublishedContract(gateway.openapi, folder))
    gateway.worker(
        gateway.loop(
            "gateway-housekeeping",
            Housekeeping(gateway, ring, settings).step,
            idle_seconds=HOUSEKEEPING_SECONDS,
        )
    )
    _serve_pages(gateway)
    _send_webhooks(
        gateway,
        settings,
        issuer,
        EventScopes({**event_scopes_in(contracts.values()), **gateway.event_scopes}),
    )
    _put_front_door_before(gateway, settings, issuer, upstreams, contracts)
    return gateway


def _upstreams(gateway: Gateway, settings: Settings) -> Mapping[str, HttpUpstream]:
    upstreams: dict[str, HttpUpstream] = {
        name: HttpUpstream(_url_of(name, settings), idle_seconds=settings.idle_seconds)
        for name in SERVICES
    }
    for upstream in upstreams.values():
        gateway.close_at_end(upstream)
        gateway.at_start(upstream.open)
    return upstreams


def _url_of(name: str, settings: Settings) -> str:
    url: str = getattr(settings, f"{name.replace('-', '_')}_url")
    return url


def _serve_pages(gateway: Gateway) -> None:
    """Put the paths outside the kit's conventions before those within:
    they replace the kit's own /openapi.json.
    """
    pages = [*token_routes.ROUTES, *contract_routes.ROUTES, *problem_routes.ROUTES]
    gateway.api.router.routes[:0] = pages


def _send_webhooks(
    gateway: Gateway, settings: Settings, issuer: TokenIssuer, families: EventScopes
) -> None:
    """Follow every feed, the own one included, and send what partners asked for."""
    check = gateway.part(
        TargetCheck(
            is_loopback_allowed=settings.webhooks_allow_loopback,
            is_http_allowed=settings.webhooks_allow_http,
        ),
    )
    gateway.part(families)
    gateway.tokens = OwnTokens(issuer, families.scopes)
    for name in SERVICES:
        _take_in(gateway, name, gateway.client(_url_of(name, settings)), families)
    _take_in(gateway, GATEWAY, OwnFeed(gateway.database), families)
    gateway.worker(
        Dispatcher(
            gateway.database,
            gateway.sealer,
            Sender(check, seconds=settings.webhook_attempt_seconds),
            families,
            clock=gateway.clock,
            metrics=gateway.metrics,
            seconds=settings.webhook_attempt_seconds,
            concurrency=settings.webhook_concurrency,
        )
    )


def _take_in(gateway: Gateway, source: str, client: ServiceClient, families: EventScopes) -> None:
    """Follow one feed with an intake of its own:
    who listens is read for a batch of that feed and holds for no other.
    """
    intake = Intake(gateway.database, families, clock=gateway.clock, new_id=new_id)
    gateway.consume(source, client, {Anything: intake.take}, prepare=intake.prepare)


def _put_front_door_before(
    gateway: Gateway,
    settings: Settings,
    issuer: TokenIssuer,
    upstreams: Mapping[str, HttpUpstream],
    contracts: Mapping[str, Document],
) -> None:
    anonymous = Policy(quota=settings.anonymous_limit_requests, window=settings.rate_limit_seconds)
    statuses = gateway.part(ClientStatuses(gateway.database, settings.limit_of_all))
    key_tokens = gateway.part(ApiKeyTokens(gateway.database, statuses, issuer, clock=gateway.clock))
    gateway.parts[Remembered] = key_tokens
    redeemer = Redeemer(gateway.database, statuses, issuer, clock=gateway.clock)
    gateway.app = FrontDoor(
        gateway.app,
        Paths(
            {GATEWAY: [route.path for route in gateway.routes]}
            | {name: each["paths"] for name, each in contracts.items()}
        ),
        upstreams,
        Doorkeeper(
            gateway.authenticator,
            statuses,
            key_tokens,
            redeemer,
            streams=streams_in(contracts.values()),
            anonymous=anonymous,
        ),
        Allowances(SharedLeases(gateway.database)),
        cors=Cors(settings.cors_origins),
        addresses=ClientAddress(settings.trusted_proxies),
        metrics=gateway.metrics,
        problems=gateway.problems,
        answer_seconds=settings.answer_seconds,
        upload_seconds=settings.upload_seconds,
        idle_seconds=settings.idle_seconds,
        is_logging=settings.request_log,
    )
