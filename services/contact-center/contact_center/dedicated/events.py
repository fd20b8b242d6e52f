"""What is told of dedicated agents."""

from collections.abc import Mapping
from datetime import datetime

from service_kit.store.outbox import Event
from service_kit.words.fields import Id, Output

from contact_center.dedicated.domain import Dedication


class DedicationData(Output):
    """A customer was given a dedicated agent, or has none any longer."""

    customer_id: Id
    agent_id: Id


EVENTS: Mapping[str, type[Output]] = {
    "dedicated_agent.set": DedicationData,
    "dedicated_agent.removed": DedicationData,
}


def of_dedication(type_: str, dedication: Dedication, *, at: datetime) -> Event:
    payload = {"customer_id": str(dedication.customer_id), "agent_id": str(dedication.agent_id)}
    return Event(
        type=type_, subject=dedication.customer_id, unit=dedication.unit, at=at, payload=payload
    )
