"""A relationship: how one customer stands to another."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service_kit.words.errors import Conflict, NotFound


class RelationshipType(StrEnum):
    """What the other customer is to this one:
    its parent company, of its household, who referred it, its employer.
    """

    PARENT_COMPANY = "parent_company"
    HOUSEHOLD = "household"
    REFERRED = "referred"
    EMPLOYER = "employer"


class RelationshipNotFound(NotFound):
    """This customer has no such relationship, or lies outside the units of this token."""


class OtherCustomerNotFound(NotFound):
    """The other customer does not exist, or lies outside the units of this token."""


class RelationshipAlreadyKnown(Conflict):
    """The two customers are related in this way already."""


class RelatedToItself(Conflict):
    """A customer is not related to itself."""


class RelationshipEndsBeforeItBegins(Conflict):
    """`valid_until` lies before `valid_from`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Relationship:
    """Of `customer_id` to `other_id`, for some time."""

    id: UUID
    customer_id: UUID
    type: RelationshipType
    other_id: UUID
    valid_from: datetime | None
    valid_until: datetime | None
    created_at: datetime

    def __post_init__(self) -> None:
        if self.customer_id == self.other_id:
            raise RelatedToItself()
        if (
            self.valid_from is not None
            and self.valid_until is not None
            and self.valid_until < self.valid_from
        ):
            raise RelationshipEndsBeforeItBegins()
