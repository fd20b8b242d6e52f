"""What is told about interactions:
who was in touch when, by which channel and why, not what was said.
"""

from datetime import datetime

from service_kit.store.events import Event, Told
from service_kit.words.fields import Id, Timestamp

from customer_profile.interaction.domain import Direction, Interaction
from customer_profile.touch import Channel, Purpose


class InteractionTold(Event):
    """An interaction with a customer was recorded, completed or corrected."""

    interaction_id: Id
    customer_id: Id
    channel: Channel
    direction: Direction
    purpose: Purpose
    occurred_at: Timestamp

    @classmethod
    def of(cls, interaction: Interaction, *, unit: str, at: datetime) -> Told:
        told = cls(
            interaction_id=interaction.id,
            customer_id=interaction.customer_id,
            channel=interaction.channel,
            direction=interaction.direction,
            purpose=interaction.purpose,
            occurred_at=interaction.occurred_at,
        )
        return told.about(interaction.id, unit=unit, at=at)


class InteractionRecorded(InteractionTold, type="interaction.recorded"):
    """An interaction with a customer was recorded."""


class InteractionChanged(InteractionTold, type="interaction.changed"):
    """An interaction was completed or corrected."""
