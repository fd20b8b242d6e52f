"""What is told of dedicated agents."""

from datetime import datetime

from service_kit.store.events import Event, Told
from service_kit.words.fields import Id

from contact_center.dedicated.domain import Dedication


class DedicationTold(Event):
    """A customer was given a dedicated agent, or has none any longer."""

    customer_id: Id
    agent_id: Id

    @classmethod
    def of(cls, dedication: Dedication, *, at: datetime) -> Told:
        told = cls(customer_id=dedication.customer_id, agent_id=dedication.agent_id)
        return told.about(dedication.customer_id, unit=dedication.unit, at=at)


class DedicatedAgentSet(DedicationTold, type="dedicated_agent.set"):
    """A customer was given a dedicated agent."""


class DedicatedAgentRemoved(DedicationTold, type="dedicated_agent.removed"):
    """A customer has no dedicated agent any longer."""
