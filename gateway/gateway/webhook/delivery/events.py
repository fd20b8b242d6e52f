"""The event that tests an endpoint: what it says, and which scope lets read it."""

from typing import Annotated

from pydantic import Field
from service_kit.store.events import Event

from gateway.webhook.event_scopes import TEST_TYPE


class WebhookTest(Event, type=TEST_TYPE):
    """A test was asked for."""

    endpoint_id: Annotated[str, Field(max_length=36, json_schema_extra={"format": "uuid"})]


EVENT_SCOPES = {"webhook": ("webhooks:read",)}
