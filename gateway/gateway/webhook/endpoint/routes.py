"""The operations on webhook endpoints."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Response
from service_kit.store.database import Transaction
from service_kit.store.events import Told
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import Id

from gateway.call import Call
from gateway.client.domain import ClientOutOfReach
from gateway.client.schemas import SecretRotation
from gateway.client.store import ClientReader, ClientStore
from gateway.webhook import signature
from gateway.webhook.endpoint.domain import (
    Endpoint,
    TooManyWebhookEndpoints,
    WebhookEndpointNotFound,
)
from gateway.webhook.endpoint.schemas import (
    NewWebhookEndpoint,
    RegisteredWebhookEndpoint,
    RotatedWebhookSecret,
    WebhookEndpointChange,
    WebhookEndpointView,
    endpoint_view,
    registered,
)
from gateway.webhook.endpoint.store import EndpointReader, EndpointStore, WebhookSecretStore
from gateway.webhook.endpoint.use_cases import governed, visible
from gateway.webhook.event_scopes import EventScopes, EventTypeUnknown
from gateway.webhook.target_check import TargetCheck, WebhookTargetRefused

router = Router(tags=["webhooks"])


@router.post(
    "/v1/webhook-endpoints",
    status_code=201,
    response_model=RegisteredWebhookEndpoint,
    raises=[WebhookTargetRefused, EventTypeUnknown, TooManyWebhookEndpoints],
)
async def create_webhook_endpoint(
    body: NewWebhookEndpoint, call: Annotated[Call, requires("webhooks:write")]
) -> Response:
    """Register where events are sent to, signed as Standard Webhooks say.

    The target must resolve to public addresses and use https. The secret is shown this once. An
    endpoint gets events of the units of the token that registers it. Whoever names event types
    needs the scopes of reading what they tell of (`complaint.*` needs complaints:read), and so does
    the client for as long as it is to get them; `*` stands for all that may be read.
    """
    call.caller.demand(call.part(EventScopes).needed_for(body.event_types))
    await call.part(TargetCheck).checked(body.url)
    secret = signature.new_secret()
    async with call.transaction() as tx:
        endpoint = Endpoint(
            id=call.new_id(),
            client_id=call.caller.client_id,
            url=body.url,
            event_types=tuple(dict.fromkeys(body.event_types)),
            description=body.description,
            units=call.caller.units,
            scopes=call.caller.scopes,
            state="enabled",
            disabled_reason=None,
            created_at=call.at,
            updated_at=call.at,
            version=1,
        )
        endpoints = EndpointStore(tx)
        await _require_room(tx, endpoints, call)
        await endpoints.add(endpoint, endpoint.created())
        await _secrets(tx, call).add(
            endpoint.id, secret, secret_id=call.new_id(), at=call.at, others_expire_at=call.at
        )
        return call.created(
            registered(endpoint, signature.shown(secret)),
            location=f"/v1/webhook-endpoints/{endpoint.id}",
            version=endpoint.version,
            once=("secret",),
        )


@router.get("/v1/webhook-endpoints", response_model=Page[WebhookEndpointView])
async def list_webhook_endpoints(
    call: Annotated[Call, requires("webhooks:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List the webhook endpoints of the calling client that lie within the units of the token,
    in order of registration.
    """
    caller = call.caller
    async with call.reading() as reader:
        endpoints = await EndpointReader(reader).page(
            of_client=caller.client_id, units=caller.units, after=page.after, limit=page.fetch
        )
    views = [endpoint_view(endpoint) for endpoint in endpoints]
    return call.page(page, views, next_cursor=page.next_cursor(endpoints, "created_at", "id"))


@router.get(
    "/v1/webhook-endpoints/{id}",
    response_model=WebhookEndpointView,
    raises=[WebhookEndpointNotFound],
)
async def read_webhook_endpoint(
    id: Id, call: Annotated[Call, requires("webhooks:read")]
) -> Response:
    """Read a webhook endpoint; its secrets are not shown again."""
    async with call.reading() as reader:
        endpoint = await visible(EndpointReader(reader), id, call.caller)
    return call.answer(endpoint_view(endpoint), version=endpoint.version)


@router.patch(
    "/v1/webhook-endpoints/{id}",
    response_model=WebhookEndpointView,
    raises=[WebhookEndpointNotFound, ClientOutOfReach, WebhookTargetRefused, EventTypeUnknown],
)
async def change_webhook_endpoint(
    id: Id,
    body: Annotated[WebhookEndpointChange, MergePatch],
    call: Annotated[Call, requires("webhooks:write")],
) -> Response:
    """Change a webhook endpoint, or disable or enable it.

    What happens while an endpoint is disabled is written down and not sent; replay it afterwards.
    Whoever changes where events go, or which, needs the scopes of reading them; from then on it
    gets what this token may read.
    """
    if "url" in body.model_fields_set:
        await call.part(TargetCheck).checked(body.url)
    async with call.transaction() as tx:
        endpoints = EndpointStore(tx)
        endpoint = await governed(endpoints, ClientReader(tx), id, call.caller)
        call.require_match(endpoint.version)
        changed, events = _patched(endpoint, body, call)
        if {"url", "event_types"} & body.model_fields_set:
            call.caller.demand(call.part(EventScopes).needed_for(changed.event_types))
        for each, event in events:
            await endpoints.save(each, event)
        if changed.is_enabled and not endpoint.is_enabled:
            await endpoints.mark_well(changed.id)
        if endpoint.is_enabled and not changed.is_enabled:
            await endpoints.abandon_deliveries(changed.id, at=call.at)
        return call.answer(endpoint_view(changed), version=changed.version)


@router.delete(
    "/v1/webhook-endpoints/{id}",
    status_code=204,
    response_class=Response,
    raises=[WebhookEndpointNotFound, ClientOutOfReach],
)
async def remove_webhook_endpoint(
    id: Id, call: Annotated[Call, requires("webhooks:write")]
) -> Response:
    """Delete a webhook endpoint with its log; nothing more is sent to it."""
    async with call.transaction() as tx:
        endpoints = EndpointStore(tx)
        endpoint = await governed(endpoints, ClientReader(tx), id, call.caller)
        call.require_match(endpoint.version)
        await endpoints.delete(endpoint, endpoint.deleted(call.at))
        return call.nothing()


@router.post(
    "/v1/webhook-endpoints/{id}/secret",
    response_model=RotatedWebhookSecret,
    raises=[WebhookEndpointNotFound, ClientOutOfReach],
)
async def rotate_webhook_secret(
    id: Id, body: SecretRotation, call: Annotated[Call, requires("webhooks:write")]
) -> Response:
    """Give an endpoint a new secret, shown this once;
    for the overlap, old and new secrets sign side by side.
    """
    secret = signature.new_secret()
    async with call.transaction() as tx:
        endpoints = EndpointStore(tx)
        endpoint = await governed(endpoints, ClientReader(tx), id, call.caller)
        call.honor_match(endpoint.version)
        rotated, event = endpoint.secret_rotated(call.at)
        await endpoints.save(rotated, event)
        others_expire_at = call.at + timedelta(seconds=body.overlap_seconds)
        await _secrets(tx, call).add(
            id, secret, secret_id=call.new_id(), at=call.at, others_expire_at=others_expire_at
        )
        view = RotatedWebhookSecret(
            id=id, secret=signature.shown(secret), overlap_seconds=body.overlap_seconds
        )
        return call.answer(
            view, version=rotated.version, once=("secret",), units=rotated.units or [None]
        )


async def _require_room(tx: Transaction, endpoints: EndpointStore, call: Call) -> None:
    """Raise TooManyWebhookEndpoints at the most that a client has,
    also when it registers several at once.
    """
    await ClientStore(tx).lock(call.caller.client_id)
    most = call.settings.client_webhook_endpoints
    if await endpoints.count(call.caller.client_id) >= most:
        raise TooManyWebhookEndpoints(most=most)


def _secrets(tx: Transaction, call: Call) -> WebhookSecretStore:
    return WebhookSecretStore(tx, call.sealer)


def _patched(
    endpoint: Endpoint, body: WebhookEndpointChange, call: Call
) -> tuple[Endpoint, list[tuple[Endpoint, Told]]]:
    """The endpoint after a merge patch, and each step on the way with its event."""
    named, steps = body.model_fields_set, []
    if {"url", "event_types", "description"} & named:
        endpoint, event = endpoint.changed(
            url=body.url if "url" in named else endpoint.url,
            event_types=tuple(dict.fromkeys(body.event_types))
            if "event_types" in named
            else endpoint.event_types,
            description=(body.description or "")
            if "description" in named
            else endpoint.description,
            scopes=call.caller.scopes if {"url", "event_types"} & named else endpoint.scopes,
            at=call.at,
        )
        steps.append((endpoint, event))
    if "state" in named and body.state != endpoint.state:
        endpoint, event = (
            endpoint.enabled(call.at)
            if body.state == "enabled"
            else endpoint.disabled(reason="by_request", at=call.at)
        )
        steps.append((endpoint, event))
    return endpoint, steps
