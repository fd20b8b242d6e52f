"""What customer-profile reads of its neighbors' events, and what of it a timeline shows."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from service_kit.work.news import Heard, heard

from customer_profile.customer.facts import Json


class Shown(Heard):
    """What goes onto a timeline; `hidden` are the members that its details leave out."""

    hidden: ClassVar[frozenset[str]] = frozenset({"customer_id"})

    @property
    def details(self) -> dict[str, Json]:
        return self.model_dump(mode="json", exclude=set(self.hidden), exclude_none=True)


class TierChanged(Shown, type="tier.changed"):
    """A customer got other stars; `old` is None for the first tier."""

    customer_id: UUID
    old: int | None
    new: int
    reason: str
    scheme: str | None


class ComplaintStep(Shown):
    """A complaint was recorded or moved on."""

    hidden: ClassVar[frozenset[str]] = frozenset({"customer_id", "channel"})
    customer_id: UUID
    channel: str
    number: str
    kind: str
    state: str
    severity: str
    category: str
    verdict: str | None
    satisfaction: int | None
    escalation_level: int


class ComplaintClosed(ComplaintStep, type="complaint.closed"):
    """The customer is called on some days later."""


class ComplaintEscalated(ComplaintStep, type="complaint.escalated"):
    """`clock` is the one that is late."""

    clock: str


# fmt: off
STEPS = (
    "received", "acknowledged", "assessed", "not_upheld", "assigned", "analyzed", "proposed",
    "approved", "rejected", "returned", "implemented", "implementation", "answered", "feedback",
    "withdrawn", "reopened", "reassigned", "paused", "resumed",
)
# fmt: on
COMPLAINT_STEPS: tuple[type[ComplaintStep], ...] = (
    ComplaintEscalated,
    *(heard(f"complaint.{step}", ComplaintStep) for step in STEPS),
)


class ContactOffered(Shown, type="contact.offered"):
    """A contact rings at an agent's desk; it may be nobody's whom we know."""

    hidden: ClassVar[frozenset[str]] = frozenset(
        {"customer_id", "contact_id", "channel", "arrived_at"}
    )
    contact_id: UUID
    customer_id: UUID | None
    channel: str
    direction: str
    state: str
    queue_id: UUID | None
    agent_id: UUID | None
    tier: int | None
    arrived_at: datetime
    waited_seconds: int


class ContactMoved(ContactOffered):
    """A contact came into a state."""

    held_seconds: int
    transfers: int
    wrap_up_code: str | None
    nodes: list[dict[str, Any]]


MOVES = (
    "in_flow", "queued", "assigned", "on_hold", "resumed", "transferred", "wrapping", "completed",
    "abandoned", "changed",
)  # fmt: skip
CONTACT_MOVES: tuple[type[ContactOffered], ...] = (
    ContactOffered,
    *(heard(f"contact.{move}", ContactMoved) for move in MOVES),
)
