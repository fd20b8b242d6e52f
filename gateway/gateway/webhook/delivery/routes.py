"""The log of webhook deliveries, and replaying one."""

from typing import Annotated

from fastapi import Depends, Query, Response
from service_kit.access.caller import Caller
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id

from gateway.call import Call
from gateway.client.domain import ClientOutOfReach
from gateway.client.store import ClientStore
from gateway.client.use_cases import require_reach
from gateway.webhook.delivery.domain import Delivery, WebhookDeliveryNotFound
from gateway.webhook.delivery.schemas import DeliveryState, WebhookDeliveryView, delivery_view
from gateway.webhook.delivery.store import DeliveryStore
from gateway.webhook.dispatch import TOPIC
from gateway.webhook.endpoint.domain import WebhookEndpointDisabled
from gateway.webhook.endpoint.routes import may_see
from gateway.webhook.endpoint.store import EndpointStore
from gateway.webhook.event_scopes import families_for, may_read

router = Router(tags=["webhooks"])


@router.get("/v1/webhook-deliveries", response_model=Page[WebhookDeliveryView])
async def list_webhook_deliveries(
    call: Annotated[Call, requires("webhooks:read")],
    page: Annotated[PageOf, Depends()],
    endpoint_id: Annotated[Id | None, Query(description="Only deliveries to this endpoint.")] = None,
    event_id: Annotated[Id | None, Query(description="Only deliveries of this event.")] = None,
    state: Annotated[DeliveryState | None, Query(description="Only deliveries in this state.")] = None,
) -> Response:
    """Read the log of deliveries, newest first, with every attempt.

    It holds what went to the endpoints of the calling client within the units of the token, of events that the token may read.
    """
    async with call.reading() as reader:
        deliveries = await DeliveryStore(reader).page(
            of_client=call.caller.client_id,
            units=call.caller.units,
            families=families_for(call.caller.scopes),
            endpoint_id=endpoint_id,
            event_id=event_id,
            state=state,
            after=page.after,
            limit=page.fetch,
        )
    views = [delivery_view(delivery) for delivery in deliveries]
    return call.page(page, views, next_cursor=page.next_cursor(deliveries, "id"))


@router.get("/v1/webhook-deliveries/{id}", response_model=WebhookDeliveryView, raises=[WebhookDeliveryNotFound])
async def get_webhook_delivery(id: Id, call: Annotated[Call, requires("webhooks:read")]) -> Response:
    """Read one delivery with every attempt."""
    async with call.reading() as reader:
        delivery = await _visible(DeliveryStore(reader), id, call.caller)
    return call.answer(delivery_view(delivery))


@router.post(
    "/v1/webhook-deliveries/{id}/replay",
    status_code=202,
    response_model=WebhookDeliveryView,
    raises=[WebhookDeliveryNotFound, ClientOutOfReach, WebhookEndpointDisabled],
)
async def replay_webhook_delivery(id: Id, call: Annotated[Call, requires("webhooks:write")]) -> Response:
    """Send one event again at once, with a whole schedule of retries; `webhook-id` stays the same."""
    async with call.transaction() as tx:
        deliveries = DeliveryStore(tx)
        delivery = await _visible(deliveries, id, call.caller)
        endpoint = await EndpointStore(tx, call.sealer).find(delivery.endpoint_id)
        if endpoint is None:
            raise WebhookDeliveryNotFound()
        await require_reach(ClientStore(tx), endpoint.client_id, by=call.caller.client_id)
        # A delivery carries no ETag, since every attempt changes it.
        call.honor_match(None)
        endpoint.require_enabled()
        replayed = delivery.replayed(call.at)
        await deliveries.replay(replayed)
        location = f"/v1/webhook-deliveries/{id}"
        answer = call.accepted(delivery_view(replayed), location=location, units=endpoint.units or [None])
    call.database.signals.wake(TOPIC)
    return answer


async def _visible(deliveries: DeliveryStore, id: Id, caller: Caller) -> Delivery:
    found = await deliveries.find(id)
    if found is None or not may_see(found[1], found[2], caller) or not may_read(caller.scopes, found[0].event_type):
        raise WebhookDeliveryNotFound()
    return found[0]
