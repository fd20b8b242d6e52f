"""Flows over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from service_kit.access.units import unit_for, units_of
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id

from contact_center.call import Call
from contact_center.flow import use_cases
from contact_center.flow.domain import Flow, FlowInconsistent, FlowNotFound
from contact_center.flow.schemas import FlowView, NewFlow, flow_view, written
from contact_center.flow.store import FlowReader, FlowStore, Graphs
from contact_center.queue.store import QueueReader

router = Router(tags=["flows"])
FIRST = UUID(int=0)


@router.post("/v1/flows", status_code=201, response_model=FlowView, raises=[FlowInconsistent])
async def create_flow(body: NewFlow, call: Annotated[Call, requires("queues:write")]) -> Response:
    """Write a flow: what a caller hears and presses before somebody answers.

    Nodes have names; each says which node comes next. Kinds: `say` speaks; `menu` and `collect`
    wait for digits; `hours` asks the clock; `check` asks what is known of the caller; `set` adds
    needs; `queue` and `hang_up` end the flow. Every node must be reachable and lead to an end, and
    no ring of nodes may go round without asking the caller: else 409 with every fault in `errors`.
    """
    unit = unit_for(call.caller, body.unit, default=call.settings.unit)
    async with call.transaction() as tx:
        queues = QueueReader(tx, units_of(call.caller))
        flow = await use_cases.create(
            FlowStore(tx, call.part(Graphs)), queues, _flow(body, call, id=call.new_id(), unit=unit)
        )
        return call.created(flow_view(flow), location=f"/v1/flows/{flow.id}", version=flow.version)


@router.get("/v1/flows", response_model=Page[FlowView])
async def list_flows(
    call: Annotated[Call, requires("queues:read")], page: Annotated[PageOf, Depends()]
) -> Response:
    """List flows, oldest first."""
    after = page.after[0] if page.after else FIRST
    async with call.reading() as reader:
        flows = await FlowReader(reader, call.part(Graphs), units_of(call.caller)).page(
            after=after, limit=page.fetch
        )
    return call.page(
        page, [flow_view(flow) for flow in flows], next_cursor=page.next_cursor(flows, "id")
    )


@router.get("/v1/flows/{flow_id}", response_model=FlowView, raises=[FlowNotFound])
async def read_flow(flow_id: Id, call: Annotated[Call, requires("queues:read")]) -> Response:
    """Read the present version of a flow."""
    async with call.reading() as reader:
        flow = await FlowReader(reader, call.part(Graphs), units_of(call.caller)).get(flow_id)
    return call.answer(flow_view(flow), version=flow.version)


@router.put("/v1/flows/{flow_id}", response_model=FlowView, raises=[FlowNotFound, FlowInconsistent])
async def replace_flow(
    flow_id: Id, body: NewFlow, call: Annotated[Call, requires("queues:write")]
) -> Response:
    """Replace a flow; contacts that are in it finish the version that they began with."""
    async with call.transaction() as tx:
        store = FlowStore(tx, call.part(Graphs), units_of(call.caller))
        flow = await store.locked(flow_id)
        call.require_match(flow.version)
        unit = unit_for(call.caller, body.unit, default=flow.unit) if body.unit else flow.unit
        asked = _flow(body, call, id=flow.id, unit=unit)
        replaced = await use_cases.replace_flow(
            store, QueueReader(tx, units_of(call.caller)), flow, asked, at=call.at
        )
        return call.answer(flow_view(replaced), version=replaced.version)


def _flow(body: NewFlow, call: Call, *, id: UUID, unit: str) -> Flow:
    return Flow(
        id=id,
        unit=unit,
        name=body.name,
        start=body.start,
        nodes=body.graph(),
        written=written(body.nodes),
        version=1,
        created_at=call.at,
        updated_at=call.at,
    )
