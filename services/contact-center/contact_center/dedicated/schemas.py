"""Dedicated agents as the API reads and shows them."""

from service_kit.words.fields import Id, Input, Output, Timestamp, UnitPath

from contact_center.dedicated.domain import Dedication


class DedicationIn(Input):
    """The agent who goes first for the customer."""

    agent_id: Id


class DedicationView(Output):
    """A customer and the agent who goes first for it."""

    customer_id: Id
    unit: UnitPath
    agent_id: Id
    created_at: Timestamp
    updated_at: Timestamp


def dedication_view(dedication: Dedication) -> DedicationView:
    return DedicationView(
        **{name: getattr(dedication, name) for name in DedicationView.model_fields}
    )
