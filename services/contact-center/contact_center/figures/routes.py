"""The figures of a queue over HTTP."""

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Response
from service_kit.access.units import units_of
from service_kit.store.moments import database_time
from service_kit.web.call import Call
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id, Timestamp

from contact_center.figures.schemas import AgentCounts, QueueFigures
from contact_center.figures.store import FigureStore
from contact_center.queue.domain import Queue, QueueUnknown
from contact_center.queue.store import QueueReader

router = Router(tags=["queues"])
COUNTED_FOR = timedelta(days=90)
"""Nothing is counted for longer than the events of this service are kept."""
SINCE = "Count from here on, at most for 90 days; the beginning of the company's day by default."


@router.get("/v1/queues/{queue_id}/figures", response_model=QueueFigures, raises=[QueueUnknown])
async def read_figures(
    queue_id: Id,
    call: Annotated[Call, requires("queues:read")],
    since: Annotated[Timestamp | None, Query(description=SINCE)] = None,
) -> Response:
    """Read how a queue is doing: who waits and for how long, what its agents are at, its service level.

    A contact that is passed on counts in every queue that answered it, with the seconds that it waited there.
    """
    async with call.reading() as reader:
        queue, at = await QueueReader(reader, units_of(call.caller)).get(queue_id), await database_time(reader)
        counted_from = max(since or start_of_day(at, ZoneInfo(call.settings.time_zone)), at - COUNTED_FOR)
        return call.answer(await figures(FigureStore(reader, queue_id), queue, since=counted_from, at=at))


async def figures(store: FigureStore, queue: Queue, *, since: datetime, at: datetime) -> QueueFigures:
    waiting, first_since = await store.waiting()
    answered = await store.answered(since=since, target=queue.profile.service_level_seconds)
    abandoned = await store.abandoned(since=since)
    counted = answered.contacts + abandoned
    return QueueFigures(
        queue_id=queue.id,
        at=at,
        since=since,
        waiting=waiting,
        longest_wait_seconds=0.0 if first_since is None else max(0.0, round((at - first_since).total_seconds(), 3)),
        agents=AgentCounts(**await store.agents()),
        answered=answered.contacts,
        abandoned=abandoned,
        service_level=None if counted == 0 else round(answered.in_time / counted, 4),
        average_speed_of_answer=None if answered.average_seconds is None else round(answered.average_seconds, 3),
    )


def start_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the day in that time zone."""
    return datetime.combine(at.astimezone(zone).date(), time(), zone)
