"""The figures of a queue, counted in Postgres."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service_kit.store.running import Reader
from service_kit.store.tables import Moment
from sqlalchemy import Integer, String, Uuid, and_, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import array

from contact_center.agent.domain import RoutingStatus, status_of
from contact_center.tables import agent, agent_work, contact, offer

_queue = bindparam("queue_id", type_=Uuid)
_since = bindparam("since", type_=Moment)
WAITING = select(func.count(), func.min(contact.c.waiting_since)).where(
    contact.c.queue_id == _queue, contact.c.state.in_(["queued", "offered"])
)
_in_time = case((offer.c.waited_seconds <= bindparam("target", type_=Integer), 1))
# Accepted offers stay with the queue that made them, while the contact may have been passed on since.
ANSWERED = select(func.count(), func.count(_in_time), func.avg(offer.c.waited_seconds)).where(
    offer.c.queue_id == _queue, offer.c.state == "accepted", offer.c.ended_at >= _since
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


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a queue answered: how many, how many of them in time, and the average seconds waited in it."""

    contacts: int
    in_time: int
    average_seconds: float | None


class FigureStore:
    """Counts for one queue."""

    def __init__(self, reader: Reader, queue_id: UUID) -> None:
        self._reader = reader
        self._queue_id = queue_id

    async def waiting(self) -> tuple[int, datetime | None]:
        """How many wait, and since when the first of them."""
        row = await self._reader.fetch_one(WAITING, queue_id=self._queue_id)
        assert row is not None, "an aggregate gives a row"
        return row[0], row[1]

    async def answered(self, *, since: datetime, target: int) -> Answered:
        """In time are those who waited no longer than `target` seconds in this queue."""
        row = await self._reader.fetch_one(ANSWERED, queue_id=self._queue_id, since=since, target=target)
        assert row is not None, "an aggregate gives a row"
        return Answered(contacts=row[0], in_time=row[1], average_seconds=None if row[2] is None else float(row[2]))

    async def abandoned(self, *, since: datetime) -> int:
        return int(await self._reader.fetch_value(ABANDONED, queue_id=self._queue_id, since=since))

    async def agents(self) -> dict[str, int]:
        """The agents of the queue by what they are at."""
        counts = dict.fromkeys((status.value for status in RoutingStatus), 0)
        for row in await self._reader.fetch(AGENTS, queue_id=self._queue_id):
            states = row["states"].split(",") if row["states"] else []
            status = status_of(row["presence"], is_responding=row["is_responding"], work_states=states)
            counts[status.value] += row["agents"]
        return counts
