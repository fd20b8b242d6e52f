"""What the events of this service carry: ids and business facts."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from service_kit.words.fields import Id, Output, Stars, Timestamp, Version

from contact_center.words import Channel, ContactState, Moments, NodeName, OfferState, Presence, TierName, Transfers, Waited


class NodeSeconds(Output):
    """A node of the flow, and how long the contact stayed in it."""

    node: NodeName
    kind: Annotated[str, Field(max_length=20)]
    seconds: Waited | None


class ContactData(Output):
    """A contact came into a state."""

    contact_id: Id
    customer_id: Id | None
    channel: Channel
    direction: Annotated[str, Field(max_length=3, examples=["in"])]
    state: ContactState
    queue_id: Id | None
    agent_id: Id | None
    offer_id: Id | None
    tier: Stars | None
    arrived_at: Timestamp
    waited_seconds: Waited
    held_seconds: Waited
    transfers: Transfers
    answered_at: Timestamp | None
    ended_at: Timestamp | None
    wrap_up_code: Annotated[str, Field(max_length=64)] | None
    nodes: Annotated[list[NodeSeconds], Field(max_length=1_000)]


class ContactAbandonedData(ContactData):
    """The customer left before anybody answered; `silence` means that the flow heard nothing any longer."""

    reason: Annotated[str, Field(max_length=40, examples=["customer_left"])]


class ContactTransferredData(ContactData):
    """A contact was passed on; it waits again."""

    from_agent_id: Id | None


class ContactOfferedData(Output):
    """A contact was offered to an agent."""

    contact_id: Id
    customer_id: Id | None
    channel: Channel
    direction: Annotated[str, Field(max_length=3, examples=["in"])]
    state: ContactState
    queue_id: Id
    agent_id: Id
    offer_id: Id
    tier: Stars | None
    arrived_at: Timestamp
    waited_seconds: Waited


class OfferMadeData(Output):
    """A contact is reserved for an agent until `expires_at`."""

    offer_id: Id
    contact_id: Id
    customer_id: Id | None
    agent_id: Id
    queue_id: Id
    channel: Channel
    state: OfferState
    tier: Stars | None
    waited_seconds: Waited
    expires_at: Timestamp


class OfferData(Output):
    """An offer is over; `state` says how it ended."""

    offer_id: Id
    contact_id: Id
    agent_id: Id
    queue_id: Id | None
    channel: Channel
    state: OfferState
    reason: Annotated[str, Field(max_length=200)] | None


class AgentData(Output):
    """An agent was taken on or changed, or said what it is at; who let a call ring out is not responding."""

    agent_id: Id
    presence: Presence
    is_responding: bool


class QueueData(Output):
    """A queue was opened or changed."""

    queue_id: Id
    channels: Annotated[list[Channel], Field(max_length=8)]


class FlowData(Output):
    """A flow was written or rewritten."""

    flow_id: Id
    version: Version


class EntryPointData(Output):
    """An entry point was opened or changed."""

    entry_point_id: Id
    channel: Channel
    flow_id: Id | None
    queue_id: Id | None


class DedicationData(Output):
    """A customer was given a dedicated agent, or has none any longer."""

    customer_id: Id
    agent_id: Id


class TreatmentData(Output):
    """A tier is served in another way from now on."""

    tier: TierName
    head_start_seconds: Moments
    longest_wait_seconds: Moments | None
    preferred_seconds: Moments
    held_seconds: Moments
    version: Version


EVENTS: Mapping[str, type[Output]] = {
    "contact.in_flow": ContactData,
    "contact.queued": ContactData,
    "contact.offered": ContactOfferedData,
    "contact.assigned": ContactData,
    "contact.on_hold": ContactData,
    "contact.resumed": ContactData,
    "contact.transferred": ContactTransferredData,
    "contact.wrapping": ContactData,
    "contact.completed": ContactData,
    "contact.abandoned": ContactAbandonedData,
    "contact.changed": ContactData,
    "offer.made": OfferMadeData,
    "offer.accepted": OfferData,
    "offer.rejected": OfferData,
    "offer.timed_out": OfferData,
    "offer.withdrawn": OfferData,
    "agent.created": AgentData,
    "agent.changed": AgentData,
    "agent.presence_changed": AgentData,
    "queue.created": QueueData,
    "queue.changed": QueueData,
    "flow.created": FlowData,
    "flow.changed": FlowData,
    "entry_point.created": EntryPointData,
    "entry_point.changed": EntryPointData,
    "dedicated_agent.set": DedicationData,
    "dedicated_agent.removed": DedicationData,
    "tier_treatment.changed": TreatmentData,
}
