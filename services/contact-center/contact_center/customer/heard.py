"""What the contact center reads of its neighbors' events."""

from uuid import UUID

from service_kit.work.news import Heard, heard


class CustomerCreated(Heard, type="customer.created"):
    """The file is asked for; the event names nothing of it."""


class CustomerChanged(Heard, type="customer.changed"):
    """The file is asked for again."""


class CustomerErased(Heard, type="customer.erased"):
    """Nothing of the customer may stay."""


class CustomerMerged(Heard, type="customer.merged"):
    """Two files were of one customer."""

    merged_id: UUID
    survivor_id: UUID


class TierChanged(Heard, type="tier.changed"):
    """A customer counts more or less than before; no tier is None."""

    customer_id: UUID
    new: int | None


class ComplaintStep(Heard):
    """A complaint moved on."""

    customer_id: UUID
    is_open: bool


# fmt: off
STEPS = (
    "received", "acknowledged", "assessed", "not_upheld", "assigned", "analyzed", "proposed",
    "approved", "rejected", "returned", "implemented", "implementation", "answered", "feedback",
    "closed", "withdrawn", "reopened", "reassigned", "paused", "resumed", "escalated",
)
# fmt: on
COMPLAINT_STEPS = tuple(heard(f"complaint.{step}", ComplaintStep) for step in STEPS)
