"""Who sees a webhook endpoint and what was sent to it, and who changes it."""

from typing import Protocol
from uuid import UUID

from service_kit.access.caller import Caller

from gateway.client.use_cases import KnownClients, require_reach
from gateway.rights.domain import units_lie_within
from gateway.webhook.endpoint.domain import Endpoint, WebhookEndpointNotFound


class KnownEndpoints(Protocol):
    async def find(self, id: UUID) -> Endpoint | None: ...


async def visible(endpoints: KnownEndpoints, id: UUID, caller: Caller) -> Endpoint:
    """An endpoint of the caller's own client;
    or of any client, for who may change clients in those units.
    """
    endpoint = await endpoints.find(id)
    if endpoint is None or not may_see(endpoint.client_id, endpoint.units, caller):
        raise WebhookEndpointNotFound()
    return endpoint


async def governed(
    endpoints: KnownEndpoints, clients: KnownClients, id: UUID, caller: Caller
) -> Endpoint:
    """The endpoint, for somebody who wants to change it:
    of the caller's own client, or of one that this client may change.
    """
    endpoint = await visible(endpoints, id, caller)
    await require_reach(clients, endpoint.client_id, by=caller.client_id)
    return endpoint


def may_see(client_id: str, units: tuple[str, ...] | None, caller: Caller) -> bool:
    """Whether what belongs to this client and these units is shown to the caller."""
    return units_lie_within(units, caller.units) and (
        client_id == caller.client_id or caller.may("clients:write")
    )
