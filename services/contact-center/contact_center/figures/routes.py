"""How a queue is doing right now, and since when it counts."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query, Response
from pydantic import Field
from service_kit.call import Call
from service_kit.database import Reader
from service_kit.routing import Router, requires
from service_kit.tables import Moment
from service_kit.units import units_of
from service_kit.words import Count, Id, Output, Timestamp
from sqlalchemy import String, Uuid, and_, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import array

from contact_center.agent.domain import RoutingStatus, status_of
from contact_center.queue.domain import QueueUnknown
from contact_center.queue.store import QueueStore
from contact_center.tables import agent, agent_work, contact
from contact_center.words import Waited

router = Router(tags=["queues"])
Ratio = Annotated[float, Field(ge=0, le=1, json_schema_extra={"format": "double"})]

_queue = bindparam("queue_id", type_=Uuid)
_since = bindparam("since", type_=Moment)
WAITING = select(func.count(), func.min(contact.c.waiting_since)).where(
    contact.c.queue_id == _queue, contact.c.state.in_(["queued", "offered"])
)
_in_time = case((contact.c.waited_seconds <= bindparam("target"), 1))
ANSWERED = select(func.count(), func.count(_in_time), func.avg(contact.c.waited_seconds)).where(
    contact.c.queue_id == _queue, contact.c.answered_at >= _since
)
ABANDONED = select(func.count()).where(contact.c.queue_id == _queue, contact.c.state == "abandoned", contact.c.ended_at >= _since)
_hands = (
    select(agent_work.c.agent_id, func.string_agg(agent_work.c.state.distinct(), ",").label("states"))
    .group_by(agent_work.c.agent_id)
    .subquery("hands")
)
_states = func.coalesce(_hands.c.states, "", type_=String)
AGENTS = (
    select(agent.c.presence, agent.c.is_responding, _states.label("states"), func.count().label("agents"))
    .select_from(agent.outerjoin(_hands, and_(_hands.c.agent_id == agent.c.id)))
    .where(agent.c.queues.contains(array([_queue])))
    .group_by(agent.c.presence, agent.c.is_responding, _states)
)


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

    `service_level` is the share of answered and abandoned contacts that were answered within the queue's seconds; it and the
    average speed of answer are null where nothing was counted yet.
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


@router.get("/v1/queues/{queue_id}/figures", response_model=QueueFigures, raises=[QueueUnknown])
async def read_figures(
    queue_id: Id,
    call: Annotated[Call, requires("queues:read")],
    since: Annotated[Timestamp | None, Query(description="Count from here on; the beginning of the company's day by default.")] = None,
) -> Response:
    """Read how a queue is doing: who waits and for how long, what its agents are at, its service level."""
    counted_from = since or start_of_day(call.at, ZoneInfo(call.settings.time_zone))
    async with call.reading() as reader:
        queue = await QueueStore(reader, units_of(call.caller)).get(queue_id)
        return call.answer(await figures(reader, queue_id, target=queue.profile.service_level_seconds, since=counted_from, at=call.at))


async def figures(reader: Reader, queue_id: UUID, *, target: int, since: datetime, at: datetime) -> QueueFigures:
    waiting = await reader.fetch_one(WAITING, queue_id=queue_id)
    answered = await reader.fetch_one(ANSWERED, queue_id=queue_id, since=since, target=target)
    abandoned = int(await reader.fetch_value(ABANDONED, queue_id=queue_id, since=since))
    assert waiting is not None, "an aggregate gives a row"
    assert answered is not None, "an aggregate gives a row"
    longest = 0.0 if waiting[1] is None else max(0.0, round((at - waiting[1]).total_seconds(), 3))
    counted = answered[0] + abandoned
    return QueueFigures(
        queue_id=queue_id,
        at=at,
        since=since,
        waiting=waiting[0],
        longest_wait_seconds=longest,
        agents=await _agents(reader, queue_id),
        answered=answered[0],
        abandoned=abandoned,
        service_level=None if counted == 0 else round(answered[1] / counted, 4),
        average_speed_of_answer=None if answered[2] is None else round(float(answered[2]), 3),
    )


async def _agents(reader: Reader, queue_id: UUID) -> AgentCounts:
    counts = dict.fromkeys((status.value for status in RoutingStatus), 0)
    for row in await reader.fetch(AGENTS, queue_id=queue_id):
        states = row["states"].split(",") if row["states"] else []
        status = status_of(row["presence"], is_responding=row["is_responding"], work_states=states)
        counts[status.value] += row["agents"]
    return AgentCounts(**counts)


def start_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the day in that time zone."""
    return datetime.combine(at.astimezone(zone).date(), time(), zone)
