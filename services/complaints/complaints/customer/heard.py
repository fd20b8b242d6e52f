"""What complaints reads of customer-profile's events; the events hold no personal values."""

from uuid import UUID

from service_kit.work.news import Heard


class CustomerCreated(Heard, type="customer.created"):
    """A customer belongs to a unit."""

    unit: str


class CustomerChanged(Heard, type="customer.changed"):
    """A customer belongs to a unit now; `fields` names what else is new."""

    unit: str
    fields: list[str]


class CustomerMerged(Heard, type="customer.merged"):
    """Two files were of one customer."""

    merged_id: UUID
    survivor_id: UUID


class CustomerErased(Heard, type="customer.erased"):
    """Nothing of the customer may stay."""
