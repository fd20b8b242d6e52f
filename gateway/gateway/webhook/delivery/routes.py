"""The log of webhook deliveries, what is sent again, and the event that tests an endpoint."""

from typing import Annotated

from fastapi import Depends, Query, Response
from service_kit.store.database import Transaction
from service_kit.store.outbox import TYPE_PREFIX, TYPE_SUFFIX
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id, written

from gateway.call import Call
from gateway.client.domain import ClientOutOfReach
from gateway.client.store import ClientReader
from gateway.client.use_cases import require_reach
from gateway.webhook.delivery.domain import Delivery, WebhookDeliveryNotFound, for_event
from gateway.webhook.delivery.events import WebhookTest
from gateway.webhook.delivery.schemas import (
    DeliveryState,
    Replayed,
    ReplayRange,
    WebhookDeliveryView,
    delivery_view,
)
from gateway.webhook.delivery.store import DeliveryReader, DeliveryStore
from gateway.webhook.endpoint.domain import (
    Endpoint,
    WebhookEndpointDisabled,
    WebhookEndpointNotFound,
)
from gateway.webhook.endpoint.store import EndpointReader
from gateway.webhook.endpoint.use_cases import governed, may_see
from gateway.webhook.event_scopes import TEST_TYPE, EventScopes
from gateway.webhook.schedule import TOPIC

router = Router(tags=["webhooks"])


@router.get("/v1/webhook-deliveries", response_model=Page[WebhookDeliveryView])
async def list_webhook_deliveries(
    call: Annotated[Call, requires("webhooks:read")],
    page: Annotated[PageOf, Depends()],
    endpoint_id: Annotated[
        Id | None, Query(description="Only deliveries to this endpoint.")
    ] = None,
    event_id: Annotated[Id | None, Query(description="Only deliveries of this event.")] = None,
    state: Annotated[
        DeliveryState | None, Query(description="Only deliveries in this state.")
    ] = None,
) -> Response:
    """Read the log of deliveries, newest first, with every attempt.

    It holds what went to the endpoints of the calling client within the units of the token, of
    events that the token may read.
    """
    async with call.reading() as reader:
        deliveries = await DeliveryReader(reader).page(
            of_client=call.caller.client_id,
            units=call.caller.units,
            families=call.part(EventScopes).readable_by(call.caller.scopes),
            endpoint_id=endpoint_id,
            event_id=event_id,
            state=state,
            after=page.after,
            limit=page.fetch,
        )
    views = [delivery_view(delivery) for delivery in deliveries]
    return call.page(page, views, next_cursor=page.next_cursor(deliveries, "id"))


@router.get(
    "/v1/webhook-deliveries/{id}",
    response_model=WebhookDeliveryView,
    raises=[WebhookDeliveryNotFound],
)
async def read_webhook_delivery(
    id: Id, call: Annotated[Call, requires("webhooks:read")]
) -> Response:
    """Read one delivery with every attempt."""
    async with call.reading() as reader:
        delivery = await _visible(DeliveryReader(reader), id, call)
    return call.answer(delivery_view(delivery))


@router.post(
    "/v1/webhook-deliveries/{id}/replay",
    status_code=202,
    response_model=WebhookDeliveryView,
    raises=[WebhookDeliveryNotFound, ClientOutOfReach, WebhookEndpointDisabled],
)
async def replay_webhook_delivery(
    id: Id, call: Annotated[Call, requires("webhooks:write")]
) -> Response:
    """Send one event again at once, with a whole schedule of retries;
    `webhook-id` stays the same.
    """
    async with call.transaction() as tx:
        deliveries = DeliveryStore(tx)
        delivery = await _visible(deliveries, id, call)
        endpoint = await EndpointReader(tx).find(delivery.endpoint_id)
        if endpoint is None:
            raise WebhookDeliveryNotFound()
        await require_reach(ClientReader(tx), endpoint.client_id, by=call.caller.client_id)
        # A delivery carries no ETag, since every attempt changes it.
        call.honor_match(None)
        endpoint.require_enabled()
        replayed = delivery.replayed(call.at)
        await deliveries.replay(replayed)
        location = f"/v1/webhook-deliveries/{id}"
        answer = call.accepted(
            delivery_view(replayed), location=location, units=endpoint.units or [None]
        )
    call.database.signals.wake(TOPIC)
    return answer


@router.post(
    "/v1/webhook-endpoints/{id}/test-event",
    status_code=202,
    response_model=WebhookDeliveryView,
    raises=[WebhookEndpointNotFound, ClientOutOfReach, WebhookEndpointDisabled],
)
async def send_test_event(id: Id, call: Annotated[Call, requires("webhooks:write")]) -> Response:
    """Send the event `webhook.test` to one endpoint, whatever it subscribed to."""
    async with call.transaction() as tx:
        endpoint = await _enabled(tx, id, call)
        envelope = {
            "specversion": "1.0",
            "id": str(call.new_id()),
            "source": "/gateway",
            "type": f"{TYPE_PREFIX}{TEST_TYPE}{TYPE_SUFFIX}",
            "subject": str(endpoint.id),
            "time": written(call.at),
            "datacontenttype": "application/json",
            "traceparent": call.origin.traceparent,
            "data": WebhookTest(endpoint_id=str(endpoint.id)).model_dump(mode="json"),
        }
        delivery = for_event(
            envelope, id=call.new_id(), endpoint_id=endpoint.id, occurred_at=call.at, at=call.at
        )
        await DeliveryStore(tx).add([delivery])
        location = f"/v1/webhook-deliveries/{delivery.id}"
        answer = call.accepted(
            delivery_view(delivery), location=location, units=endpoint.units or [None]
        )
    call.database.signals.wake(TOPIC)
    return answer


@router.post(
    "/v1/webhook-endpoints/{id}/replay",
    status_code=202,
    response_model=Replayed,
    raises=[WebhookEndpointNotFound, ClientOutOfReach, WebhookEndpointDisabled],
)
async def replay_webhook_endpoint(
    id: Id, body: ReplayRange, call: Annotated[Call, requires("webhooks:write")]
) -> Response:
    """Send again what happened in a range of time: by default what failed or was abandoned, on
    request what arrived, too.

    Receivers tell repeats by `webhook-id`, which stays the same.
    """
    async with call.transaction() as tx:
        endpoint = await _enabled(tx, id, call)
        families = call.part(EventScopes).readable_by(call.caller.scopes)
        count = await DeliveryStore(tx).replay_range(
            id,
            since=body.since,
            until=body.until or call.at,
            states=body.states,
            families=families,
            at=call.at,
        )
        location = f"/v1/webhook-deliveries?endpoint_id={id}"
        answer = call.accepted(
            Replayed(endpoint_id=id, deliveries=count),
            location=location,
            units=endpoint.units or [None],
        )
    call.database.signals.wake(TOPIC)
    return answer


async def _enabled(tx: Transaction, id: Id, call: Call) -> Endpoint:
    endpoint = await governed(EndpointReader(tx), ClientReader(tx), id, call.caller)
    call.honor_match(endpoint.version)
    endpoint.require_enabled()
    return endpoint


async def _visible(deliveries: DeliveryReader, id: Id, call: Call) -> Delivery:
    found, families = await deliveries.find(id), call.part(EventScopes)
    if (
        found is None
        or not may_see(found[1], found[2], call.caller)
        or not families.may_read(call.caller.scopes, found[0].event_type)
    ):
        raise WebhookDeliveryNotFound()
    return found[0]
