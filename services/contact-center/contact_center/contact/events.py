"""What is told of contacts and their offers:
ids and business facts, nothing that leads to a person.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from service_kit.store.events import Event, Told, by_type
from service_kit.store.running import Record
from service_kit.words.fields import Id, Output, Timestamp

from contact_center.contact.domain import Contact, Happened, State
from contact_center.contact.offers import OfferEnd, OfferState
from contact_center.moments import passed
from contact_center.words import Channel, ContactState, NodeName, Stars, Transfers, Waited
from contact_center.words import OfferState as OfferStateName

INBOUND = "in"


class NodeSeconds(Output):
    """A node of the flow, and how long the contact stayed in it."""

    node: NodeName
    kind: Annotated[str, Field(max_length=20)]
    seconds: Waited | None


class ContactTold(Event):
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

    @classmethod
    def of(cls, contact: Contact, happened: Happened, *, at: datetime) -> Told:
        told = cls(
            contact_id=contact.id,
            customer_id=contact.customer_id,
            channel=contact.channel,
            direction=INBOUND,
            state=contact.state.value,
            queue_id=contact.queue_id,
            agent_id=contact.agent_id,
            offer_id=contact.offer_id,
            tier=contact.tier,
            arrived_at=contact.arrived_at,
            waited_seconds=contact.waited(at),
            held_seconds=contact.held_seconds,
            transfers=contact.transfers,
            answered_at=contact.answered_at,
            ended_at=contact.ended_at,
            wrap_up_code=contact.wrap_up_code,
            nodes=[
                NodeSeconds(node=visit.node, kind=visit.kind, seconds=visit.seconds)
                for visit in contact.journey.visits
            ],
            **happened.extras,
        )
        return told.about(contact.id, unit=contact.unit, at=at)


class ContactInFlow(ContactTold, type="contact.in_flow"):
    """A contact is led by a flow."""


class ContactQueued(ContactTold, type="contact.queued"):
    """A contact waits in a queue."""


class ContactAssigned(ContactTold, type="contact.assigned"):
    """An agent took a contact."""


class ContactOnHold(ContactTold, type="contact.on_hold"):
    """A contact was put on hold."""


class ContactResumed(ContactTold, type="contact.resumed"):
    """A contact was taken up again."""


class ContactTransferred(ContactTold, type="contact.transferred"):
    """A contact was passed on; it waits again."""

    from_agent_id: Id | None


class ContactWrapping(ContactTold, type="contact.wrapping"):
    """A contact is over; the agent writes it up."""


class ContactCompleted(ContactTold, type="contact.completed"):
    """A contact is over and written up."""


class ContactAbandoned(ContactTold, type="contact.abandoned"):
    """The customer left before anybody answered;
    `silence` means that the flow heard nothing any longer.
    """

    reason: Annotated[str, Field(max_length=40, examples=["customer_left"])]


class ContactChanged(ContactTold, type="contact.changed"):
    """More is known of a contact; its state is the same."""


class ContactOffered(Event, type="contact.offered"):
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

    @classmethod
    def of(cls, queued: Record, *, offer_id: UUID, agent_id: UUID, at: datetime) -> Told:
        """A contact that waited, as the router read its row."""
        told = cls(
            **_both(queued, offer_id=offer_id, agent_id=agent_id, at=at),
            direction=INBOUND,
            state=State.OFFERED.value,
            arrived_at=queued["arrived_at"],
        )
        return told.about(queued["id"], unit=queued["unit"], at=at)


class OfferMade(Event, type="offer.made"):
    """A contact is reserved for an agent until `expires_at`."""

    offer_id: Id
    contact_id: Id
    customer_id: Id | None
    agent_id: Id
    queue_id: Id
    channel: Channel
    state: OfferStateName
    tier: Stars | None
    waited_seconds: Waited
    expires_at: Timestamp

    @classmethod
    def of(
        cls,
        queued: Record,
        *,
        offer_id: UUID,
        agent_id: UUID,
        expires_at: datetime,
        at: datetime,
    ) -> Told:
        """The offer that is made of a contact that waited."""
        told = cls(
            **_both(queued, offer_id=offer_id, agent_id=agent_id, at=at),
            state=OfferState.PENDING.value,
            expires_at=expires_at,
        )
        return told.about(offer_id, unit=queued["unit"], at=at)


class OfferOver(Event):
    """An offer is over; `state` says how it ended."""

    offer_id: Id
    contact_id: Id
    agent_id: Id
    queue_id: Id | None
    channel: Channel
    state: OfferStateName
    reason: Annotated[str, Field(max_length=200)] | None

    @classmethod
    def of(
        cls, contact: Contact, offer_id: UUID, end: OfferEnd, *, unit: str, at: datetime
    ) -> Told:
        """The offer that this contact stood in is over."""
        told = cls(
            offer_id=offer_id,
            contact_id=contact.id,
            agent_id=contact.agent_id,
            queue_id=contact.queue_id,
            channel=contact.channel,
            state=end.state.value,
            # What an agent writes may name somebody: it stays with the offer and in the audit.
            reason=None if end.state is OfferState.REJECTED else end.reason,
        )
        return told.about(offer_id, unit=unit, at=at)


class OfferAccepted(OfferOver, type="offer.accepted"):
    """An agent took what it was offered."""


class OfferRejected(OfferOver, type="offer.rejected"):
    """An agent turned an offer down."""


class OfferTimedOut(OfferOver, type="offer.timed_out"):
    """An agent did not answer an offer in time."""


class OfferWithdrawn(OfferOver, type="offer.withdrawn"):
    """An offer was taken back: the customer or the agent left."""


MOVES = by_type(ContactTold.__subclasses__())
ENDS = {
    OfferState.ACCEPTED: OfferAccepted,
    OfferState.REJECTED: OfferRejected,
    OfferState.TIMED_OUT: OfferTimedOut,
    OfferState.WITHDRAWN: OfferWithdrawn,
}


def _both(queued: Record, *, offer_id: UUID, agent_id: UUID, at: datetime) -> dict[str, Any]:
    """What is told alike of a contact and of the offer that is made of it."""
    return {
        "contact_id": queued["id"],
        "customer_id": queued["customer_id"],
        "channel": queued["channel"],
        "queue_id": queued["queue_id"],
        "agent_id": agent_id,
        "offer_id": offer_id,
        "tier": queued["tier"],
        "waited_seconds": passed(queued["waiting_since"], at),
    }
