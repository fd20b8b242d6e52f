"""Many contacts at once for the router: who waits, and offers of a whole batch in few statements.

A save has its consequences one by one; here the statement that takes the contacts writes their
offers and places too. The router marks nothing for itself, and nobody who waits is in a flow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.statements import rows
from service_kit.store.tables import Moment
from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Integer,
    SmallInteger,
    String,
    Table,
    Uuid,
    any_,
    bindparam,
    insert,
    literal,
    select,
    update,
)

from contact_center.agent.work import Work
from contact_center.contact.events import ContactOffered, OfferMade
from contact_center.tables import agent, agent_work, contact, offer

_identity = ("id", "unit", "channel", "customer_id", "queue_id", "version")
_needs = (
    "tier",
    "is_key_contact",
    "language",
    "needed_skills",
    "needed_language",
    "priority_seconds",
)
_wait = (
    "arrived_at",
    "queued_at",
    "waiting_since",
    "target_agent_id",
    "dedicated_agent_id",
    "last_agent_id",
    "declined",
)
_waiting = select(*(contact.c[name] for name in (*_identity, *_needs, *_wait)))
WAITING = _waiting.where(contact.c.state == "queued")
SOME = _waiting.where(
    contact.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))), contact.c.state == "queued"
)
_asked_agents = rows("agents", id=Uuid, version=Integer)
# The agents are locked in the order of their ids, and only those who still are what the router took
# them for.
READY = (
    select(agent.c.id)
    .join(
        _asked_agents,
        (_asked_agents.c.id == agent.c.id) & (_asked_agents.c.version == agent.c.version),
    )
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
    .where(
        contact.c.id == _asked.c.contact_id,
        contact.c.version == _asked.c.version,
        contact.c.state == "queued",
    )
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


def _insert_taken(table: Table, *asked: str, **others: ColumnElement[Any]) -> CTE:
    """A row for each contact that was taken:
    what was asked under the columns' own names, and `others`.
    """
    columns = {**{name: _asked.c[name] for name in asked}, **others}
    taken = select(*columns.values()).select_from(
        _asked.join(_taken, _taken.c.id == _asked.c.contact_id)
    )
    return insert(table).from_select(list(columns), taken).cte(f"new_{table.name}")


_shared = ("contact_id", "agent_id", "queue_id", "channel")
_offered = _insert_taken(
    offer,
    *_shared,
    "unit",
    "expires_at",
    id=_asked.c.offer_id,
    state=literal("pending"),
    made_at=_at,
)
_placed = _insert_taken(
    agent_work, *_shared, "slot", state=literal("offered"), since=_at, until=_asked.c.expires_at
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
        parties = {"offer_id": self.offer_id, "agent_id": self.agent_id}
        tx.record(ContactOffered.of(self.contact, **parties, at=at))
        tx.tell(OfferMade.of(self.contact, **parties, expires_at=self.expires_at, at=at))


async def waiting(reader: Reader) -> list[Record]:
    """All queued contacts."""
    return await reader.fetch(WAITING)


async def some_waiting(reader: Reader, ids: Iterable[UUID]) -> list[Record]:
    """Those of the contacts that are queued."""
    return await reader.fetch(SOME, ids=list(ids))


async def make_offers(tx: Transaction, proposals: Sequence[Proposal], *, at: datetime) -> set[UUID]:
    """Make the offers whose contacts and agents are still what they were taken for;
    the contacts that were offered.
    """
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
    asked = {
        f"asked_{name}": [getattr(each, name) for each in proposals]
        for name in ("offer_id", "agent_id", "slot", "expires_at")
    }
    waiting = {
        f"asked_{name}": [each.contact[name] for each in proposals]
        for name in ("version", "queue_id", "channel", "unit")
    }
    return {**asked, **waiting, "asked_contact_id": [each.contact["id"] for each in proposals]}
