"""The events of webhook endpoints: what they say, and which scopes let read them."""

from typing import Literal

from service_kit.words.fields import Output

from gateway.client.events import Name


class WebhookEndpointData(Output):
    """A webhook endpoint was registered, changed, enabled, deleted, or got a new secret."""

    client_id: Name
    state: Literal["enabled", "disabled"]


class WebhookEndpointDisabledData(WebhookEndpointData):
    """A webhook endpoint was disabled:
    on request, because the receiver said 410, or after five days of nothing but failures.
    """

    reason: Literal["by_request", "gone", "failing"]


EVENTS: dict[str, type[Output]] = {
    "webhook_endpoint.created": WebhookEndpointData,
    "webhook_endpoint.changed": WebhookEndpointData,
    "webhook_endpoint.enabled": WebhookEndpointData,
    "webhook_endpoint.disabled": WebhookEndpointDisabledData,
    "webhook_endpoint.secret_rotated": WebhookEndpointData,
    "webhook_endpoint.deleted": WebhookEndpointData,
}
# As with keys: the endpoints of all clients.
EVENT_SCOPES = {"webhook_endpoint": ("clients:read", "webhooks:read")}
