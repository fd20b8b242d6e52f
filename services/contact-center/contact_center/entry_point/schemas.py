"""Entry points as the API reads and shows them."""

from typing import Annotated, ClassVar

from pydantic import Field
from service_kit.words.fields import Id, Input, Output, Timestamp, UnitPath

from contact_center.entry_point.domain import EntryPoint
from contact_center.words import Address, Channel, Spoken

Priority = Annotated[
    int,
    Field(
        ge=0, le=3_600, json_schema_extra={"format": "int32"}, description="Seconds of head start."
    ),
]


class _NewEntryPoint(Input):
    """What both kinds of entry points say."""

    channel: Channel
    address: Address
    unit: UnitPath | None = None
    language: Spoken | None = None
    priority_seconds: Priority = 0


class EntryToFlow(_NewEntryPoint):
    """An address whose callers go through a flow."""

    flow_id: Id
    queue_id: ClassVar[None] = None


class EntryToQueue(_NewEntryPoint):
    """An address whose callers wait in a queue at once."""

    flow_id: ClassVar[None] = None
    queue_id: Id


NewEntryPoint = EntryToFlow | EntryToQueue


class EntryPointView(Output):
    """An entry point; one of `flow_id` and `queue_id` is set."""

    id: Id
    unit: UnitPath
    channel: Channel
    address: Address
    flow_id: Id | None
    queue_id: Id | None
    language: Spoken | None
    priority_seconds: Priority
    created_at: Timestamp
    updated_at: Timestamp


def entry_point_view(entry: EntryPoint) -> EntryPointView:
    return EntryPointView(**{name: getattr(entry, name) for name in EntryPointView.model_fields})
