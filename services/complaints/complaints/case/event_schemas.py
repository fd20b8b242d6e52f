"""What the events of this service carry."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Id, Output, Rating, Timestamp

from complaints.case.moves import TABLE, State
from complaints.case.records import Channel, Kind, Severity, Verdict
from complaints.case.schemas import Category, EscalationLevel, Number, Percent, Round


class ComplaintData(Output):
    """A complaint was recorded or moved; `state` is the one that it is in now."""

    complaint_id: Id
    number: Number
    customer_id: Id
    contact_id: Id | None
    kind: Kind
    channel: Channel
    category: Category
    severity: Severity
    state: State
    is_open: bool
    verdict: Verdict | None
    department: Annotated[str | None, Field(max_length=200)]
    satisfaction: Rating | None
    escalation_level: EscalationLevel
    received_at: Timestamp
    closed_at: Timestamp | None


class ClockData(ComplaintData):
    """A clock of a complaint reached a warning or its due date; told once for each."""

    clock: Annotated[str, Field(max_length=64)]
    round: Round
    percent: Percent
    due_at: Timestamp
    provisional: bool


class EscalationData(ComplaintData):
    """A complaint rose to a level because one of its clocks is late."""

    clock: Annotated[str, Field(max_length=64)]
    level: EscalationLevel
    notify: Annotated[str, Field(max_length=200)]


_MOVED = sorted({event for row in TABLE for event in row.events.values()})
EVENTS: Mapping[str, type[Output]] = {
    "complaint.received": ComplaintData,
    **{f"complaint.{event}": ComplaintData for event in _MOVED},
    "complaint.escalated": EscalationData,
    "clock.warned": ClockData,
    "clock.breached": ClockData,
}
