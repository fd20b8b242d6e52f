"""The places of an agent that contacts hold."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service_kit.store.running import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A contact in one of an agent's places;
    `until` is when its offer runs out or its wrap-up time ends.
    """

    agent_id: UUID
    channel: str
    slot: int
    contact_id: UUID
    queue_id: UUID | None
    state: str
    since: datetime
    until: datetime | None


def work_of(row: Record) -> Work:
    return Work(**{name: row[name] for name in Work.__slots__})
