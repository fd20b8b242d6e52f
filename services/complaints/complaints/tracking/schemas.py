"""What customers send and see to follow their complaint."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field
from service_kit.store.running import Record
from service_kit.words.fields import Input, Output, Timestamp

from complaints.case.fields import Number, TrackingToken
from complaints.course.domain import State
from complaints.course.labels import called


class Tracking(Input):
    """The number of the complaint and the token that was given with it."""

    number: Number
    tracking_token: TrackingToken


class TrackedStep(Output):
    """A state that the complaint entered, and when."""

    state: State
    label: Annotated[str, Field(max_length=100)]
    at: Timestamp


class TrackedComplaint(Output):
    """Where the complaint stands, without names and notes of the staff."""

    number: Number
    title: Annotated[str, Field(max_length=200)]
    state: State
    label: Annotated[str, Field(max_length=100)]
    received_at: Timestamp
    due_at: Annotated[
        Timestamp | None, Field(description="When the customer hears from us next at the latest.")
    ]
    closed_at: Timestamp | None
    history: Annotated[list[TrackedStep], Field(max_length=200)]


def tracked(
    row: Record, history: Sequence[Record], due_at: datetime | None, language: str
) -> TrackedComplaint:
    state = State(row["state"])
    return TrackedComplaint(
        number=row["number"],
        title=row["title"],
        state=state,
        label=called(state, language),
        received_at=row["received_at"],
        due_at=due_at,
        closed_at=row["closed_at"],
        history=[_step(step, language) for step in history],
    )


def _step(step: Record, language: str) -> TrackedStep:
    state = State(step["entered_state"])
    return TrackedStep(state=state, label=called(state, language), at=step["at"])
