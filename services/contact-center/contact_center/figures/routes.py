"""The figures of a queue over HTTP."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Response
from service_kit.access.units import units_of
from service_kit.store.moments import database_time
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id, Timestamp

from contact_center.call import Call
from contact_center.figures.domain import counted_from
from contact_center.figures.schemas import QueueFigures, queue_figures
from contact_center.figures.store import FigureReader
from contact_center.queue.domain import QueueNotFound
from contact_center.queue.store import QueueReader

router = Router(tags=["queues"])
SINCE = "Count from here on, at most for 90 days; the beginning of the company's day by default."


@router.get("/v1/queues/{queue_id}/figures", response_model=QueueFigures, raises=[QueueNotFound])
async def read_queue_figures(
    queue_id: Id,
    call: Annotated[Call, requires("queues:read")],
    since: Annotated[Timestamp | None, Query(description=SINCE)] = None,
) -> Response:
    """Read how a queue is doing: who waits and for how long, what its agents are at, its service
    level.

    A contact that is passed on counts in every queue that answered it, with the seconds that it
    waited there.
    """
    async with call.reading() as reader:
        queue, at = (
            await QueueReader(reader, units_of(call.caller)).get(queue_id),
            await database_time(reader),
        )
        from_ = counted_from(since, at=at, zone=ZoneInfo(call.settings.time_zone))
        counted = await FigureReader(reader, queue_id).counted(
            since=from_, target=queue.profile.service_level_seconds
        )
    return call.answer(queue_figures(queue_id, counted, since=from_, at=at))
