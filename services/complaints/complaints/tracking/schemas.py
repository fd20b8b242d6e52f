"""What customers send and see to follow their complaint."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Input, Output, Timestamp

from complaints.case.moves import State
from complaints.case.schemas import Number, TrackingToken


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
    due_at: Annotated[Timestamp | None, Field(description="When the customer hears from us next at the latest.")]
    closed_at: Timestamp | None
    history: Annotated[list[TrackedStep], Field(max_length=200)]
