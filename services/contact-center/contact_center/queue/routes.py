"""Queues over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from service_kit.access.units import unit_for, units_of
from service_kit.web.pages import Page, PageOf
from service_kit.web.patches import PatchedDocumentIncomplete
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import Id

from contact_center.call import Call
from contact_center.queue import use_cases
from contact_center.queue.domain import OverflowUnknown, Queue, QueueNotFound
from contact_center.queue.schemas import NewQueue, QueuePatch, QueueView, queue_view
from contact_center.queue.store import QueueReader, QueueStore

router = Router(tags=["queues"])
FIRST = UUID(int=0)


@router.post("/v1/queues", status_code=201, response_model=QueueView, raises=[OverflowUnknown])
async def create_queue(body: NewQueue, call: Annotated[Call, requires("queues:write")]) -> Response:
    """Open a queue.

    `skills` are what every contact of the queue needs; `relaxation` lets needs go step by step as a
    contact waits longer, and `overflow` lets the agents of another queue in. An offer stands for
    `offer_seconds`; after a conversation the agent has `wrap_up_seconds` for its notes.
    """
    unit = unit_for(call.caller, body.unit, default=call.settings.unit)
    async with call.transaction() as tx:
        store = QueueStore(tx, units_of(call.caller))
        created = await use_cases.create(
            store, body.profile(), unit=unit, id=call.new_id(), at=call.at
        )
        return call.created(
            queue_view(created), location=f"/v1/queues/{created.id}", version=created.version
        )


@router.get("/v1/queues", response_model=Page[QueueView])
async def list_queues(
    call: Annotated[Call, requires("queues:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List queues, oldest first."""
    after = page.after[0] if page.after else FIRST
    async with call.reading() as reader:
        queues = await QueueReader(reader, units_of(call.caller)).page(
            after=after, limit=page.fetch
        )
    return call.page(
        page, [queue_view(queue) for queue in queues], next_cursor=page.next_cursor(queues, "id")
    )


@router.get("/v1/queues/{queue_id}", response_model=QueueView, raises=[QueueNotFound])
async def read_queue(queue_id: Id, call: Annotated[Call, requires("queues:read")]) -> Response:
    """Read a queue."""
    async with call.reading() as reader:
        queue = await QueueReader(reader, units_of(call.caller)).get(queue_id)
    return call.answer(queue_view(queue), version=queue.version)


@router.put(
    "/v1/queues/{queue_id}", response_model=QueueView, raises=[QueueNotFound, OverflowUnknown]
)
async def replace_queue(
    queue_id: Id, body: NewQueue, call: Annotated[Call, requires("queues:write")]
) -> Response:
    """Replace what a queue asks for; contacts that wait in it are looked at again at once."""
    async with call.transaction() as tx:
        store = QueueStore(tx, units_of(call.caller))
        queue = await store.locked(queue_id)
        return await _changed(call, store, queue, body)


@router.patch(
    "/v1/queues/{queue_id}",
    response_model=QueueView,
    raises=[QueueNotFound, OverflowUnknown, PatchedDocumentIncomplete],
)
async def change_queue(
    queue_id: Id,
    body: Annotated[QueuePatch, MergePatch],
    call: Annotated[Call, requires("queues:write")],
) -> Response:
    """Change some of what a queue asks for;
    contacts that wait in it are looked at again at once.
    """
    async with call.transaction() as tx:
        store = QueueStore(tx, units_of(call.caller))
        queue = await store.locked(queue_id)
        return await _changed(call, store, queue, body.merged(queue))


async def _changed(call: Call, store: QueueStore, queue: Queue, asked: NewQueue) -> Response:
    call.require_match(queue.version)
    unit = unit_for(call.caller, asked.unit, default=queue.unit) if asked.unit else queue.unit
    changed = await use_cases.change(store, queue, asked.profile(), unit=unit, at=call.at)
    return call.answer(queue_view(changed), version=changed.version)
