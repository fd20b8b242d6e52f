"""Webhook endpoints and their secrets in the gateway's schema."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.process.secrets import Sealer
from service_kit.store.database import Transaction
from service_kit.store.events import Told
from service_kit.store.running import Record
from sqlalchemy import bindparam, delete, func, insert, select, update

from gateway.rights.domain import shared_scopes, shared_units
from gateway.rows import Reads, Writes, is_valid, page_of, units_within
from gateway.tables import (
    IS_OPEN,
    client,
    client_name,
    webhook_delivery,
    webhook_endpoint,
    webhook_secret,
)
from gateway.webhook.endpoint.domain import Endpoint, EventReader

PURPOSE = "webhook-secret"
COLUMNS = (
    "id",
    "client_id",
    "url",
    "event_types",
    "description",
    "units",
    "scopes",
    "state",
    "disabled_reason",
    "created_at",
    "updated_at",
    "version",
)
CHANGED = (
    "url",
    "event_types",
    "description",
    "scopes",
    "state",
    "disabled_reason",
    "updated_at",
    "version",
)

FIND = select(webhook_endpoint).where(webhook_endpoint.c.id == bindparam("id"))
FIND_ALL_OF = (
    select(webhook_endpoint)
    .where(webhook_endpoint.c.client_id == bindparam("client_id"))
    .with_for_update()
)
LISTENING = (
    select(
        webhook_endpoint,
        client.c.units.label("client_units"),
        client.c.scopes.label("client_scopes"),
    )
    .join(client_name, client_name.c.client_id == webhook_endpoint.c.client_id)
    .join(client, client.c.id == client_name.c.client)
    .where(client.c.is_enabled)
)
READER = (
    select(
        webhook_endpoint.c.units,
        webhook_endpoint.c.scopes,
        client.c.units.label("client_units"),
        client.c.scopes.label("client_scopes"),
    )
    .join(client_name, client_name.c.client_id == webhook_endpoint.c.client_id)
    .join(client, client.c.id == client_name.c.client)
    .where(webhook_endpoint.c.id == bindparam("id"), client.c.is_enabled)
)
COUNT = (
    select(func.count())
    .select_from(webhook_endpoint)
    .where(webhook_endpoint.c.client_id == bindparam("client_id"))
)
ADD = insert(webhook_endpoint)
SAVE = (
    update(webhook_endpoint)
    .where(
        webhook_endpoint.c.id == bindparam("of_id"),
        webhook_endpoint.c.version == bindparam("of_version"),
    )
    .values({name: bindparam(f"new_{name}") for name in CHANGED})
)
DELETE = delete(webhook_endpoint).where(
    webhook_endpoint.c.id == bindparam("id"), webhook_endpoint.c.version == bindparam("version")
)
SECRETS = (
    select(webhook_secret.c.sealed)
    .where(
        webhook_secret.c.endpoint_id == bindparam("endpoint_id"),
        is_valid(webhook_secret),
    )
    .order_by(webhook_secret.c.created_at.desc(), webhook_secret.c.id.desc())
)
ADD_SECRET = insert(webhook_secret)
EXPIRE_SECRETS = (
    update(webhook_secret)
    .where(
        webhook_secret.c.endpoint_id == bindparam("of_endpoint"),
        is_valid(webhook_secret),
    )
    .values(expires_at=bindparam("moment"))
)
FORGET_SECRETS = delete(webhook_secret).where(
    webhook_secret.c.endpoint_id == bindparam("endpoint_id"), ~is_valid(webhook_secret)
)
MARK_FAILING = (
    update(webhook_endpoint)
    .where(webhook_endpoint.c.id == bindparam("of_id"))
    .values(failing_since=func.coalesce(webhook_endpoint.c.failing_since, bindparam("moment")))
    .returning(webhook_endpoint.c.failing_since)
)
MARK_WELL = (
    update(webhook_endpoint)
    .where(
        webhook_endpoint.c.id == bindparam("of_id"), webhook_endpoint.c.failing_since.is_not(None)
    )
    .values(failing_since=None)
)
ABANDON_DELIVERIES = (
    update(webhook_delivery)
    .where(webhook_delivery.c.endpoint_id == bindparam("of_endpoint"), IS_OPEN)
    .values(
        state="abandoned",
        leased_until=None,
        updated_at=bindparam("moment"),
        epoch=webhook_delivery.c.epoch + 1,
    )
)


class EndpointReader(Reads):
    async def find(self, id: UUID) -> Endpoint | None:
        return await self._one(from_row, FIND, id=id)

    async def page(
        self,
        *,
        of_client: str,
        units: Sequence[str] | None,
        after: Sequence[Any] | None,
        limit: int,
    ) -> list[Endpoint]:
        """Endpoints of one client that lie within the units, in order of registration."""
        is_shown = (webhook_endpoint.c.client_id == of_client) & units_within(
            webhook_endpoint.c.units, units
        )
        return [
            from_row(row)
            for row in await self._reader.fetch(
                page_of(webhook_endpoint, after=after, limit=limit).where(is_shown)
            )
        ]

    async def reader(self, id: UUID) -> EventReader | None:
        """Which events may be sent to the endpoint as things stand now;
        None when its client is disabled or gone.
        """
        return await self._one(reader_of, READER, id=id)

    async def count(self, client_id: str) -> int:
        found: int = await self._reader.fetch_value(COUNT, client_id=client_id)
        return found


class EndpointStore(EndpointReader, Writes):
    """Webhook endpoints, in one transaction."""

    async def add(self, endpoint: Endpoint, event: Told) -> None:
        await self._tx.execute(ADD, **to_row(endpoint))
        self._tx.record(event)

    async def save(self, endpoint: Endpoint, event: Told) -> None:
        row = to_row(endpoint)
        values = {f"new_{name}": row[name] for name in CHANGED}
        await self._write(SAVE, event, of_id=endpoint.id, of_version=endpoint.version - 1, **values)

    async def delete(self, endpoint: Endpoint, event: Told) -> None:
        await self._write(DELETE, event, id=endpoint.id, version=endpoint.version)

    async def end_all_of(self, client_id: str, *, at: datetime) -> None:
        """Delete the endpoints of a client that is deleted, with their logs."""
        for row in await self._tx.fetch(FIND_ALL_OF, client_id=client_id):
            endpoint = from_row(row)
            await self.delete(endpoint, endpoint.deleted(at))

    async def mark_failing(self, id: UUID, *, at: datetime) -> datetime | None:
        """Since when the endpoint has done nothing but fail; None when it was deleted meanwhile."""
        since: datetime | None = await self._tx.fetch_value(MARK_FAILING, of_id=id, moment=at)
        return since

    async def mark_well(self, id: UUID) -> None:
        await self._tx.execute(MARK_WELL, of_id=id)

    async def abandon_deliveries(self, id: UUID, *, at: datetime) -> None:
        """Give up what is still open for an endpoint that was disabled; it can be replayed."""
        await self._tx.execute(ABANDON_DELIVERIES, of_endpoint=id, moment=at)


class WebhookSecretStore:
    """The secrets of endpoints, sealed."""

    def __init__(self, tx: Transaction, sealer: Sealer) -> None:
        self._tx = tx
        self._sealer = sealer

    async def valid(self, id: UUID, *, at: datetime) -> list[bytes]:
        """The secrets that sign at that moment, the newest first."""
        rows = await self._tx.fetch(SECRETS, endpoint_id=id, moment=at)
        return [self._sealer.unseal(row["sealed"], purpose=PURPOSE) for row in rows]

    async def add(
        self, id: UUID, secret: bytes, *, secret_id: UUID, at: datetime, others_expire_at: datetime
    ) -> None:
        tx = self._tx
        await tx.execute(FORGET_SECRETS, endpoint_id=id, moment=at)
        await tx.execute(EXPIRE_SECRETS, of_endpoint=id, moment=others_expire_at)
        sealed = self._sealer.seal(secret, purpose=PURPOSE)
        await tx.execute(
            ADD_SECRET, endpoint_id=id, id=secret_id, sealed=sealed, created_at=at, expires_at=None
        )


def _tuple(units: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if units is None else tuple(units)


def reader_of(row: Record) -> EventReader:
    """What an endpoint may be told, from a row with its own rights and those of its client."""
    units = shared_units(_tuple(row["units"]), _tuple(row["client_units"]))
    return EventReader(scopes=shared_scopes(row["scopes"], row["client_scopes"]), units=units)


def from_row(row: Record) -> Endpoint:
    members = {name: row[name] for name in COLUMNS}
    members |= {"event_types": tuple(row["event_types"]), "units": _tuple(row["units"])}
    members["scopes"] = None if row["scopes"] is None else frozenset(row["scopes"])
    return Endpoint(**members)


def to_row(endpoint: Endpoint) -> dict[str, Any]:
    row = {name: getattr(endpoint, name) for name in COLUMNS}
    row |= {
        "event_types": list(endpoint.event_types),
        "units": None if endpoint.units is None else list(endpoint.units),
    }
    row["scopes"] = None if endpoint.scopes is None else sorted(endpoint.scopes)
    return row
