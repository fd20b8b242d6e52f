"""What is told of entry points."""

from service_kit.store.events import Event, Told
from service_kit.words.fields import Id

from contact_center.entry_point.domain import EntryPoint
from contact_center.words import Channel


class EntryPointTold(Event):
    """An entry point was opened or changed."""

    entry_point_id: Id
    channel: Channel
    flow_id: Id | None
    queue_id: Id | None

    @classmethod
    def of(cls, entry: EntryPoint) -> Told:
        told = cls(
            entry_point_id=entry.id,
            channel=entry.channel,
            flow_id=entry.flow_id,
            queue_id=entry.queue_id,
        )
        return told.about(entry.id, unit=entry.unit, at=entry.updated_at)


class EntryPointCreated(EntryPointTold, type="entry_point.created"):
    """An entry point was opened."""


class EntryPointChanged(EntryPointTold, type="entry_point.changed"):
    """An entry point was changed."""
