"""Many contacts at once for the router: who waits, and offers of a whole batch in few statements.

A save has its consequences one by one; here the statement that takes the contacts writes their offers and places too. The router marks
nothing for itself, and nobody who waits is in a flow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.statements import rows
from service_kit.store.tables import Moment
from sqlalchemy import ARRAY, Integer, SmallInteger, String, Uuid, any_, bindparam, insert, literal, select, update

from contact_center.agent.work import Work
from contact_center.contact import events
from contact_center.tables import agent, agent_work, contact, offer

_waiting = select(
    contact.c.id,
    contact.c.unit,
    contact.c.channel,
    contact.c.state,
    contact.c.customer_id,
    contact.c.tier,
    contact.c.is_key_contact,
    contact.c.language,
    contact.c.needed_skills,
    contact.c.needed_language,
    contact.c.priority_seconds,
    contact.c.queue_id,
    contact.c.arrived_at,
    contact.c.queued_at,
    contact.c.waiting_since,
    contact.c.target_agent_id,
    contact.c.dedicated_agent_id,
    contact.c.last_agent_id,
    contact.c.declined,
    contact.c.transfers,
    contact.c.held_seconds,
    contact.c.version,
)
WAITING = _waiting.where(contact.c.state == "queued")
SOME = _waiting.where(contact.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))), contact.c.state == "queued")
_asked_agents = rows("agents", id=Uuid, version=Integer)
# The agents are locked in the order of their ids, and only those who still are what the router took them for.
READY = (
    select(agent.c.id)
    .join(_asked_agents, (_asked_agents.c.id == agent.c.id) & (_asked_agents.c.version == agent.c.version))
    .where(agent.c.presence == "available", agent.c.is_responding)
    .order_by(agent.c.id)
    .with_for_update(of=agent, key_share=True)
)
_asked = rows(
    "asked",
    contact_id=Uuid,
    version=Integer,
    offer_id=Uuid,
    agent_id=Uuid,
    slot=SmallInteger,
    queue_id=Uuid,
    channel=String,
    unit=String,
    expires_at=Moment,
)
_at = bindparam("at", type_=Moment)
_taken = (
    update(contact)
    .where(contact.c.id == _asked.c.contact_id, contact.c.version == _asked.c.version, contact.c.state == "queued")
    .values(
        state="offered",
        offer_id=_asked.c.offer_id,
        agent_id=_asked.c.agent_id,
        offer_expires_at=_asked.c.expires_at,
        version=contact.c.version + 1,
        updated_at=_at,
    )
    .returning(contact.c.id, contact.c.offer_id)
    .cte("taken")
)
_both = _asked.join(_taken, _taken.c.id == _asked.c.contact_id)
_offered = (
    insert(offer)
    .from_select(
        ["contact_id", "id", "unit", "agent_id", "queue_id", "channel", "state", "made_at", "expires_at"],
        select(
            _asked.c.contact_id,
            _asked.c.offer_id,
            _asked.c.unit,
            _asked.c.agent_id,
            _asked.c.queue_id,
            _asked.c.channel,
            literal("pending"),
            _at,
            _asked.c.expires_at,
        ).select_from(_both),
    )
    .cte("offered")
)
_placed = (
    insert(agent_work)
    .from_select(
        ["agent_id", "channel", "slot", "contact_id", "queue_id", "state", "since", "until"],
        select(
            _asked.c.agent_id,
            _asked.c.channel,
            _asked.c.slot,
            _asked.c.contact_id,
            _asked.c.queue_id,
            literal("offered"),
            _at,
            _asked.c.expires_at,
        ).select_from(_both),
    )
    .cte("placed")
)
OFFER = select(_taken.c.id).add_cte(_offered, _placed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """An offer that the router wants to make, with what it took the contact and the agent for."""

    offer_id: UUID
    contact: Record
    agent_id: UUID
    agent_version: int
    slot: int
    expires_at: datetime

    def work(self, at: datetime) -> Work:
        """The place that the contact takes when the offer is made."""
        return Work(
            agent_id=self.agent_id,
            channel=self.contact["channel"],
            slot=self.slot,
            contact_id=self.contact["id"],
            queue_id=self.contact["queue_id"],
            state="offered",
            since=at,
            until=self.expires_at,
        )

    def tell(self, tx: Transaction, *, at: datetime) -> None:
        contact_offered, offer_made = events.of_offering(
            self.contact, offer_id=self.offer_id, agent_id=self.agent_id, expires_at=self.expires_at, at=at
        )
        tx.record(contact_offered)
        tx.tell(offer_made)


async def waiting(reader: Reader) -> list[Record]:
    """All queued contacts."""
    return await reader.fetch(WAITING)


async def some_waiting(reader: Reader, ids: Iterable[UUID]) -> list[Record]:
    """Those of the contacts that are queued."""
    return await reader.fetch(SOME, ids=list(ids))


async def make_offers(tx: Transaction, proposals: Sequence[Proposal], *, at: datetime) -> set[UUID]:
    """Make the offers whose contacts and agents are still what they were taken for; the contacts that were offered."""
    agents = {proposal.agent_id: proposal.agent_version for proposal in proposals}
    locked = await tx.fetch(READY, agents_id=list(agents), agents_version=list(agents.values()))
    ready = {row["id"] for row in locked}
    asked = [proposal for proposal in proposals if proposal.agent_id in ready]
    rows = await tx.fetch(OFFER, at=at, **_columns(asked))
    taken = {row["id"] for row in rows}
    for proposal in asked:
        if proposal.contact["id"] in taken:
            proposal.tell(tx, at=at)
    return taken


def _columns(proposals: Sequence[Proposal]) -> dict[str, object]:
    return {
        "asked_contact_id": [each.contact["id"] for each in proposals],
        "asked_version": [each.contact["version"] for each in proposals],
        "asked_offer_id": [each.offer_id for each in proposals],
        "asked_agent_id": [each.agent_id for each in proposals],
        "asked_slot": [each.slot for each in proposals],
        "asked_queue_id": [each.contact["queue_id"] for each in proposals],
        "asked_channel": [each.contact["channel"] for each in proposals],
        "asked_unit": [each.contact["unit"] for each in proposals],
        "asked_expires_at": [each.expires_at for each in proposals],
    }
