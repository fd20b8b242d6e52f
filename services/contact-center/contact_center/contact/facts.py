"""What events say of a contact: ids and business facts, nothing that leads to a person."""

from datetime import datetime
from uuid import UUID

from contact_center.contact.domain import Contact


def facts(contact: Contact, *, at: datetime) -> dict[str, object]:
    """The payload of every event of a contact."""
    return {
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
        "nodes": [{"node": visit.node, "kind": visit.kind, "seconds": visit.seconds} for visit in contact.journey.visits],
    }


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
