"""What scoring reads of customer-profile's events."""

from uuid import UUID

from service_kit.work.news import Heard


class CustomerCreated(Heard, type="customer.created"):
    """A new customer."""


class CustomerChanged(Heard, type="customer.changed"):
    """A customer may belong to another unit now."""


class CustomerMerged(Heard, type="customer.merged"):
    """Two files were of one customer."""

    merged_id: UUID


class CustomerErased(Heard, type="customer.erased"):
    """Nothing that leads to the customer may stay."""
