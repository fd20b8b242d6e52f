"""What the directory knows of a customer."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from service_kit.words.errors import NotFound

from contact_center.flow.domain import Caller


class CustomerNotFound(NotFound):
    """There is no such customer, or they lie outside the units of this token."""


@dataclass(frozen=True, kw_only=True)
class KnownCustomer:
    """A customer as the directory knows it."""

    customer_id: UUID
    unit: str | None
    tier: int | None = None
    language: str | None = None
    tags: frozenset[str] = field(default_factory=frozenset)
    open_complaints: int = 0
    is_key_contact: bool = False
    dedicated_agent_id: UUID | None = None

    def caller(self) -> Caller:
        return Caller(
            is_known=True,
            tier=self.tier,
            is_key_contact=self.is_key_contact,
            open_complaints=self.open_complaints,
            tags=self.tags,
        )


@dataclass(frozen=True, kw_only=True)
class CustomerFacts:
    """What customer-profile said of a customer when it was asked on news;
    `seen_at` is when it was so, by the clock of its database.
    """

    customer_id: UUID
    seen_at: datetime
    unit: str | None
    language: str | None
    tags: tuple[str, ...]
    addresses: tuple[str, ...]
    key_contact_addresses: tuple[str, ...]
