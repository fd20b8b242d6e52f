"""The event that tests an endpoint: what it says, and which scope lets read it."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Output


class WebhookTestData(Output):
    """A test was asked for."""

    endpoint_id: Annotated[str, Field(max_length=36, json_schema_extra={"format": "uuid"})]


EVENTS: dict[str, type[Output]] = {"webhook.test": WebhookTestData}
EVENT_SCOPES = {"webhook": ("webhooks:read",)}
