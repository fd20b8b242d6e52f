"""What is told about interactions:
who was in touch when, by which channel and why, not what was said.
"""

from datetime import datetime

from service_kit.store.outbox import Event
from service_kit.words.fields import Id, Output, Timestamp, written

from customer_profile.interaction.domain import Direction, Interaction
from customer_profile.touch import Channel, Purpose


class InteractionRecordedData(Output):
    """An interaction with a customer was recorded."""

    interaction_id: Id
    customer_id: Id
    channel: Channel
    direction: Direction
    purpose: Purpose
    occurred_at: Timestamp


class InteractionChangedData(InteractionRecordedData):
    """An interaction was completed or corrected."""


def recorded(interaction: Interaction, unit: str) -> Event:
    return _told("interaction.recorded", interaction, unit, at=interaction.created_at)


def changed(interaction: Interaction, unit: str, *, at: datetime) -> Event:
    return _told("interaction.changed", interaction, unit, at=at)


def _told(type_: str, interaction: Interaction, unit: str, *, at: datetime) -> Event:
    payload = {
        "interaction_id": str(interaction.id),
        "customer_id": str(interaction.customer_id),
        "channel": interaction.channel.value,
        "direction": interaction.direction.value,
        "purpose": interaction.purpose.value,
        "occurred_at": written(interaction.occurred_at),
    }
    return Event(type=type_, subject=interaction.id, unit=unit, at=at, payload=payload)
