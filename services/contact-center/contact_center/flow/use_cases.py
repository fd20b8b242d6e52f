"""Create flows, and replace them by another version."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contact_center.flow.domain import Flow, checked


class Flows(Protocol):
    async def add(self, added: Flow) -> None: ...
    async def save(self, changed: Flow) -> None: ...


class KnownQueues(Protocol):
    """The queues that the caller may see."""

    async def known(self, ids: Iterable[UUID]) -> frozenset[UUID]: ...


async def create(flows: Flows, queues: KnownQueues, flow: Flow) -> Flow:
    """Keep a new flow; FlowInconsistent when its graph is not sound."""
    await flows.add(checked(flow, known_queues=await queues.known(flow.queue_ids())))
    return flow


async def replace_flow(
    flows: Flows, queues: KnownQueues, flow: Flow, written: Flow, *, at: datetime
) -> Flow:
    """Keep another version of a flow; contacts that are in it finish the one that they began with.

    Queues that the flow leads to already stay, whoever may see them.
    """
    following = replace(
        written, id=flow.id, version=flow.version + 1, created_at=flow.created_at, updated_at=at
    )
    known = flow.queue_ids() | await queues.known(following.queue_ids())
    await flows.save(checked(following, known_queues=known))
    return following
