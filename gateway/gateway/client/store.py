"""Clients and their secrets in the gateway's schema."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from service_kit.store.events import Told
from service_kit.store.running import Record
from service_kit.store.sqlstates import UniqueViolated
from service_kit.words.money import Money
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from gateway.client.domain import Client, ClientIdTaken, Secret
from gateway.limit.domain import Policy
from gateway.rights.domain import Rights
from gateway.rows import Reads, Writes, is_valid, page_of, units_within
from gateway.tables import client, client_name, client_secret, client_standing

# Rights and epoch from one snapshot: a token that is made of older rights carries the older epoch,
# and is refused.
_clients = select(client, func.coalesce(client_standing.c.epoch, 0).label("epoch")).outerjoin(
    client_standing, client_standing.c.client_id == client.c.client_id
)
FIND = _clients.where(client.c.id == bindparam("id"))
LOCK_NAME = (
    select(client_name.c.client)
    .where(client_name.c.client_id == bindparam("client_id"))
    .with_for_update()
)
FIND_BY_CLIENT_ID = _clients.join(client_name, client_name.c.client == client.c.id).where(
    client_name.c.client_id == bindparam("client_id")
)
CHILDREN = (
    select(client.c.client_id)
    .where(client.c.made_by == bindparam("client_id"))
    .order_by(client.c.client_id)
)
_end = insert_or_update(client_standing).values(
    {name: bindparam(name) for name in ("client_id", "epoch", "changed_at")}
)
END_TOKENS = _end.on_conflict_do_update(
    index_elements=[client_standing.c.client_id],
    set_={"epoch": client_standing.c.epoch + 1, "changed_at": _end.excluded.changed_at},
)
ADD = insert(client)
ADD_NAME = insert(client_name)
SAVE = (
    update(client)
    .where(client.c.id == bindparam("of_id"), client.c.version == bindparam("of_version"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in (
                "name",
                "scopes",
                "units",
                "approval_amount",
                "approval_currency",
                "agent_id",
                "is_enabled",
                "quota",
                "quota_seconds",
                "updated_at",
                "version",
            )
        }
    )
)
DELETE = delete(client).where(
    client.c.id == bindparam("id"), client.c.version == bindparam("version")
)
DELETE_NAME = delete(client_name).where(client_name.c.client_id == bindparam("client_id"))
SECRETS = select(client_secret.c.digest, client_secret.c.expires_at).where(
    client_secret.c.client == bindparam("client")
)
ADD_SECRET = insert(client_secret)
EXPIRE_OTHERS = (
    update(client_secret)
    .where(
        client_secret.c.client == bindparam("of_client"),
        client_secret.c.digest != bindparam("of_digest"),
        is_valid(client_secret),
    )
    .values(expires_at=bindparam("moment"))
)
FORGET_SECRETS = delete(client_secret).where(
    client_secret.c.client == bindparam("client"), ~is_valid(client_secret)
)


class ClientReader(Reads):
    """The port `KnownClients` on Postgres."""

    async def find(self, id: UUID) -> Client | None:
        return await self._one(from_row, FIND, id=id)

    async def find_by_client_id(self, client_id: str) -> Client | None:
        return await self._one(from_row, FIND_BY_CLIENT_ID, client_id=client_id)

    async def children_of(self, client_id: str) -> list[str]:
        """The ids of the clients that this one registered,
        in the order in which they are locked.
        """
        return [row["client_id"] for row in await self._reader.fetch(CHILDREN, client_id=client_id)]

    async def page(self, held: Rights, *, after: Sequence[Any] | None, limit: int) -> list[Client]:
        """Clients whose units lie within those held, in order of registration."""
        statement = page_of(client, after=after, limit=limit).where(
            units_within(client.c.units, held.units)
        )
        return [from_row(row) for row in await self._reader.fetch(statement)]

    async def secrets(self, id: UUID) -> list[Secret]:
        rows = await self._reader.fetch(SECRETS, client=id)
        return [Secret(digest=row["digest"], expires_at=row["expires_at"]) for row in rows]


class ClientStore(ClientReader, Writes):
    """The port `Clients` on Postgres, in one transaction."""

    async def lock(self, client_id: str) -> None:
        """Let nobody else do under this client's name,
        until the end of the transaction, what is counted.
        """
        await self._tx.fetch(LOCK_NAME, client_id=client_id)

    async def end_tokens(self, client_id: str, *, at: datetime) -> None:
        """Begin the client's next epoch: tokens of earlier ones are refused everywhere."""
        await self._tx.execute(END_TOKENS, client_id=client_id, epoch=1, changed_at=at)

    async def add(self, client: Client, secret: Secret, event: Told) -> None:
        tx = self._tx
        try:
            await tx.execute(ADD_NAME, client_id=client.client_id, client=client.id)
        except UniqueViolated as error:
            raise ClientIdTaken() from error
        await tx.execute(ADD, **to_row(client))
        await tx.execute(
            ADD_SECRET,
            client=client.id,
            digest=secret.digest,
            created_at=client.created_at,
            expires_at=secret.expires_at,
        )
        tx.record(event)

    async def save(self, client: Client, event: Told) -> None:
        row = to_row(client)
        kept = ("id", "client_id", "created_at", "made_by", "generation")
        values = {f"new_{name}": value for name, value in row.items() if name not in kept}
        await self._write(SAVE, event, of_id=client.id, of_version=client.version - 1, **values)

    async def delete(self, client: Client, event: Told) -> None:
        await self._write(DELETE, event, id=client.id, version=client.version)
        await self._tx.execute(DELETE_NAME, client_id=client.client_id)

    async def add_secret(
        self, id: UUID, digest: bytes, *, at: datetime, others_expire_at: datetime
    ) -> None:
        tx = self._tx
        await tx.execute(FORGET_SECRETS, client=id, moment=at)
        await tx.execute(EXPIRE_OTHERS, of_client=id, of_digest=digest, moment=others_expire_at)
        await tx.execute(ADD_SECRET, client=id, digest=digest, created_at=at, expires_at=None)


def plain(amount: Decimal) -> Decimal:
    """The amount with two decimals, or with as many more as it has."""
    short = amount.quantize(Decimal("0.01"))
    return short if short == amount else amount.normalize()


def from_row(row: Record) -> Client:
    amount, quota = row["approval_amount"], row["quota"]
    return Client(
        id=row["id"],
        client_id=row["client_id"],
        name=row["name"],
        rights=Rights(
            scopes=frozenset(row["scopes"]),
            units=None if row["units"] is None else tuple(row["units"]),
            approval_limit=None
            if amount is None
            else Money(plain(amount), row["approval_currency"]),
            agent_id=row["agent_id"],
        ),
        is_enabled=row["is_enabled"],
        limit=None if quota is None else Policy(quota=quota, window=row["quota_seconds"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        made_by=row["made_by"],
        generation=row["generation"],
        epoch=row.get("epoch", 0),
    )


def to_row(client: Client) -> dict[str, object]:
    limit, rights = client.rights.approval_limit, client.rights
    return {
        "id": client.id,
        "client_id": client.client_id,
        "name": client.name,
        "scopes": sorted(rights.scopes),
        "units": None if rights.units is None else list(rights.units),
        "approval_amount": None if limit is None else limit.amount,
        "approval_currency": None if limit is None else limit.currency,
        "agent_id": rights.agent_id,
        "is_enabled": client.is_enabled,
        "quota": None if client.limit is None else client.limit.quota,
        "quota_seconds": None if client.limit is None else client.limit.window,
        "created_at": client.created_at,
        "updated_at": client.updated_at,
        "version": client.version,
        "made_by": client.made_by,
        "generation": client.generation,
    }
