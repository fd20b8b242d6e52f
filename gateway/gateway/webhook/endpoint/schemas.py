"""Webhook endpoints as the API writes them."""

from typing import Annotated, Any, Literal

from pydantic import Field
from service_kit.words.fields import (
    Id,
    Input,
    Output,
    Patch,
    Seconds,
    Timestamp,
    UnitPath,
    Url,
    Version,
)

from gateway.client.schemas import ClientId
from gateway.webhook.endpoint.domain import Endpoint
from gateway.webhook.event_filter import PATTERN

EventFilter = Annotated[
    str,
    Field(
        min_length=1, max_length=120, pattern=PATTERN, examples=["complaint.*", "tier.changed", "*"]
    ),
]
EventFilters = Annotated[list[EventFilter], Field(min_length=1, max_length=100)]
Target = Annotated[Url, Field(examples=["https://partner.example/hooks/guanxi"])]
Description = Annotated[str, Field(max_length=2_000)]
EndpointState = Literal["enabled", "disabled"]


class NewWebhookEndpoint(Input):
    """Where to send which events: types such as `tier.changed`, all of a family (`complaint.*`) or
    all there are (`*`).

    Types that tell of clients and API keys (`client.*`, `api_key.*`, and so `*`) need the scope
    events:read as well.
    """

    url: Target
    event_types: EventFilters
    description: Description = ""


class WebhookEndpointChange(Patch):
    """A merge patch: what is left out stays, null empties the description."""

    # The defaults of what cannot be null are never read: only the fields that were sent count.
    url: Annotated[Target, Field(default_factory=str)]
    event_types: Annotated[EventFilters, Field(default_factory=list)]
    description: Description | None = None
    state: Annotated[EndpointState, Field(default_factory=lambda: "enabled")]


class WebhookEndpointView(Output):
    """An endpoint. `units` null means events of the whole company;
    `disabled_reason` is null while it is enabled.
    """

    id: Id
    client_id: ClientId
    url: Target
    event_types: EventFilters
    description: Description
    units: Annotated[list[UnitPath], Field(max_length=100)] | None
    state: EndpointState
    disabled_reason: Literal["by_request", "gone", "failing"] | None
    created_at: Timestamp
    updated_at: Timestamp
    version: Version


class RegisteredWebhookEndpoint(WebhookEndpointView):
    """An endpoint with its secret, which is shown this once;
    a repeated request gets null in its place.
    """

    secret: Annotated[str | None, Field(max_length=100)]


class RotatedWebhookSecret(Output):
    """The new secret, shown this once."""

    id: Id
    secret: Annotated[str | None, Field(max_length=100)]
    overlap_seconds: Seconds


def endpoint_view(endpoint: Endpoint) -> WebhookEndpointView:
    return WebhookEndpointView(**_members(endpoint))


def registered(endpoint: Endpoint, secret: str) -> RegisteredWebhookEndpoint:
    return RegisteredWebhookEndpoint(**_members(endpoint), secret=secret)


def _members(endpoint: Endpoint) -> dict[str, Any]:
    plain = (
        "id",
        "client_id",
        "url",
        "description",
        "state",
        "disabled_reason",
        "created_at",
        "updated_at",
        "version",
    )
    return {
        **{name: getattr(endpoint, name) for name in plain},
        "event_types": list(endpoint.event_types),
        "units": None if endpoint.units is None else list(endpoint.units),
    }
