"""Interactions as callers send and receive them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError, WithJsonSchema
from service_kit.words.fields import (
    FREE_JSON,
    NOT_BLANK,
    Id,
    Input,
    JsonObject,
    Line,
    Output,
    Patch,
    StoredJson,
    Timestamp,
)
from service_kit.words.merging import merged

from customer_profile.interaction.domain import Direction, Interaction, TrailTooLong
from customer_profile.touch import Channel, Purpose

Outcome = Annotated[str, Field(min_length=1, max_length=2_000, pattern=NOT_BLANK)]
ToDos = Annotated[list[Line], Field(max_length=50)]
# The timeline shows the trail with four members more: direction, purpose, outcome and seconds.
MOST_MEMBERS = 480
Trail = Annotated[
    JsonObject,
    Field(max_length=MOST_MEMBERS),
    WithJsonSchema({**FREE_JSON, "maxProperties": MOST_MEMBERS}),
]
TRAIL: TypeAdapter[dict[str, Any]] = TypeAdapter(Trail)
ExternalId = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[!-~](?:[ -~]{0,198}[!-~])?$")
]


class NewInteraction(Input):
    """A touch with a customer; `details` is the trail, such as IVR nodes or pages."""

    customer_id: Id
    channel: Annotated[Channel, Field(strict=False)]
    direction: Annotated[Direction, Field(strict=False)]
    purpose: Annotated[Purpose, Field(strict=False)]
    subject: Line
    occurred_at: Annotated[
        Timestamp | None, Field(description="The present moment when left out.")
    ] = None
    ended_at: Timestamp | None = None
    agent: Line | None = None
    outcome: Outcome | None = None
    to_dos: Annotated[ToDos, Field(default_factory=list)]
    details: Annotated[Trail, Field(default_factory=dict)]
    external_id: ExternalId | None = None


class InteractionChange(Patch):
    """A merge patch of an interaction: what is left out stays, null empties;
    the trail is merged member by member.
    """

    subject: Annotated[Line, Field(default_factory=str)]
    purpose: Annotated[Purpose, Field(strict=False, default_factory=lambda: Purpose.INQUIRY)]
    ended_at: Timestamp | None = None
    agent: Line | None = None
    outcome: Outcome | None = None
    to_dos: ToDos | None = None
    details: Trail | None = None


def trail(before: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The trail after a merge patch; TrailTooLong when it outgrows what is accepted at once."""
    try:
        return TRAIL.validate_python(merged(before, patch))
    except ValidationError as error:
        raise TrailTooLong() from error


class InteractionView(Output):
    """A touch with a customer."""

    id: Id
    customer_id: Id
    unit: Annotated[str, Field(max_length=200)]
    channel: Channel
    direction: Direction
    purpose: Purpose
    subject: Annotated[str, Field(max_length=200)]
    occurred_at: Timestamp
    ended_at: Timestamp | None
    agent: Annotated[str | None, Field(max_length=200)]
    outcome: Annotated[str | None, Field(max_length=2_000)]
    to_dos: ToDos
    details: StoredJson
    external_id: Annotated[str | None, Field(max_length=200)]
    created_at: Timestamp


def interaction_view(interaction: Interaction, unit: str) -> InteractionView:
    return InteractionView(
        id=interaction.id,
        customer_id=interaction.customer_id,
        unit=unit,
        channel=interaction.channel,
        direction=interaction.direction,
        purpose=interaction.purpose,
        subject=interaction.subject,
        occurred_at=interaction.occurred_at,
        ended_at=interaction.ended_at,
        agent=interaction.agent,
        outcome=interaction.outcome,
        to_dos=list(interaction.to_dos),
        details=dict(interaction.details),
        external_id=interaction.external_id,
        created_at=interaction.created_at,
    )
