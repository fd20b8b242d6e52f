"""Dedicated agents over HTTP."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from service_kit.access.units import units_of
from service_kit.store.database import Transaction
from service_kit.web.pages import Page, PageOf
from service_kit.web.preconditions import EXISTS
from service_kit.web.routing import Router, requires
from service_kit.words.errors import PreconditionFailed
from service_kit.words.fields import Id

from contact_center.acting import ActsForOneAgent, require_no_agent
from contact_center.agent.store import AgentReader
from contact_center.call import Call
from contact_center.dedicated.domain import DedicatedAgentUnknown, Dedication, DedicationNotFound
from contact_center.dedicated.schemas import DedicationIn, DedicationView, dedication_view
from contact_center.dedicated.store import DedicationReader, DedicationStore
from contact_center.directory.digests import AddressDigests
from contact_center.directory.store import DirectoryReader

router = Router(tags=["dedicated agents"])
FIRST = UUID(int=0)


@router.get("/v1/dedicated-agents", response_model=Page[DedicationView])
async def list_dedicated_agents(
    call: Annotated[Call, requires("agents:read")],
    page: Annotated[PageOf, Depends()],
    agent_id: Annotated[Id | None, Query(description="Only customers of this agent.")] = None,
) -> Response:
    """List which customers have a dedicated agent, by customer id."""
    after = page.after[0] if page.after else FIRST
    async with call.reading() as reader:
        found = await DedicationReader(reader, units_of(call.caller)).page(
            after=after, limit=page.fetch, agent_id=agent_id
        )
    return call.page(
        page,
        [dedication_view(each) for each in found],
        next_cursor=page.next_cursor(found, "customer_id"),
    )


@router.get(
    "/v1/dedicated-agents/{customer_id}", response_model=DedicationView, raises=[DedicationNotFound]
)
async def read_dedicated_agent(
    customer_id: Id, call: Annotated[Call, requires("agents:read")]
) -> Response:
    """Read who is the dedicated agent of a customer."""
    async with call.reading() as reader:
        found = await DedicationReader(reader, units_of(call.caller)).get(customer_id)
    return call.answer(dedication_view(found), version=found.version)


@router.put(
    "/v1/dedicated-agents/{customer_id}",
    response_model=DedicationView,
    raises=[DedicationNotFound, DedicatedAgentUnknown, ActsForOneAgent],
)
async def replace_dedicated_agent(
    customer_id: Id, body: DedicationIn, call: Annotated[Call, requires("agents:write")]
) -> Response:
    """Say which agent goes first for a customer: `If-None-Match: *` for the first one, `If-Match`
    to replace.

    For how long the agent goes first stands in the tier treatments; while the agent is busy, others
    serve the customer.
    """
    require_no_agent(call.caller)
    async with call.transaction() as tx:
        present = await _present(call, tx, customer_id)
        if not await AgentReader(tx, units_of(call.caller)).known([body.agent_id]):
            raise DedicatedAgentUnknown()
        version = call.next_version(None if present is None else present.version)
        if present is None:
            unit = await _unit(call, tx, customer_id)
            written = Dedication(
                customer_id=customer_id,
                unit=unit,
                agent_id=body.agent_id,
                version=version,
                created_at=call.at,
                updated_at=call.at,
            )
            if not await DedicationStore(tx).add(written):
                raise PreconditionFailed(EXISTS)
        else:
            written = replace(present, agent_id=body.agent_id, version=version, updated_at=call.at)
            await DedicationStore(tx).save(written)
        return call.put(
            dedication_view(written),
            location=f"/v1/dedicated-agents/{customer_id}",
            version=version,
        )


@router.delete(
    "/v1/dedicated-agents/{customer_id}",
    status_code=204,
    raises=[DedicationNotFound, ActsForOneAgent],
)
async def remove_dedicated_agent(
    customer_id: Id, call: Annotated[Call, requires("agents:write")]
) -> Response:
    """Let a customer have no dedicated agent any longer."""
    require_no_agent(call.caller)
    async with call.transaction() as tx:
        present = await _present(call, tx, customer_id)
        if present is None:
            raise DedicationNotFound()
        call.require_match(present.version)
        await DedicationStore(tx).remove(present, at=call.at)
        return call.nothing()


async def _present(call: Call, tx: Transaction, customer_id: UUID) -> Dedication | None:
    """The present one; one of another unit is as unknown as if it were not there."""
    present = await DedicationStore(tx).locked(customer_id)
    if present is not None and not call.caller.sees(present.unit):
        raise DedicationNotFound()
    return present


async def _unit(call: Call, tx: Transaction, customer_id: UUID) -> str:
    """The customer's unit;
    whoever is kept to units dedicates agents to those only who are known to lie in them.
    """
    known = await DirectoryReader(tx, call.part(AddressDigests)).customer(customer_id)
    unit = None if known is None else known.unit
    if not call.caller.sees(unit):
        raise DedicationNotFound()
    return unit or str(call.settings.unit)
