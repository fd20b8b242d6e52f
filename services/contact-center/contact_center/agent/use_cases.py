"""Create and change agents, and say what they are at."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contact_center.agent.domain import Agent, Presence, Profile, QueueOfAgentUnknown


class Agents(Protocol):
    async def locked(self, agent_id: UUID) -> Agent: ...
    async def add(self, added: Agent) -> None: ...
    async def save(self, changed: Agent) -> None: ...
    async def save_presence(self, changed: Agent, *, at: datetime) -> None: ...


class KnownQueues(Protocol):
    """The queues that the caller may see."""

    async def known(self, ids: Iterable[UUID]) -> frozenset[UUID]: ...


async def create(
    agents: Agents, queues: KnownQueues, profile: Profile, *, unit: str, id: UUID, at: datetime
) -> Agent:
    """A new agent, offline until its first presence."""
    await _check_queues(queues, frozenset(profile.queues))
    created = Agent(
        id=id,
        unit=unit,
        profile=profile,
        presence=Presence.OFFLINE,
        presence_since=at,
        is_responding=True,
        idle_since=at,
        version=1,
        created_at=at,
        updated_at=at,
    )
    await agents.add(created)
    return created


async def change(
    agents: Agents, queues: KnownQueues, agent: Agent, profile: Profile, *, unit: str, at: datetime
) -> Agent:
    """Another profile; queues that the agent serves already stay, whoever may see them."""
    await _check_queues(queues, frozenset(profile.queues) - frozenset(agent.profile.queues))
    changed = agent.described(profile, unit=unit, at=at)
    await agents.save(changed)
    return changed


async def change_presence(
    agents: Agents, agent_id: UUID, presence: Presence, *, at: datetime
) -> Agent:
    """Say what the agent is at;
    contacts in hand stay in hand, an offer not yet answered is withdrawn by the router.
    """
    changed = (await agents.locked(agent_id)).present(presence, at=at)
    await agents.save_presence(changed, at=at)
    return changed


async def _check_queues(queues: KnownQueues, named: frozenset[UUID]) -> None:
    unknown = named - await queues.known(named)
    if unknown:
        raise QueueOfAgentUnknown(
            "the profile names queues that do not exist",
            queues=sorted(str(each) for each in unknown),
        )
