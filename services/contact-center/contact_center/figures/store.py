"""The figures of a queue, counted in Postgres."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store.running import Reader
from service_kit.store.tables import Moment
from sqlalchemy import Executable, Integer, String, Uuid, and_, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import array

from contact_center.agent.domain import RoutingStatus, status_of
from contact_center.figures.domain import Counted
from contact_center.tables import agent, agent_work, contact, offer

_queue = bindparam("queue_id", type_=Uuid)
_since = bindparam("since", type_=Moment)
WAITING = select(func.count(), func.min(contact.c.waiting_since)).where(
    contact.c.queue_id == _queue, contact.c.state.in_(["queued", "offered"])
)
_in_time = case((offer.c.waited_seconds <= bindparam("target", type_=Integer), 1))
# Accepted offers stay with the queue that made them, while the contact may have been passed on
# since.
ANSWERED = select(func.count(), func.count(_in_time), func.avg(offer.c.waited_seconds)).where(
    offer.c.queue_id == _queue, offer.c.state == "accepted", offer.c.ended_at >= _since
)
ABANDONED = select(func.count()).where(
    contact.c.queue_id == _queue, contact.c.state == "abandoned", contact.c.ended_at >= _since
)
_hands = (
    select(
        agent_work.c.agent_id, func.string_agg(agent_work.c.state.distinct(), ",").label("states")
    )
    .group_by(agent_work.c.agent_id)
    .subquery("hands")
)
_states = func.coalesce(_hands.c.states, "", type_=String)
AGENTS = (
    select(
        agent.c.presence,
        agent.c.is_responding,
        _states.label("states"),
        func.count().label("agents"),
    )
    .select_from(agent.outerjoin(_hands, and_(_hands.c.agent_id == agent.c.id)))
    .where(agent.c.queues.contains(array([_queue])))
    .group_by(agent.c.presence, agent.c.is_responding, _states)
)


class FigureReader:
    """Counts for one queue."""

    def __init__(self, reader: Reader, queue_id: UUID) -> None:
        self._reader = reader
        self._queue_id = queue_id

    async def counted(self, *, since: datetime, target: int) -> Counted:
        """In time are those who waited no longer than `target` seconds in this queue."""
        waiting, first_waits_since = await self._aggregate(WAITING)
        answered, in_time, average = await self._aggregate(ANSWERED, since=since, target=target)
        (abandoned,) = await self._aggregate(ABANDONED, since=since)
        return Counted(
            waiting=waiting,
            first_waits_since=first_waits_since,
            agents=await self._agents(),
            answered=answered,
            in_time=in_time,
            average_seconds=None if average is None else float(average),
            abandoned=abandoned,
        )

    async def _aggregate(self, statement: Executable, **given: object) -> list[Any]:
        (row,) = await self._reader.fetch(statement, queue_id=self._queue_id, **given)
        return list(row.values())

    async def _agents(self) -> dict[str, int]:
        """The agents of the queue by what they are at."""
        counts = dict.fromkeys((status.value for status in RoutingStatus), 0)
        for row in await self._reader.fetch(AGENTS, queue_id=self._queue_id):
            states = row["states"].split(",") if row["states"] else []
            status = status_of(
                row["presence"], is_responding=row["is_responding"], work_states=states
            )
            counts[status.value] += row["agents"]
        return counts
