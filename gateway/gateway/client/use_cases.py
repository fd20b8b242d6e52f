"""What is done with clients: registered, changed, given a new secret, deleted;
never beyond the rights of who asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.events import Told

from gateway.client.domain import (
    LAST_GENERATION,
    Client,
    ClientNotFound,
    ClientOutOfReach,
    MakerDisabled,
    Secret,
    TooManyClients,
    digest_of,
    new_client_id,
)
from gateway.limit.domain import Policy
from gateway.rights.domain import Rights, units_lie_within


class KnownClients(Protocol):
    """Clients as they are read."""

    async def find(self, id: UUID) -> Client | None: ...

    async def find_by_client_id(self, client_id: str) -> Client | None: ...

    async def children_of(self, client_id: str) -> Sequence[str]: ...

    async def secrets(self, id: UUID) -> Sequence[Secret]: ...


class Clients(KnownClients, Protocol):
    """Clients in one transaction."""

    async def lock(self, client_id: str) -> None: ...

    async def end_tokens(self, client_id: str, *, at: datetime) -> None: ...

    async def add(self, client: Client, secret: Secret, event: Told) -> None: ...

    async def save(self, client: Client, event: Told) -> None: ...

    async def delete(self, client: Client, event: Told) -> None: ...

    async def add_secret(
        self, id: UUID, digest: bytes, *, at: datetime, others_expire_at: datetime
    ) -> None: ...


class Belongings(Protocol):
    """What stands under a client's id and ends with the client, such as its API keys."""

    async def end_all_of(self, client_id: str, *, at: datetime) -> None:
        """End them, each told as an event: whoever gets this id later does not inherit them."""
        ...


@dataclass(frozen=True)
class BelongingsOfClients:
    """The stores of all that stands under a client's id, as the composition root knows them."""

    stores: Sequence[Callable[[Transaction], Belongings]]


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
    default: Policy,
    client_id: str | None = None,
    maker: Client | None = None,
) -> Client:
    """A new client with rights that lie within those of who registers it,
    and of the client that does so, as it stands now.
    """
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
        made_by=None if maker is None else maker.client_id,
        generation=0 if maker is None else maker.generation + 1,
    )
    if maker is not None:
        client = replace(client, limit=limit or maker.limit)
        client.require_within(maker, default)
    await clients.add(client, Secret(digest=digest_of(secret), expires_at=None), client.created())
    return client


async def maker_of(clients: Clients, client_id: str, *, most: int) -> Client:
    """The client that registers another one, held until the end of the transaction:
    nobody changes it meanwhile.
    """
    await clients.lock(client_id)
    maker = await clients.find_by_client_id(client_id)
    if maker is None or not maker.is_enabled:
        raise MakerDisabled()
    if maker.generation >= LAST_GENERATION or len(await clients.children_of(client_id)) >= most:
        raise TooManyClients(most=most)
    return maker


async def visible(clients: KnownClients, id: UUID, held: Rights) -> Client:
    """The client, when its units lie within those of who asks."""
    client = await clients.find(id)
    if client is None or not units_lie_within(client.rights.units, held.units):
        raise ClientNotFound()
    return client


async def governed(clients: KnownClients, id: UUID, held: Rights, *, by: str) -> Client:
    """The client, for somebody who wants to change it:
    who could take it over must hold all that it holds, and stand above it.
    """
    client = await visible(clients, id, held)
    client.rights.require_within(held)
    await require_reach(clients, client.client_id, by=by)
    return client


async def require_reach(clients: KnownClients, client_id: str, *, by: str) -> None:
    """Raise ClientOutOfReach where the client `by` may not change the other one,
    nor what belongs to it.
    """
    if by == client_id:
        return
    client, asker = await clients.find_by_client_id(client_id), await clients.find_by_client_id(by)
    if client is None or asker is None or not await _reaches(clients, asker, client):
        raise ClientOutOfReach()


async def _reaches(clients: KnownClients, asker: Client, client: Client) -> bool:
    if client.made_by is None:
        return asker.may_change_of_operator(client)
    return asker.made_by is None or asker.client_id in await _above(clients, client)


async def _above(clients: KnownClients, client: Client) -> Sequence[str]:
    """Who registered the client, who registered that one, and so on."""
    found: list[str] = []
    maker: Client | None = client
    while maker is not None and maker.made_by is not None:
        found.append(maker.made_by)
        maker = await clients.find_by_client_id(maker.made_by)
    return found


async def change(
    clients: Clients,
    before: Client,
    changed: Client,
    event: Told,
    held: Rights,
    *,
    default: Policy,
) -> Client:
    """The change, within the rights of who asks and of who registered the client;
    what is taken is taken from its own clients too.
    """
    changed.rights.require_within(held)
    await _require_within_maker(clients, changed, default)
    await clients.lock(changed.client_id)
    await clients.save(changed, event)
    if changed.has_lost(before):
        await clients.end_tokens(changed.client_id, at=changed.updated_at)
    await _bound_children(clients, changed, default)
    return changed


async def _require_within_maker(clients: Clients, changed: Client, default: Policy) -> None:
    if changed.made_by is None:
        return
    await clients.lock(changed.made_by)
    maker = await clients.find_by_client_id(changed.made_by)
    if maker is not None:
        changed.require_within(maker, default)
    if changed.is_enabled and (maker is None or not maker.is_enabled):
        raise MakerDisabled()


async def _bound_children(clients: Clients, maker: Client, default: Policy) -> None:
    """Take from the clients that it registered, and from theirs, what it does not have any more.

    Locks are taken from the top down, as by everybody, and each child is read under its own: none
    is registered or widened meanwhile.
    """
    for client_id in await clients.children_of(maker.client_id):
        await clients.lock(client_id)
        child = await clients.find_by_client_id(client_id)
        bounded = None if child is None else child.bounded_by(maker, default, maker.updated_at)
        if child is None or bounded is None:
            continue
        narrowed, event = bounded
        await clients.save(narrowed, event)
        if narrowed.has_lost(child):
            await clients.end_tokens(client_id, at=maker.updated_at)
        await _bound_children(clients, narrowed, default)


async def rotate_secret(
    clients: Clients, client: Client, *, secret: str, overlap: timedelta, at: datetime
) -> Client:
    """A new secret at once;
    the old ones go on for the overlap, and without one the tokens that they were given end too.
    """
    rotated, event = client.secret_rotated(at)
    await clients.save(rotated, event)
    await clients.add_secret(client.id, digest_of(secret), at=at, others_expire_at=at + overlap)
    if not overlap:
        await clients.end_tokens(client.client_id, at=at)
    return rotated


async def delete(
    clients: Clients,
    client: Client,
    *,
    belongings: Sequence[Belongings],
    by: str,
    default: Policy,
    at: datetime,
) -> None:
    """The client is gone, what belonged to it has ended,
    and the clients that it registered are disabled.
    """
    client.require_other_than(by)
    await clients.lock(client.client_id)
    await _bound_children(clients, replace(client, is_enabled=False, updated_at=at), default)
    await clients.end_tokens(client.client_id, at=at)
    for each in belongings:
        await each.end_all_of(client.client_id, at=at)
    await clients.delete(client, client.deleted(at))


async def ensure(
    clients: Clients,
    *,
    id: UUID,
    client_id: str,
    name: str,
    rights: Rights,
    secret: str,
    default: Policy,
    at: datetime,
) -> Client:
    """The client as described, made or brought into that shape; saying it twice changes nothing."""
    found = await clients.find_by_client_id(client_id)
    if found is None:
        return await register(
            clients,
            id=id,
            client_id=client_id,
            name=name,
            rights=rights,
            limit=None,
            held=rights,
            secret=secret,
            default=default,
            at=at,
        )
    if replace(found, name=name, rights=rights, is_enabled=True) != found:
        changed, event = found.changed(
            name=name, rights=rights, is_enabled=True, limit=found.limit, at=at
        )
        found = await change(clients, found, changed, event, rights, default=default)
    if digest_of(secret) not in {
        known.digest for known in await clients.secrets(found.id) if known.is_valid(at)
    }:
        found = await rotate_secret(clients, found, secret=secret, overlap=timedelta(0), at=at)
    return found
