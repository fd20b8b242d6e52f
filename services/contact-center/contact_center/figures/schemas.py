"""The figures of a queue as the API shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from service_kit.words.fields import Count, Id, Output, Timestamp

from contact_center.figures.domain import Counted
from contact_center.words import Waited

Ratio = Annotated[float, Field(ge=0, le=1, json_schema_extra={"format": "double"})]


class AgentCounts(Output):
    """The agents of the queue by what they are at."""

    off_queue: Count
    idle: Count
    offered: Count
    interacting: Count
    wrapping: Count
    not_responding: Count


class QueueFigures(Output):
    """The present figures of a queue; what is counted is counted since `since`.

    `service_level` is the share of answered and abandoned contacts that were answered within the
    queue's seconds; it and the average speed of answer are null where nothing was counted yet.
    """

    queue_id: Id
    at: Timestamp
    since: Timestamp
    waiting: Count
    longest_wait_seconds: Waited
    agents: AgentCounts
    answered: Count
    abandoned: Count
    service_level: Ratio | None
    average_speed_of_answer: Waited | None


def queue_figures(
    queue_id: UUID, counted: Counted, *, since: datetime, at: datetime
) -> QueueFigures:
    return QueueFigures(
        queue_id=queue_id,
        at=at,
        since=since,
        waiting=counted.waiting,
        longest_wait_seconds=counted.longest_wait(at),
        agents=AgentCounts(**counted.agents),
        answered=counted.answered,
        abandoned=counted.abandoned,
        service_level=counted.service_level,
        average_speed_of_answer=counted.average_speed_of_answer,
    )
