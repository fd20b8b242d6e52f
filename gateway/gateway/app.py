"""The composition root: what is wired to what."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from service_kit.access.client import ServiceClient
from service_kit.service import Service
from service_kit.words.identity import Clock, clock, new_id

from gateway.api_key import routes as api_key_routes
from gateway.api_key.swap import Swapper
from gateway.client import routes as client_routes
from gateway.client.epochs import OwnEpochs
from gateway.client.standing import Standings
from gateway.contract import own as own_contract
from gateway.contract import routes as contract_routes
from gateway.contract.published import PublishedContract, contracts_folder
from gateway.edge.cors import Cors
from gateway.edge.doorkeeper import Doorkeeper
from gateway.edge.front import Front
from gateway.events import EVENTS
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
from gateway.proxy.routing import SERVICES
from gateway.proxy.upstream import HttpUpstream
from gateway.settings import Settings
from gateway.signing_key.domain import Rotation
from gateway.signing_key.ring import KeyRing
from gateway.ticket import routes as ticket_routes
from gateway.ticket.redeem import Redeemer
from gateway.token import routes as token_routes
from gateway.token.endpoint import TokenEndpoint
from gateway.token.issue import TokenIssuer
from gateway.webhook.delivery import routes as delivery_routes
from gateway.webhook.dispatch import Dispatcher
from gateway.webhook.endpoint import routes as endpoint_routes
from gateway.webhook.event_scopes import OWN_EVENT_SCOPES
from gateway.webhook.intake import Intake
from gateway.webhook.sender import Sender
from gateway.webhook.target import Targets

MIGRATIONS = Path(__file__).parent / "migrations"
NAME = "gateway"
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


class Gateway(Service):
    """The kit's service with the front before it, and a contract that includes the paths of the authorization server."""

    settings: Settings

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        if not own_contract.PATHS.keys() <= document["paths"].keys():
            document["paths"] |= own_contract.PATHS
            document["components"]["schemas"] |= own_contract.SCHEMAS
            document["tags"] = sorted([*document["tags"], *own_contract.TAGS], key=lambda tag: str(tag["name"]))
        return document


def compose(settings: Settings, *, now: Clock = clock) -> Gateway:
    """The gateway, ready to be served."""
    ring = KeyRing(
        Rotation(signs_for=timedelta(days=settings.signing_key_days), token_lifetime=timedelta(seconds=settings.token_seconds)),
        clock=now,
    )
    epochs = OwnEpochs(now)
    gateway = Gateway(
        name=NAME,
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
        events=EVENTS,
        scopes=SCOPES,
        event_scopes=OWN_EVENT_SCOPES,
        keys=ring,
        epochs=epochs,
        now=now,
    )
    ring.attach(gateway.database, gateway.sealer)
    epochs.attach(gateway.database)
    gateway.part("epochs", epochs)
    gateway.at_start(epochs.refresh)
    gateway.always(epochs)
    gateway.api.state.checks.append(epochs.why_not_ready)
    issuer = TokenIssuer(
        ring, issuer=settings.issuer, audience=settings.audience, lifetime=settings.token_seconds, clock=now, new_id=new_id
    )
    upstreams = _upstreams(gateway, settings)
    gateway.part("key_ring", ring)
    gateway.part("token_endpoint", TokenEndpoint(gateway.database, issuer, gateway.authenticator))
    gateway.part("composer", Composer(upstreams, seconds=settings.overview_seconds))
    gateway.part("contract", PublishedContract(gateway.openapi, upstreams, contracts_folder(settings.openapi_dir)))
    gateway.worker(gateway.loop("gateway-housekeeping", Housekeeping(gateway, ring, settings).step, idle_seconds=30))
    _serve_pages(gateway)
    _send_webhooks(gateway, settings, issuer)
    _put_front_before(gateway, settings, issuer, upstreams)
    return gateway


def _upstreams(gateway: Gateway, settings: Settings) -> Mapping[str, HttpUpstream]:
    upstreams: dict[str, HttpUpstream] = {
        name: HttpUpstream(getattr(settings, f"{name.replace('-', '_')}_url"), idle_seconds=settings.idle_seconds) for name in SERVICES
    }
    for name, upstream in upstreams.items():
        gateway.part(f"upstream:{name}", upstream)
        gateway.at_start(upstream.open)
    return upstreams


def _serve_pages(gateway: Gateway) -> None:
    """Put the paths outside the kit's conventions before those within: they replace the kit's own /openapi.json."""
    pages = [*token_routes.ROUTES, *contract_routes.ROUTES, *problem_routes.ROUTES]
    gateway.api.router.routes[:0] = pages


def _send_webhooks(gateway: Gateway, settings: Settings, issuer: TokenIssuer) -> None:
    """Follow every feed, the own one included, and send what partners asked for."""
    targets = gateway.part(
        "targets",
        Targets(is_loopback_allowed=settings.webhooks_allow_loopback, is_http_allowed=settings.webhooks_allow_http),
    )
    gateway.tokens = OwnTokens(issuer)
    for name in SERVICES:
        _take_in(gateway, name, gateway.client(getattr(settings, f"{name.replace('-', '_')}_url")))
    _take_in(gateway, NAME, OwnFeed(gateway.database, NAME))
    gateway.worker(
        Dispatcher(
            gateway.database,
            gateway.sealer,
            Sender(targets, seconds=settings.webhook_attempt_seconds),
            clock=gateway.clock,
            metrics=gateway.metrics,
            seconds=settings.webhook_attempt_seconds,
            concurrency=settings.webhook_concurrency,
        )
    )


def _take_in(gateway: Gateway, source: str, client: ServiceClient) -> None:
    """Follow one feed with an intake of its own: who listens is read for a batch of that feed and holds for no other."""
    intake = Intake(gateway.database, clock=gateway.clock, new_id=new_id)
    gateway.consume(source, client, intake.take, prepare=intake.prepare)


def _put_front_before(gateway: Gateway, settings: Settings, issuer: TokenIssuer, upstreams: Mapping[str, HttpUpstream]) -> None:
    anonymous = Policy(quota=settings.anonymous_limit_requests, window=settings.rate_limit_seconds)
    standings = gateway.part("standings", Standings(gateway.database, settings.limit_of_all))
    swapper = gateway.part("swapper", Swapper(gateway.database, standings, issuer, clock=gateway.clock))
    redeemer = Redeemer(gateway.database, standings, issuer, clock=gateway.clock)
    gateway.app = Front(
        gateway.app,
        upstreams,
        Doorkeeper(gateway.authenticator, standings, swapper, redeemer, anonymous=anonymous),
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
