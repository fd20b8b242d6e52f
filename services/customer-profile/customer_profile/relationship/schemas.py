"""Relationships as callers send and receive them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from service_kit.words.fields import Id, Input, Output, Timestamp

from customer_profile.relationship.domain import Relationship, RelationshipType


class NewRelationship(Input):
    """What the other customer is to this one."""

    type: Annotated[RelationshipType, Field(strict=False)]
    other_id: Id
    valid_from: Timestamp | None = None
    valid_until: Timestamp | None = None


class RelationshipView(Output):
    """How `customer_id` stands to `other_id`;
    `is_reverse` where the list was asked from the other's side.
    """

    id: Id
    customer_id: Id
    type: RelationshipType
    other_id: Id
    valid_from: Timestamp | None
    valid_until: Timestamp | None
    is_reverse: bool
    created_at: Timestamp


def relationship_view(found: Relationship, asked_from: UUID) -> RelationshipView:
    return RelationshipView(
        id=found.id,
        customer_id=found.customer_id,
        type=found.type,
        other_id=found.other_id,
        valid_from=found.valid_from,
        valid_until=found.valid_until,
        is_reverse=found.customer_id != asked_from,
        created_at=found.created_at,
    )
