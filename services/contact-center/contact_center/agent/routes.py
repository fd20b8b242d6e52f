"""Agents over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from service_kit.access.units import unit_for, units_of
from service_kit.store.database import Transaction
from service_kit.store.moments import database_time
from service_kit.web.pages import Page, PageOf
from service_kit.web.patches import PatchedDocumentIncomplete
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import Id

from contact_center.acting import (
    OWN_PRESENCE,
    ActsForAnotherAgent,
    ActsForOneAgent,
    agent_of,
    require_acting_for,
    require_no_agent,
)
from contact_center.agent import use_cases
from contact_center.agent.domain import Agent, AgentNotFound, QueueOfAgentUnknown
from contact_center.agent.domain import Presence as PresenceState
from contact_center.agent.schemas import (
    AgentPatch,
    AgentView,
    NewAgent,
    PresenceIn,
    PresenceOut,
    agent_view,
    presence_out,
)
from contact_center.agent.store import AgentReader, AgentStore
from contact_center.call import Call
from contact_center.queue.store import QueueReader
from contact_center.words import Presence, variant

router = Router(tags=["agents"])
FIRST = UUID(int=0)


@router.post(
    "/v1/agents",
    status_code=201,
    response_model=AgentView,
    raises=[QueueOfAgentUnknown, ActsForOneAgent],
)
async def create_agent(body: NewAgent, call: Annotated[Call, requires("agents:write")]) -> Response:
    """Take on an agent.

    A new agent is offline; offers come once its presence is `available`. `capacity` says how many
    contacts of each channel the agent may have at once, those in wrap-up included.
    """
    require_no_agent(call.caller)
    unit = unit_for(call.caller, body.unit, default=call.settings.unit)
    async with call.transaction() as tx:
        queues = QueueReader(tx, units_of(call.caller))
        created = await use_cases.create(
            AgentStore(tx),
            queues,
            body.profile(),
            unit=unit,
            id=call.new_id(),
            at=await database_time(tx),
        )
        view = agent_view(created, ())
        return call.created(
            view,
            location=f"/v1/agents/{created.id}",
            version=created.version,
            variant=variant(view),
        )


@router.get("/v1/agents", response_model=Page[AgentView])
async def list_agents(
    call: Annotated[Call, requires("agents:read")],
    page: Annotated[PageOf, Depends()],
    queue_id: Annotated[Id | None, Query(description="Only agents of this queue.")] = None,
    presence: Annotated[
        Presence | None, Query(description="Only agents with this presence.")
    ] = None,
) -> Response:
    """List agents with what they are at, oldest first."""
    after = page.after[0] if page.after else FIRST
    async with call.reading() as reader:
        store = AgentReader(reader, units_of(call.caller))
        agents = await store.page(
            after=after, limit=page.fetch, queue_id=queue_id, presence=presence
        )
        works = await store.works(agent.id for agent in agents)
    views = [agent_view(agent, works.get(agent.id, ())) for agent in agents]
    return call.page(page, views, next_cursor=page.next_cursor(agents, "id"))


@router.get("/v1/agents/{agent_id}", response_model=AgentView, raises=[AgentNotFound])
async def read_agent(agent_id: Id, call: Annotated[Call, requires("agents:read")]) -> Response:
    """Read an agent with what it is at."""
    async with call.reading() as reader:
        store = AgentReader(reader, units_of(call.caller))
        agent = await store.get(agent_id)
        view = agent_view(agent, (await store.works([agent_id])).get(agent_id, ()))
    return call.answer(view, version=agent.version, variant=variant(view))


@router.put(
    "/v1/agents/{agent_id}",
    response_model=AgentView,
    raises=[AgentNotFound, QueueOfAgentUnknown, ActsForOneAgent],
)
async def replace_agent(
    agent_id: Id, body: NewAgent, call: Annotated[Call, requires("agents:write")]
) -> Response:
    """Replace an agent's profile; contacts in hand are not touched."""
    require_no_agent(call.caller)
    async with call.transaction() as tx:
        agent = await AgentStore(tx, units_of(call.caller)).locked(agent_id)
        return await _changed(call, tx, agent, body)


@router.patch(
    "/v1/agents/{agent_id}",
    response_model=AgentView,
    raises=[AgentNotFound, QueueOfAgentUnknown, PatchedDocumentIncomplete, ActsForOneAgent],
)
async def change_agent(
    agent_id: Id,
    body: Annotated[AgentPatch, MergePatch],
    call: Annotated[Call, requires("agents:write")],
) -> Response:
    """Change some of an agent's profile; contacts in hand are not touched."""
    require_no_agent(call.caller)
    async with call.transaction() as tx:
        agent = await AgentStore(tx, units_of(call.caller)).locked(agent_id)
        return await _changed(call, tx, agent, body.merged(agent))


@router.get(
    "/v1/agents/{agent_id}/presence", response_model=PresenceOut, raises=[AgentNotFound], etag=False
)
async def read_agent_presence(
    agent_id: Id, call: Annotated[Call, requires("agents:read")]
) -> Response:
    """Read what an agent is at."""
    async with call.reading() as reader:
        store = AgentReader(reader, units_of(call.caller))
        agent = await store.get(agent_id)
        return call.answer(presence_out(agent, (await store.works([agent_id])).get(agent_id, ())))


@router.put(
    "/v1/agents/{agent_id}/presence",
    response_model=PresenceOut,
    raises=[AgentNotFound, ActsForAnotherAgent],
    conditional=False,
)
async def replace_agent_presence(
    agent_id: Id,
    body: PresenceIn,
    call: Annotated[Call, requires("agents:write", instead=(OWN_PRESENCE,))],
) -> Response:
    """Say what an agent is at.

    Only `available` agents get offers; saying it again ends `not_responding`. Contacts in hand stay
    in hand, an offer that was not answered yet is withdrawn and goes to somebody else.
    `presence:write` is enough for the agent for whom the token acts; a token that acts for an agent
    says it for nobody else.
    """
    require_acting_for(call.caller, agent_id, broad=("agents:write",))
    units = None if agent_of(call.caller) == agent_id else units_of(call.caller)
    async with call.transaction() as tx:
        store = AgentStore(tx, units)
        agent = await use_cases.change_presence(
            store, agent_id, PresenceState(body.presence), at=await database_time(tx)
        )
        return call.answer(presence_out(agent, (await store.works([agent_id])).get(agent_id, ())))


async def _changed(call: Call, tx: Transaction, agent: Agent, asked: NewAgent) -> Response:
    call.require_match(agent.version)
    unit = unit_for(call.caller, asked.unit, default=agent.unit) if asked.unit else agent.unit
    store = AgentStore(tx)
    queues = QueueReader(tx, units_of(call.caller))
    changed = await use_cases.change(store, queues, agent, asked.profile(), unit=unit, at=call.at)
    view = agent_view(changed, (await store.works([agent.id])).get(agent.id, ()))
    return call.answer(view, version=changed.version, variant=variant(view))
