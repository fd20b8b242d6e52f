"""API keys in the gateway's schema."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store.events import Told
from service_kit.store.running import Record
from sqlalchemy import bindparam, func, insert, select, update

from gateway.api_key.domain import ApiKey
from gateway.rights.domain import Rights
from gateway.rows import Reads, Writes, is_valid, page_of, units_within
from gateway.tables import api_key, api_key_digest

FIND = select(api_key).where(api_key.c.id == bindparam("id"))
FIND_BY_DIGEST = (
    select(api_key)
    .join(api_key_digest, api_key_digest.c.api_key == api_key.c.id)
    .where(api_key_digest.c.digest == bindparam("digest"))
)
FIND_VALID_OF = (
    select(api_key)
    .where(api_key.c.client_id == bindparam("client_id"), api_key.c.revoked_at.is_(None))
    .with_for_update()
)
COUNT_VALID = (
    select(func.count())
    .select_from(api_key)
    .where(
        api_key.c.client_id == bindparam("client_id"),
        api_key.c.revoked_at.is_(None),
        is_valid(api_key),
    )
)
ADD = insert(api_key)
ADD_DIGEST = insert(api_key_digest)
REVOKE = (
    update(api_key)
    .where(api_key.c.id == bindparam("of_id"), api_key.c.version == bindparam("of_version"))
    .values(revoked_at=bindparam("moment"), version=bindparam("next_version"))
)


class ApiKeyReader(Reads):
    async def find(self, id: UUID) -> ApiKey | None:
        return await self._one(from_row, FIND, id=id)

    async def find_by_digest(self, digest: bytes) -> ApiKey | None:
        return await self._one(from_row, FIND_BY_DIGEST, digest=digest)

    async def page(
        self,
        *,
        of_client: str,
        units: Sequence[str] | None,
        after: Sequence[Any] | None,
        limit: int,
    ) -> list[ApiKey]:
        """Keys of one client that lie within the units, in the order they were made."""
        is_shown = (api_key.c.client_id == of_client) & units_within(api_key.c.units, units)
        return [
            from_row(row)
            for row in await self._reader.fetch(
                page_of(api_key, after=after, limit=limit).where(is_shown)
            )
        ]

    async def count_valid(self, client_id: str, *, at: datetime) -> int:
        found: int = await self._reader.fetch_value(COUNT_VALID, client_id=client_id, moment=at)
        return found


class ApiKeyStore(ApiKeyReader, Writes):
    """API keys, in one transaction."""

    async def add(self, key: ApiKey, digest: bytes, event: Told) -> None:
        await self._tx.execute(ADD_DIGEST, digest=digest, api_key=key.id)
        await self._tx.execute(
            ADD,
            id=key.id,
            client_id=key.client_id,
            name=key.name,
            hint=key.hint,
            scopes=sorted(key.rights.scopes),
            units=None if key.rights.units is None else list(key.rights.units),
            agent_id=key.rights.agent_id,
            created_by=key.created_by,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            version=key.version,
        )
        self._tx.record(event)

    async def save_revoked(self, key: ApiKey, event: Told) -> None:
        moment, version = key.revoked_at, key.version
        await self._write(
            REVOKE, event, of_id=key.id, of_version=version - 1, moment=moment, next_version=version
        )

    async def end_all_of(self, client_id: str, *, at: datetime) -> None:
        """Revoke the keys of a client that is deleted."""
        for row in await self._tx.fetch(FIND_VALID_OF, client_id=client_id):
            await self.save_revoked(*from_row(row).revoked(at))


def from_row(row: Record) -> ApiKey:
    columns = (
        "id",
        "client_id",
        "name",
        "hint",
        "created_by",
        "created_at",
        "expires_at",
        "revoked_at",
        "version",
    )
    units = row["units"]
    rights = Rights(
        scopes=frozenset(row["scopes"]),
        units=None if units is None else tuple(units),
        agent_id=row["agent_id"],
    )
    return ApiKey(rights=rights, **{name: row[name] for name in columns})
