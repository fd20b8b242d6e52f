"""The events of webhook endpoints: what they say, and which scopes let read them."""

from typing import Literal

from service_kit.store.events import Event

from gateway.client.events import Name


class WebhookEndpointTold(Event):
    """A webhook endpoint was registered, changed, enabled, deleted, or got a new secret."""

    client_id: Name
    state: Literal["enabled", "disabled"]


class WebhookEndpointCreated(WebhookEndpointTold, type="webhook_endpoint.created"):
    """A webhook endpoint was registered."""


class WebhookEndpointChanged(WebhookEndpointTold, type="webhook_endpoint.changed"):
    """A webhook endpoint was changed."""


class WebhookEndpointEnabled(WebhookEndpointTold, type="webhook_endpoint.enabled"):
    """A webhook endpoint was enabled again."""


class WebhookEndpointDisabled(WebhookEndpointTold, type="webhook_endpoint.disabled"):
    """A webhook endpoint was disabled:
    on request, because the receiver said 410, or after five days of nothing but failures.
    """

    reason: Literal["by_request", "gone", "failing"]


class WebhookEndpointSecretRotated(WebhookEndpointTold, type="webhook_endpoint.secret_rotated"):
    """A webhook endpoint got a new secret."""


class WebhookEndpointDeleted(WebhookEndpointTold, type="webhook_endpoint.deleted"):
    """A webhook endpoint was deleted."""


# As with keys: the endpoints of all clients.
EVENT_SCOPES = {"webhook_endpoint": ("clients:read", "webhooks:read")}
