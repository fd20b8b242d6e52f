"""Webhook deliveries as the API writes them."""

from typing import Annotated, Literal

from pydantic import Field
from service_kit.words.fields import Count, Id, Input, Output, Timestamp

from gateway.webhook.delivery.domain import Delivery
from gateway.webhook.delivery.store import SHOWN_ATTEMPTS

DeliveryState = Literal["pending", "delivered", "failed", "abandoned"]
ReplayedState = Literal["delivered", "failed", "abandoned"]
ReplayedStates = Annotated[list[ReplayedState], Field(min_length=1, max_length=3)]


class ReplayRange(Input):
    """Which deliveries to send again: those of events between two moments, in these states."""

    since: Timestamp
    until: Timestamp | None = None
    states: ReplayedStates = ["failed", "abandoned"]  # noqa: RUF012 # pydantic copies it.


class AttemptView(Output):
    """One try: `status` is null when there was no answer, then `error` says why."""

    at: Timestamp
    status: Annotated[int, Field(ge=100, le=999, json_schema_extra={"format": "int32"})] | None
    seconds: Annotated[float, Field(ge=0, le=3_600, json_schema_extra={"format": "double"})]
    error: Annotated[str, Field(max_length=300)] | None


class WebhookDeliveryView(Output):
    """One event on its way to one endpoint.

    `pending` was not tried yet, `failed` is tried again at `next_attempt_at`, `abandoned` is not
    tried any more, but can be replayed.
    """

    id: Id
    endpoint_id: Id
    event_id: Annotated[str, Field(max_length=100)]
    event_type: Annotated[str, Field(max_length=120, examples=["complaint.closed"])]
    occurred_at: Timestamp
    state: DeliveryState
    next_attempt_at: Timestamp | None
    attempts: Annotated[list[AttemptView], Field(max_length=SHOWN_ATTEMPTS)]
    created_at: Timestamp
    updated_at: Timestamp


class Replayed(Output):
    """How many deliveries are sent again."""

    endpoint_id: Id
    deliveries: Count


def delivery_view(delivery: Delivery) -> WebhookDeliveryView:
    return WebhookDeliveryView(
        id=delivery.id,
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        occurred_at=delivery.occurred_at,
        state=delivery.state,
        next_attempt_at=delivery.due_at if delivery.is_open else None,
        attempts=[
            AttemptView(at=each.at, status=each.status, seconds=each.seconds, error=each.error)
            for each in delivery.log
        ],
        created_at=delivery.created_at,
        updated_at=delivery.updated_at,
    )
