"""What is told of contacts and their offers:
ids and business facts, nothing that leads to a person.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from service_kit.store.outbox import Event
from service_kit.store.running import Record
from service_kit.words.fields import Id, Output, Stars, Timestamp

from contact_center.contact.domain import Contact, Happened
from contact_center.contact.offers import OfferEnd, OfferState
from contact_center.moments import passed
from contact_center.words import Channel, ContactState, NodeName, Transfers, Waited
from contact_center.words import OfferState as OfferStateName


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
    """The customer left before anybody answered;
    `silence` means that the flow heard nothing any longer.
    """

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
    state: OfferStateName
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
    state: OfferStateName
    reason: Annotated[str, Field(max_length=200)] | None


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
}


def of_move(contact: Contact, happened: Happened, *, at: datetime) -> Event:
    """A contact came into a state, or is known better now."""
    payload = {
        "contact_id": str(contact.id),
        "customer_id": _text(contact.customer_id),
        "channel": contact.channel,
        "direction": "in",
        "state": contact.state.value,
        "queue_id": _text(contact.queue_id),
        "agent_id": _text(contact.agent_id),
        "offer_id": _text(contact.offer_id),
        "tier": contact.tier,
        "arrived_at": contact.arrived_at.isoformat(),
        "waited_seconds": contact.waited(at),
        "held_seconds": contact.held_seconds,
        "transfers": contact.transfers,
        "answered_at": _moment(contact.answered_at),
        "ended_at": _moment(contact.ended_at),
        "wrap_up_code": contact.wrap_up_code,
        "nodes": [
            {"node": visit.node, "kind": visit.kind, "seconds": visit.seconds}
            for visit in contact.journey.visits
        ],
        **happened.extras,
    }
    return Event(type=happened.type, subject=contact.id, unit=contact.unit, at=at, payload=payload)


def of_offering(
    queued: Record, *, offer_id: UUID, agent_id: UUID, expires_at: datetime, at: datetime
) -> tuple[Event, Event]:
    """A contact that waited, as the router read its row, and the offer that is made of it."""
    facts = {
        "contact_id": str(queued["id"]),
        "customer_id": _text(queued["customer_id"]),
        "channel": queued["channel"],
        "queue_id": str(queued["queue_id"]),
        "agent_id": str(agent_id),
        "offer_id": str(offer_id),
        "tier": queued["tier"],
        "waited_seconds": passed(queued["waiting_since"], at),
    }
    contact = {
        **facts,
        "state": "offered",
        "direction": "in",
        "arrived_at": queued["arrived_at"].isoformat(),
    }
    offer = {**facts, "state": OfferState.PENDING.value, "expires_at": expires_at.isoformat()}
    return (
        Event(
            type="contact.offered",
            subject=queued["id"],
            unit=queued["unit"],
            at=at,
            payload=contact,
        ),
        Event(type="offer.made", subject=offer_id, unit=queued["unit"], at=at, payload=offer),
    )


def of_ending(contact: Contact, offer_id: UUID, end: OfferEnd, *, unit: str, at: datetime) -> Event:
    """The offer that this contact stood in is over."""
    payload = {
        "offer_id": str(offer_id),
        "contact_id": str(contact.id),
        "agent_id": str(contact.agent_id),
        "queue_id": _text(contact.queue_id),
        "channel": contact.channel,
        "state": end.state.value,
        # What an agent writes may name somebody: it stays with the offer and in the audit.
        "reason": None if end.state is OfferState.REJECTED else end.reason,
    }
    return Event(
        type=f"offer.{end.state.value}", subject=offer_id, unit=unit, at=at, payload=payload
    )


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
