"""What is told of entry points."""

from collections.abc import Mapping

from service_kit.store.outbox import Event
from service_kit.words.fields import Id, Output

from contact_center.entry_point.domain import EntryPoint
from contact_center.words import Channel


class EntryPointData(Output):
    """An entry point was opened or changed."""

    entry_point_id: Id
    channel: Channel
    flow_id: Id | None
    queue_id: Id | None


EVENTS: Mapping[str, type[Output]] = {
    "entry_point.created": EntryPointData,
    "entry_point.changed": EntryPointData,
}


def of_entry_point(type_: str, entry: EntryPoint) -> Event:
    payload = {
        "entry_point_id": str(entry.id),
        "channel": entry.channel,
        "flow_id": None if entry.flow_id is None else str(entry.flow_id),
        "queue_id": None if entry.queue_id is None else str(entry.queue_id),
    }
    return Event(
        type=type_, subject=entry.id, unit=entry.unit, at=entry.updated_at, payload=payload
    )
