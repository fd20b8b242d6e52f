"""Relationships as rows and back."""

from typing import Any

from service_kit.store.running import Record

from customer_profile.relationship.domain import Relationship, RelationshipType


def relationship_of(row: Record) -> Relationship:
    return Relationship(
        id=row["id"],
        customer_id=row["customer_id"],
        type=RelationshipType(row["type"]),
        other_id=row["other_id"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        created_at=row["created_at"],
    )


def row_of(relationship: Relationship) -> dict[str, Any]:
    return {
        "id": relationship.id,
        "customer_id": relationship.customer_id,
        "type": relationship.type.value,
        "other_id": relationship.other_id,
        "valid_from": relationship.valid_from,
        "valid_until": relationship.valid_until,
        "created_at": relationship.created_at,
    }
