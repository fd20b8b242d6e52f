"""What the gateway's own events say, as their JSON Schemas in the contract."""

from typing import Annotated, Literal

from pydantic import Field
from service_kit.words.fields import Output

Name = Annotated[str, Field(max_length=100)]
Scopes = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=100)]


class ClientData(Output):
    """A client was registered, changed, deleted, or got a new secret."""

    client_id: Name
    scopes: Scopes
    is_enabled: bool


class ApiKeyData(Output):
    """An API key was made or revoked."""

    client_id: Name
    scopes: Scopes


class WebhookEndpointData(Output):
    """A webhook endpoint was registered, changed, enabled, deleted, or got a new secret."""

    client_id: Name
    state: Literal["enabled", "disabled"]


class WebhookEndpointDisabledData(WebhookEndpointData):
    """A webhook endpoint was disabled: on request, because the receiver said 410, or after five days of nothing but failures."""

    reason: Literal["by_request", "gone", "failing"]


class WebhookTestData(Output):
    """A test was asked for."""

    endpoint_id: Annotated[str, Field(max_length=36, json_schema_extra={"format": "uuid"})]


EVENTS: dict[str, type[Output]] = {
    "client.created": ClientData,
    "client.changed": ClientData,
    "client.secret_rotated": ClientData,
    "client.deleted": ClientData,
    "api_key.created": ApiKeyData,
    "api_key.revoked": ApiKeyData,
    "webhook_endpoint.created": WebhookEndpointData,
    "webhook_endpoint.changed": WebhookEndpointData,
    "webhook_endpoint.enabled": WebhookEndpointData,
    "webhook_endpoint.disabled": WebhookEndpointDisabledData,
    "webhook_endpoint.secret_rotated": WebhookEndpointData,
    "webhook_endpoint.deleted": WebhookEndpointData,
    "webhook.test": WebhookTestData,
}
