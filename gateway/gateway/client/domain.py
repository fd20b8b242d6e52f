"""Clients: the programs that get access tokens, and what they may do."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Self
from uuid import UUID

from service_kit.errors import Conflict, Invalid, NotFound
from service_kit.outbox import Event

from gateway.limit.domain import Policy
from gateway.rights.domain import Rights

SHORTEST_GIVEN_SECRET = 32
LONGEST_OVERLAP = timedelta(days=7)


class ClientNotFound(NotFound):
    """There is no such client, or its units lie outside those of this token."""


class ClientIdTaken(Conflict):
    """Another client has this client_id."""


class ClientCannotChangeItself(Conflict):
    """A client does not delete or disable itself, nor change its own rights; another one with clients:write does."""


class SecretTooWeak(Invalid):
    """A secret that is brought along has at least 32 characters and is random."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """`limit` None means the limit that every client has."""

    id: UUID
    client_id: str
    name: str
    rights: Rights
    is_enabled: bool
    limit: Policy | None
    created_at: datetime
    updated_at: datetime
    version: int

    def created(self) -> Event:
        return self._event("client.created", self.created_at)

    def changed(self, *, name: str, rights: Rights, is_enabled: bool, limit: Policy | None, at: datetime) -> tuple[Self, Event]:
        changed = replace(self, name=name, rights=rights, is_enabled=is_enabled, limit=limit, updated_at=at, version=self.version + 1)
        return changed, changed._event("client.changed", at)

    def secret_rotated(self, at: datetime) -> tuple[Self, Event]:
        rotated = replace(self, updated_at=at, version=self.version + 1)
        return rotated, rotated._event("client.secret_rotated", at)

    def deleted(self, at: datetime) -> Event:
        return self._event("client.deleted", at)

    def require_other_than(self, client_id: str) -> None:
        """Raise ClientCannotChangeItself when the caller is this client."""
        if self.client_id == client_id:
            raise ClientCannotChangeItself()

    def _event(self, type_: str, at: datetime) -> Event:
        payload = {"client_id": self.client_id, "scopes": sorted(self.rights.scopes), "is_enabled": self.is_enabled}
        units = self.rights.units
        return Event(type=type_, subject=self.id, at=at, payload=payload, unit=units[0] if units and len(units) == 1 else None)


@dataclass(frozen=True, kw_only=True)
class Secret:
    """The digest of one secret; `expires_at` None means until it is replaced."""

    digest: bytes
    expires_at: datetime | None

    def is_valid(self, at: datetime) -> bool:
        return self.expires_at is None or at < self.expires_at


def new_client_id() -> str:
    return f"gxc_{token_urlsafe(12)}"


def new_secret() -> str:
    """256 random bits: what is that random needs no slow hash."""
    return f"gxs_{token_urlsafe(32)}"


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def is_known(secret: str, secrets: Sequence[Secret], at: datetime) -> bool:
    """Whether the secret is one of the valid ones; takes as long whether or not there are any."""
    given = digest_of(secret)
    valid = [known.digest for known in secrets if known.is_valid(at)] or [b"\0" * 32]
    return sum(hmac.compare_digest(given, digest) for digest in valid) > 0


def require_strong(secret: str) -> str:
    if len(secret) < SHORTEST_GIVEN_SECRET or len(set(secret)) < SHORTEST_GIVEN_SECRET // 4:
        raise SecretTooWeak()
    return secret
