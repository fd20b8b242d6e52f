"""What is done with clients: registered, changed, given a new secret, deleted; never beyond the rights of who asks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from service_kit.outbox import Event

from gateway.client.domain import Client, ClientNotFound, Secret, digest_of, new_client_id
from gateway.limit.domain import Policy
from gateway.rights.domain import Rights, units_lie_within


class Clients(Protocol):
    async def find(self, id: UUID) -> Client | None: ...

    async def find_by_client_id(self, client_id: str) -> Client | None: ...

    async def add(self, client: Client, secret: Secret, event: Event) -> None: ...

    async def save(self, client: Client, event: Event) -> None: ...

    async def delete(self, client: Client, event: Event) -> None: ...

    async def secrets(self, id: UUID) -> Sequence[Secret]: ...

    async def add_secret(self, id: UUID, digest: bytes, *, at: datetime, others_expire_at: datetime) -> None: ...


class Belongings(Protocol):
    """What stands under a client's id and ends with the client, such as its API keys."""

    async def end_all_of(self, client_id: str, *, at: datetime) -> None:
        """End them, each told as an event: whoever gets this id later does not inherit them."""
        ...


async def register(
    clients: Clients,
    *,
    id: UUID,
    name: str,
    rights: Rights,
    limit: Policy | None,
    held: Rights,
    secret: str,
    at: datetime,
    client_id: str | None = None,
) -> Client:
    """A new client with rights that lie within those of who registers it."""
    client = Client(
        id=id,
        client_id=client_id or new_client_id(),
        name=name,
        rights=rights.require_within(held),
        is_enabled=True,
        limit=limit,
        created_at=at,
        updated_at=at,
        version=1,
    )
    await clients.add(client, Secret(digest=digest_of(secret), expires_at=None), client.created())
    return client


async def visible(clients: Clients, id: UUID, held: Rights) -> Client:
    """The client, when its units lie within those of who asks."""
    client = await clients.find(id)
    if client is None or not units_lie_within(client.rights.units, held.units):
        raise ClientNotFound()
    return client


async def governed(clients: Clients, id: UUID, held: Rights) -> Client:
    """The client, for somebody who wants to change it: who could take it over must hold all that it holds."""
    client = await visible(clients, id, held)
    client.rights.require_within(held)
    return client


async def change(clients: Clients, changed: Client, event: Event, held: Rights) -> Client:
    changed.rights.require_within(held)
    await clients.save(changed, event)
    return changed


async def rotate_secret(clients: Clients, client: Client, *, secret: str, overlap: timedelta, at: datetime) -> Client:
    """A new secret at once; the old ones go on for the overlap."""
    rotated, event = client.secret_rotated(at)
    await clients.save(rotated, event)
    await clients.add_secret(client.id, digest_of(secret), at=at, others_expire_at=at + overlap)
    return rotated


async def delete(clients: Clients, client: Client, *, belongings: Sequence[Belongings], by: str, at: datetime) -> None:
    """The client is gone, and what belonged to it has ended."""
    client.require_other_than(by)
    for each in belongings:
        await each.end_all_of(client.client_id, at=at)
    await clients.delete(client, client.deleted(at))


async def ensure(clients: Clients, *, id: UUID, client_id: str, name: str, rights: Rights, secret: str, at: datetime) -> Client:
    """The client as described, made or brought into that shape; saying it twice changes nothing."""
    found = await clients.find_by_client_id(client_id)
    if found is None:
        return await register(clients, id=id, client_id=client_id, name=name, rights=rights, limit=None, held=rights, secret=secret, at=at)
    if replace(found, name=name, rights=rights, is_enabled=True) != found:
        found, event = found.changed(name=name, rights=rights, is_enabled=True, limit=found.limit, at=at)
        await clients.save(found, event)
    if digest_of(secret) not in {known.digest for known in await clients.secrets(found.id) if known.is_valid(at)}:
        found = await rotate_secret(clients, found, secret=secret, overlap=timedelta(0), at=at)
    return found
