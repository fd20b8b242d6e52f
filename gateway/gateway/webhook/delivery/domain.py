"""Deliveries: one event on its way to one endpoint, tried until it arrives or is given up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from service_kit.words.errors import NotFound

from gateway.webhook.event_filter import plain_type
from gateway.webhook.schedule import next_attempt

NOT_ALLOWED = "the client may not read this event"
State = Literal["pending", "delivered", "failed", "abandoned"]


class WebhookDeliveryNotFound(NotFound):
    """There is no such delivery, or it belongs to another client."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try: `status` None when there was no answer, then `error` says why."""

    number: int
    at: datetime
    status: int | None
    seconds: float
    error: str | None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """`pending` was not tried yet (again), `failed` is tried again at `due_at`, `abandoned` is not
    tried any more.

    `tries` counts since the delivery was made or replayed, `attempts` in all; `epoch` tells the
    present holder from earlier ones.
    """

    id: UUID
    endpoint_id: UUID
    event_id: str
    event_type: str
    occurred_at: datetime
    body: str
    traceparent: str | None
    state: State
    tries: int
    attempts: int
    due_at: datetime
    epoch: int
    created_at: datetime
    updated_at: datetime
    log: tuple[Attempt, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        return self.state in ("pending", "failed")

    def tried(self, *, is_success: bool, at: datetime, chance: float) -> Self:
        """After one more attempt; `chance` spreads the retries."""
        tries, attempts = self.tries + 1, self.attempts + 1
        due = None if is_success else next_attempt(tries, at, chance=chance)
        state: State = "delivered" if is_success else "abandoned" if due is None else "failed"
        return replace(
            self, state=state, tries=tries, attempts=attempts, due_at=due or at, updated_at=at
        )

    def abandoned(self, at: datetime) -> Self:
        return replace(self, state="abandoned", updated_at=at)

    @property
    def unit(self) -> str | None:
        """The unit of the event that is sent."""
        unit: str | None = json.loads(self.body).get("unit")
        return unit

    def refused(self, at: datetime) -> tuple[Self, Attempt]:
        """Given up without being sent: the client may not read this event any more."""
        refused = replace(
            self, state="abandoned", attempts=self.attempts + 1, due_at=at, updated_at=at
        )
        return refused, Attempt(
            number=refused.attempts, at=at, status=None, seconds=0.0, error=NOT_ALLOWED
        )

    def replayed(self, at: datetime) -> Self:
        """To be sent again at once, with a whole schedule before it."""
        return replace(self, state="pending", tries=0, due_at=at, updated_at=at)


def for_event(
    envelope: Mapping[str, object],
    *,
    id: UUID,
    endpoint_id: UUID,
    occurred_at: datetime,
    at: datetime,
    is_wanted: bool = True,
) -> Delivery:
    """A new delivery of a CloudEvent.
    For an endpoint that is disabled it is only written down, so that it can be replayed.
    """
    return Delivery(
        id=id,
        endpoint_id=endpoint_id,
        event_id=str(envelope["id"]),
        event_type=plain_type(str(envelope["type"])),
        occurred_at=occurred_at,
        body=body_of(envelope),
        traceparent=None if envelope.get("traceparent") is None else str(envelope["traceparent"]),
        state="pending" if is_wanted else "abandoned",
        tries=0,
        attempts=0,
        due_at=at,
        epoch=0,
        created_at=at,
        updated_at=at,
    )


def body_of(envelope: Mapping[str, object]) -> str:
    """What is sent: the CloudEvent without its place in our feed,
    with the `timestamp` that Standard Webhooks ask for.
    """
    told = {name: value for name, value in envelope.items() if name != "cursor"}
    body = {**told, "timestamp": envelope["time"]}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
