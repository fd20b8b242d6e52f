"""What is told of queues."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from service_kit.store.outbox import Event
from service_kit.words.fields import Id, Output

from contact_center.queue.domain import Queue
from contact_center.words import Channel


class QueueData(Output):
    """A queue was opened or changed."""

    queue_id: Id
    channels: Annotated[list[Channel], Field(max_length=8)]


EVENTS: Mapping[str, type[Output]] = {
    "queue.created": QueueData,
    "queue.changed": QueueData,
}


def of_queue(type_: str, queue: Queue) -> Event:
    payload = {"queue_id": str(queue.id), "channels": list(queue.profile.channels)}
    return Event(
        type=type_, subject=queue.id, unit=queue.unit, at=queue.updated_at, payload=payload
    )
