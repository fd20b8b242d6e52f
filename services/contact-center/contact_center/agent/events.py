"""What is told of agents."""

from datetime import datetime

from service_kit.store.events import Event, Told
from service_kit.words.fields import Id

from contact_center.agent.domain import Agent
from contact_center.words import Presence


class AgentTold(Event):
    """An agent was taken on or changed, or said what it is at;
    who let a call ring out is not responding.
    """

    agent_id: Id
    presence: Presence
    is_responding: bool

    @classmethod
    def of(cls, agent: Agent, *, at: datetime) -> Told:
        told = cls(
            agent_id=agent.id, presence=agent.presence.value, is_responding=agent.is_responding
        )
        return told.about(agent.id, unit=agent.unit, at=at)


class AgentCreated(AgentTold, type="agent.created"):
    """An agent was taken on."""


class AgentChanged(AgentTold, type="agent.changed"):
    """An agent's profile was changed."""


class AgentPresenceChanged(AgentTold, type="agent.presence_changed"):
    """An agent said what it is at, or let a call ring out and is not responding."""
