"""Interactions as rows and back."""

from typing import Any

from service_kit.store.running import Record

from customer_profile.interaction.domain import Direction, Interaction
from customer_profile.touch import Channel, Purpose


def interaction_of(row: Record) -> Interaction:
    return Interaction(
        id=row["id"],
        customer_id=row["customer_id"],
        version=row["version"],
        channel=Channel(row["channel"]),
        direction=Direction(row["direction"]),
        purpose=Purpose(row["purpose"]),
        subject=row["subject"],
        occurred_at=row["occurred_at"],
        ended_at=row["ended_at"],
        agent=row["agent"],
        outcome=row["outcome"],
        to_dos=tuple(row["to_dos"]),
        details=row["details"],
        external_id=row["external_id"],
        created_at=row["created_at"],
    )


def row_of(interaction_: Interaction) -> dict[str, Any]:
    return {
        "id": interaction_.id,
        "customer_id": interaction_.customer_id,
        "version": interaction_.version,
        "channel": interaction_.channel.value,
        "direction": interaction_.direction.value,
        "purpose": interaction_.purpose.value,
        "subject": interaction_.subject,
        "occurred_at": interaction_.occurred_at,
        "ended_at": interaction_.ended_at,
        "agent": interaction_.agent,
        "outcome": interaction_.outcome,
        "to_dos": list(interaction_.to_dos),
        "details": interaction_.details,
        "external_id": interaction_.external_id,
        "created_at": interaction_.created_at,
    }
