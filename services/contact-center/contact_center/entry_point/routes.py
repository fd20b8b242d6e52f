"""Entry points over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from service_kit.access.units import unit_for, units_of
from service_kit.store.database import Transaction
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id

from contact_center.call import Call
from contact_center.entry_point.domain import (
    AddressTaken,
    EntryPoint,
    EntryPointNotFound,
    TargetUnknown,
)
from contact_center.entry_point.schemas import EntryPointView, NewEntryPoint, entry_point_view
from contact_center.entry_point.store import EntryPointReader, EntryPointStore
from contact_center.flow.store import FlowReader, Graphs
from contact_center.identifiers import written
from contact_center.queue.domain import ChannelNotServed
from contact_center.queue.store import QueueReader

router = Router(tags=["entry points"])
FIRST = UUID(int=0)
OPENING = [AddressTaken, TargetUnknown, ChannelNotServed]


@router.post("/v1/entry-points", status_code=201, response_model=EntryPointView, raises=OPENING)
async def create_entry_point(
    body: NewEntryPoint, call: Annotated[Call, requires("queues:write")]
) -> Response:
    """Say where contacts to an address begin: in a flow, or in a queue at once.

    An address is kept once per channel, and every queue that it leads to serves that channel.
    `language` is what its callers are taken to speak; `priority_seconds` is a head start for
    everybody who comes in here.
    """
    unit = unit_for(call.caller, body.unit, default=call.settings.unit)
    async with call.transaction() as tx:
        await _check_target(call, tx, body)
        opened = _entry_point(body, call, id=call.new_id(), unit=unit)
        await EntryPointStore(tx).add(opened)
        return call.created(
            entry_point_view(opened), location=f"/v1/entry-points/{opened.id}", version=1
        )


@router.get("/v1/entry-points", response_model=Page[EntryPointView])
async def list_entry_points(
    call: Annotated[Call, requires("queues:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List entry points, oldest first."""
    after = page.after[0] if page.after else FIRST
    async with call.reading() as reader:
        entries = await EntryPointReader(reader, units_of(call.caller)).page(
            after=after, limit=page.fetch
        )
    return call.page(
        page,
        [entry_point_view(entry) for entry in entries],
        next_cursor=page.next_cursor(entries, "id"),
    )


@router.get(
    "/v1/entry-points/{entry_point_id}", response_model=EntryPointView, raises=[EntryPointNotFound]
)
async def read_entry_point(
    entry_point_id: Id, call: Annotated[Call, requires("queues:read")]
) -> Response:
    """Read an entry point."""
    async with call.reading() as reader:
        entry = await EntryPointReader(reader, units_of(call.caller)).get(entry_point_id)
    return call.answer(entry_point_view(entry), version=entry.version)


@router.put(
    "/v1/entry-points/{entry_point_id}",
    response_model=EntryPointView,
    raises=[EntryPointNotFound, *OPENING],
)
async def replace_entry_point(
    entry_point_id: Id, body: NewEntryPoint, call: Annotated[Call, requires("queues:write")]
) -> Response:
    """Replace an entry point: its address, or where it leads."""
    async with call.transaction() as tx:
        store = EntryPointStore(tx, units_of(call.caller))
        before = await store.locked(entry_point_id)
        call.require_match(before.version)
        if (body.channel, body.flow_id, body.queue_id) != (
            before.channel,
            before.flow_id,
            before.queue_id,
        ):
            await _check_target(call, tx, body)
        unit = unit_for(call.caller, body.unit, default=before.unit) if body.unit else before.unit
        changed = _entry_point(body, call, id=before.id, unit=unit, before=before)
        await store.save(before, changed)
        return call.answer(entry_point_view(changed), version=changed.version)


async def _check_target(call: Call, tx: Transaction, body: NewEntryPoint) -> None:
    units = units_of(call.caller)
    if body.flow_id is not None:
        flows = FlowReader(tx, call.part(Graphs), units)
        if not await flows.known([body.flow_id]):
            raise TargetUnknown()
        queues = await QueueReader(tx).some((await flows.present(body.flow_id)).queue_ids())
    else:
        queues = await QueueReader(tx, units).some([body.queue_id])
        if not queues:
            raise TargetUnknown()
    for queue in queues:
        queue.serving(body.channel)


def _entry_point(
    body: NewEntryPoint, call: Call, *, id: UUID, unit: str, before: EntryPoint | None = None
) -> EntryPoint:
    return EntryPoint(
        id=id,
        unit=unit,
        channel=body.channel,
        address=written(
            body.channel, body.address, region=call.settings.phone_region, pointer="/address"
        ),
        flow_id=body.flow_id,
        queue_id=body.queue_id,
        language=body.language,
        priority_seconds=body.priority_seconds,
        version=1 if before is None else before.version + 1,
        created_at=call.at if before is None else before.created_at,
        updated_at=call.at,
    )
