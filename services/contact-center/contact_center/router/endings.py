"""What ends by itself:
offers that nobody answered, offers to agents who left, and wrap-up times.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service_kit.process.origin import Origin
from service_kit.store.database import Database, Transaction
from service_kit.store.moments import database_time

from contact_center.agent.domain import Agent
from contact_center.agent.store import AgentReader, AgentStore
from contact_center.contact.domain import Contact, Happened, State
from contact_center.contact.offers import OfferEnd, OfferState
from contact_center.contact.store import ContactStore

ORIGIN = Origin(client_id="endings", actor="system")
TOPIC = "endings"
# An offer that nobody answers ends this late at most, and the caller waits for it.
IDLE_SECONDS = 0.2
AGENT_LEFT = "agent_left"


class Endings:
    """Any number of replicas may run:
    each contact is ended by whoever locks it first, and by the database's time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self) -> bool:
        """End one batch; True when there may be more."""
        async with self._database.reading() as reader:
            at = await database_time(reader)
            due = await AgentReader(reader).due(at)
        if not due:
            return False
        async with self._database.transaction(origin=ORIGIN) as tx:
            ended = await self._end(tx, due, at=at)
        return ended > 0

    async def _end(self, tx: Transaction, due: Sequence[UUID], *, at: datetime) -> int:
        store = ContactStore(tx)
        contacts = await store.locked_free(due)
        # All agents are locked at once and in order, as the router locks them.
        agents = await AgentStore(tx).locked_some(
            contact.agent_id for contact in contacts if contact.agent_id is not None
        )
        ended, silent = 0, []
        for contact in contacts:
            if contact.agent_id is None:
                continue
            ending = ending_of(contact, agents[contact.agent_id], at=at)
            if ending is None:
                continue
            await store.save(contact, *ending, at=at)
            ended += 1
            if _was_not_answered(contact, ending[1]) and agents[contact.agent_id].takes_offers:
                silent.append(contact.agent_id)
        if silent:
            await AgentStore(tx).respond_no_more(
                [agents[agent_id] for agent_id in dict.fromkeys(silent)], at=at
            )
        return ended


def ending_of(
    contact: Contact, its_agent: Agent, *, at: datetime
) -> tuple[Contact, Happened] | None:
    """What ends of this contact now; None when somebody was quicker."""
    if (
        contact.state is State.WRAPPING
        and contact.wrap_up_until is not None
        and contact.wrap_up_until <= at
    ):
        return contact.completed(at=at)
    if contact.state is not State.OFFERED or contact.offer_expires_at is None:
        return None
    if contact.offer_expires_at <= at:
        return contact.returned(OfferEnd(OfferState.TIMED_OUT), at=at)
    if not its_agent.takes_offers:
        return contact.returned(OfferEnd(OfferState.WITHDRAWN, AGENT_LEFT), at=at)
    return None


def _was_not_answered(contact: Contact, happened: Happened) -> bool:
    """A call that rings out says that nobody sits there; a chat that nobody takes does not."""
    end = happened.offer_end
    return contact.channel == "voice" and end is not None and end.state is OfferState.TIMED_OUT
