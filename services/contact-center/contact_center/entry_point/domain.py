"""An entry point: a channel and an address, and the flow or queue that it leads to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service_kit.words.errors import Conflict, NotFound


class EntryPointNotFound(NotFound):
    """There is no such entry point, or it lies outside the units of this token."""


class AddressTaken(Conflict):
    """Another entry point has this address on this channel already."""


class TargetUnknown(Conflict):
    """The flow or the queue that the entry point shall lead to does not exist,
    or lies outside the units of this token.
    """


class NobodyThere(Conflict):
    """No entry point has the address that was called on this channel."""


@dataclass(frozen=True, kw_only=True)
class EntryPoint:
    """Where contacts to one address begin; exactly one of `flow_id` and `queue_id` is set."""

    id: UUID
    unit: str
    channel: str
    address: str
    flow_id: UUID | None
    queue_id: UUID | None
    language: str | None
    priority_seconds: int
    version: int
    created_at: datetime
    updated_at: datetime
