"""What is told of agents."""

from collections.abc import Mapping
from datetime import datetime

from service_kit.store.outbox import Event
from service_kit.words.fields import Id, Output

from contact_center.agent.domain import Agent
from contact_center.words import Presence


class AgentData(Output):
    """An agent was taken on or changed, or said what it is at;
    who let a call ring out is not responding.
    """

    agent_id: Id
    presence: Presence
    is_responding: bool


EVENTS: Mapping[str, type[Output]] = {
    "agent.created": AgentData,
    "agent.changed": AgentData,
    "agent.presence_changed": AgentData,
}


def of_agent(type_: str, agent: Agent, *, at: datetime) -> Event:
    payload = {
        "agent_id": str(agent.id),
        "presence": agent.presence.value,
        "is_responding": agent.is_responding,
    }
    return Event(type=type_, subject=agent.id, unit=agent.unit, at=at, payload=payload)
