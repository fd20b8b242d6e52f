"""What is told of queues."""

from typing import Annotated

from pydantic import Field
from service_kit.store.events import Event, Told
from service_kit.words.fields import Id

from contact_center.queue.domain import Queue
from contact_center.words import Channel


class QueueTold(Event):
    """A queue was opened or changed."""

    queue_id: Id
    channels: Annotated[list[Channel], Field(max_length=8)]

    @classmethod
    def of(cls, queue: Queue) -> Told:
        told = cls(queue_id=queue.id, channels=list(queue.profile.channels))
        return told.about(queue.id, unit=queue.unit, at=queue.updated_at)


class QueueCreated(QueueTold, type="queue.created"):
    """A queue was opened."""


class QueueChanged(QueueTold, type="queue.changed"):
    """A queue was changed."""
